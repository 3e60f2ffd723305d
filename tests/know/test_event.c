/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of sources, where there are more of them than memory holds.
 */
#include "../tap.h"
#include "know/event.h"
#include "record/recordread.h"

#define FLOOD 20000
#define MEMORY (64u << 10)

static const char *const lines[] = {
    "{\"event\":\"ordered\",\"steps\":[\"a.example\",\"b.example\"],\"within\":86400}",
    "{\"event\":\"any\",\"steps\":[\"*\",\"*\",\"*\",\"*\",\"*\",\"c.example\"],"
    "\"within\":86400,\"ordered\":false}",
};

static void make_rules(struct event_rules *rules)
{
    char problem[EVENT_PROBLEM];

    need(event_rules_init(rules) == RESULT_OK, "event_rules_init");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        need(event_rules_add(rules, lines[i], strlen(lines[i]), problem) == RESULT_OK, lines[i]);
    need(event_rules_ready(rules) == RESULT_OK, "event_rules_ready");
}

/* A flow of a source by number, in seconds of a sample. */
static void add(struct event_sample *sample, struct event_rules *rules,
                struct record_reader *reader, unsigned source, const char *dst, unsigned second)
{
    char line[512];
    struct record record;
    int length = snprintf(line, sizeof line,
                          "{\"src\":\"10.%u.%u.%u:1\",\"dst\":\"%s:443\","
                          "\"destinationNameSource\":\"passive\",\"srcPkts\":1,\"srcBytes\":1,"
                          "\"dstPkts\":1,\"dstBytes\":1,\"relativeStart\":%u.0,"
                          "\"protocolInformation\":\"\",\"duration\":0.0,"
                          "\"trafficDate\":\"1700000000.000000\"}",
                          source >> 16 & 255, source >> 8 & 255, source & 255, dst, second);

    need(record_read(reader, line, (size_t)length, &record) == RESULT_OK, "record_read");
    record_read_rest(reader, &record);
    if (sample->records == 0)
        need(event_sample_init(sample, &record) == RESULT_OK, "event_sample_init");
    need(event_sample_add(sample, rules, &record, line, (size_t)length) == RESULT_OK,
         "event_sample_add");
}

/* Adds that many sources, and an event in front of them and behind them; finds the events. */
static uint64_t flood(unsigned count, struct event_sample *sample)
{
    struct event_rules rules;
    struct record_reader *reader;
    struct events *events;
    uint64_t forgotten;

    make_rules(&rules);
    need(record_reader_init(&reader, NULL, 0) == RESULT_OK, "record_reader_init");
    need(events_init(&events, &rules, MEMORY) == RESULT_OK, "events_init");
    *sample = (struct event_sample){.records = 0};
    add(sample, &rules, reader, 1, "a.example", 0);
    for (unsigned i = 0; i < count; i++)
        add(sample, &rules, reader, 10 + i, "a.example", 1 + i);
    add(sample, &rules, reader, 1, "b.example", count + 1);
    add(sample, &rules, reader, 2, "a.example", count + 2);
    add(sample, &rules, reader, 2, "b.example", count + 3);
    need(events_find(events, sample) == RESULT_OK, "events_find");
    forgotten = events_forgotten(events);
    events_destroy(&events);
    record_reader_destroy(&reader);
    event_rules_destroy(&rules);
    return forgotten;
}

int main(void)
{
    struct event_sample sample;

    is_int(flood(5, &sample), 0, "few sources: nothing is forgotten");
    is_int(sample.members, 4, "both events are found");
    event_sample_destroy(&sample);

    ok(flood(FLOOD, &sample) > FLOOD, "many sources: most are forgotten");
    is_int(sample.members, 2, "of the events, the second is found");
    is_int(sample.flows[FLOOD + 2].rule, 0, "by its first flow");
    is_int(sample.flows[FLOOD + 3].rule, 0, "and its last");
    event_sample_destroy(&sample);
    return done();
}
