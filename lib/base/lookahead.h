/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window on an input: as many bytes as a reader needs to see at once, up to a fixed size,
 * whatever lengths the input claims.
 */
#ifndef SECFLOW_LOOKAHEAD_H
#define SECFLOW_LOOKAHEAD_H

#include "base/input.h"

#define LOOKAHEAD_BYTES (1024u * 1024)

struct lookahead {
    struct input *input;
    enum result result; /* RESULT_OK while there may be more to read */
    int error;          /* errno of the last read */
    size_t at, end;     /* the unread part of the buffer; the reader advances `at` */
    size_t hidden;      /* bytes of the same block after the end, where a thread reads ahead */
    uint64_t offset;    /* of buffer[0] in the input */
    uint8_t *buffer;    /* own, or in the block */
    uint8_t own[LOOKAHEAD_BYTES];
};

/* Reads from an input that remains the caller's. Leaves the buffer untouched. */
void lookahead_init(struct lookahead *in, struct input *input);

/* The same where another lookahead has read the beginning of the input. It is not to be used again.
 */
void lookahead_continue(struct lookahead *in, const struct lookahead *other);

/* Reads on until n bytes, at most LOOKAHEAD_BYTES, are at in->at; false if there are fewer. */
bool lookahead_fill(struct lookahead *in, size_t n);

/* True if n bytes, at most LOOKAHEAD_BYTES, are at in->at. The buffer may move, even where at is 0.
 */
static inline bool lookahead_need(struct lookahead *in, size_t n)
{
    return in->end - in->at >= n || lookahead_fill(in, n);
}

/*
 * Moves past the next line and returns it without its newline, which the last line may lack.
 * RESULT_DAMAGED: it did not end within LOOKAHEAD_BYTES and was skipped whole. RESULT_END: no more
 * lines; in->result says why.
 */
MUST_CHECK enum result lookahead_line(struct lookahead *in, const char **line, size_t *length);

/* Skips empty lines that are in the buffer. Returns how many there were. */
size_t lookahead_empty_lines(struct lookahead *in);

/* The offset of in->at in the input. */
static inline uint64_t lookahead_offset(const struct lookahead *in)
{
    return in->offset + in->at;
}

#endif
