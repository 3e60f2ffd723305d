/* SPDX-License-Identifier: Apache-2.0 */
#include "base/least.h"

#include <stdio.h>
#include <string.h>

const char *least_name(const struct least *least, size_t index)
{
    return least->names[least->order[index]];
}

size_t least_after(const struct least *least, const char *name)
{
    size_t low = 0, high = least->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (strcmp(least_name(least, middle), name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void least_add(struct least *least, const char *name)
{
    size_t at = least_after(least, name), place = least->count;

    if (at == LEAST_MAX)
        return;
    if (least->count < LEAST_MAX)
        least->count++;
    else
        place = least->order[LEAST_MAX - 1]; /* of the greatest */
    memmove(least->order + at + 1, least->order + at,
            (least->count - 1 - at) * sizeof *least->order);
    least->order[at] = (uint16_t)place;
    snprintf(least->names[place], sizeof *least->names, "%s", name);
}
