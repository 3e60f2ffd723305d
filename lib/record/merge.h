/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records become conversations: those of one that windows, rotation, several captures or sensors
 * cut are joined again, as flowmerge(1) says. All of them are read before the first comes out. They
 * take memory up to a bound, and then a temporary file.
 */
#ifndef SECFLOW_MERGE_H
#define SECFLOW_MERGE_H

#include "record/recordread.h"

struct merge;

struct merge_options {
    int64_t gap;        /* the longest time between parts of one conversation: microseconds */
    bool extend;        /* records get the extended fields that they lack and that are known */
    bool lean;          /* flows come in any order, and without most of their parts: see below */
    size_t memory;      /* bytes before the disk is used */
    const char *folder; /* of temporary files; the caller's */
};

/* So far; of doubles and bytes all only when the first conversation has come out. */
struct merge_counts {
    uint64_t records, flows; /* taken, given */
    uint64_t doubles;        /* records that were there already */
    uint64_t disk;           /* bytes written to temporary files */
};

/* RESULT_NO_MEMORY, RESULT_SYSTEM. */
MUST_CHECK enum result merge_init(struct merge **merge, const struct merge_options *options);
void merge_destroy(struct merge **merge);

/*
 * Takes the record that was read last, which has all that record_read_rest fills in.
 * RESULT_DAMAGED: it says not, or not before the year 10000, when it was, and is not taken;
 * merge_problem says it. RESULT_NO_MEMORY; RESULT_SYSTEM: the disk failed, errno says why.
 */
MUST_CHECK enum result merge_add(struct merge *merge, struct record_reader *reader,
                                 const struct record *record);
const char *merge_problem(const struct merge *merge);

/*
 * Takes a line that no reader has read. RESULT_DAMAGED: it is not taken, and has to be read first,
 * for only lines that stand as recordwrite.h writes them are taken so. Otherwise as above.
 */
MUST_CHECK enum result merge_add_line(struct merge *merge, const char *line, size_t length);

/*
 * A conversation. Of its parts the first tells the direction and all that is not added up, but the
 * name, which is the one known best.
 */
struct merged {
    int64_t start, end;     /* microseconds since 1970 */
    struct address ends[2]; /* src and dst; of family 0 where the records do not tell them */
    uint16_t ports[2];
    uint8_t proto;                 /* as in struct record */
    uint64_t packets[2], bytes[2]; /* sent by src, by dst */
    enum bytes_from bytes_from;
    uint64_t sampling;
    bool extended;
    bool has_ports; /* as record_has_ports */
    /*
     * Of the line; counts and times are not there. Where they are lean, there are only src and dst,
     * each unless its address tells it, and in place of the rest the relevance.
     */
    struct record_parts parts;
};

/*
 * All records are in, and the conversations come, by their starts, those of equal ones as the first
 * of their records did, or, where they are lean, in any order. Its texts stay until the next call.
 * RESULT_END; RESULT_NO_MEMORY; RESULT_SYSTEM, as above.
 */
MUST_CHECK enum result merge_next(struct merge *merge, struct merged *flow);

/*
 * The same, but it is appended to a text as a line, with all that was kept of it: a record of the
 * sample that all of them are.
 */
MUST_CHECK enum result merge_next_line(struct merge *merge, struct text *lines);

/* When the sample starts that all of them are: where the earliest sample of the records did. */
int64_t merge_traffic_date(const struct merge *merge);

struct merge_counts merge_counted(const struct merge *merge);

#endif
