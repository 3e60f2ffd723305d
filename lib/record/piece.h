/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of a conversation, as merge.c keeps it in memory and on the disk: as few bytes as tell it.
 * What of its line follows from the rest (told.h) is not there.
 *
 * In this order: start, 8 bytes; marks, 1 byte, see piece.c; number, from here on as a varint; the
 * key; duration, packets, bytes, and where a mark says so, sampling and joined; the texts: which of
 * them follow from the rest, bit by bit, which are there, and of each of these its length and its
 * bytes. A piece that was joined goes on with what it was joined of.
 */
#ifndef SECFLOW_PIECE_H
#define SECFLOW_PIECE_H

#include "record/told.h"

/*
 * A conversation has two ends, 0 and 1, in the order of their addresses and ports, or of their
 * texts where an address is not known. So it is the same whichever end its records call src.
 */
struct piece {
    int64_t start, end; /* microseconds since 1970 */
    uint64_t packets[2], bytes[2];
    uint64_t number; /* of the record among all that were read */
    uint64_t sampling;
    uint64_t joined; /* how many records it was joined of, which are listed; 0: it is one */
    uint8_t source;  /* the end that is src */
    uint8_t bytes_from;
    bool extended;
    bool named;
    enum name_source name_source;
    struct record_text key; /* ends and protocol, see piece.c */
    const char *texts;
};

/* The fields that are kept as texts, in their order, and behind them the rest of the line. */
#define PIECE_FIELDS 14
#define PIECE_TEXTS (PIECE_FIELDS + 1)
extern const uint8_t piece_fields[PIECE_FIELDS];

/* Bits of texts: */
#define PIECE_FIELD_TEXTS 0x3fffu   /* all but the rest of the line */
#define PIECE_NAME_TEXTS 0x286u     /* what goes with the name: dst, its source, dstIp, dstName */
#define PIECE_EXTENDED_TEXTS 0x7e0u /* srcIp to communityId */

struct piece_texts {
    uint32_t told, kept; /* those that follow from the rest; those that are here */
    struct record_text values[PIECE_TEXTS];
};

/* Appends the piece of a record, which has all that record_read_rest fills in. RESULT_NO_MEMORY. */
MUST_CHECK enum result piece_put_record(struct text *to, const struct record *record,
                                        const struct record_parts *parts, uint64_t number);

/* Appends a piece with other texts. RESULT_NO_MEMORY. */
MUST_CHECK enum result piece_put(struct text *to, const struct piece *piece,
                                 const struct piece_texts *texts);

/* What is at the start of the bytes. */
void piece_read(const char *bytes, struct piece *piece);

/* The texts, where they begin. Returns the place behind. */
const char *piece_read_texts(const char *p, struct piece_texts *texts);

/* What the key and the rest of a piece tell of its line, but for dst. */
void piece_tell(const struct piece *piece, struct told *told);

/* For sorting: its start, its key, and the order of two by start and number. */
int64_t piece_start(const char *bytes);
struct record_text piece_key(const char *bytes);
int piece_compare_starts(const char *a, const char *b);

/* Whether keys are of one conversation, and the order of those that are not. */
int piece_compare_keys(struct record_text a, struct record_text b);

/* What a record was when it came, by which it is known again. */
struct original {
    int64_t start, end;
    uint64_t packets[2], bytes[2];
};

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

#endif
