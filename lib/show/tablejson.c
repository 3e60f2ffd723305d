/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "show/table.h"
#include "show/units.h"

#include <inttypes.h>
#include <string.h>

/* Lines as they are written. */
struct lines {
    const struct summary *summary;
    const struct table_options *options;
    const struct summary_entry *total;
    struct output *output;
    struct text text; /* of one line */
};

static const char *const keys[] = {
    [SUMMARY_DESTINATION] = "destination",
    [SUMMARY_SOURCE] = "source",
    [SUMMARY_CATEGORY] = "category",
    [SUMMARY_DOMAIN] = "domain",
    [SUMMARY_PORT] = "port",
    [SUMMARY_SENSOR] = "sensor",
    [SUMMARY_EVENT] = "event",
};

/* Each of these appends a field, and a comma in front of it. */

static enum result put_number(struct text *text, const char *field, uint64_t number)
{
    return text_print(text, ",\"%s\":%" PRIu64, field, number);
}

/* Nothing for one that is 0. */
static enum result put_count(struct text *text, const char *field, uint64_t count)
{
    return count > 0 ? put_number(text, field, count) : RESULT_OK;
}

/* Nothing for one that is empty. */
static enum result put_string(struct text *text, const char *field, struct record_text string)
{
    enum result result = RESULT_OK;

    if (string.length > 0)
        result = text_print(text, ",\"%s\":", field);
    if (string.length > 0 && result == RESULT_OK)
        result = text_put_json(text, string.bytes, string.length);
    return result;
}

/* Seconds with up to six decimals, as in a record. */
static enum result put_seconds(struct text *text, const char *field, int64_t time)
{
    enum result result =
        text_print(text, ",\"%s\":%" PRId64 ".%06" PRId64, field, time / SECOND, time % SECOND);

    for (int i = 0; i < 5 && text->bytes[text->length - 1] == '0'; i++)
        text->length--;
    return result;
}

/* RFC 3339; nothing for a time that is unknown. */
static enum result put_time(struct text *text, const char *field, int64_t time)
{
    char date[UNITS_TEXT];

    if (time < 0)
        return RESULT_OK;
    units_time(date, time);
    return text_print(text, ",\"%s\":\"%.10sT%s.%06" PRId64 "Z\"", field, date,
                      date + UNITS_TIME_OF_DAY, time % SECOND);
}

static enum result put_amounts(struct text *text, const struct summary_entry *entry)
{
    enum result result = put_number(text, "flows", entry->flows);

    if (result == RESULT_OK)
        result = put_number(text, "hosts", entry->hosts);
    if (result == RESULT_OK && entry->hosts_more)
        result = text_put_string(text, ",\"hostsMore\":true");
    if (result == RESULT_OK)
        result = put_number(text, "srcPkts", entry->sent_packets);
    if (result == RESULT_OK)
        result = put_number(text, "srcBytes", entry->sent_bytes);
    if (result == RESULT_OK)
        result = put_number(text, "dstPkts", entry->received_packets);
    if (result == RESULT_OK)
        result = put_number(text, "dstBytes", entry->received_bytes);
    return result == RESULT_OK ? put_seconds(text, "longest", entry->longest) : result;
}

static enum result put_when(const struct lines *lines, const struct summary_entry *entry,
                            struct text *text)
{
    uint64_t counts[TABLE_PARTS] = {0};
    enum result result = put_time(text, "first", entry->first);

    if (result == RESULT_OK)
        result = put_time(text, "last", entry->last);
    if (result != RESULT_OK || lines->total->first < 0)
        return result;
    summary_when(entry, lines->total->first, lines->total->last, TABLE_PARTS, counts);
    result = put_time(text, "whenStart", lines->total->first);
    if (result == RESULT_OK)
        result = put_time(text, "whenEnd", lines->total->last);
    if (result == RESULT_OK)
        result = text_put_string(text, ",\"when\":");
    for (size_t i = 0; i < TABLE_PARTS && result == RESULT_OK; i++)
        result = text_print(text, "%c%" PRIu64, i == 0 ? '[' : ',', counts[i]);
    return result == RESULT_OK ? text_put(text, "]", 1) : result;
}

static enum result put_category(const struct lines *lines, const struct summary_entry *entry,
                                struct text *text)
{
    uint64_t flows;
    struct record_text category = summary_category(lines->summary, entry, &flows);
    enum result result = put_string(text, "mostly", category);

    return result == RESULT_OK ? put_number(text, "mostlyFlows", flows) : result;
}

