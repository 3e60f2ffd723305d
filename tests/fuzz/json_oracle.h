/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What another reader makes of an object of JSON: jansson, where it is installed, which keeps to
 * RFC 8259 and RFC 3629 as this one should. (yajl does not: in UTF-8 overlong forms and surrogates
 * pass it, half of an escaped pair becomes a question mark, and form feeds are blanks.)
 */
#ifndef SECFLOW_JSON_ORACLE_H
#define SECFLOW_JSON_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * ORACLE_EQUAL_KEYS: an object, of whose members no more is said, since some have one key.
 * ORACLE_UNSURE: there is no jansson, or a NUL or a number that is too large for it.
 */
enum oracle_answer { ORACLE_OBJECT, ORACLE_EQUAL_KEYS, ORACLE_DAMAGED, ORACLE_UNSURE };

struct oracle_member {
    const char *key; /* with those around it, as json_read has them */
    bool element;    /* of an array */
    char type;       /* z: null; t, f: boolean; n: number; s: string; c: container */
    const char *text;
    size_t length; /* of a string */
    double number;
};

/* Called for each member, in their order. */
typedef void oracle_take(void *context, const struct oracle_member *member);

/* Reads the object that begins the text; *used is its length. */
enum oracle_answer oracle_read(const char *text, size_t size, size_t *used, oracle_take *take,
                               void *context);

#endif
