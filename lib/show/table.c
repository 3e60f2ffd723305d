/* SPDX-License-Identifier: Apache-2.0 */
#include "show/table.h"

#include "base/calendar.h"
#include "base/clock.h"
#include "base/number.h"
#include "show/grid.h"
#include "show/short.h"
#include "show/units.h"

#include <assert.h>
#include <string.h>

/* "2024-02-29 12:00" */
#define SINCE_WIDTH 16u

/* The columns, in their order. */
enum column {
    COLUMN_NAME,
    COLUMN_FLOWS,
    COLUMN_HOSTS,
    COLUMN_SENT,
    COLUMN_RECEIVED,
    COLUMN_PACKETS,
    COLUMN_LONGEST,
    COLUMN_FIRST,
    COLUMN_LAST,
    COLUMN_SEEN,
    COLUMN_SINCE,
    COLUMN_WHEN,
    COLUMN_MOSTLY,
    COLUMN_TITLE,
    COLUMNS
};

static_assert(COLUMNS <= GRID_COLUMNS, "a grid has room for all columns");

/* A table as it is put together. */
struct table {
    struct summary *summary;
    const struct table_options *options;
    const struct summary_entry *total, *entry; /* entry: that of the row */
    struct grid grid;
    struct text title; /* of the entry, as it is shown */
    uint32_t rows;     /* that are shown */
};

/* What each kind of entry is called, and the other side of its flows. */
static const struct {
    const char *head, *one, *many, *hosts;
} kinds[] = {
    [SUMMARY_DESTINATION] = {"DESTINATION", "destination", "destinations", "HOSTS"},
    [SUMMARY_SOURCE] = {"SOURCE", "source", "sources", "DESTS"},
    [SUMMARY_CATEGORY] = {"CATEGORY", "category", "categories", "HOSTS"},
    [SUMMARY_DOMAIN] = {"DOMAIN", "domain", "domains", "HOSTS"},
    [SUMMARY_PORT] = {"PORT", "port", "ports", "HOSTS"},
    [SUMMARY_SENSOR] = {"SENSOR", "sensor", "sensors", "HOSTS"},
    [SUMMARY_EVENT] = {"EVENT", "event", "events", "HOSTS"},
};

static const char *const heads[COLUMNS] = {
    [COLUMN_FLOWS] = "FLOWS",  [COLUMN_SENT] = "SENT",       [COLUMN_RECEIVED] = "RECV",
    [COLUMN_PACKETS] = "PKTS", [COLUMN_LONGEST] = "LONGEST", [COLUMN_FIRST] = "FIRST",
    [COLUMN_LAST] = "LAST",    [COLUMN_SEEN] = "SEEN",       [COLUMN_SINCE] = "SINCE",
    [COLUMN_WHEN] = "WHEN",    [COLUMN_MOSTLY] = "MOSTLY",   [COLUMN_TITLE] = "KNOWN AS",
};

/* What is in a cell. */

static struct record_text text_of(const char *string)
{
    return (struct record_text){string, strlen(string)};
}

/* What filters know of an entry: its title, and in front of it what speaks against it. */
static enum result make_title(struct table *table, const struct summary_entry *entry)
{
    const struct summary_known *known = summary_known(entry);
    enum result result = RESULT_OK;

    table->title.length = 0;
    if (!known)
        return RESULT_OK;
    if (findings_gravity(known->relevance) > 1) {
        result = text_put(&table->title, known->relevance.bytes, known->relevance.length);
        if (result == RESULT_OK && known->title.length > 0)
            result = text_put(&table->title, ": ", 2);
    }
    return result == RESULT_OK && known->title.length > 0
               ? text_put(&table->title, known->title.bytes, known->title.length)
               : result;
}

static struct record_text name_of(const struct table *table, const struct summary_entry *entry)
{
    if (entry == table->total)
        return text_of("TOTAL");
    if (entry == summary_others(table->summary))
        return text_of("(folded)");
    return summary_name(table->summary, entry);
}

static size_t time_from(const struct table *table)
{
    return units_time_from(table->total->first, table->total->last);
}

