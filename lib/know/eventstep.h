/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of rules (eventrule.h), and which of them a record matches. Each distinct step has a
 * number. flowevent(1) describes what a step can say.
 */
#ifndef SECFLOW_EVENTSTEP_H
#define SECFLOW_EVENTSTEP_H

#include "base/result.h"
#include "record/record.h"

struct event_steps;

#define EVENT_PROBLEM 400

/* RESULT_NO_MEMORY; RESULT_SYSTEM: no random numbers. */
MUST_CHECK enum result event_steps_init(struct event_steps **steps);
void event_steps_destroy(struct event_steps **steps);

/*
 * Adds a step, unless there is an equal one, and sets its number. RESULT_DAMAGED: it makes no
 * sense, and the problem says why. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result event_steps_add(struct event_steps *steps, const char *text, size_t length,
                                       uint32_t *number, char problem[EVENT_PROBLEM]);

/* To be called after adding and before asking. RESULT_NO_MEMORY. */
MUST_CHECK enum result event_steps_ready(struct event_steps *steps);

/* The text of a step. */
struct record_text event_steps_text(const struct event_steps *steps, uint32_t number);

/* How many there are; their numbers begin at 0. */
uint32_t event_steps_count(const struct event_steps *steps);

/*
 * Sets the numbers of the steps that a record matches, in their order; it has been read with the
 * rest. They stay valid until the next call. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result event_steps_match(struct event_steps *steps, const struct record *record,
                                         const uint32_t **numbers, size_t *count);

#endif
