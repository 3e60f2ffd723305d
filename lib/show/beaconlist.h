/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairs of a host and a destination, read from lines that flowbeacon(1) has written.
 */
#ifndef SECFLOW_BEACONLIST_H
#define SECFLOW_BEACONLIST_H

#include "base/intern.h"
#include "base/json.h"
#include "show/beacon.h"

struct beacon_list {
    struct json *json;
    struct intern names;
    struct beacon *beacons;
    size_t count, capacity;
};

/* RESULT_NO_MEMORY; RESULT_SYSTEM: no random numbers. It may be destroyed after any result. */
MUST_CHECK enum result beacon_list_init(struct beacon_list *list);
void beacon_list_destroy(struct beacon_list *list);

/* Forgets all pairs. RESULT_NO_MEMORY; RESULT_SYSTEM: no random numbers. */
MUST_CHECK enum result beacon_list_clear(struct beacon_list *list);

/*
 * Adds what a line says. RESULT_DAMAGED: it is not one of flowbeacon; RESULT_NO_MEMORY. Numbers
 * that are missing are 0.
 */
MUST_CHECK enum result beacon_list_read(struct beacon_list *list, const char *line, size_t length);

void beacon_list_sort(struct beacon_list *list);

#endif
