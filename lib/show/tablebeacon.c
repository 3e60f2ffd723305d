/* SPDX-License-Identifier: Apache-2.0 */
#include "base/calendar.h"
#include "base/clock.h"
#include "base/number.h"
#include "show/grid.h"
#include "show/short.h"
#include "show/table.h"
#include "show/units.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The columns, in their order. */
enum column {
    COLUMN_NAME,
    COLUMN_HOST,
    COLUMN_BEACON,
    COLUMN_LONG,
    COLUMN_INTERVAL,
    COLUMN_JITTER,
    COLUMN_TOTAL,
    COLUMN_LONGEST,
    COLUMN_FLOWS,
    COLUMN_HOSTS,
    COLUMN_SENT,
    COLUMN_RECEIVED,
    COLUMN_FIRST,
    COLUMN_LAST,
    COLUMN_WHEN,
    COLUMNS
};

static const char *const heads[COLUMNS] = {
    [COLUMN_NAME] = "DESTINATION", [COLUMN_HOST] = "HOST",         [COLUMN_BEACON] = "BEACON",
    [COLUMN_LONG] = "LONG",        [COLUMN_INTERVAL] = "INTERVAL", [COLUMN_JITTER] = "JITTER",
    [COLUMN_TOTAL] = "CONNECTED",  [COLUMN_LONGEST] = "LONGEST",   [COLUMN_FLOWS] = "FLOWS",
    [COLUMN_HOSTS] = "HOSTS",      [COLUMN_SENT] = "SENT",         [COLUMN_RECEIVED] = "RECV",
    [COLUMN_FIRST] = "FIRST",      [COLUMN_LAST] = "LAST",         [COLUMN_WHEN] = "WHEN",
};

static_assert(COLUMNS <= GRID_COLUMNS, "a grid has room for all columns");
static_assert(TABLE_PARTS == SCORE_PARTS, "WHEN has the parts of a pair");

/* A table of pairs as it is put together. */
struct table {
    const struct beacon_list *list;
    const struct beacon *pair; /* of the row */
    struct grid grid;
    size_t rows;        /* that are shown */
    int64_t start, end; /* of WHEN, for all pairs */
    size_t time_from;   /* what times need of their text */
};

