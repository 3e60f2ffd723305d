/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds events in samples: flows that match the steps of a rule (eventrule.h), each another flow,
 * in the order of their starts and within the rule's time. flowevent(1) says which flows of several
 * that fit are the members of an event.
 *
 * A sample is held until it is complete, or, where that is too much, until nothing can change any
 * more for its first records. What rules have seen of a source is kept from one sample of a sensor
 * to its next, but only as long as it can matter.
 */
#ifndef SECFLOW_EVENT_H
#define SECFLOW_EVENT_H

#include "base/intern.h"
#include "base/text.h"
#include "know/eventrule.h"
#include "record/sensor.h"

#define EVENT_NONE UINT32_MAX

/* A flow that matches any step. */
struct event_flow {
    size_t line, end; /* its line among the lines, and the end of it with its newline */
    int64_t start;    /* microseconds since 1970 */
    uint32_t source;
    uint32_t matches, match_count; /* the steps that it matches, among those of the sample */
    uint32_t rule;                 /* whose event it is a member of, once found; EVENT_NONE */
    int64_t event_start;           /* when that event began */
};

/* A sample that is held, or the end of it that is. Zeroed: empty. */
struct event_sample {
    size_t sensor_length; /* 0: its records name none */
    char sensor[SENSOR_MAX];
    struct text lines; /* each with its newline */
    uint64_t records;
    int64_t first, last; /* start of the earliest record and of the latest */
    struct event_flow *flows;
    uint32_t *matches;
    size_t flow_count, flow_capacity, match_count, match_capacity;
    struct intern sources;
    size_t members;  /* flows of which a rule is told, once found */
    size_t tried;    /* flows with which events were looked for */
    uint64_t number; /* of the sample; 0: none yet */
};

MUST_CHECK enum result event_sample_init(struct event_sample *sample, const struct record *record);
void event_sample_destroy(struct event_sample *sample);

/*
 * Adds a record, of which all is read. RESULT_NO_MEMORY: the sample must be destroyed.
 */
MUST_CHECK enum result event_sample_add(struct event_sample *sample, struct event_rules *rules,
                                        const struct record *record, const char *line,
                                        size_t length);

struct events;

/*
 * The rules are the caller's. memory: bytes for what was seen of the sources of a sensor; what is
 * more forgets those that nothing was seen of for longest. RESULT_NO_MEMORY; RESULT_SYSTEM: no
 * random numbers.
 */
MUST_CHECK enum result events_init(struct events **events, const struct event_rules *rules,
                                   size_t memory);
void events_destroy(struct events **events);

/* How often a rule's steps of a source were forgotten while they could still have mattered. */
uint64_t events_forgotten(const struct events *events);

/*
 * Finds the events of a sample that is complete, or so far: fills in its flows. RESULT_NO_MEMORY.
 * Of those that are added after that, one that starts before any other so far is of no event.
 */
MUST_CHECK enum result events_find(struct events *events, struct event_sample *sample);

/* Right after that: so many bytes of its lines have flows that later ones cannot change. */
size_t events_settled(const struct events *events, const struct event_sample *sample);

/* Right after that, too: forgets so many bytes, whole lines. */
void events_drop(struct events *events, struct event_sample *sample, size_t bytes);

/*
 * Goes on with other rules. What was seen for a rule stays, if one of them looks for the same. No
 * sample has lines that were added with the rules before. RESULT_NO_MEMORY, RESULT_SYSTEM: it goes
 * on with those.
 */
MUST_CHECK enum result events_change(struct events *events, const struct event_rules *rules);

#endif
