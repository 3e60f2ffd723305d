/*
 * JSON objects (RFC 8259), of which some members are wanted, read flat: what an object inside an
 * object holds has the key "outer.inner".
 *
 * Objects of plain values and no escapes, such as logs are full of, are scanned here, at several
 * times the speed of a general parser; a general one (yajl) settles whatever else there is. UTF-8
 * is not checked: bytes above 127 pass as they are.
 */
#ifndef SECFLOW_JSON_H
#define SECFLOW_JSON_H

#include "result.h"

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

struct json_member {
    const char *text; /* no final NUL; numbers as they stand, strings without escapes */
    uint32_t length;
    uint8_t id;
    uint8_t type; /* enum json_type */
    bool element; /* of an array, each of whose elements is a member */
};

struct json;

/* The keys stay the caller's and must outlive it. */
MUST_CHECK enum result json_init(struct json **json, const struct json_key *keys, size_t count);
void json_destroy(struct json **json);

/*
 * Reads the object that begins the text, less than 4 GiB of it; *used is its length. RESULT_END:
 * the text ends before the object does. RESULT_DAMAGED: json_problem says why. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result json_read(struct json *json, const char *text, size_t size, size_t *used);

/*
 * The wanted members of the object read last, in its order. They point into the text or belong to
 * the reader: valid until its next call, and while the text is.
 */
const struct json_member *json_members(const struct json *json, size_t *count);

/*
 * Where the value of a member stands in the text of an object that json_read has read; of the
 * object's own members only. Of several with that key it is the last. The key is ASCII. False: none
 * has it.
 */
bool json_locate(const char *text, const char *key, const char **value, size_t *length);

const char *json_problem(const struct json *json);

#endif
