/* SPDX-License-Identifier: Apache-2.0 */
#include "know/networks.h"

#include "base/bytes.h"
#include "base/grow.h"

#include <stdlib.h>

#define NONE UINT32_MAX

void networks_destroy(struct networks *networks)
{
    free(networks->list);
    *networks = (struct networks){.list = NULL};
}

static struct network from_address(const struct address *address)
{
    return (struct network){
        .high = be64(address->bytes),
        .low = be64(address->bytes + 8),
        .family = address->family,
    };
}

/* The bits of a number that the first so many are. */
static uint64_t mask(unsigned bits)
{
    return bits == 0 ? 0 : bits >= 64 ? UINT64_MAX : UINT64_MAX << (64 - bits);
}

static bool holds(const struct network *network, const struct network *address)
{
    unsigned prefix = network->prefix;

    return network->family == address->family && (address->high & mask(prefix)) == network->high &&
           (address->low & mask(prefix > 64 ? prefix - 64 : 0)) == network->low;
}

enum result networks_add(struct networks *networks, const struct address *address, uint8_t prefix,
                         uint32_t number)
{
    struct network *grown =
        grow(networks->list, networks->count, &networks->capacity, sizeof *grown);
    struct network network = from_address(address);

    if (!grown)
        return RESULT_NO_MEMORY;
    network.high &= mask(prefix);
    network.low &= mask(prefix > 64 ? prefix - 64u : 0);
    network.prefix = prefix;
    network.number = number;
    networks->list = grown;
    networks->list[networks->count++] = network;
    return RESULT_OK;
}

/* By address, then wide ones first. */
static int compare_start(const struct network *a, const struct network *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return a->prefix - b->prefix;
}

static int compare(const void *left, const void *right)
{
    const struct network *a = left, *b = right;
    int start = compare_start(a, b);

    return start != 0 ? start : a->number < b->number ? -1 : 1;
}

static void unite(struct networks *networks, void (*join)(void *context, uint32_t, uint32_t),
                  void *context)
{
    size_t kept = 0;

    for (size_t i = 0; i < networks->count; i++) {
        if (kept > 0 && compare_start(&networks->list[kept - 1], &networks->list[i]) == 0)
            join(context, networks->list[kept - 1].number, networks->list[i].number);
        else
            networks->list[kept++] = networks->list[i];
    }
    networks->count = kept;
}

void networks_sort(struct networks *networks, void (*join)(void *context, uint32_t, uint32_t),
                   void *context)
{
    struct network *list = networks->list;

    if (networks->count == 0)
        return;
    qsort(list, networks->count, sizeof *list, compare);
    unite(networks, join, context);
    /* The wider ones of a network are its predecessor, or wider ones of that. */
    for (uint32_t i = 0; i < networks->count; i++) {
        uint32_t wider = i > 0 ? i - 1 : NONE;

        while (wider != NONE && !holds(&list[wider], &list[i]))
            wider = list[wider].wider;
        list[i].wider = wider;
    }
}

uint32_t networks_find(const struct networks *networks, const struct address *address)
{
    struct network wanted = from_address(address);
    uint32_t low = 0, high = (uint32_t)networks->count, found;

    wanted.prefix = UINT8_MAX; /* behind all networks that begin there */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (compare_start(&networks->list[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    found = low - 1; /* NONE where low is 0 */
    while (found != NONE && !holds(&networks->list[found], &wanted))
        found = networks->list[found].wider;
    return found;
}
