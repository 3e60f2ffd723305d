/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The beacons of a page, and with them the long connections, which flowbeacon(1) has found.
 */
#ifndef SECFLOW_PAGEBEACON_H
#define SECFLOW_PAGEBEACON_H

#include "show/beaconlist.h"

struct page_view;

/* The list is sorted. */
void page_put_beacons(const struct page_view *view, const struct beacon_list *list);

#endif
