/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of slots between two threads: one fills them, and the other one takes what is in them, in
 * order, and returns them. The side that takes may fill some as well, in place of waiting. The
 * relay does not look at what the slots hold.
 */
#ifndef SECFLOW_RELAY_H
#define SECFLOW_RELAY_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

struct relay;

#define RELAY_SLOTS_MAX 8

/*
 * Starts the other thread, which calls run and ends with it. Signals are not delivered to
 * it, except those that it causes itself. RESULT_SYSTEM: there is no thread; see errno.
 */
MUST_CHECK enum result relay_init(struct relay **relay, size_t slots, void (*run)(void *context),
                                  void *context);

/* Asks the thread to end, and waits for that. */
void relay_destroy(struct relay **relay);

/* True if the thread is to end. */
bool relay_is_over(struct relay *relay);

/* For the side that fills: waits for the next free slot. False: the relay is over. */
bool relay_room(struct relay *relay, size_t *slot);

/* For the side that takes: the next free slot, to be filled and put before anything else is asked
 * of the relay, if it would have to wait for a full one. False: there is a full one, or no free
 * one. */
bool relay_spare(struct relay *relay, size_t *slot);

/* That slot is full. */
void relay_put(struct relay *relay, size_t slot);

/* For the side that takes: waits for the next full slot. False: the relay is over, and all are
 * taken. */
bool relay_take(struct relay *relay, size_t *slot);

/* For the side that fills: waits until all that was put has been returned. */
void relay_drain(struct relay *relay);

/* The first of the slots that were taken is free again. */
void relay_return(struct relay *relay);

#endif
