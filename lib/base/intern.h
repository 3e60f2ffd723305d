/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings stored once each and named by an index; the first is 0.
 */
#ifndef SECFLOW_INTERN_H
#define SECFLOW_INTERN_H

#include "base/hash.h"
#include "base/index.h"
#include "base/pool.h"

/* The longest string, in bytes. */
#define INTERN_MOST (INTERN_UNIT << POOL_SHIFT)

/* Strings lie in pool blocks made of such units, each string within one block. */
#define INTERN_UNIT 32u

struct interned {
    uint32_t offset, length, hash; /* offset: of its bytes */
};

struct intern {
    struct hash_seed seed;
    struct pool texts;  /* of struct interned */
    struct pool bytes;  /* of units */
    uint32_t end;       /* offset just after the last string */
    struct index index; /* of the strings: their indexes, plus 1 */
};

/* The struct may be destroyed after any result: RESULT_OK, RESULT_NO_MEMORY or RESULT_SYSTEM. */
MUST_CHECK enum result intern_init(struct intern *intern);

/* A zeroed struct may be destroyed. */
void intern_destroy(struct intern *intern);

/*
 * Sets the index of a string, copying it if new. RESULT_NO_MEMORY, also if it is longer than
 * INTERN_MOST.
 */
MUST_CHECK enum result intern_add(struct intern *intern, const char *text, size_t length,
                                  uint32_t *index);

/* The same, with the hash of intern_hash. */
MUST_CHECK enum result intern_add_hashed(struct intern *intern, const char *text, size_t length,
                                         uint32_t hash, uint32_t *index);

static inline uint32_t intern_hash(const struct intern *intern, const char *text, size_t length)
{
    return hash_bytes(&intern->seed, text, length);
}

/* Whether it is there; only then is its index told. */
bool intern_find(const struct intern *intern, const char *text, size_t length, uint32_t *index);

static inline const struct interned *intern_at(const struct intern *intern, uint32_t index)
{
    return pool_at(&intern->texts, sizeof(struct interned), index);
}

/* The bytes of a string, without a NUL. They do not move before intern_keep or intern_destroy. */
static inline const char *intern_text(const struct intern *intern, uint32_t index, size_t *length)
{
    const struct interned *text = intern_at(intern, index);

    *length = text->length;
    return intern->bytes.blocks[text->offset / INTERN_MOST] + text->offset % INTERN_MOST;
}

/*
 * For many strings that are soon looked up: these fetch memory, each in turn for all of them. The
 * last one gives the index, by the hash alone; UINT32_MAX: it is not there.
 */
static inline void intern_fetch_slot(const struct intern *intern, uint32_t hash)
{
    __builtin_prefetch(index_slot(&intern->index, hash));
}

static inline void intern_fetch_entry(const struct intern *intern, uint32_t hash)
{
    uint32_t number = *index_slot(&intern->index, hash);

    if (number != 0)
        __builtin_prefetch(intern_at(intern, number - 1));
}

uint32_t intern_fetch_text(const struct intern *intern, uint32_t hash);

/* The number of strings, and the bytes of memory that they take. */
static inline uint32_t intern_count(const struct intern *intern)
{
    return intern->texts.count;
}
size_t intern_bytes(const struct intern *intern);

/*
 * Keeps only the strings whose entry in map, of intern_count() numbers, is not 0, and sets that
 * entry to the new index.
 */
void intern_keep(struct intern *intern, uint32_t *map);

#endif
