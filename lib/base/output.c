/* SPDX-License-Identifier: Apache-2.0 */
#include "base/output.h"

#include "base/relay.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One that the caller fills, one that is being written, and others that make the threads wait less.
 */
#define BUFFERS 4

/* For less, starting a thread would show. */
#define BLOCKS_MIN 8

struct behind {
    struct relay *relay;
    int fd;
    _Atomic int error; /* errno of the first failure; 0: none */
    size_t slot;       /* that the caller fills */
    size_t lengths[BUFFERS];
    char *bytes[BUFFERS]; /* from malloc */
};

void output_init(struct output *output, int fd)
{
    output->fd = fd;
    output->write = NULL;
    output->used = 0;
    output->buffer = output->own;
    output->behind = NULL;
    output->after = 0;
}

void output_redirect(struct output *output, output_write_fn *write, void *context)
{
    output->write = write;
    output->context = context;
}

static enum result write_all(int fd, const char *p, size_t left)
{
    while (left > 0) {
        ssize_t written = write(fd, p, left);

        if (written < 0 && errno == EAGAIN) { /* somebody made the pipe non-blocking */
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
            continue;
        }
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return RESULT_SYSTEM;
        p += written;
        left -= (size_t)written;
    }
    return RESULT_OK;
}

static enum result pass_on(const struct output *output, const char *bytes, size_t length)
{
    return output->write ? output->write(output->context, bytes, length)
                         : write_all(output->fd, bytes, length);
}

/* The thread. After a failure it writes nothing more. */
static void write_behind(void *context)
{
    struct behind *behind = context;
    size_t slot;

    while (relay_take(behind->relay, &slot)) {
        if (behind->error == 0 &&
            write_all(behind->fd, behind->bytes[slot], behind->lengths[slot]) != RESULT_OK)
            behind->error = errno;
        relay_return(behind->relay);
    }
}

void output_write_behind(struct output *output, size_t block)
{
    output->after = BLOCKS_MIN * (uint64_t)block;
}

static void free_behind(struct behind *behind)
{
    relay_destroy(&behind->relay);
    for (size_t i = 0; i < BUFFERS; i++)
        free(behind->bytes[i]);
    free(behind);
}

static bool make_buffers(struct behind *behind)
{
    for (size_t i = 0; i < BUFFERS; i++)
        if (!(behind->bytes[i] = malloc(OUTPUT_BYTES)))
            return false;
    return true;
}

/* Starts the thread; without one, writing goes on as before. */
static void start(struct output *output)
{
    struct behind *new = calloc(1, sizeof *new);

    if (!new)
        return;
    new->fd = output->fd;
    if (!make_buffers(new) || relay_init(&new->relay, BUFFERS, write_behind, new) != RESULT_OK ||
        !relay_room(new->relay, &new->slot)) {
        free_behind(new);
        return;
    }
    output->behind = new;
    output->buffer = new->bytes[new->slot];
}

void output_end(struct output *output)
{
    if (!output->behind)
        return;
    free_behind(output->behind);
    output->behind = NULL;
    output->buffer = output->own;
    output->used = 0;
    output->after = 0;
}

static enum result failure(const struct behind *behind)
{
    int error = behind->error;

    if (error == 0)
        return RESULT_OK;
    errno = error;
    return RESULT_SYSTEM;
}

/* Gives the buffer to the thread, and takes the next one. */
static enum result hand_over(struct behind *behind, struct output *output)
{
    behind->lengths[behind->slot] = output->used;
    output->used = 0;
    relay_put(behind->relay, behind->slot);
    if (!relay_room(behind->relay, &behind->slot)) {
        errno = ECANCELED; /* it is over, which only output_end can cause */
        return RESULT_SYSTEM;
    }
    output->buffer = behind->bytes[behind->slot];
    return failure(behind);
}

enum result output_pass(struct output *output)
{
    size_t used = output->used;
    enum result result;

    if (output->behind)
        return hand_over(output->behind, output);
    output->used = 0;
    result = pass_on(output, output->buffer, used);
    if (output->after > 0 && !output->write && result == RESULT_OK) {
        output->after -= used < output->after ? used : output->after;
        if (output->after == 0)
            start(output);
    }
    return result;
}

enum result output_flush(struct output *output)
{
    enum result result = output_pass(output);

    if (!output->behind)
        return result;
    relay_drain(output->behind->relay);
    return failure(output->behind);
}

/* The buffer is empty. */
static enum result put_long(struct output *output, const char *bytes, size_t length)
{
    enum result result = output->behind ? output_flush(output) : RESULT_OK;

    return result == RESULT_OK ? pass_on(output, bytes, length) : result;
}

enum result output_put(struct output *output, const char *bytes, size_t length)
{
    enum result result = RESULT_OK;

    if (OUTPUT_BYTES - output->used < length)
        result = output_pass(output);
    if (result != RESULT_OK)
        return result;
    if (length > OUTPUT_BYTES)
        return put_long(output, bytes, length);
    memcpy(output->buffer + output->used, bytes, length);
    output->used += length;
    return RESULT_OK;
}

enum result output_exchange(struct output *output, char **buffer, size_t length)
{
    enum result result = RESULT_OK;
    char *other;

    if (!output->behind)
        return output_put(output, *buffer, length);
    if (output->used > 0)
        result = output_pass(output);
    if (result != RESULT_OK)
        return result;
    other = output->buffer;
    output->buffer = output->behind->bytes[output->behind->slot] = *buffer;
    output->used = length;
    *buffer = other;
    return RESULT_OK;
}
