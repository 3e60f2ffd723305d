/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks, each with a number that its owner gives, and which of them hold an address. They are
 * added in any order, sorted once, and then asked.
 */
#ifndef SECFLOW_NETWORKS_H
#define SECFLOW_NETWORKS_H

#include "packet/address.h"

struct network {
    uint64_t high, low; /* its first address, as a number; IPv4 in the upper half of high */
    uint32_t number;
    uint32_t wider; /* index of the next wider network that holds it; UINT32_MAX: none */
    uint8_t family, prefix;
};

/* All zero is an empty one. */
struct networks {
    struct network *list;
    size_t count, capacity;
};

void networks_destroy(struct networks *networks);

/* Bits of the address behind the prefix do not count. RESULT_NO_MEMORY. */
MUST_CHECK enum result networks_add(struct networks *networks, const struct address *address,
                                    uint8_t prefix, uint32_t number);

/*
 * Sorts what has been added. Of equal networks the one of the least number stays; join is called
 * with it and each of the others, in order.
 */
void networks_sort(struct networks *networks, void (*join)(void *context, uint32_t, uint32_t),
                   void *context);

/* Index of the longest network that holds the address; UINT32_MAX: none. */
uint32_t networks_find(const struct networks *networks, const struct address *address);

#endif
