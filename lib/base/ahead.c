/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ahead.h"

#include "base/relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One that the caller works on, one that is full, and one that is being filled. */
#define BLOCKS 3

#define ALIGNMENT 4096u

struct block {
    uint8_t *bytes; /* after room for what is kept */
    size_t length;
    enum result result; /* of reading, after the bytes */
    int error;
    uint64_t done;
};

struct ahead {
    struct relay *relay;
    size_t size;
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
 * Asks for as many bytes at once as a lookahead without a thread, since how much is there before
 * damaged data may depend on that.
 */
static void fill(struct ahead *ahead, struct block *block)
{
    size_t once = ahead->size < AHEAD_READ ? ahead->size : AHEAD_READ;

    block->length = 0;
    do {
        size_t got = 0;

        block->result =
            ahead->read(ahead->context, block->bytes + block->length, once, &got, &block->done);
        block->error = errno;
        block->length += got;
    } while (block->result == RESULT_OK && ahead->size - block->length >= once &&
             !relay_is_over(ahead->relay));
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
        relay_put(ahead->relay);
    }
}

static void free_ahead(struct ahead *ahead)
{
    free(ahead->memory);
    free(ahead);
}

enum result ahead_init(struct ahead **ahead, size_t size, ahead_read_fn *read, void *context)
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
    new->read = read;
    new->context = context;
    for (size_t i = 0; i < BLOCKS; i++)
        new->blocks[i].bytes = new->memory + i *each + AHEAD_KEPT;
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
