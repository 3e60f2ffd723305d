/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inflating members of gzip: headers of every kind, in pieces of every size, and what is wrong.
 */
#include "../tap.h"
#include "base/inflate.h"

#include <zlib.h>

#define CONTENT_BYTES 3000u
#define ROOM (2 * CONTENT_BYTES + 1000)

static uint8_t content[CONTENT_BYTES];
static uint8_t member[ROOM];
static size_t member_length;

/* The parts of a header. */
enum { EXTRA = 1, NAME = 2, COMMENT = 4, CHECK = 8 };

static void make_member(unsigned parts)
{
    static Bytef extra[300];
    gz_header header = {.os = 3, .hcrc = (parts & CHECK) != 0};
    z_stream gzip = {0};

    if (parts & EXTRA) {
        header.extra = extra;
        header.extra_len = parts & NAME ? sizeof extra : 0;
    }
    if (parts & NAME)
        header.name = (Bytef *)"a name";
    if (parts & COMMENT)
        header.comment = (Bytef *)"";
    need(deflateInit2(&gzip, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK &&
             deflateSetHeader(&gzip, &header) == Z_OK,
         "deflate");
    gzip.next_in = content;
    gzip.avail_in = CONTENT_BYTES;
    gzip.next_out = member;
    gzip.avail_out = ROOM;
    need(deflate(&gzip, Z_FINISH) == Z_STREAM_END, "deflate");
    member_length = ROOM - gzip.avail_out;
    deflateEnd(&gzip);
}

/*
 * Inflates the member in pieces of `step` bytes into rooms of `room` bytes; what follows it is
 * there as well. *taken: its bytes.
 */
static enum result inflate_in_steps(struct inflater *inflater, size_t step, size_t room,
                                    size_t *given, size_t *taken)
{
    static uint8_t out[2 * CONTENT_BYTES];
    enum result result = RESULT_OK;
    size_t length = member_length + 20;

    memset(member + member_length, 0xa5, 20);
    *given = *taken = 0;
    inflater_begin(inflater);
    while (result == RESULT_OK && *taken < length) {
        size_t in_length = length - *taken < step ? length - *taken : step;
        uint8_t *in = exact_copy(member + *taken, in_length), *to = exact_copy(out, room);
        struct inflating piece = {in, in_length, to, room};

        result = inflater_inflate(inflater, &piece);
        need(piece.in == in + in_length - piece.in_left && piece.out == to + room - piece.out_left,
             "the piece moves on");
        need(*given + room - piece.out_left <= sizeof out, "not more than there is");
        memcpy(out + *given, to, room - piece.out_left);
        *taken += in_length - piece.in_left;
        *given += room - piece.out_left;
        exact_free(in, in_length);
        exact_free(to, room);
    }
    if (result == RESULT_END)
        need(*given == CONTENT_BYTES && memcmp(out, content, CONTENT_BYTES) == 0, "the content");
    return result;
}

static void test_pieces(void)
{
    static const size_t steps[] = {1, 2, 3, 7, 64, 100000}, rooms[] = {1, 100, CONTENT_BYTES};
    struct inflater *inflater = NULL;
    size_t given, taken, wrong = 0, tries = 0;

    need(inflater_init(&inflater) == RESULT_OK, "inflater_init");
    for (unsigned parts = 0; parts < 16; parts++) {
        make_member(parts);
        for (size_t i = 0; i < 6; i++)
            for (size_t j = 0; j < 3; j++, tries++)
                wrong +=
                    inflate_in_steps(inflater, steps[i], rooms[j], &given, &taken) != RESULT_END ||
                    taken != member_length;
    }
    is_int(wrong, 0, "each of %zu times, the member ends where it ends", tries);
    inflater_destroy(&inflater);
    ok(!inflater, "destroying clears the pointer");
}

/* A byte of the member is another one. */
static void check_wrong(const char *title, unsigned parts, size_t at, uint8_t change,
                        const char *problem)
{
    struct inflater *inflater = NULL;
    size_t given, taken;

    need(inflater_init(&inflater) == RESULT_OK, "inflater_init");
    for (size_t step = 1; step < 100000; step *= 99999) {
        make_member(parts);
        member[at < 100 ? at : member_length - (at - 100)] ^= change;
        is_int(inflate_in_steps(inflater, step, CONTENT_BYTES, &given, &taken), RESULT_DAMAGED,
               "%s, in steps of %zu", title, step);
        is_str(inflater_problem(inflater), problem, "%s: words", title);
    }
    inflater_destroy(&inflater);
}

int main(void)
{
    for (size_t i = 0; i < CONTENT_BYTES; i++)
        content[i] = (uint8_t)("0123456789abcdef"[i * i * 7919 / 13 % 16]);
    test_pieces();
    check_wrong("no magic", 0, 1, 1, "the header is wrong");
    check_wrong("another method", 0, 2, 1, "the header is wrong");
    check_wrong("unknown flags", 0, 3, 0x20, "the header is wrong");
    check_wrong("the header's checksum", CHECK, 10, 1, "the header is wrong");
    check_wrong("what it is of", CHECK | NAME, 12, 1, "the header is wrong");
    check_wrong("the kind of a block", 0, 10, 6, "a block is wrong");
    check_wrong("the checksum", 0, 108, 1, "the content does not match its checksum");
    check_wrong("the length", 0, 101, 1, "the content does not match its checksum");
    return done();
}