/* The day is told where there are several, and the year where days come again. */
static const char *time_of(const struct table *table, int64_t time, char text[SHORT_TEXT])
{
    return time < 0 ? "" : units_time(text, time) + time_from(table);
}

/* The count of samples that had had the rarest of its flows. */
static const char *seen_of(const struct summary_entry *entry, char text[SHORT_TEXT])
{
    const struct summary_known *known = summary_known(entry);

    return known && known->count_least > 0 ? short_scaled(text, known->count_least) : "";
}

/* When it was first seen: the day and the minute. */
static const char *since_of(const struct table *table, const struct summary_entry *entry,
                            char text[SHORT_TEXT])
{
    int64_t since = summary_since(table->summary, entry);

    if (since < 0)
        return "";
    units_time(text, since);
    text[SINCE_WIDTH] = '\0';
    return text;
}

static const char *hosts_of(const struct summary_entry *entry, char text[SHORT_TEXT])
{
    short_count(text, entry->hosts);
    return entry->hosts_more ? strcat(text, "+") : text;
}

static uint64_t sum_of(uint64_t a, uint64_t b)
{
    return a <= UINT64_MAX - b ? a + b : UINT64_MAX;
}

static const char *number_of(const struct table *table, const struct summary_entry *entry,
                             enum column column, char text[SHORT_TEXT])
{
    switch (column) {
    case COLUMN_FLOWS:
        return short_count(text, entry->flows);
    case COLUMN_HOSTS:
        return hosts_of(entry, text);
    case COLUMN_SENT:
        return short_scaled(text, entry->sent_bytes);
    case COLUMN_RECEIVED:
        return short_scaled(text, entry->received_bytes);
    case COLUMN_PACKETS:
        return short_scaled(text, sum_of(entry->sent_packets, entry->received_packets));
    case COLUMN_LONGEST:
        return short_duration(text, entry->longest);
    case COLUMN_FIRST:
        return time_of(table, entry->first, text);
    case COLUMN_LAST:
        return time_of(table, entry->last, text);
    case COLUMN_SINCE:
        return since_of(table, entry, text);
    default:
        return seen_of(entry, text);
    }
}

/* Which columns there are, and how wide. */

/* What the texts of an entry would need. */
static enum result measure_entry(struct table *table, const struct summary_entry *entry)
{
    struct grid *grid = &table->grid;
    uint64_t flows;
    enum result result = make_title(table, entry);

    grid_want(grid, COLUMN_NAME, name_of(table, entry));
    grid_want(grid, COLUMN_TITLE, (struct record_text){table->title.bytes, table->title.length});
    if (table->options->key != SUMMARY_CATEGORY)
        grid_want(grid, COLUMN_MOSTLY, summary_category(table->summary, entry, &flows));
    if (summary_known(entry) && summary_known(entry)->count_least > 0)
        grid->wanted[COLUMN_SEEN] = 4;
    if (summary_since(table->summary, entry) >= 0)
        grid->wanted[COLUMN_SINCE] = SINCE_WIDTH;
    return result;
}

static enum result measure(struct table *table)
{
    struct grid *grid = &table->grid;
    enum result result = RESULT_OK;

    for (uint32_t i = 0; i < table->rows && result == RESULT_OK; i++)
        result = measure_entry(table, summary_at(table->summary, i));
    grid_want(grid, COLUMN_NAME, text_of("DESTINATION"));
    if (grid->wanted[COLUMN_TITLE] > 0)
        grid_want(grid, COLUMN_TITLE, text_of(heads[COLUMN_TITLE]));
    return result;
}

