/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of events, a line each, and a sample of flows to what the rules seem to be about.
 */
#include "base/json.h"
#include "fuzz.h"
#include "know/event.h"
#include "record/recordread.h"

#define FLOWS_MOST 48u

/* A text must be a JSON string as it stands, with a NUL behind it. */
static void check_text(struct record_text text)
{
    must(text.length >= 2 && text.bytes[0] == '"' && text.bytes[text.length - 1] == '"');
    must(strlen(text.bytes) == text.length);
}

static void check_rule(const struct event_rules *rules, const struct event_rule *rule)
{
    must(rule->step_count >= 1 && rule->step_count <= EVENT_STEPS);
    must(!rule->unordered || rule->step_count <= EVENT_UNORDERED);
    must(rule->step_count == 1 || rule->within > 0);
    for (size_t i = 0; i < rule->step_count; i++)
        must(rule->steps[i] < event_steps_count(rules->steps));
    must(strlen(rule->id) == 66);
    check_text(rule->note.source);
    for (size_t i = 0; i < rule->note.tag_count; i++)
        check_text(rule->note.tags[i]);
}

static void add_lines(struct event_rules *rules, const char *text, size_t size)
{
    while (size > 0) {
        const char *stop = memchr(text, '\n', size);
        size_t length = stop ? (size_t)(stop - text) : size, before = rules->count;
        char problem[EVENT_PROBLEM] = "", *copy = malloc(length + 1);
        enum result result;

        must(copy);
        memcpy(copy, text, length);
        result = event_rules_add(rules, copy, length, problem);
        must(result == RESULT_OK || result == RESULT_END || result == RESULT_DAMAGED);
        must((result == RESULT_DAMAGED) == (problem[0] != '\0'));
        must(rules->count == before + (result == RESULT_OK));
        free(copy);
        length += stop != NULL;
        text += length;
        size -= length;
    }
    for (size_t i = 0; i < rules->count; i++)
        check_rule(rules, &rules->list[i]);
}

/* A flow to a part of the rules. */
static void add_flow(struct event_sample *sample, struct event_rules *rules,
                     struct record_reader *reader, unsigned number, const char *part, size_t length)
{
    static const char *const sources[] = {"original", "passive"};
    static const char *const categories[] = {"smallUpload", "dnsQuery", "keepAlive"};
    struct record record;
    struct text line = {0};

    must(text_print(&line, "{\"src\":\"10.0.0.%u:1\",\"dst\":", number % 2) == RESULT_OK);
    must(text_put_json(&line, part, length) == RESULT_OK);
    line.length--;
    must(text_print(&line,
                    ":443\",\"destinationNameSource\":\"%s\",\"srcPkts\":1,\"srcBytes\":40,"
                    "\"dstPkts\":1,\"dstBytes\":60,\"relativeStart\":%u.5,"
                    "\"protocolInformation\":\"\",\"duration\":0.0,\"trafficDate\":\"1.000000\","
                    "\"dstIp\":\"192.0.2.1\",\"flowCategory\":\"%s\",\"flowIdCount\":%u,\"tags\":[",
                    sources[number / 2 % 2], number * 7 % 20, categories[number % 3],
                    number % 4) == RESULT_OK);
    must(text_put_json(&line, part, length) == RESULT_OK);
    must(text_put_string(&line, "]}") == RESULT_OK);
    if (record_read(reader, line.bytes, line.length, &record) == RESULT_OK) {
        record_read_rest(reader, &record);
        must(event_sample_add(sample, rules, &record, line.bytes, line.length) == RESULT_OK);
    }
    text_destroy(&line);
}

static void add_flows(struct event_sample *sample, struct event_rules *rules, const char *text,
                      size_t size)
{
    struct record_reader *reader;
    const char *part = text;

    must(record_reader_init(&reader, NULL, 0) == RESULT_OK);
    for (size_t i = 0; i <= size && sample->records < FLOWS_MOST; i++)
        if (i == size || strchr(" \n\",[]{}@!", text[i])) {
            if (text + i > part)
                add_flow(sample, rules, reader, (unsigned)sample->records, part,
                         (size_t)(text + i - part));
            part = text + i + 1;
        }
    record_reader_destroy(&reader);
}

/* Members are told of events that began no later than they, unless that was in this sample. */
static void check_members(const struct event_sample *sample, const struct event_rules *rules)
{
    size_t members = 0;

    for (size_t i = 0; i < sample->flow_count; i++) {
        const struct event_flow *flow = &sample->flows[i];

        must(flow->line < flow->end && flow->end <= sample->lines.length);
        must(sample->lines.bytes[flow->end - 1] == '\n' && flow->match_count > 0);
        if (flow->rule == EVENT_NONE)
            continue;
        members++;
        must(flow->rule < rules->count);
        must(flow->event_start >= sample->first && flow->event_start <= flow->start);
    }
    must(members == sample->members);
}

static void find_events(struct events *events, struct event_rules *rules, const char *text,
                        size_t size)
{
    const struct record nobody = {.traffic_date = 0};
    struct event_sample sample;

    must(event_sample_init(&sample, &nobody) == RESULT_OK);
    add_flows(&sample, rules, text, size);
    must(events_find(events, &sample) == RESULT_OK);
    check_members(&sample, rules);
    event_sample_destroy(&sample);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event_rules rules;
    struct events *events;

    must(event_rules_init(&rules) == RESULT_OK);
    add_lines(&rules, (const char *)data, size);
    must(event_rules_ready(&rules) == RESULT_OK);
    must(events_init(&events, &rules, 1 << 20) == RESULT_OK);
    for (int i = 0; i < 2 && rules.count > 0; i++)
        find_events(events, &rules, (const char *)data, size);
    events_destroy(&events);
    event_rules_destroy(&rules);
    return 0;
}
