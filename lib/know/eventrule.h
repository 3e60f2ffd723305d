/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of events: what must happen, step by step, within some time. A rule is a line of JSON, as
 * flowevent(1) describes it, and may lie among the entries of secflow-meta(5).
 */
#ifndef SECFLOW_EVENTRULE_H
#define SECFLOW_EVENTRULE_H

#include "know/eventstep.h"
#include "know/note.h"

/* Steps of a rule, at most; and of one whose steps may come in any order. */
#define EVENT_STEPS 8u
#define EVENT_UNORDERED 6u

/* Rules, at most. */
#define EVENT_RULES UINT16_MAX

struct event_rule {
    struct note note;   /* its texts are JSON strings; the source is the event's name */
    char id[66 + 1];    /* of the event, 64 hexadecimal digits in quotes */
    uint8_t sought[32]; /* a digest of its name and of all that decides what it finds */
    int64_t within;     /* microseconds from the start of the first step to that of the last */
    bool unordered;     /* the steps may come in any order */
    bool by_sample;     /* by any source of a sample; else by one source */
    uint8_t step_count; /* 1 to EVENT_STEPS */
    uint32_t steps[EVENT_STEPS];
    char *packed; /* holds the note */
};

/* Where a step is used. */
struct event_use {
    uint16_t rule;
    uint8_t at;  /* which step of the rule it is, from 0 */
    bool begins; /* matters also where nothing was seen of a source */
};

struct event_rules {
    struct event_rule *list;
    size_t count, capacity;
    struct event_steps *steps;

    /*
     * Filled by event_rules_ready: those of a step s are uses[first_uses[s]] to [s + 1], in front
     * those that begin.
     */
    struct event_use *uses;
    uint32_t *first_uses;

    struct json *json; /* the rest is the module's own */
    struct text text;
};

/* RESULT_NO_MEMORY; RESULT_SYSTEM: no random numbers. */
MUST_CHECK enum result event_rules_init(struct event_rules *rules);

/* A zeroed struct may be destroyed. */
void event_rules_destroy(struct event_rules *rules);

/*
 * Adds the rule of a line. RESULT_END: it is none, and may be an entry of a list. RESULT_DAMAGED:
 * it is meant to be one, but the problem says what is wrong with it. RESULT_INVALID: there are too
 * many rules. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result event_rules_add(struct event_rules *rules, const char *line, size_t length,
                                       char problem[EVENT_PROBLEM]);

/* To be called after adding and before asking. RESULT_NO_MEMORY. */
MUST_CHECK enum result event_rules_ready(struct event_rules *rules);

/* True if the one rule is graver, or, of equally grave ones, stands before the other. */
bool event_rules_precede(const struct event_rules *rules, size_t one, size_t other);

#endif
