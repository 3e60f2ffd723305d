/* SPDX-License-Identifier: Apache-2.0 */
#include "show/grid.h"

#include <string.h>

/* What makes a full bar where no count is greater: so one flow looks like little. */
#define BARS_FEW 4u

#define WIDTH_LEAST 40u

void grid_init(struct grid *grid, struct output *output, size_t width)
{
    *grid = (struct grid){.output = output, .left = width > WIDTH_LEAST ? width : WIDTH_LEAST};
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

void grid_want(struct grid *grid, unsigned column, struct record_text text)
{
    size_t width = visible_width(text, grid->utf8);

    if (width > grid->wanted[column])
        grid->wanted[column] = width;
}

void grid_add(struct grid *grid, unsigned column, size_t width, size_t name)
{
    size_t more = width > grid->widths[column] ? width - grid->widths[column] : 0;

    if (grid->widths[column] == 0)
        more++; /* the blank in front */
    if (width == 0 || grid->left < more + smaller(name, grid->wanted[0]))
        return;
    grid->left -= more;
    grid->widths[column] = width;
}

void grid_widen(struct grid *grid, unsigned column)
{
    size_t wanted = grid->wanted[column], width = grid->widths[column];
    size_t more = wanted > width ? smaller(grid->left, wanted - width) : 0;

    if (column > 0 && width == 0)
        return;
    grid->widths[column] += more;
    grid->left -= more;
}

enum result grid_blanks(struct grid *grid, size_t count)
{
    enum result result = RESULT_OK;

    while (count-- > 0 && result == RESULT_OK)
        result = text_put(&grid->line, " ", 1);
    return result;
}

static enum result put_colour(struct grid *grid, const char *sequence)
{
    return grid->colour ? text_put_string(&grid->line, sequence) : RESULT_OK;
}

#define PLAIN "\033[0m"

enum result grid_words(struct grid *grid, unsigned column, struct record_text words,
                       enum visible_cut cut, const char *colour)
{
    size_t used = 0;
    enum result result = *colour ? put_colour(grid, colour) : RESULT_OK;

    if (result == RESULT_OK)
        result = visible_put(&grid->line, words, grid->utf8, grid->widths[column], cut, &used);
    if (result == RESULT_OK && *colour)
        result = put_colour(grid, PLAIN);
    return result == RESULT_OK ? grid_blanks(grid, grid->widths[column] - used) : result;
}

enum result grid_number(struct grid *grid, unsigned column, const char *number)
{
    size_t length = strlen(number), width = grid->widths[column];
    enum result result = grid_blanks(grid, width > length ? width - length : 0);

    return result == RESULT_OK ? text_put_string(&grid->line, number) : result;
}

enum result grid_bars(struct grid *grid, const uint64_t *counts, size_t count)
{
    static const char *const blocks[] = {" ",
                                         "\xe2\x96\x81",
                                         "\xe2\x96\x82",
                                         "\xe2\x96\x83",
                                         "\xe2\x96\x84",
                                         "\xe2\x96\x85",
                                         "\xe2\x96\x86",
                                         "\xe2\x96\x87",
                                         "\xe2\x96\x88"};
    static const char ascii[][2] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};
    enum result result = RESULT_OK;
    uint64_t most = BARS_FEW;

    for (size_t i = 0; i < count; i++)
        most = counts[i] > most ? counts[i] : most;
    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        /* Rounded up; shares of so great a count that eight times as much is none of 64 bits. */
        uint64_t step = most / 8 + (most % 8 > 0),
                 level = counts[i] / step + (counts[i] % step > 0);

        if (most < UINT64_MAX / 8)
            level = (counts[i] * 8 + most - 1) / most;
        result = text_put_string(&grid->line, grid->utf8 ? blocks[level] : ascii[level]);
    }
    return result;
}

static void drop_blanks(struct text *line)
{
    while (line->length > 0 && line->bytes[line->length - 1] == ' ')
        line->length--;
}

enum result grid_end_line(struct grid *grid)
{
    struct text *line = &grid->line;
    enum result result;

    drop_blanks(line);
    result = text_put(line, "\n", 1);
    if (result == RESULT_OK)
        result = output_put(grid->output, line->bytes, line->length);
    line->length = 0;
    return result;
}

static enum result put_cells(struct grid *grid, grid_cell_fn *cell, void *context)
{
    enum result result = RESULT_OK;

    for (unsigned column = 0; column < GRID_COLUMNS && result == RESULT_OK; column++) {
        if (grid->widths[column] == 0)
            continue;
        if (column > 0)
            result = grid_blanks(grid, 1);
        if (result == RESULT_OK)
            result = cell(context, column);
    }
    return result;
}

enum result grid_row(struct grid *grid, grid_cell_fn *cell, void *context)
{
    enum result result = put_cells(grid, cell, context);

    return result == RESULT_OK ? grid_end_line(grid) : result;
}

/* Heads as they are put. */
struct heads {
    struct grid *grid;
    const char *const *words;
    unsigned number_first, number_end;
};

static enum result put_head(void *context, unsigned column)
{
    const struct heads *heads = context;
    const char *word = heads->words[column];

    if (column >= heads->number_first && column < heads->number_end)
        return grid_number(heads->grid, column, word);
    return grid_words(heads->grid, column, (struct record_text){word, strlen(word)}, VISIBLE_END,
                      "");
}

enum result grid_heads(struct grid *grid, const char *const *heads, unsigned number_first,
                       unsigned number_end)
{
    struct heads context = {grid, heads, number_first, number_end};
    enum result result = put_colour(grid, GRID_BOLD);

    if (result == RESULT_OK)
        result = put_cells(grid, put_head, &context);
    drop_blanks(&grid->line);
    if (result == RESULT_OK)
        result = put_colour(grid, PLAIN);
    return result == RESULT_OK ? grid_end_line(grid) : result;
}