/* The column by which the table is sorted. */
static enum column sorted_column(const struct table *table)
{
    switch (table->options->column) {
    case SUMMARY_PACKETS:
        return COLUMN_PACKETS;
    case SUMMARY_LONGEST:
        return COLUMN_LONGEST;
    case SUMMARY_FIRST:
        return COLUMN_FIRST;
    case SUMMARY_LAST:
        return COLUMN_LAST;
    case SUMMARY_COUNT:
        return COLUMN_SEEN;
    case SUMMARY_NEW:
        return COLUMN_SINCE;
    default:
        return COLUMN_FLOWS; /* all others are always there */
    }
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The most important first; those that come later leave more to the name. */
static void fit(struct table *table)
{
    static const uint8_t numbers[COLUMNS] = {[COLUMN_PACKETS] = 4,
                                             [COLUMN_LONGEST] = 7,
                                             [COLUMN_SEEN] = 4,
                                             [COLUMN_SINCE] = SINCE_WIDTH};
    enum column sorted = sorted_column(table);
    struct grid *grid = &table->grid;
    const size_t *wanted = grid->wanted;
    size_t time = UNITS_TIME - time_from(table);
    bool when = table->total->first >= 0;

    grid_add(grid, COLUMN_FLOWS, 5, 0);
    grid_add(grid, COLUMN_SENT, 4, 0);
    grid_add(grid, COLUMN_RECEIVED, 4, 0);
    grid_add(grid, COLUMN_HOSTS, 5, 0);
    if (sorted == COLUMN_FIRST || sorted == COLUMN_LAST)
        grid_add(grid, sorted, time, 0);
    else
        grid_add(grid, sorted, numbers[sorted], 0);
    grid_add(grid, COLUMN_WHEN, when ? TABLE_PARTS / 2 : 0, 14);
    grid_add(grid, COLUMN_SEEN, wanted[COLUMN_SEEN], 20);
    grid_add(grid, COLUMN_TITLE, smaller(wanted[COLUMN_TITLE], 20), 20);
    grid_add(grid, COLUMN_WHEN, when ? TABLE_PARTS : 0, 24);
    grid_add(grid, COLUMN_TITLE, smaller(wanted[COLUMN_TITLE], 40), 36);
    grid_add(grid, COLUMN_LONGEST, numbers[COLUMN_LONGEST], 36);
    grid_add(grid, COLUMN_MOSTLY, smaller(wanted[COLUMN_MOSTLY], 24), 36);
    grid_add(grid, COLUMN_SINCE, wanted[COLUMN_SINCE], 36);
    grid_add(grid, COLUMN_PACKETS, numbers[COLUMN_PACKETS], 48);
    if (when && grid->left >= 2 * (time + 1) + smaller(48, wanted[COLUMN_NAME])) {
        grid_add(grid, COLUMN_FIRST, time, 48); /* both or neither */
        grid_add(grid, COLUMN_LAST, time, 48);
    }
    grid_widen(grid, COLUMN_NAME);
    grid_widen(grid, COLUMN_MOSTLY);
    grid_widen(grid, COLUMN_TITLE);
}

/* Lines. */

static enum result put_when(struct table *table)
{
    uint64_t counts[TABLE_PARTS] = {0};
    size_t parts = table->grid.widths[COLUMN_WHEN];

    summary_when(table->entry, table->total->first, table->total->last, parts, counts);
    return grid_bars(&table->grid, counts, parts);
}

/* What speaks against an entry. */
static const char *colour_of(const struct summary_entry *entry)
{
    const struct summary_known *known = summary_known(entry);
    unsigned gravity = known ? findings_gravity(known->relevance) : 0;

    return gravity == 3 ? GRID_RED : gravity == 2 ? GRID_YELLOW : "";
}

static enum result put_cell(void *context, unsigned column)
{
    struct table *table = context;
    const struct summary_entry *entry = table->entry;
    bool whole = entry == table->total || entry == summary_others(table->summary);
    struct record_text title = {table->title.bytes, table->title.length};
    struct grid *grid = &table->grid;
    char text[SHORT_TEXT];
    uint64_t flows;

    switch (column) {
    case COLUMN_NAME:
        return grid_words(grid, column, name_of(table, entry), VISIBLE_MIDDLE,
                          whole ? "" : colour_of(entry));
    case COLUMN_WHEN:
        return put_when(table);
    case COLUMN_MOSTLY:
        return grid_words(grid, column, summary_category(table->summary, entry, &flows),
                          VISIBLE_END, "");
    case COLUMN_TITLE:
        return grid_words(grid, column, title, VISIBLE_END, "");
    default:
        if (whole && (column == COLUMN_SEEN || column == COLUMN_SINCE))
            return grid_blanks(grid, grid->widths[column]);
        return grid_number(grid, column, number_of(table, entry, column, text));
    }
}

static enum result put_entry(struct table *table, const struct summary_entry *entry)
{
    enum result result = RESULT_OK;

