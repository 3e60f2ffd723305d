/* SPDX-License-Identifier: Apache-2.0 */
#include "show/timeline.h"

#include "base/wide.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Times that are kept before bins take their memory. */
#define ROOM_FIRST 4u

void timeline_init(struct timeline *timeline, uint32_t bin_count)
{
    *timeline = (struct timeline){.bin_count = bin_count, .room = 0};
}

void timeline_destroy(struct timeline *timeline)
{
    free(timeline->times);
    *timeline = (struct timeline){.bin_count = timeline->bin_count};
}

/* Whether there are bins; an empty timeline has neither them nor times. */
static bool has_bins(const struct timeline *timeline)
{
    return timeline->room == 0 && timeline->count > 0;
}

/* The number of the bin of a time, counted from 1970. */
static int64_t bin_of(const struct timeline *timeline, int64_t time)
{
    return time >> timeline->shift;
}

void timeline_fetch(const struct timeline *timeline, int64_t time)
{
    uint64_t bin = (uint64_t)(bin_of(timeline, time) - bin_of(timeline, timeline->first));

    if (has_bins(timeline))
        __builtin_prefetch(&timeline->bins[bin < timeline->bin_count ? bin : 0], 1);
    else if (timeline->count > 0)
        __builtin_prefetch(&timeline->times[timeline->count], 1);
}

/* The least width at which the bins reach from the first to the last time, but no less than now. */
static uint32_t fitting_shift(const struct timeline *timeline)
{
    uint32_t shift = timeline->shift;

    while ((timeline->last >> shift) - (timeline->first >> shift) >= timeline->bin_count)
        shift++;
    return shift;
}

static void count_bin(uint32_t *bin, uint64_t count)
{
    *bin = count < UINT32_MAX - *bin ? *bin + (uint32_t)count : UINT32_MAX;
}

/* Puts the bins, of which the first was that of the time from, where they belong now. */
static void move_bins(struct timeline *timeline, int64_t from, uint32_t shift)
{
    int64_t old = from >> timeline->shift, new = timeline->first >> shift;
    uint32_t wider = shift - timeline->shift;

    /* Wider bins lie at or before the place of what they hold, so that they can be filled in turn.
     */
    for (uint32_t i = 0; wider > 0 && i < timeline->bin_count; i++) {
        uint32_t count = timeline->bins[i];

        timeline->bins[i] = 0;
        count_bin(&timeline->bins[((old + i) >> wider) - (old >> wider)], count);
    }
    old >>= wider;
    timeline->shift = shift;
    if (old > new) {
        size_t by = (size_t)(old - new);

        memmove(timeline->bins + by, timeline->bins,
                (timeline->bin_count - by) * sizeof *timeline->bins);
        memset(timeline->bins, 0, by * sizeof *timeline->bins);
    }
}

/* Counts times into bins, of which first and last are known to the timeline by now. */
static void count_time(struct timeline *timeline, int64_t time, uint64_t count)
{
    count_bin(&timeline->bins[bin_of(timeline, time) - bin_of(timeline, timeline->first)], count);
}

/* The times become bins. */
static enum result begin_bins(struct timeline *timeline)
{
    int64_t *times = timeline->times;
    uint32_t *bins = calloc(timeline->bin_count, sizeof *bins);

    if (!bins)
        return RESULT_NO_MEMORY;
    timeline->bins = bins;
    timeline->room = 0;
    timeline->shift = fitting_shift(timeline);
    for (uint64_t i = 0; i < timeline->count; i++)
        count_time(timeline, times[i], 1);
    free(times);
    return RESULT_OK;
}

/* Makes room for one time more, or bins. */
static enum result make_room(struct timeline *timeline)
{
    uint32_t room = timeline->room > 0 ? timeline->room * 2 : ROOM_FIRST;
    int64_t *times;

    if (has_bins(timeline) || timeline->count < timeline->room)
        return RESULT_OK;
    if (timeline->count >= timeline->bin_count / 2)
        return begin_bins(timeline);
    if (room > timeline->bin_count / 2)
        room = timeline->bin_count / 2;
    times = realloc(timeline->times, room * sizeof *times);
    if (!times)
        return RESULT_NO_MEMORY;
    timeline->times = times;
    timeline->room = room;
    return RESULT_OK;
}

static void stretch(struct timeline *timeline, int64_t first, int64_t last)
{
    int64_t from = timeline->first;

    if (timeline->count == 0 || first < timeline->first)
        timeline->first = first;
    if (timeline->count == 0 || last > timeline->last)
        timeline->last = last;
    if (has_bins(timeline))
        move_bins(timeline, from, fitting_shift(timeline));
}

