/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON objects (RFC 8259), of which some members are wanted, read flat: what an object inside an
 * object holds has the key "outer.inner".
 *
 * What is read is checked, whether it is wanted or not: an object with bytes that are not UTF-8
 * (RFC 3629), or with half of a surrogate pair, is damaged.
 */
#ifndef SECFLOW_JSON_H
#define SECFLOW_JSON_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* JSON_CONTAINER: an object or an array; of what is inside, its members follow. */
enum json_type { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_CONTAINER };

/* A key whose members are wanted, and what they are known by. */
struct json_key {
    const char *name;
    uint8_t id; /* not 0; several keys may have one */
};

/* The id of the key that has this name, of that length; 0 where none has. */
uint8_t json_find_key(const struct json_key *keys, size_t count, const char *name, size_t length);

/* Of several members with one key each is there, in their order. */
struct json_member {
    const char *text; /* no final NUL; strings without quotes and escapes, else as raw */
    const char *raw;  /* the value as it stands in the text that was read, with its quotes */
    uint32_t length, raw_length;
    uint8_t id;
    uint8_t type; /* enum json_type */
    bool element; /* of an array, each of whose elements is a member */
};

struct json;

/* The keys stay the caller's and must outlive it. */
MUST_CHECK enum result json_init(struct json **json, const struct json_key *keys, size_t count);
void json_destroy(struct json **json);

/*
 * Reads the object that begins the text, less than 4 GiB of it, behind blanks; *used is where it
 * ends. RESULT_END: the text ends before the object does, and all of it can be the beginning of
 * one. RESULT_DAMAGED: json_problem says why. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result json_read(struct json *json, const char *text, size_t size, size_t *used);

/*
 * The wanted members of the object read last, in its order. They point into the text or belong to
 * the reader: valid until its next call, and while the text is.
 */
const struct json_member *json_members(const struct json *json, size_t *count);

/* What is wrong, and at which byte of the text, of which the first is byte 1. */
const char *json_problem(const struct json *json);

#endif