    table->entry = entry;
    table->title.length = 0;
    if (entry != table->total)
        result = make_title(table, entry);
    return result == RESULT_OK ? grid_row(&table->grid, put_cell, table) : result;
}

static enum result put_heads(struct table *table)
{
    const char *words[COLUMNS];

    memcpy(words, heads, sizeof words);
    words[COLUMN_NAME] = kinds[table->options->key].head;
    words[COLUMN_HOSTS] = kinds[table->options->key].hosts;
    return grid_heads(&table->grid, words, COLUMN_FLOWS, COLUMN_WHEN);
}

/* From when to when. */
static enum result put_time(struct table *table)
{
    char first[UNITS_TEXT], last[UNITS_TEXT], span[SHORT_TEXT];
    const struct summary_entry *total = table->total;
    enum result result;

    if (total->first < 0)
        return RESULT_OK;
    units_time(last, total->last);
    result = text_print(&table->grid.line, "%s to %s UTC, %s", units_time(first, total->first),
                        time_from(table) < UNITS_TIME_OF_DAY ? last : last + UNITS_TIME_OF_DAY,
                        short_duration(span, total->last - total->first));
    return result == RESULT_OK ? grid_end_line(&table->grid) : result;
}

/* What was folded, and what that does to the rest. */
static enum result put_folded(struct table *table)
{
    struct summary_folded folded = summary_folded(table->summary);
    char keys[NUMBER_GROUPED], flows[SHORT_TEXT], bytes[SHORT_TEXT];
    enum result result;

    if (folded.keys == 0)
        return RESULT_OK;
    result = text_print(&table->grid.line,
                        "folded: %s smaller %s, to bound memory; each of the others may lack up to "
                        "%s flows and %s bytes",
                        number_grouped(keys, folded.keys), kinds[table->options->key].many,
                        short_count(flows, folded.flows), short_scaled(bytes, folded.bytes));
    return result == RESULT_OK ? grid_end_line(&table->grid) : result;
}

static enum result put_left_out(struct table *table)
{
    uint32_t count = summary_count(table->summary);
    char shown[NUMBER_GROUPED], all[NUMBER_GROUPED];
    enum result result;

    if (count == table->rows)
        return RESULT_OK;
    result = text_print(&table->grid.line, "%s of %s %s; -n 0 shows all",
                        number_grouped(shown, table->rows), number_grouped(all, count),
                        kinds[table->options->key].many);
    return result == RESULT_OK ? grid_end_line(&table->grid) : result;
}

static enum result put_all(struct table *table)
{
    const struct summary_entry *others = summary_others(table->summary);
    enum result result = put_time(table);

    if (result == RESULT_OK)
        result = put_heads(table);
    for (uint32_t i = 0; i < table->rows && result == RESULT_OK; i++)
        result = put_entry(table, summary_at(table->summary, i));
    if (result == RESULT_OK && others)
        result = put_entry(table, others);
    if (result == RESULT_OK)
        result = put_entry(table, table->total);
    if (result == RESULT_OK)
        result = put_folded(table);
    return result == RESULT_OK ? put_left_out(table) : result;
}

static uint32_t rows_of(const struct summary *summary, uint32_t most)
{
    uint32_t count = summary_count(summary);

    return most > 0 && most < count ? most : count;
}

enum result table_put(struct summary *summary, const struct table_options *options,
                      struct output *output)
{
    struct table table = {.summary = summary, .options = options, .total = summary_total(summary)};
    enum result result;

    if (table.total->flows == 0)
        return RESULT_OK;
    grid_init(&table.grid, output, options->width);
    table.grid.utf8 = options->utf8;
    table.grid.colour = options->colour;
    result = summary_sort(summary, options->column, options->rows);
    table.rows = rows_of(summary, options->rows);
    if (result == RESULT_OK)
        result = measure(&table);
    if (result == RESULT_OK) {
        fit(&table);
        result = put_all(&table);
    }
    text_destroy(&table.grid.line);
    text_destroy(&table.title);
    return result;
}