/* Counts a time if the bins reach to it, as they do most of the time. */
static bool count_within(struct timeline *timeline, int64_t time)
{
    if (!has_bins(timeline) || time < timeline->first ||
        bin_of(timeline, time) - bin_of(timeline, timeline->first) >= timeline->bin_count)
        return false;
    if (time > timeline->last)
        timeline->last = time;
    count_time(timeline, time, 1);
    timeline->count++;
    return true;
}

enum result timeline_add(struct timeline *timeline, int64_t time)
{
    enum result result;

    if (count_within(timeline, time))
        return RESULT_OK;
    result = make_room(timeline);
    if (result != RESULT_OK)
        return result;
    if (timeline->count == 0 || time < timeline->first || time > timeline->last)
        stretch(timeline, time, time);
    if (timeline->room > 0)
        timeline->times[timeline->count] = time;
    else
        count_time(timeline, time, 1);
    timeline->count++;
    return RESULT_OK;
}

/* An empty timeline becomes the copy of one that has bins. */
static enum result copy_bins(struct timeline *timeline, const struct timeline *other)
{
    uint32_t *bins = calloc(other->bin_count, sizeof *bins);

    if (!bins)
        return RESULT_NO_MEMORY;
    memcpy(bins, other->bins, other->bin_count * sizeof *bins);
    timeline_destroy(timeline);
    *timeline = *other;
    timeline->bins = bins;
    return RESULT_OK;
}

/* Both have bins; those of the other one are not wider than those that reach over both. */
static void merge_bins(struct timeline *timeline, const struct timeline *other)
{
    int64_t from, to = bin_of(other, other->first);
    uint32_t wider;

    stretch(timeline, other->first, other->last);
    from = bin_of(timeline, timeline->first);
    wider = timeline->shift - other->shift;
    for (uint32_t i = 0; i < other->bin_count; i++)
        if (other->bins[i] > 0)
            count_bin(&timeline->bins[((to + i) >> wider) - from], other->bins[i]);
    timeline->count += other->count;
}

enum result timeline_merge(struct timeline *timeline, const struct timeline *other)
{
    enum result result = RESULT_OK;

    if (!has_bins(other)) {
        for (uint64_t i = 0; i < other->count && result == RESULT_OK; i++)
            result = timeline_add(timeline, other->times[i]);
        return result;
    }
    if (timeline->count == 0)
        return copy_bins(timeline, other);
    if (!has_bins(timeline))
        result = begin_bins(timeline);
    if (result == RESULT_OK)
        merge_bins(timeline, other);
    return result;
}

/* Where a part begins, from the start of the first one. */
static int64_t part_begins(int64_t span, size_t parts, size_t part)
{
    int64_t count = (int64_t)parts, number = (int64_t)part;

    return span / count * number + span % count * number / count;
}

size_t timeline_part(int64_t start, int64_t end, size_t parts, int64_t time)
{
    int64_t span = end - start, at = time - start, width = span / (int64_t)parts;
    size_t part;

    if (at <= 0)
        return 0;
    if (at >= span)
        return parts - 1;
    part = width > 0 && at / width < (int64_t)parts ? (size_t)(at / width) : parts - 1;
    while (part_begins(span, parts, part) > at)
        part--;
    return part;
}

/* How much of a bin's count lies before a time in it. */
static uint64_t share(const struct timeline *timeline, uint32_t count, int64_t into)
{
    return wide_shift_right(wide_multiply(count, (uint64_t)into), timeline->shift).low;
}

/*
 * Shares out a bin by its width; what lies in no part between the first and the last time goes to
 * theirs.
 */
static void spread_bin(const struct timeline *timeline, uint32_t bin, int64_t start, int64_t end,
                       size_t parts, uint64_t *counts)
{
    int64_t begins = (bin_of(timeline, timeline->first) + bin) << timeline->shift;
    int64_t ends = begins + (INT64_C(1) << timeline->shift) - 1;
    int64_t from = begins > timeline->first ? begins : timeline->first;
    int64_t to = ends < timeline->last ? ends : timeline->last;
    size_t part = timeline_part(start, end, parts, from);
    size_t last = timeline_part(start, end, parts, to);
    uint32_t count = timeline->bins[bin];
    uint64_t done = 0, upto;

    for (; part < last; part++) {
        upto = share(timeline, count, start + part_begins(end - start, parts, part + 1) - begins);
        counts[part] += upto - done;
        done = upto;
    }
    counts[last] += count - done;
}

void timeline_spread(const struct timeline *timeline, int64_t start, int64_t end, size_t parts,
                     uint64_t *counts)
{
    if (!has_bins(timeline)) {
        for (uint64_t i = 0; i < timeline->count; i++)
            counts[timeline_part(start, end, parts, timeline->times[i])]++;
        return;
    }
    for (uint32_t i = 0; i < timeline->bin_count; i++)
        if (timeline->bins[i] > 0)
            spread_bin(timeline, i, start, end, parts, counts);
}
