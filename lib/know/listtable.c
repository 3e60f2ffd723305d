/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of indicators: files of Zeek's intelligence framework, and the CSV files of abuse.ch.
 * Columns are found by their names, for they have moved before.
 */
#include "know/indicator.h"
#include "know/listread.h"

#include <stdio.h>
#include <string.h>

enum column {
    COLUMN_INDICATOR,
    COLUMN_TYPE,
    COLUMN_PORT,
    COLUMN_SOURCE,
    COLUMN_TITLE,
    COLUMN_THREAT, /* what the indicator is used for, one word */
    COLUMN_TAGS,   /* words with commas between them */
    COLUMNS
};

struct column_name {
    const char *name;
    enum column column;
};

/* Of two that are there for one column the one that comes last here counts. */
static const struct column_name column_names[] = {
    {"indicator", COLUMN_INDICATOR},
    {"ioc_value", COLUMN_INDICATOR},
    {"dst_ip", COLUMN_INDICATOR},
    {"DstIP", COLUMN_INDICATOR},
    {"url", COLUMN_INDICATOR},
    {"indicator_type", COLUMN_TYPE},
    {"ioc_type", COLUMN_TYPE},
    {"dst_port", COLUMN_PORT},
    {"DstPort", COLUMN_PORT},
    {"meta.source", COLUMN_SOURCE},
    {"meta.desc", COLUMN_TITLE},
    {"malware", COLUMN_TITLE},
    {"malware_printable", COLUMN_TITLE},
    {"threat", COLUMN_THREAT},
    {"threat_type", COLUMN_THREAT},
    {"tags", COLUMN_TAGS},
};

#define NAMES (sizeof column_names / sizeof *column_names)

/* Fields of a row that are looked at, and how many there must be for it to be one of a table. */
#define FIELDS_MOST 64u
#define FIELDS_LEAST 3u

static const char zeek_head[] = "#fields\t";

struct table {
    char separator;
    int columns[COLUMNS]; /* which field each is; -1: it is not there */
};

/* Takes a field in quotes, without them: it can hold separators, and quotes twice. */
static struct record_text quoted_part(const char **text, const char *end, char separator)
{
    const char *start = ++*text, *stop = start;

    while (stop < end && (*stop != '"' || (stop + 1 < end && stop[1] == '"')))
        stop += *stop == '"' ? 2 : 1;
    *text = stop < end ? stop + 1 : end;
    list_part(text, end, separator);
    return (struct record_text){start, (size_t)(stop - start)};
}

static size_t split(const char *line, size_t length, char separator,
                    struct record_text fields[FIELDS_MOST])
{
    const char *end = line + length;
    size_t count = 0;

    while (line < end && count < FIELDS_MOST) {
        while (separator == ',' && line < end && *line == ' ')
            line++;
        fields[count++] = line < end && separator == ',' && *line == '"'
                              ? quoted_part(&line, end, separator)
                              : list_part(&line, end, separator);
    }
    return count;
}

static void find_columns(struct table *table, const struct record_text *fields, size_t count)
{
    for (size_t i = 0; i < COLUMNS; i++)
        table->columns[i] = -1;
    for (size_t i = 0; i < NAMES; i++)
        for (size_t j = 0; j < count; j++)
            if (record_text_is(fields[j], column_names[i].name))
                table->columns[column_names[i].column] = (int)j;
}

/* False: the line is not a head. */
static bool read_head(const char *line, size_t length, struct table *table)
{
    struct record_text fields[FIELDS_MOST];
    size_t count, zeek = sizeof zeek_head - 1;

    table->separator = ',';
    if (length > zeek && memcmp(line, zeek_head, zeek) == 0) {
        table->separator = '\t';
        line += zeek;
        length -= zeek;
    }
    while (length > 0 && (*line == '#' || *line == ' ')) {
        line++;
        length--;
    }
    count = split(line, length, table->separator, fields);
    find_columns(table, fields, count);
    return count >= (table->separator == ',' ? FIELDS_LEAST : 1) &&
           table->columns[COLUMN_INDICATOR] >= 0;
}

