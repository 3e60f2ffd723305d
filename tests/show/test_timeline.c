/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timelines against a list of all times.
 */
#include "../tap.h"
#include "base/clock.h"
#include "show/timeline.h"

#define PARTS 24

static uint64_t state = 1;

static uint64_t random_number(uint64_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state >> 33) % below;
}

static void add(struct timeline *timeline, int64_t time)
{
    need(timeline_add(timeline, time) == RESULT_OK, "timeline_add");
}

/* The last part that begins at or before a time; the first one has the start. */
static size_t naive_part(int64_t start, int64_t end, size_t parts, int64_t time)
{
    size_t part = 0;

    for (size_t i = 0; i < parts && time > start; i++)
        if ((end - start) * (int64_t)i / (int64_t)parts <= time - start)
            part = i;
    return part;
}

static void test_parts(void)
{
    bool right = true;

    for (int i = 0; i < 20000; i++) {
        int64_t start = (int64_t)random_number(1000),
                span = (int64_t)random_number(i < 5000 ? 60 : 1000000);
        size_t parts = 1 + (size_t)random_number(40);
        int64_t time = start + (int64_t)random_number((uint64_t)span + 1);

        right = right && timeline_part(start, start + span, parts, time) ==
                             naive_part(start, start + span, parts, time);
    }
    ok(right, "each time is in the last part that begins before it");
    is_int(timeline_part(10, 20, 5, 0), 0, "what comes before is in the first part");
    is_int(timeline_part(10, 20, 5, 99), 4, "what comes behind is in the last part");
    is_int(timeline_part(7, 7, 5, 7), 0, "a time alone is in the first part");
    is_int(timeline_part(0, INT64_MAX, 240, INT64_MAX / 2), 120, "the longest time");
}

static bool is_spread(const struct timeline *timeline, int64_t start, int64_t end,
                      const uint64_t *want)
{
    uint64_t counts[PARTS] = {0};

    timeline_spread(timeline, start, end, PARTS, counts);
    return memcmp(counts, want, sizeof counts) == 0;
}

static bool is_equal(const struct timeline *a, const struct timeline *b, int64_t start, int64_t end)
{
    uint64_t counts[PARTS] = {0};

    timeline_spread(b, start, end, PARTS, counts);
    return is_spread(a, start, end, counts) && a->count == b->count && a->first == b->first &&
           a->last == b->last && a->shift == b->shift;
}

/* Times in any order, the same backwards, and in two timelines that are merged. */
static void test_order(uint64_t count, uint64_t below)
{
    struct timeline forth, back, one, other;
    int64_t *times = malloc(count * sizeof *times);
    uint64_t exact[PARTS] = {0}, counts[PARTS] = {0}, sum = 0, exact_sum = 0;
    bool near = true;

    need(times, "no memory");
    timeline_init(&forth, 64);
    timeline_init(&back, 64);
    timeline_init(&one, 64);
    timeline_init(&other, 64);
    for (uint64_t i = 0; i < count; i++)
        times[i] = (int64_t)random_number(random_number(4) > 0 ? below : below / 100 + 1);
    for (uint64_t i = 0; i < count; i++) {
        add(&forth, times[i]);
        add(&back, times[count - 1 - i]);
        add(i % 7 == 0 ? &one : &other, times[i]);
        exact[timeline_part(0, (int64_t)below, PARTS, times[i])]++;
    }
    ok(is_equal(&forth, &back, 0, (int64_t)below), "%d times to %d: the order makes no difference",
       (int)count, (int)below);
    need(timeline_merge(&one, &other) == RESULT_OK, "timeline_merge");
    ok(is_equal(&forth, &one, 0, (int64_t)below), "nor do two that are merged");
    if (count <= 32)
        ok(is_spread(&forth, 0, (int64_t)below, exact), "few are exact");
    timeline_spread(&forth, 0, (int64_t)below, PARTS, counts);
    /* What lies before a part's end differs by what is in the bin there. */
    for (size_t i = 0; i < PARTS; i++) {
        uint64_t bin = 0, end = below * (i + 1) / PARTS, width = UINT64_C(1) << forth.shift;

        for (uint64_t j = 0; j < count; j++)
            bin += (uint64_t)times[j] >> forth.shift == end / width;
        sum += counts[i];
        exact_sum += exact[i];
        near = near && (sum > exact_sum ? sum - exact_sum : exact_sum - sum) <= bin;
    }
    ok(near, "all are near their part");
    is_int(sum, count, "and none is lost");
    free(times);
    timeline_destroy(&forth);
    timeline_destroy(&back);
    timeline_destroy(&one);
    timeline_destroy(&other);
}

static void test_far(void)
{
    struct timeline timeline;
    uint64_t counts[2] = {0};

    timeline_init(&timeline, 2);
    for (int i = 0; i < 5; i++) {
        add(&timeline, TIME_END - 1 - i);
        add(&timeline, i);
    }
    timeline_spread(&timeline, 0, TIME_END, 2, counts);
    is_int(counts[0] + counts[1], 10, "as far apart as can be: all are there");
    ok(counts[1] >= 5, "as far apart as can be: what is late is in the second part");
    timeline_destroy(&timeline);
    timeline_destroy(&timeline);
}

int main(void)
{
    test_parts();
    test_order(1, 1000);
    test_order(32, 100000);
    test_order(33, 100000);
    test_order(200, 50);
    test_order(3000, 1000);
    test_order(3000, 1000000000);
    test_order(5000, 86400000000);
    test_far();
    return done();
}
