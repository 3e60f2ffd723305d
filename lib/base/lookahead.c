/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lookahead.h"

#include "base/ahead.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Bytes per read: large enough for few calls, small enough to stay in the cache. */
#define READ_BYTES AHEAD_READ

void lookahead_init(struct lookahead *in, struct input *input)
{
    in->input = input;
    in->result = RESULT_OK;
    in->error = 0;
    in->at = in->end = in->hidden = 0;
    in->offset = 0;
    in->buffer = in->own;
}

void lookahead_continue(struct lookahead *in, const struct lookahead *other)
{
    memcpy(in, other, offsetof(struct lookahead, own));
    if (other->buffer == other->own) {
        in->buffer = in->own;
        memcpy(in->own, other->own, other->end);
    }
}

/* Gives up what was read. */
static void forget(struct lookahead *in)
{
    if (in->buffer == in->own)
        memmove(in->own, in->own + in->at, in->end - in->at);
    else
        in->buffer += in->at;
    in->offset += in->at;
    in->end -= in->at;
    in->at = 0;
}

/* Shows at most LOOKAHEAD_BYTES of the block, as without a thread. */
static void show(struct lookahead *in)
{
    size_t all = in->end + in->hidden;

    in->end = all < LOOKAHEAD_BYTES ? all : LOOKAHEAD_BYTES;
    in->hidden = all - in->end;
}

static enum result read_on(struct lookahead *in)
{
    size_t room = LOOKAHEAD_BYTES - in->end, got = 0;
    enum result result;

    if (input_start_ahead(in->input)) {
        result = input_next(in->input, in->buffer, in->end, &in->buffer, &got);
        in->hidden = got;
        show(in);
        return result;
    }
    result =
        input_read(in->input, in->buffer + in->end, room < READ_BYTES ? room : READ_BYTES, &got);
    in->end += got;
    return result;
}

bool lookahead_fill(struct lookahead *in, size_t n)
{
    if (in->result != RESULT_OK)
        return false;
    forget(in);
    show(in);
    while (in->end < n && in->result == RESULT_OK) {
        in->result = read_on(in);
        in->error = errno;
    }
    return in->end >= n;
}

/* Skips the rest of a line. */
static void skip_line(struct lookahead *in)
{
    do {
        const uint8_t *newline = memchr(in->buffer + in->at, '\n', in->end - in->at);

        if (newline) {
            in->at = (size_t)(newline + 1 - in->buffer);
            return;
        }
        in->at = in->end;
    } while (lookahead_fill(in, 1));
}

/* Compares whole words: a few compressed bytes may expand to gigabytes of empty lines. */
size_t lookahead_empty_lines(struct lookahead *in)
{
    const uint8_t *begin = in->buffer + in->at, *end = in->buffer + in->end, *p = begin;

    while (end - p >= 8 && memcmp(p, "\n\n\n\n\n\n\n\n", 8) == 0)
        p += 8;
    while (p < end && *p == '\n')
        p++;
    in->at += (size_t)(p - begin);
    return (size_t)(p - begin);
}

enum result lookahead_line(struct lookahead *in, const char **line, size_t *length)
{
    size_t left = in->end - in->at, searched = 0;
    const uint8_t *newline;

    while (!(newline = memchr(in->buffer + in->at + searched, '\n', left - searched))) {
        if (left == LOOKAHEAD_BYTES) {
            skip_line(in);
            return RESULT_DAMAGED;
        }
        searched = left;
        if (!lookahead_fill(in, left + 1)) {
            if (left == 0 || in->result != RESULT_END)
                return RESULT_END;
            newline = in->buffer + in->end;
            break;
        }
        left = in->end - in->at;
    }
    *line = (const char *)in->buffer + in->at;
    *length = (size_t)(newline - (in->buffer + in->at));
    in->at += *length + (newline < in->buffer + in->end);
    return RESULT_OK;
}
