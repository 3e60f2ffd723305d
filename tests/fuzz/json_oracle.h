/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How another reader reads a JSON object: jansson, if installed, which follows RFC 8259 and RFC
 * 3629 as ours should. (yajl does not: it accepts overlong forms and surrogates in UTF-8, turns
 * half of an escaped pair into a question mark, and takes form feeds for blanks.)
 */
#ifndef SECFLOW_JSON_ORACLE_H
#define SECFLOW_JSON_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * ORACLE_EQUAL_KEYS: an object with duplicate keys, whose members are not reported. ORACLE_UNSURE:
 * jansson is missing, or the text has a NUL or a number too large for it.
 */
enum oracle_answer { ORACLE_OBJECT, ORACLE_EQUAL_KEYS, ORACLE_DAMAGED, ORACLE_UNSURE };

struct oracle_member {
    const char *key; /* with the outer keys in front, as from json_read */
    bool element;    /* of an array */
    char type;       /* z: null; t, f: boolean; n: number; s: string; c: container */
    const char *text;
    size_t length; /* of a string */
    double number;
};

/* Called for each member, in their order. */
typedef void oracle_take(void *context, const struct oracle_member *member);

/* Reads the object at the start of the text; *used is its length. */
enum oracle_answer oracle_read(const char *text, size_t size, size_t *used, oracle_take *take,
                               void *context);

#endif