bool list_is_head(const char *line, size_t length)
{
    struct table table;

    return read_head(line, length, &table);
}

/* A field of a row; none where it is not there or not set. */
static struct record_text field(const struct table *table, enum column column,
                                const struct record_text *fields, size_t count)
{
    int at = table->columns[column];

    if (at < 0 || (size_t)at >= count || record_text_is(fields[at], "-") ||
        record_text_is(fields[at], "None"))
        return (struct record_text){NULL, 0};
    return fields[at];
}

/* True for the types of indicators that flows tell something of. */
static bool is_type_of_flows(struct record_text type)
{
    static const char *const types[] = {"Intel::ADDR", "Intel::SUBNET", "Intel::DOMAIN",
                                        "domain",      "ip:port",       "ip"};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (record_text_is(type, types[i]))
            return true;
    return false;
}

static void set_tags(struct note *note, struct note_tags *tags, struct record_text threat,
                     struct record_text words)
{
    const char *p = words.bytes, *end = p ? p + words.length : p;

    note_add_tag(note, tags, "threat:", threat.bytes, threat.length);
    while (p < end) {
        struct record_text word = list_part(&p, end, ',');

        note_add_tag(note, tags, "", word.bytes, word.length);
    }
}

/* The indicator, with the port where that is a column of its own. False: they do not fit. */
static bool set_endpoint(struct record_text *indicator, struct record_text port, char *room,
                         size_t size)
{
    bool v6 = indicator->length > 0 && memchr(indicator->bytes, ':', indicator->length);
    int length;

    if (port.length == 0)
        return true;
    length = snprintf(room, size, v6 ? "[%.*s]:%.*s" : "%.*s:%.*s", (int)indicator->length,
                      indicator->bytes, (int)port.length, port.bytes);
    if (length < 0 || (size_t)length >= size)
        return false;
    *indicator = (struct record_text){room, (size_t)length};
    return true;
}

static enum result read_row(struct list_reading *reading, const struct table *table,
                            const char *line, size_t length)
{
    struct record_text fields[FIELDS_MOST];
    size_t count = split(line, length, table->separator, fields);
    struct record_text indicator = field(table, COLUMN_INDICATOR, fields, count);
    struct record_text type = field(table, COLUMN_TYPE, fields, count);
    struct note note = {.title = field(table, COLUMN_TITLE, fields, count),
                        .source = field(table, COLUMN_SOURCE, fields, count)};
    struct note_tags tags;
    char room[512];

    if (type.length > 0 && !is_type_of_flows(type)) {
        reading->list->others++;
        return RESULT_OK;
    }
    if (indicator.length == 0 ||
        !set_endpoint(&indicator, field(table, COLUMN_PORT, fields, count), room, sizeof room)) {
        list_damaged(reading, "a row without an indicator");
        return RESULT_OK;
    }
    set_tags(&note, &tags, field(table, COLUMN_THREAT, fields, count),
             field(table, COLUMN_TAGS, fields, count));
    return list_add(reading, indicator.bytes, indicator.length, KNOWN_EXACT, &note, RELEVANCE_BAD);
}

enum result list_read_table(struct list_reading *reading)
{
    struct table table = {.separator = '\0'}, other;
    const char *line;
    size_t length;
    enum result result;

    while ((result = list_line(reading, &line, &length)) == RESULT_OK) {
        if (length == 0)
            continue;
        if ((*line == '#' || table.separator == '\0') && read_head(line, length, &other)) {
            table = other;
            reading->list->mixed = true;
            reading->list->format = table.separator == '\t' ? "Zeek Intel file" : "abuse.ch CSV";
        } else if (*line != '#' && table.separator != '\0') {
            result = read_row(reading, &table, line, length);
            if (result != RESULT_OK)
                break;
        }
    }
    return result == RESULT_END ? RESULT_OK : result;
}
