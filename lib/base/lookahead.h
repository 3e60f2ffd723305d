/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window on an input: as much of it as a reader needs to see at once, up to a fixed size,
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
    size_t at, end;     /* what is left of the buffer; the reader moves at */
    uint64_t offset;    /* of buffer[0] in the input */
    uint8_t buffer[LOOKAHEAD_BYTES];
};

/* On an input that stays the caller's. The buffer is not touched. */
void lookahead_init(struct lookahead *in, struct input *input);

/* Reads on until n bytes, at most LOOKAHEAD_BYTES, are at in->at; false when there are less. */
bool lookahead_fill(struct lookahead *in, size_t n);

/* True when n bytes, at most LOOKAHEAD_BYTES, are at in->at. The buffer may move. */
static inline bool lookahead_need(struct lookahead *in, size_t n)
{
    return in->end - in->at >= n || lookahead_fill(in, n);
}

/*
 * Moves over the next line and tells where it is, without its newline, which the last one may lack.
 * RESULT_DAMAGED: it does not end within LOOKAHEAD_BYTES, and all of it was passed over.
 * RESULT_END: there is none; in->result says why.
 */
MUST_CHECK enum result lookahead_line(struct lookahead *in, const char **line, size_t *length);

/* Moves over empty lines as far as they are in the buffer, and tells how many they were. */
size_t lookahead_empty_lines(struct lookahead *in);

/* The place of in->at in the input. */
static inline uint64_t lookahead_offset(const struct lookahead *in)
{
    return in->offset + in->at;
}

#endif