/* Fields of filters, under their names. */
static enum result put_known_texts(struct text *text, const struct summary_known *known)
{
    const struct {
        const char *field;
        struct record_text string;
    } texts[] = {
        {"title", known->title},
        {"description", known->description},
        {"relevance", known->relevance},
        {"knownBy", known->known_by},
        {"activity", known->activity},
        {"event", known->event},
        {"dstCountry", known->dst_country},
        {"dstAsOrg", known->dst_as_org},
    };
    enum result result = RESULT_OK;

    for (size_t i = 0; i < sizeof texts / sizeof *texts && result == RESULT_OK; i++)
        result = put_string(text, texts[i].field, texts[i].string);
    return result;
}

static enum result put_known_numbers(struct text *text, const struct summary_known *known)
{
    const struct {
        const char *field;
        uint64_t count;
    } counts[] = {
        {"flowIdCount", known->count_least},
        {"flowIdCountMost", known->count_most},
        {"destinationCount", known->destination_count},
        {"domainCount", known->domain_count},
        {"rank", known->rank},
        {"dstAsn", known->dst_asn},
    };
    enum result result = RESULT_OK;

    for (size_t i = 0; i < sizeof counts / sizeof *counts && result == RESULT_OK; i++)
        result = put_count(text, counts[i].field, counts[i].count);
    if (result == RESULT_OK)
        result = put_time(text, "flowIdFirstSeen", known->first_seen);
    if (result == RESULT_OK)
        result = put_time(text, "destinationFirstSeen", known->destination_first_seen);
    return result == RESULT_OK ? put_time(text, "domainFirstSeen", known->domain_first_seen)
                               : result;
}

/* A field whose value a function appends; nothing where that appends nothing. */
static enum result put_array(struct text *text, const char *field,
                             enum result (*put)(const struct summary_entry *, struct text *),
                             const struct summary_entry *entry)
{
    size_t before = text->length, value;
    enum result result = text_print(text, ",\"%s\":", field);

    value = text->length;
    if (result == RESULT_OK)
        result = put(entry, text);
    if (text->length == value)
        text->length = before;
    return result;
}

static enum result put_known(struct text *text, const struct summary_entry *entry)
{
    const struct summary_known *known = summary_known(entry);
    enum result result;

    if (!known)
        return RESULT_OK;
    result = put_known_texts(text, known);
    if (result == RESULT_OK)
        result = put_known_numbers(text, known);
    if (result == RESULT_OK)
        result = put_array(text, "tags", summary_put_tags, entry);
    return result == RESULT_OK ? put_array(text, "lists", summary_put_lists, entry) : result;
}

static enum result put_line(struct lines *lines, const struct summary_entry *entry)
{
    struct text *text = &lines->text;
    struct record_text name = summary_name(lines->summary, entry);
    struct summary_folded folded = summary_folded(lines->summary);
    enum result result;

    text->length = 0;
    result = text_print(text, "{\"by\":\"%s\"", keys[lines->options->key]);
    if (entry == summary_others(lines->summary)) {
        if (result == RESULT_OK)
            result = put_number(text, "folded", folded.keys);
        if (result == RESULT_OK)
            result = put_number(text, "missingFlows", folded.flows);
        if (result == RESULT_OK)
            result = put_number(text, "missingBytes", folded.bytes);
    } else if (result == RESULT_OK) {
        result = text_put_string(text, ",\"name\":");
        if (result == RESULT_OK)
            result = text_put_json(text, name.bytes, name.length);
    }
    if (result == RESULT_OK)
        result = put_amounts(text, entry);
    if (result == RESULT_OK)
        result = put_when(lines, entry, text);
    if (result == RESULT_OK)
        result = put_category(lines, entry, text);
    if (result == RESULT_OK)
        result = put_known(text, entry);
    if (result == RESULT_OK)
        result = text_put(text, "}\n", 2);
    return result == RESULT_OK ? output_put(lines->output, text->bytes, text->length) : result;
}

enum result table_put_json(struct summary *summary, const struct table_options *options,
                           struct output *output)
{
    struct lines lines = {summary, options, summary_total(summary), output, {0}};
    enum result result = summary_sort(summary, options->column, options->rows);
    const struct summary_entry *others = summary_others(summary);
    uint32_t count = summary_count(summary);

    if (options->rows > 0 && options->rows < count)
        count = options->rows;
    for (uint32_t i = 0; i < count && result == RESULT_OK; i++)
        result = put_line(&lines, summary_at(summary, i));
    if (result == RESULT_OK && others)
        result = put_line(&lines, others);
    text_destroy(&lines.text);
    return result;
}
