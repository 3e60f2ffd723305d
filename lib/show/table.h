/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Summaries and pairs of flowbeacon as tables for a terminal, and as lines of JSON. What strangers
 * have put into records steers no terminal (visible.h).
 */
#ifndef SECFLOW_TABLE_H
#define SECFLOW_TABLE_H

#include "base/output.h"
#include "show/beaconlist.h"
#include "show/summary.h"

struct table_options {
    enum summary_key key;       /* that of the summary */
    enum summary_column column; /* by which it is sorted */
    uint32_t rows;              /* at most; 0: all */
    uint32_t width;             /* columns of the terminal; less than 40 are taken for 40 */
    bool utf8;   /* else ASCII. The locale of the process, LC_CTYPE, is one of UTF-8 then */
    bool colour; /* with the sequences of ECMA-48 */
};

/* Parts of the time from the first packet to the last one in which WHEN shows flows. */
#define TABLE_PARTS 24u

/*
 * Sorts the summary and writes the table: the time, the entries, what was folded, the total, and
 * what was left out. Nothing where there is no flow. RESULT_NO_MEMORY; RESULT_SYSTEM, as from the
 * output.
 */
MUST_CHECK enum result table_put(struct summary *summary, const struct table_options *options,
                                 struct output *output);

/*
 * The same as JSON, an object a line, as flowtop(1) says: of the options key, column and rows
 * matter.
 */
MUST_CHECK enum result table_put_json(struct summary *summary, const struct table_options *options,
                                      struct output *output);

/*
 * The same for pairs, sorted by their scores: nothing where there are none, and as JSON lines of
 * flowbeacon(1). Of the options key and column do not matter.
 */
MUST_CHECK enum result table_put_pairs(struct beacon_list *list,
                                       const struct table_options *options, struct output *output);
MUST_CHECK enum result table_put_pairs_json(struct beacon_list *list,
                                            const struct table_options *options,
                                            struct output *output);

#endif
