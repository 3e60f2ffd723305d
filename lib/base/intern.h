/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that are kept once each, and named by an index: 0 for the first.
 */
#ifndef SECFLOW_INTERN_H
#define SECFLOW_INTERN_H

#include "base/hash.h"
#include "base/index.h"
#include "base/pool.h"

/* What a text may be long. */
#define INTERN_MOST (INTERN_UNIT << POOL_SHIFT)

/* Their bytes lie in blocks of a pool of such units, each text within one block. */
#define INTERN_UNIT 32u

struct interned {
    uint32_t offset, length, hash; /* offset: of its bytes */
};

struct intern {
    struct hash_seed seed;
    struct pool texts;  /* of struct interned */
    struct pool bytes;  /* of units */
    uint32_t end;       /* offset behind the last text's bytes */
    struct index index; /* of the texts: their places, plus 1 */
};

/* It may be destroyed after that, whatever the result: RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result intern_init(struct intern *intern);

/* An intern of zeroes may be destroyed. */
void intern_destroy(struct intern *intern);

/*
 * Tells the index of a text, which is copied where it is new. RESULT_NO_MEMORY, also for one that
 * is longer than INTERN_MOST.
 */
MUST_CHECK enum result intern_add(struct intern *intern, const char *text, size_t length,
                                  uint32_t *index);

static inline const struct interned *intern_at(const struct intern *intern, uint32_t index)
{
    return pool_at(&intern->texts, sizeof(struct interned), index);
}

/* The bytes of a text, which stay where they are until intern_keep or intern_destroy; no NUL. */
static inline const char *intern_text(const struct intern *intern, uint32_t index, size_t *length)
{
    const struct interned *text = intern_at(intern, index);

    *length = text->length;
    return intern->bytes.blocks[text->offset / INTERN_MOST] + text->offset % INTERN_MOST;
}

/* How many texts, and what they take, in bytes. */
static inline uint32_t intern_count(const struct intern *intern)
{
    return intern->texts.count;
}
size_t intern_bytes(const struct intern *intern);

/*
 * Keeps only the texts whose index in the map, of intern_count() numbers, is not 0. There it leaves
 * their new index.
 */
void intern_keep(struct intern *intern, uint32_t *map);

#endif
