/* SPDX-License-Identifier: Apache-2.0 */
#include "show/table.h"

#include "base/calendar.h"
#include "base/clock.h"
#include "base/number.h"
#include "show/short.h"
#include "show/units.h"
#include "show/visible.h"

#include <inttypes.h>
#include <string.h>

#define WIDTH_LEAST 40u

/* What fills WHEN where no part has more flows: so one flow looks like little. */
#define WHEN_FEW 4u

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

/* A table as it is put together. */
struct table {
    struct summary *summary;
    const struct table_options *options;
    const struct summary_entry *total;
    struct output *output;
    struct text line;
    struct text title;      /* of an entry, as it is shown */
    uint32_t rows;          /* that are shown */
    size_t widths[COLUMNS]; /* 0: the column is not there */
    size_t wanted[COLUMNS]; /* of those that can be wider: what they would need */
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

static const char *head_of(const struct table *table, enum column column)
{
    if (column == COLUMN_NAME)
        return kinds[table->options->key].head;
    return column == COLUMN_HOSTS ? kinds[table->options->key].hosts : heads[column];
}

/* Numbers stand at the right of their column. */
static bool is_number(enum column column)
{
    return column != COLUMN_NAME && column < COLUMN_WHEN;
}

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

/* Whether times need their day. */
static bool has_days(const struct table *table)
{
    const int64_t day = SECOND * DAY_SECONDS;

    return table->total->first / day != table->total->last / day;
}

/* The day is told where there are several. */
static const char *time_of(const struct table *table, int64_t time, char text[SHORT_TEXT])
{
    return time < 0
               ? ""
               : units_time(text, time) + (has_days(table) ? UNITS_AFTER_YEAR : UNITS_TIME_OF_DAY);
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

static size_t greater(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What the texts of an entry would need. */
static enum result measure_entry(struct table *table, const struct summary_entry *entry)
{
    bool utf8 = table->options->utf8;
    size_t *wanted = table->wanted;
    uint64_t flows;
    enum result result = make_title(table, entry);
    struct record_text title = {table->title.bytes, table->title.length};

    wanted[COLUMN_NAME] = greater(wanted[COLUMN_NAME], visible_width(name_of(table, entry), utf8));
    wanted[COLUMN_MOSTLY] =
        greater(wanted[COLUMN_MOSTLY],
                visible_width(summary_category(table->summary, entry, &flows), utf8));
    if (title.length > 0)
        wanted[COLUMN_TITLE] = greater(wanted[COLUMN_TITLE], visible_width(title, utf8));
    if (summary_known(entry) && summary_known(entry)->count_least > 0)
        wanted[COLUMN_SEEN] = 4;
    if (summary_since(table->summary, entry) >= 0)
        wanted[COLUMN_SINCE] = SINCE_WIDTH;
    return result;
}

static enum result measure(struct table *table)
{
    enum result result = RESULT_OK;

    for (uint32_t i = 0; i < table->rows && result == RESULT_OK; i++)
        result = measure_entry(table, summary_at(table->summary, i));
    table->wanted[COLUMN_NAME] = greater(table->wanted[COLUMN_NAME], strlen("DESTINATION"));
    if (table->wanted[COLUMN_TITLE] > 0)
        table->wanted[COLUMN_TITLE] = greater(table->wanted[COLUMN_TITLE], strlen("KNOWN AS"));
    if (table->options->key == SUMMARY_CATEGORY)
        table->wanted[COLUMN_MOSTLY] = 0;
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

/* Adds a column, where the name keeps so much of what it would need. */
static void add_column(struct table *table, size_t *left, enum column column, size_t width,
                       size_t name)
{
    size_t more = width > table->widths[column] ? width - table->widths[column] : 0;

    if (table->widths[column] == 0)
        more++; /* the blank in front */
    if (width == 0 || *left < more + smaller(name, table->wanted[COLUMN_NAME]))
        return;
    *left -= more;
    table->widths[column] = width;
}

/* Gives a column that is there what is left of what it would need. */
static void widen(struct table *table, size_t *left, enum column column)
{
    size_t wanted = table->wanted[column], width = table->widths[column];
    size_t more = wanted > width ? smaller(*left, wanted - width) : 0;

    if (column != COLUMN_NAME && width == 0)
        return;
    table->widths[column] += more;
    *left -= more;
}

/* The most important first; those that come later leave more to the name. */
static void fit(struct table *table)
{
    size_t left = greater(table->options->width, WIDTH_LEAST), time = has_days(table) ? 14 : 8;
    static const uint8_t numbers[COLUMNS] = {[COLUMN_PACKETS] = 4,
                                             [COLUMN_LONGEST] = 7,
                                             [COLUMN_SEEN] = 4,
                                             [COLUMN_SINCE] = SINCE_WIDTH};
    enum column sorted = sorted_column(table);
    const size_t *wanted = table->wanted;
    bool when = table->total->first >= 0;

    add_column(table, &left, COLUMN_FLOWS, 5, 0);
    add_column(table, &left, COLUMN_SENT, 4, 0);
    add_column(table, &left, COLUMN_RECEIVED, 4, 0);
    add_column(table, &left, COLUMN_HOSTS, 5, 0);
    if (sorted == COLUMN_FIRST || sorted == COLUMN_LAST)
        add_column(table, &left, sorted, time, 0);
    else
        add_column(table, &left, sorted, numbers[sorted], 0);
    add_column(table, &left, COLUMN_WHEN, when ? TABLE_PARTS / 2 : 0, 14);
    add_column(table, &left, COLUMN_SEEN, wanted[COLUMN_SEEN], 20);
    add_column(table, &left, COLUMN_TITLE, smaller(wanted[COLUMN_TITLE], 20), 20);
    add_column(table, &left, COLUMN_WHEN, when ? TABLE_PARTS : 0, 24);
    add_column(table, &left, COLUMN_TITLE, smaller(wanted[COLUMN_TITLE], 40), 36);
    add_column(table, &left, COLUMN_LONGEST, numbers[COLUMN_LONGEST], 36);
    add_column(table, &left, COLUMN_MOSTLY, smaller(wanted[COLUMN_MOSTLY], 24), 36);
    add_column(table, &left, COLUMN_SINCE, wanted[COLUMN_SINCE], 36);
    add_column(table, &left, COLUMN_PACKETS, numbers[COLUMN_PACKETS], 48);
    if (when && left >= 2 * (time + 1) + smaller(48, wanted[COLUMN_NAME])) { /* both or neither */
        add_column(table, &left, COLUMN_FIRST, time, 48);
        add_column(table, &left, COLUMN_LAST, time, 48);
    }
    widen(table, &left, COLUMN_NAME);
    widen(table, &left, COLUMN_MOSTLY);
    widen(table, &left, COLUMN_TITLE);
}

/* Lines. */

static enum result put_blanks(struct table *table, size_t count)
{
    enum result result = RESULT_OK;

    while (count-- > 0 && result == RESULT_OK)
        result = text_put(&table->line, " ", 1);
    return result;
}

/* Writes the line, without the blanks at its end. */
static enum result end_line(struct table *table)
{
    struct text *line = &table->line;
    enum result result;

    while (line->length > 0 && line->bytes[line->length - 1] == ' ')
        line->length--;
    result = text_put(line, "\n", 1);
    if (result == RESULT_OK)
        result = output_put(table->output, line->bytes, line->length);
    line->length = 0;
    return result;
}

static enum result put_colour(struct table *table, const char *sequence)
{
    return table->options->colour ? text_put_string(&table->line, sequence) : RESULT_OK;
}

#define BOLD "\033[1m"
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

/* A cell of words: at the left. */
static enum result put_words(struct table *table, enum column column, struct record_text words,
                             const char *colour)
{
    size_t used = 0;
    enum result result = *colour ? put_colour(table, colour) : RESULT_OK;

    if (result == RESULT_OK)
        result = visible_put(&table->line, words, table->options->utf8, table->widths[column],
                             column == COLUMN_NAME ? VISIBLE_MIDDLE : VISIBLE_END, &used);
    if (result == RESULT_OK && *colour)
        result = put_colour(table, PLAIN);
    return result == RESULT_OK ? put_blanks(table, table->widths[column] - used) : result;
}

/* A cell with a number: at the right. */
static enum result put_number(struct table *table, enum column column, const char *number)
{
    size_t length = strlen(number), width = table->widths[column];
    enum result result = put_blanks(table, width > length ? width - length : 0);

    return result == RESULT_OK ? text_put_string(&table->line, number) : result;
}

/* When its flows began: each part beside the fullest one of the entry, or beside a few flows. */
static enum result put_when(struct table *table, const struct summary_entry *entry)
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
    uint64_t counts[TABLE_PARTS] = {0}, most = WHEN_FEW;
    size_t parts = table->widths[COLUMN_WHEN];
    enum result result = RESULT_OK;

    summary_when(entry, table->total->first, table->total->last, parts, counts);
    for (size_t i = 0; i < parts; i++)
        most = counts[i] > most ? counts[i] : most;
    for (size_t i = 0; i < parts && result == RESULT_OK; i++) {
        /* Rounded up; shares of so great a count that eight times as much is none of 64 bits. */
        uint64_t step = most / 8 + (most % 8 > 0),
                 level = counts[i] / step + (counts[i] % step > 0);

        if (most < UINT64_MAX / 8)
            level = (counts[i] * 8 + most - 1) / most;
        result = text_put_string(&table->line, table->options->utf8 ? blocks[level] : ascii[level]);
    }
    return result;
}

/* What speaks against an entry. */
static const char *colour_of(const struct summary_entry *entry)
{
    const struct summary_known *known = summary_known(entry);
    unsigned gravity = known ? findings_gravity(known->relevance) : 0;

    return gravity == 3 ? RED : gravity == 2 ? YELLOW : "";
}

static enum result put_cell(struct table *table, const struct summary_entry *entry,
                            enum column column)
{
    bool whole = entry == table->total || entry == summary_others(table->summary);
    char text[SHORT_TEXT];
    uint64_t flows;

    switch (column) {
    case COLUMN_NAME:
        return put_words(table, column, name_of(table, entry), whole ? "" : colour_of(entry));
    case COLUMN_WHEN:
        return put_when(table, entry);
    case COLUMN_MOSTLY:
        return put_words(table, column, summary_category(table->summary, entry, &flows), "");
    case COLUMN_TITLE:
        return put_words(table, column,
                         (struct record_text){table->title.bytes, table->title.length}, "");
    default:
        if (whole && (column == COLUMN_SEEN || column == COLUMN_SINCE))
            return put_blanks(table, table->widths[column]);
        return put_number(table, column, number_of(table, entry, column, text));
    }
}

static enum result put_entry(struct table *table, const struct summary_entry *entry)
{
    enum result result = RESULT_OK;

    table->title.length = 0;
    if (entry != table->total)
        result = make_title(table, entry);
    for (enum column column = 0; column < COLUMNS && result == RESULT_OK; column++) {
        if (table->widths[column] == 0)
            continue;
        if (column > 0)
            result = put_blanks(table, 1);
        if (result == RESULT_OK)
            result = put_cell(table, entry, column);
    }
    return result == RESULT_OK ? end_line(table) : result;
}

static enum result put_heads(struct table *table)
{
    enum result result = put_colour(table, BOLD);

    for (enum column column = 0; column < COLUMNS && result == RESULT_OK; column++) {
        if (table->widths[column] == 0)
            continue;
        if (column > 0)
            result = put_blanks(table, 1);
        if (result == RESULT_OK)
            result = is_number(column)
                         ? put_number(table, column, head_of(table, column))
                         : put_words(table, column, text_of(head_of(table, column)), "");
    }
    while (table->line.length > 0 && table->line.bytes[table->line.length - 1] == ' ')
        table->line.length--;
    if (result == RESULT_OK)
        result = put_colour(table, PLAIN);
    return result == RESULT_OK ? end_line(table) : result;
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
    result = text_print(&table->line, "%s to %s UTC, %s", units_time(first, total->first),
                        has_days(table) ? last : last + UNITS_TIME_OF_DAY,
                        short_duration(span, total->last - total->first));
    return result == RESULT_OK ? end_line(table) : result;
}

/* What was folded, and what that does to the rest. */
static enum result put_folded(struct table *table)
{
    struct summary_folded folded = summary_folded(table->summary);
    char keys[NUMBER_GROUPED], flows[SHORT_TEXT], bytes[SHORT_TEXT];
    enum result result;

    if (folded.keys == 0)
        return RESULT_OK;
    result = text_print(&table->line,
                        "folded: %s smaller %s, to bound memory; each of the others may lack up to "
                        "%s flows and %s bytes",
                        number_grouped(keys, folded.keys), kinds[table->options->key].many,
                        short_count(flows, folded.flows), short_scaled(bytes, folded.bytes));
    return result == RESULT_OK ? end_line(table) : result;
}

static enum result put_left_out(struct table *table)
{
    uint32_t count = summary_count(table->summary);
    char shown[NUMBER_GROUPED], all[NUMBER_GROUPED];
    enum result result;

    if (count == table->rows)
        return RESULT_OK;
    result =
        text_print(&table->line, "%s of %s %s; -n 0 shows all", number_grouped(shown, table->rows),
                   number_grouped(all, count), kinds[table->options->key].many);
    return result == RESULT_OK ? end_line(table) : result;
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
    struct table table = {
        .summary = summary, .options = options, .total = summary_total(summary), .output = output};
    enum result result;

    if (table.total->flows == 0)
        return RESULT_OK;
    result = summary_sort(summary, options->column, options->rows);
    table.rows = rows_of(summary, options->rows);
    if (result == RESULT_OK)
        result = measure(&table);
    if (result == RESULT_OK) {
        fit(&table);
        result = put_all(&table);
    }
    text_destroy(&table.line);
    text_destroy(&table.title);
    return result;
}
