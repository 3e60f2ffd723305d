/* SPDX-License-Identifier: Apache-2.0 */
#include "base/least.h"

#include <stdio.h>
#include <string.h>

size_t least_after(const struct least *least, const char *name)
{
    size_t low = 0, high = least->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (strcmp(least->names[middle], name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void least_add(struct least *least, const char *name)
{
    size_t at = least_after(least, name);

    if (at == LEAST_MAX)
        return;
    if (least->count < LEAST_MAX)
        least->count++;
    memmove(least->names[at + 1], least->names[at], (least->count - 1 - at) * sizeof *least->names);
    snprintf(least->names[at], sizeof *least->names, "%s", name);
}
