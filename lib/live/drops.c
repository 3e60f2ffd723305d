/* SPDX-License-Identifier: Apache-2.0 */
#include "live/drops.h"

enum drops_change drops_look(struct drops *drops, uint64_t count, int64_t now)
{
    uint64_t before = drops->seen;

    drops->seen = count;
    if (count != before) {
        drops->last = now;
        if (drops->on)
            return DROPS_SAME;
        drops->on = true;
        drops->before = before;
        drops->began = now;
        return DROPS_BEGIN;
    }
    if (!drops->on || now - drops->last < DROPS_QUIET)
        return DROPS_SAME;
    drops->on = false;
    return DROPS_END;
}

uint64_t drops_of(const struct drops *drops, int64_t *duration)
{
    *duration = drops->last - drops->began;
    return drops->seen - drops->before;
}
