/* SPDX-License-Identifier: Apache-2.0 */
#include "lanes.h"

#include "base/relay.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* As many as LOOKAHEAD_BYTES are cut into: what becomes of one mostly fits into OUTPUT_BYTES. */
#define PIECES 16u

/* Whole lines. */
struct piece {
    const char *begin, *end;
    uint64_t offset; /* of its begin in the input */
    size_t taken;    /* bytes, of lines that became something */
    uint64_t lines;  /* number of these */
    uint64_t known;  /* those of them that the tool counts */
    size_t used;     /* bytes of what they became */
    atomic_bool done;
    char *result;
};

struct lane {
    struct record_reader *reader;
    void *context;        /* of the annotator */
    struct output output; /* into the result of a piece, and never further */
};

struct lanes {
    struct annotator *annotator;
    struct relay *relay; /* its one slot stands for all pieces */
    struct lane lanes[2];
    struct piece pieces[PIECES];
    size_t count;     /* of pieces that were cut */
    size_t written;   /* of these */
    atomic_uint next; /* the piece to take next */
};

/* A piece that becomes more than there is room for ends. */
static enum result refuse(void *context, const char *bytes, size_t length)
{
    (void)context;
    (void)bytes;
    (void)length;
    return RESULT_SYSTEM;
}

static bool take_line(const struct lanes *lanes, struct lane *lane, const char *line, size_t length,
                      uint64_t *known)
{
    struct record record;
    size_t used = lane->output.used;

    if (record_read(lane->reader, line, length, &record) == RESULT_OK &&
        lanes->annotator->each(lane->context, lane->reader, &record, &lane->output, known) ==
            RESULT_OK)
        return true;
    lane->output.used = used;
    return false;
}

static void take_lines(const struct lanes *lanes, struct lane *lane, struct piece *piece)
{
    const char *p = piece->begin;

    lane->output.buffer = piece->result;
    lane->output.used = 0;
    piece->lines = piece->known = 0;
    while (p < piece->end) {
        const char *newline = memchr(p, '\n', (size_t)(piece->end - p));

        if (!take_line(lanes, lane, p, (size_t)(newline - p), &piece->known))
            break;
        piece->lines++;
        p = newline + 1;
    }
    piece->taken = (size_t)(p - piece->begin);
    piece->used = lane->output.used;
    piece->done = true;
}

/* False: all pieces are taken. */
static bool take_piece(struct lanes *lanes, struct lane *lane)
{
    unsigned next = lanes->next++;

    if (next >= lanes->count)
        return false;
    take_lines(lanes, lane, &lanes->pieces[next]);
    return true;
}

/* The thread. */
static void run(void *context)
{
    struct lanes *lanes = context;
    size_t slot;

    while (relay_take(lanes->relay, &slot)) {
        while (take_piece(lanes, &lanes->lanes[1]))
            ;
        relay_return(lanes->relay);
    }
}

static void lane_init(struct lane *lane, void *context)
{
    lane->context = context;
    output_init(&lane->output, -1);
    output_redirect(&lane->output, refuse, NULL);
}

static enum result make_room(struct lanes *lanes)
{
    for (size_t i = 0; i < PIECES; i++) {
        lanes->pieces[i].result = malloc(OUTPUT_BYTES);
        if (!lanes->pieces[i].result)
            return RESULT_NO_MEMORY;
    }
    return RESULT_OK;
}

enum result lanes_init(struct lanes **lanes, struct annotator *annotator)
{
    struct lanes *new = calloc(1, sizeof *new);
    enum result result;

    *lanes = new;
    if (!new)
        return RESULT_NO_MEMORY;
    new->annotator = annotator;
    lane_init(&new->lanes[0], annotator->contexts[0]);
    lane_init(&new->lanes[1], annotator->contexts[1]);
    result = make_room(new);
    if (result == RESULT_OK)
        result =
            record_reader_init(&new->lanes[1].reader, annotator->fields, annotator->field_count);
    if (result == RESULT_OK)
        result = relay_init(&new->relay, 1, run, new);
    if (result != RESULT_OK)
        lanes_destroy(lanes);
    return result;
}

void lanes_destroy(struct lanes **lanes)
{
    struct lanes *old = *lanes;

    if (!old)
        return;
    relay_destroy(&old->relay);
    record_reader_destroy(&old->lanes[1].reader);
    for (size_t i = 0; i < PIECES; i++)
        free(old->pieces[i].result);
    free(old);
    *lanes = NULL;
}

void lanes_forget(struct lanes *lanes)
{
    if (lanes)
        lanes->count = lanes->written = 0;
}

/* Cuts the whole lines that there are. */
static void cut(struct lanes *lanes, const struct lookahead *in)
{
    const char *begin = (const char *)in->buffer + in->at, *p = begin;
    size_t size = in->end - in->at, least = (size + PIECES - 1) / PIECES;
    const char *last = memrchr(begin, '\n', size), *end = last ? last + 1 : begin;

    lanes_forget(lanes);
    while (p < end) {
        struct piece *piece = &lanes->pieces[lanes->count++];

        piece->begin = p;
        piece->offset = lookahead_offset(in) + (size_t)(p - begin);
        piece->done = false;
        p = (size_t)(end - p) > least
                ? (const char *)memchr(p + least - 1, '\n', (size_t)(end - p) - least + 1) + 1
                : end;
        piece->end = p;
    }
}

/* Writes what was made of the next pieces, up to one that is not done, or has a line that failed.
 */
static enum result write_pieces(struct lanes *lanes, struct secflows *secflows,
                                struct output *output)
{
    enum result result = RESULT_OK;

    while (lanes->written < lanes->count && result == RESULT_OK) {
        struct piece *piece = &lanes->pieces[lanes->written];

        if (!piece->done || piece->offset > lookahead_offset(secflows->in))
            break;
        lanes->written++;
        if (piece->offset < lookahead_offset(secflows->in))
            continue; /* a line that failed was followed by others */
        result = output_exchange(output, &piece->result, piece->used);
        if (result != RESULT_OK)
            break;
        secflows_took(secflows, piece->taken, piece->lines);
        lanes->annotator->records += piece->lines;
        lanes->annotator->known += piece->known;
    }
    return result;
}

/* Both lanes take pieces until there are no more. */
static enum result take_pieces(struct lanes *lanes, struct secflows *secflows,
                               struct output *output)
{
    enum result result = RESULT_OK;

    lanes->next = 0;
    relay_put(lanes->relay, 0);
    while (result == RESULT_OK && take_piece(lanes, &lanes->lanes[0]))
        result = write_pieces(lanes, secflows, output);
    relay_drain(lanes->relay);
    return result;
}

enum result lanes_go(struct lanes *lanes, struct secflows *secflows, struct output *output,
                     uint64_t *until)
{
    const struct lookahead *in = secflows->in;
    enum result result = write_pieces(lanes, secflows, output);

    if (result == RESULT_OK && lanes->written == lanes->count) {
        cut(lanes, in);
        lanes->lanes[0].reader = secflows->reader;
        if (lanes->count > 1)
            result = take_pieces(lanes, secflows, output);
        else
            lanes_forget(lanes);
        if (result == RESULT_OK)
            result = write_pieces(lanes, secflows, output);
    }
    *until = lanes->written < lanes->count ? lanes->pieces[lanes->written].offset
                                           : lookahead_offset(in) + in->end - in->at;
    return result;
}
