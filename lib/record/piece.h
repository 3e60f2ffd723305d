/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of a conversation, as merge.c keeps it in memory and on the disk: what is reckoned with,
 * and behind it the key, the texts of its line, and what it was joined of.
 */
#ifndef SECFLOW_PIECE_H
#define SECFLOW_PIECE_H

#include "record/recordread.h"

/*
 * A conversation has two ends, 0 and 1, in the order of their addresses and ports, or of their
 * texts where an address is not known. So it is the same whichever end its records call src.
 */
struct piece {
    int64_t start, end; /* microseconds since 1970 */
    uint64_t packets[2], bytes[2];
    uint64_t number; /* of the record among all that were read */
    uint64_t sampling;
    uint32_t key_length;
    uint32_t joined; /* how many records it was joined of, which are listed; 0: it is one */
    uint8_t source;  /* the end that is src */
    uint8_t bytes_from;
    bool extended;
    uint8_t name_rank; /* the better known the name is the more; 0: there is none */
};

/* The texts: these fields as they stand in the line, and the rest of it. */
#define PIECE_FIELDS 14
#define PIECE_TEXTS (PIECE_FIELDS + 1)
enum { PIECE_DST = 1, PIECE_NAME_SOURCE = 2, PIECE_DST_IP = 8, PIECE_DST_NAME = 10 };
extern const uint8_t piece_fields[PIECE_FIELDS];

/* What a record was when it came, by which it is known again. */
struct original {
    int64_t start, end;
    uint64_t packets[2], bytes[2];
};

static inline const char *piece_key(const struct piece *piece)
{
    return (const char *)(piece + 1);
}

/* Whether they are of one conversation, and the order of those that are not. */
int piece_compare_keys(const struct piece *a, const struct piece *b);

/* Room that a record's piece takes at most. */
size_t piece_most(const struct record_parts *parts);

/*
 * Puts that of a record, which has all that record_read_rest fills in, where there is such room,
 * at a multiple of 8; returns its length.
 */
size_t piece_put(char *room, const struct record *record, const struct record_parts *parts,
                 uint64_t number);

/* The texts, in the order of piece_fields. Returns the place behind. */
const char *piece_texts(const struct piece *piece, struct record_text texts[PIECE_TEXTS]);

/* Adds the texts, as they are read. RESULT_NO_MEMORY. */
MUST_CHECK enum result piece_put_texts(struct text *to,
                                       const struct record_text texts[PIECE_TEXTS]);

/*
 * A piece that was joined has behind the texts which record its name is of, by start and number,
 * and its originals, in the order of their starts. One that was not has them in itself.
 */
struct naming {
    int64_t start;
    uint64_t number;
};

struct original piece_original(const struct piece *piece);
struct naming piece_naming(const struct piece *piece);

/* Take them from where they stand; before: the start of the original before it, or 0. */
const char *piece_take_naming(const char *p, struct naming *naming);
const char *piece_take_original(const char *p, struct original *original, int64_t before);

MUST_CHECK enum result piece_put_naming(struct text *to, const struct naming *naming);
MUST_CHECK enum result piece_put_original(struct text *to, const struct original *original,
                                          int64_t before);

/* The address and port of an end; of family 0: it is not known. */
void piece_end(const struct piece *piece, unsigned end, struct address *address, uint16_t *port);
uint8_t piece_proto(const struct piece *piece); /* 0: not known */

#endif
