/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table on a terminal: columns that fit its width, and lines of cells. Its first column is the
 * name of a row, which keeps some of its width whatever else there is.
 */
#ifndef SECFLOW_GRID_H
#define SECFLOW_GRID_H

#include "base/output.h"
#include "show/visible.h"

#define GRID_COLUMNS 16u

/* ECMA-48 */
#define GRID_BOLD "\033[1m"
#define GRID_RED "\033[31m"
#define GRID_YELLOW "\033[33m"

struct grid {
    struct output *output;
    bool utf8, colour;           /* as in table.h, the caller's to set */
    struct text line;            /* as far as it is put together; to be destroyed */
    size_t left;                 /* columns of the terminal that no column has yet */
    size_t widths[GRID_COLUMNS]; /* 0: the column is not there */
    size_t wanted[GRID_COLUMNS]; /* of those that can be wider: what they would need */
};

/* Empty lines of so many columns; less than 40 are taken for 40. */
void grid_init(struct grid *grid, struct output *output, size_t width);

/* Makes a column want enough for a text. */
void grid_want(struct grid *grid, unsigned column, struct record_text text);

/* Adds a column, or widens it, if the name keeps so much of what it would need. */
void grid_add(struct grid *grid, unsigned column, size_t width, size_t name);

/* Gives a column that is there what is left of what it would need. */
void grid_widen(struct grid *grid, unsigned column);

/* Each of these appends to the line. RESULT_NO_MEMORY. */

MUST_CHECK enum result grid_blanks(struct grid *grid, size_t count);

/* A cell of words: at the left. colour: "", or a sequence from above. */
MUST_CHECK enum result grid_words(struct grid *grid, unsigned column, struct record_text words,
                                  enum visible_cut cut, const char *colour);

/* A cell with a number: at the right. */
MUST_CHECK enum result grid_number(struct grid *grid, unsigned column, const char *number);

/* Bars, one for each count: the fullest is that of the greatest count, or of a few. */
MUST_CHECK enum result grid_bars(struct grid *grid, const uint64_t *counts, size_t count);

/* Writes the line, without the blanks at its end. RESULT_NO_MEMORY; RESULT_SYSTEM. */
MUST_CHECK enum result grid_end_line(struct grid *grid);

/* The same for a row: a cell for each column that is there. */
typedef enum result grid_cell_fn(void *context, unsigned column);
MUST_CHECK enum result grid_row(struct grid *grid, grid_cell_fn *cell, void *context);

/* The same for the heads; those from number_first up to number_end stand at the right. */
MUST_CHECK enum result grid_heads(struct grid *grid, const char *const *heads,
                                  unsigned number_first, unsigned number_end);

#endif
