/*
 * Texts that are kept once each, and named by an index: 0 for the first.
 */
#ifndef SECFLOW_INTERN_H
#define SECFLOW_INTERN_H

#include "hash.h"

struct interned {
    char *bytes; /* no NUL; they stay where they are until intern_destroy */
    uint32_t length, hash;
};

struct intern {
    struct hash_seed seed;
    struct interned *texts;
    size_t capacity;
    size_t text_bytes; /* of all texts, with what malloc adds to each */
    uint32_t count;
    uint32_t *slots;     /* indexes plus 1; 0 is free */
    uint32_t slot_count; /* a power of two */
};

/* It may be destroyed after that, whatever the result: RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result intern_init(struct intern *intern);

/* Of zeroes, too. */
void intern_destroy(struct intern *intern);

/* How much memory they take. */
size_t intern_bytes(const struct intern *intern);

/* Tells the index of a text, which is copied where it is new. RESULT_NO_MEMORY. */
MUST_CHECK enum result intern_add(struct intern *intern, const char *text, size_t length,
                                  uint32_t *index);

#endif
