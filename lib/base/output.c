/* SPDX-License-Identifier: Apache-2.0 */
#include "base/output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void output_init(struct output *output, int fd)
{
    output->fd = fd;
    output->write = NULL;
    output->used = 0;
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

enum result output_flush(struct output *output)
{
    size_t used = output->used;

    output->used = 0;
    return pass_on(output, output->buffer, used);
}

enum result output_put(struct output *output, const char *bytes, size_t length)
{
    enum result result = RESULT_OK;

    if (OUTPUT_BYTES - output->used < length)
        result = output_flush(output);
    if (result != RESULT_OK)
        return result;
    if (length > OUTPUT_BYTES)
        return pass_on(output, bytes, length);
    memcpy(output->buffer + output->used, bytes, length);
    output->used += length;
    return RESULT_OK;
}