static size_t rows_of(const struct beacon_list *list, const struct table_options *options)
{
    return options->rows > 0 && options->rows < list->count ? options->rows : list->count;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void look_at_times(struct table *table)
{
    int64_t first = INT64_MAX, last = -1;

    table->start = INT64_MAX;
    table->end = -1;
    for (size_t i = 0; i < table->list->count; i++) {
        const struct beacon *pair = &table->list->beacons[i];

        first = lesser(first, pair->start);
        last = -lesser(-last, -pair->end);
        table->start = lesser(table->start, pair->when_start);
        table->end = -lesser(-table->end, -pair->when_end);
    }
    table->time_from = units_time_from(first, last);
}

/* Which columns there are, and how wide: the most important first. */
static void fit(struct table *table)
{
    struct grid *grid = &table->grid;
    size_t time = UNITS_TIME - table->time_from;

    for (unsigned i = COLUMN_NAME; i <= COLUMN_HOST; i++)
        grid_want(grid, i, (struct record_text){heads[i], strlen(heads[i])});
    for (size_t i = 0; i < table->rows; i++) {
        grid_want(grid, COLUMN_NAME, table->list->beacons[i].dst);
        grid_want(grid, COLUMN_HOST, table->list->beacons[i].src);
    }
    grid_add(grid, COLUMN_BEACON, 6, 0);
    grid_add(grid, COLUMN_LONG, 5, 0);
    grid_add(grid, COLUMN_HOST, grid->wanted[COLUMN_HOST] < 15 ? grid->wanted[COLUMN_HOST] : 15, 0);
    grid_add(grid, COLUMN_WHEN, TABLE_PARTS / 2, 14);
    grid_add(grid, COLUMN_INTERVAL, 8, 14);
    grid_add(grid, COLUMN_HOSTS, 5, 20);
    grid_add(grid, COLUMN_WHEN, TABLE_PARTS, 24);
    grid_add(grid, COLUMN_FLOWS, 5, 24);
    grid_add(grid, COLUMN_TOTAL, 9, 24);
    grid_add(grid, COLUMN_SENT, 4, 36);
    grid_add(grid, COLUMN_RECEIVED, 4, 36);
    grid_add(grid, COLUMN_JITTER, 6, 36);
    grid_add(grid, COLUMN_LONGEST, 7, 36);
    grid_add(grid, COLUMN_LAST, time, 48);
    grid_add(grid, COLUMN_FIRST, time, 48);
    grid_widen(grid, COLUMN_NAME);
    grid_widen(grid, COLUMN_HOST);
}

/* What is in a cell. */

static const char *score_of(bool there, uint32_t score, char text[SHORT_TEXT])
{
    if (!there)
        return "";
    snprintf(text, SHORT_TEXT, "%" PRIu32 ".%03" PRIu32, score / 1000, score % 1000);
    return text;
}

static const char *time_of(const struct table *table, int64_t time, char text[UNITS_TEXT])
{
    return units_time(text, time) + table->time_from;
}

static const char *number_of(const struct table *table, enum column column, char text[UNITS_TEXT])
{
    const struct beacon *pair = table->pair;

    switch (column) {
    case COLUMN_BEACON:
        return pair->strobe ? "strobe" : score_of(pair->scored, pair->score.all, text);
    case COLUMN_LONG:
        return score_of(pair->long_score > 0, pair->long_score, text);
    case COLUMN_INTERVAL:
        return pair->scored ? short_duration(text, pair->score.interval) : "";
    case COLUMN_JITTER:
        return pair->scored ? short_duration(text, pair->score.jitter) : "";
    case COLUMN_TOTAL:
        return short_duration(text, pair->total);
    case COLUMN_LONGEST:
        return short_duration(text, pair->longest);
    case COLUMN_FLOWS:
        return short_count(text, pair->flows);
    case COLUMN_HOSTS:
        return short_count(text, pair->hosts);
    case COLUMN_SENT:
        return short_scaled(text, pair->sent);
    case COLUMN_RECEIVED:
        return short_scaled(text, pair->received);
    default:
        return time_of(table, column == COLUMN_FIRST ? pair->start : pair->end, text);
    }
}

static enum result put_when(struct table *table)
{
    size_t parts = table->grid.widths[COLUMN_WHEN];
    uint64_t counts[TABLE_PARTS] = {0};

    for (size_t i = 0; i < TABLE_PARTS; i++) {
        uint64_t *count = &counts[i * parts / TABLE_PARTS], more = table->pair->when[i];

        *count = more <= UINT64_MAX - *count ? *count + more : UINT64_MAX;
    }
    return grid_bars(&table->grid, counts, parts);
}

static enum result put_cell(void *context, unsigned column)
{
    struct table *table = context;
    char text[UNITS_TEXT];

    switch (column) {
    case COLUMN_NAME:
        return grid_words(&table->grid, column, table->pair->dst, VISIBLE_MIDDLE, "");
    case COLUMN_HOST:
        return grid_words(&table->grid, column, table->pair->src, VISIBLE_MIDDLE, "");
    case COLUMN_WHEN:
        return put_when(table);
    default:
        return grid_number(&table->grid, column, number_of(table, column, text));
    }
}

/* What the table is about, and when that was. */
static enum result put_caption(struct table *table)
{
    char first[UNITS_TEXT], last[UNITS_TEXT], span[SHORT_TEXT];
    const int64_t day = SECOND * DAY_SECONDS;
    bool one_day = table->start / day == table->end / day;
    enum result result;

    units_time(last, table->end);
    result = text_print(&table->grid.line, "Beacons and long connections\n%s to %s UTC, %s",
                        units_time(first, table->start), one_day ? last + UNITS_TIME_OF_DAY : last,
                        short_duration(span, table->end - table->start));
    return result == RESULT_OK ? grid_end_line(&table->grid) : result;
}

static enum result put_left_out(struct table *table)
{
    char shown[NUMBER_GROUPED], all[NUMBER_GROUPED];
    enum result result;

    if (table->rows == table->list->count)
        return RESULT_OK;
    result =
        text_print(&table->grid.line, "%s of %s pairs; -n 0 shows all",
                   number_grouped(shown, table->rows), number_grouped(all, table->list->count));
    return result == RESULT_OK ? grid_end_line(&table->grid) : result;
}

static enum result put_all(struct table *table)
{
    enum result result = put_caption(table);

    if (result == RESULT_OK)
        result = grid_heads(&table->grid, heads, COLUMN_BEACON, COLUMN_WHEN);
    for (size_t i = 0; i < table->rows && result == RESULT_OK; i++) {
        table->pair = &table->list->beacons[i];
        result = grid_row(&table->grid, put_cell, table);
    }
    return result == RESULT_OK ? put_left_out(table) : result;
}

enum result table_put_pairs(struct beacon_list *list, const struct table_options *options,
                            struct output *output)
{
    struct table table = {.list = list, .rows = rows_of(list, options)};
    enum result result;

    if (list->count == 0)
        return RESULT_OK;
    grid_init(&table.grid, output, options->width);
    table.grid.utf8 = options->utf8;
    table.grid.colour = options->colour;
    beacon_list_sort(list);
    look_at_times(&table);
    fit(&table);
    result = put_all(&table);
    text_destroy(&table.grid.line);
    return result;
}

enum result table_put_pairs_json(struct beacon_list *list, const struct table_options *options,
                                 struct output *output)
{
    size_t rows = rows_of(list, options);
    struct text line = {0};
    enum result result = RESULT_OK;

    beacon_list_sort(list);
    for (size_t i = 0; i < rows && result == RESULT_OK; i++) {
        line.length = 0;
        result = beacon_put(&line, &list->beacons[i]);
        if (result == RESULT_OK)
            result = output_put(output, line.bytes, line.length);
    }
    text_destroy(&line);
    return result;
}
