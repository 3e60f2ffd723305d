/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ahead.h"

#include "base/relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One that the caller works on, one that is full, and two that are being filled: the caller may
 * fill one. */
#define BLOCKS 4

#define ALIGNMENT 4096u

struct block {
    uint8_t *bytes; /* after room for what is kept */
    uint64_t at;    /* of the next ones that are read into it */
    size_t length;
    enum result result; /* of reading, after the bytes */
    int error;
    uint64_t done;
};

struct ahead {
    struct relay *relay;
    size_t size;
    bool any_order;
    ahead_read_fn *read;
    void *context;
    uint8_t *memory;
    struct block blocks[BLOCKS];
    bool held;          /* the caller has a block */
    enum result result; /* these are of the last block that was taken */
    int error;
    uint64_t done;
};

/*
 * In order, it asks for as many bytes at once as a lookahead without a thread, since how much is
 * there before damaged data may depend on that, and leaves what is less. In any order, each block
 * but the last is full.
 */
static void fill(struct ahead *ahead, struct block *block)
{
    size_t once = ahead->size < AHEAD_READ || ahead->any_order ? ahead->size : AHEAD_READ;
    size_t left = ahead->size, least = ahead->any_order ? 1 : once;

    do {
        size_t got = 0;

        block->result = ahead->read(ahead->context, block->at + (ahead->size - left),
                                    block->bytes + (ahead->size - left), once < left ? once : left,
                                    &got, &block->done);
        block->error = errno;
        left -= got;
    } while (block->result == RESULT_OK && left >= least && !relay_is_over(ahead->relay));
    block->length = ahead->size - left;
    block->at += BLOCKS * (uint64_t)ahead->size;
}

/* The thread. */
static void run(void *context)
{
    struct ahead *ahead = context;
    bool last = false;
    size_t slot;

    while (!last && relay_room(ahead->relay, &slot)) {
        fill(ahead, &ahead->blocks[slot]);
        last = ahead->blocks[slot].result != RESULT_OK;
        relay_put(ahead->relay, slot);
    }
}

static void free_ahead(struct ahead *ahead)
{
    free(ahead->memory);
    free(ahead);
}

enum result ahead_init(struct ahead **ahead, size_t size, bool any_order, ahead_read_fn *read,
                       void *context)
{
    struct ahead *new = size < SIZE_MAX / BLOCKS / 2 ? calloc(1, sizeof *new) : NULL;
    size_t each = AHEAD_KEPT + (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    enum result result;

    if (new)
        new->memory = aligned_alloc(ALIGNMENT, BLOCKS * each);
    if (!new || !new->memory) {
        free(new);
        return RESULT_NO_MEMORY;
    }
    new->size = size;
    new->any_order = any_order;
    new->read = read;
    new->context = context;
    for (size_t i = 0; i < BLOCKS; i++)
        new->blocks[i] = (struct block){.bytes = new->memory + i *each + AHEAD_KEPT, .at = i *size};
    *ahead = new; /* where read finds it */
    result = relay_init(&new->relay, BLOCKS, run, new);
    if (result != RESULT_OK) {
        free_ahead(new);
        *ahead = NULL;
    }
    return result;
}

void ahead_destroy(struct ahead **ahead)
{
    if (!*ahead)
        return;
    relay_destroy(&(*ahead)->relay);
    free_ahead(*ahead);
    *ahead = NULL;
}

enum result ahead_next(struct ahead *ahead, const uint8_t *kept, size_t length, uint8_t **bytes,
                       size_t *got)
{
    const struct block *block = NULL;
    size_t slot;

    while (ahead->any_order && ahead->result == RESULT_OK && relay_spare(ahead->relay, &slot)) {
        fill(ahead, &ahead->blocks[slot]);
        relay_put(ahead->relay, slot);
    }
    *got = 0;
    if (ahead->result == RESULT_OK && relay_take(ahead->relay, &slot)) {
        block = &ahead->blocks[slot];
        ahead->result = block->result;
        ahead->error = block->error;
        ahead->done = block->done;
    }
    if (!block || block->length == 0) {
        errno = ahead->error;
        return ahead->result;
    }
    *bytes = block->bytes - length;
    *got = block->length;
    memcpy(*bytes, kept, length);
    if (ahead->held)
        relay_return(ahead->relay);
    ahead->held = true;
    return RESULT_OK;
}

uint64_t ahead_done(const struct ahead *ahead)
{
    return ahead->done;
}
