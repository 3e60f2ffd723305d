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

/* Where they are among them. */
enum piece_text {
    PIECE_SRC,
    PIECE_DST,
    PIECE_NAME_SOURCE,
    PIECE_PROTOCOL_INFORMATION,
    PIECE_PROTO,
    PIECE_SRC_IP,
    PIECE_SRC_PORT,
    PIECE_DST_IP,
    PIECE_DST_PORT,
    PIECE_DST_NAME,
    PIECE_COMMUNITY_ID,
    PIECE_SENSOR,
    PIECE_UID,
    PIECE_SERVICE,
    PIECE_REST
};

/* Bits of texts: */
#define PIECE_FIELD_TEXTS 0x3fffu   /* all but the rest of the line */
#define PIECE_FIRST_TEXTS 0x1fu     /* those up to proto */
#define PIECE_NAME_TEXTS 0x286u     /* what goes with the name: dst, its source, dstIp, dstName */
#define PIECE_EXTENDED_TEXTS 0x7e0u /* srcIp to communityId */

struct piece_texts {
    uint32_t told, kept; /* those that follow from the rest; those that are here, */
    struct record_text values[PIECE_TEXTS]; /* and no others are set */
};

/*
 * Appends the piece of a record, which has all that record_read_rest fills in. texts: told are
 * those of which the caller knows it, kept all others that the line has; src, dst and proto are set
 * where the line has them. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result piece_put_record(struct text *to, const struct record *record,
                                        struct piece_texts *texts, uint64_t number);

/* The texts of a line, for that: none of them is known to be told. */
void piece_get_texts(const struct record_parts *parts, struct piece_texts *texts);

/* Appends a piece with other texts. RESULT_NO_MEMORY. */
MUST_CHECK enum result piece_put(struct text *to, const struct piece *piece,
                                 const struct piece_texts *texts);

/* What is at the start of the bytes. */
void piece_read(const char *bytes, struct piece *piece);

/* The texts, where they begin. Returns the place behind. */
const char *piece_read_texts(const char *p, struct piece_texts *texts);

/* What the key and the rest of a piece tell of its line, but for dst. */
void piece_tell(const struct piece *piece, struct told *told);

/*
 * Appends a piece as a line: a record of a sample that starts at that time. extend: with the
 * extended fields that it lacks and that are known. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result piece_put_line(struct text *to, const struct piece *piece, bool extend,
                                      int64_t traffic_date);

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
