/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads wanted members of JSON objects (RFC 8259), flattened: a member of an object within an
 * object has the key "outer.inner".
 *
 * Everything read is checked, wanted or not: an object with bytes that are not UTF-8 (RFC 3629), or
 * with half of a surrogate pair, is damaged.
 */
#ifndef SECFLOW_JSON_H
#define SECFLOW_JSON_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* JSON_CONTAINER: an object or array; its own members follow. */
enum json_type { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_CONTAINER };

/* A wanted key, and the id that its members get. */
struct json_key {
    const char *name;
    uint8_t id; /* not 0; several keys may have one */
};

/* The id of the key with this name, of that length; 0 if there is none. */
uint8_t json_find_key(const struct json_key *keys, size_t count, const char *name, size_t length);

/* If several members have the same key, each is there, in order. */
struct json_member {
    const char *text; /* no final NUL; strings without quotes and escapes, otherwise as in raw */
    const char *raw;  /* the value as it stands in the input, quotes included */
    uint32_t length, raw_length;
    uint8_t id;
    uint8_t type; /* enum json_type */
    bool element; /* one element of an array; each element is a member */
};

struct json;

/* The keys remain the caller's and must outlive the reader. */
MUST_CHECK enum result json_init(struct json **json, const struct json_key *keys, size_t count);
void json_destroy(struct json **json);

/*
 * Reads the object at the start of the text (less than 4 GiB of it), after any blanks; *used is
 * where it ends. RESULT_END: the text ends before the object does, and so far could be the
 * beginning of one. RESULT_DAMAGED: see json_problem. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result json_read(struct json *json, const char *text, size_t size, size_t *used);

/* The same for an object of which the caller has read the members up to `from`. */
MUST_CHECK enum result json_read_on(struct json *json, const char *text, size_t size, size_t from,
                                    size_t *used);

/*
 * The same for an array at the start of the text, whose elements, also those of arrays within it,
 * become members with that id, which is not 0.
 */
MUST_CHECK enum result json_read_array(struct json *json, uint8_t id, const char *text,
                                       size_t size);

/*
 * The wanted members of the last object, or the elements of the last array, in its order. They
 * point into the text or belong to the reader: valid until the reader's next call, and as long as
 * the text is.
 */
const struct json_member *json_members(const struct json *json, size_t *count);

/* What is wrong, and at which byte of the text, counted from 1. */
const char *json_problem(const struct json *json);

#endif
