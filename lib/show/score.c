/* SPDX-License-Identifier: Apache-2.0 */
#include "show/score.h"

#include "base/clock.h"
#include "base/wide.h"

#include <stdlib.h>
#include <string.h>

/* Quartiles that are closer together than this show no skewness. */
#define QUARTILES_LEAST 10

/* So many parts must have flows before the shape and the length of the time count. */
#define BARS_BIMODAL 11u
#define BARS_DURATION 6u

/* As many parts in a row have the full score. */
#define RUN_IDEAL 12u

/* A part of a whole; not more than it. */
struct fraction {
    uint64_t part, whole; /* less than 2^54; whole is not 0 */
};

static int compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* More often than not they are sorted. */
static void sort_numbers(int64_t *numbers, size_t count)
{
    size_t sorted = 1;

    while (sorted < count && numbers[sorted - 1] <= numbers[sorted])
        sorted++;
    if (sorted < count)
        qsort(numbers, count, sizeof *numbers, compare_numbers);
}

/* Twice the median of sorted numbers, of which there is at least one. */
static int64_t twice_median(const int64_t *sorted, size_t count)
{
    return sorted[(count - 1) / 2] + sorted[count / 2];
}

/*
 * Four times the median of how far sorted numbers are off theirs, of which twice the value is
 * given: the distances are taken from the smallest up, on both sides of it, as far as their middle.
 */
static int64_t four_times_deviation(const int64_t *sorted, size_t count, int64_t twice)
{
    size_t above = count / 2, below, taken = 0;
    int64_t before = 0, distance = 0;

    while (above > 0 && 2 * sorted[above - 1] >= twice)
        above--;
    for (below = above; taken <= count / 2; taken++) {
        int64_t up = above < count ? 2 * sorted[above] - twice : INT64_MAX;
        int64_t down = below > 0 ? twice - 2 * sorted[below - 1] : INT64_MAX;

        before = distance;
        distance = up < down ? up : down;
        if (up < down)
            above++;
        else
            below--;
    }
    return count % 2 == 0 ? before + distance : 2 * distance;
}

/* 1 - |Bowley's skewness|, of three numbers or more. */
static struct fraction skew_score(const int64_t *sorted, size_t count)
{
    size_t half = count / 2;
    int64_t low = twice_median(sorted, half), middle = twice_median(sorted, count);
    int64_t high = twice_median(sorted + count - half, half);
    int64_t width = high - low, off = llabs(low + high - 2 * middle);

    if (width < 2 * QUARTILES_LEAST || middle == low || middle == high)
        return (struct fraction){1, 1};
    return (struct fraction){(uint64_t)(width - off), (uint64_t)width};
}

/* 1 - the deviation / the median. It is not negative: half of the numbers are below the median. */
static struct fraction deviation_score(int64_t median, int64_t deviation)
{
    return (struct fraction){(uint64_t)(median - deviation), (uint64_t)median};
}

/*
 * Half of the sum of two fractions, in thousandths: (the whole thousandths of both + 1 + what is
 * left of both) / 2, where only it matters whether what is left makes another one.
 */
static uint32_t mean_of(struct fraction a, struct fraction b)
{
    uint64_t whole = a.part * 1000 / a.whole + b.part * 1000 / b.whole + 1;
    uint64_t left_a = a.part * 1000 % a.whole, left_b = b.part * 1000 % b.whole;

    if (!wide_less(wide_multiply(left_a, b.whole), wide_multiply(b.whole - left_b, a.whole)))
        whole++;
    return (uint32_t)(whole / 2);
}

/* Sorted numbers; unknown: the score of the deviation where the median is less than 1. */
static uint32_t even_score(const int64_t *sorted, size_t count, struct fraction unknown)
{
    int64_t twice = twice_median(sorted, count);
    int64_t deviation = four_times_deviation(sorted, count, twice);

    return mean_of(skew_score(sorted, count),
                   twice >= 2 ? deviation_score(2 * twice, deviation) : unknown);
}

/* Puts the intervals between distinct times in their place, sorted, and returns how many. */
static size_t make_intervals(int64_t *times, size_t count)
{
    size_t intervals = 0;

    for (size_t i = 1; i < count; i++) {
        int64_t interval = times[i] - times[i - 1];

        if (interval > 0)
            times[intervals++] = interval;
    }
    sort_numbers(times, intervals);
    return intervals;
}

static void score_timing(int64_t *intervals, size_t count, struct score *score)
{
    int64_t twice = twice_median(intervals, count);

    score->timing = even_score(intervals, count, (struct fraction){1, 1});
    score->interval = twice * (SECOND / 2);
    score->jitter = four_times_deviation(intervals, count, twice) * (SECOND / 4);
}

/* The histogram */

size_t score_part(int64_t first, int64_t last, int64_t time)
{
    int64_t part = last > first ? (time - first) * SCORE_PARTS / (last - first) : 0;

    return part < SCORE_PARTS ? (size_t)part : SCORE_PARTS - 1;
}

/*
 * 1 - the standard deviation of the counts / their mean, in thousandths, not less than 0: the
 * greatest whole one whose distance from that is at most a half, by the squares of both sides.
 */
static uint32_t flat_score(const uint64_t *counts)
{
    uint64_t sum = 0, squares = 0, variance;
    uint32_t low = 0, high = 1000;

    for (size_t i = 0; i < SCORE_PARTS; i++) {
        sum += counts[i];
        squares += counts[i] * counts[i];
    }
    variance = SCORE_PARTS * squares - sum * sum; /* times the square of the number of parts */
    if (variance > sum * sum)
        return 0;
    while (low < high) {
        uint32_t middle = (low + high + 1) / 2;
        uint64_t limit = 2001 - 2 * middle;

        if (4000000 * variance <= limit * limit * sum * sum)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* Of how many parts the counts are in the same group, for each group; a group is so wide. */
static void count_groups(const uint64_t *counts, uint64_t width, uint32_t groups[SCORE_PARTS])
{
    uint64_t names[SCORE_PARTS] = {0};
    size_t known = 0;

    memset(groups, 0, SCORE_PARTS * sizeof *groups);
    for (size_t i = 0; i < SCORE_PARTS; i++) {
        size_t group = 0;

        if (counts[i] == 0)
            continue;
        while (group < known && names[group] != counts[i] / width)
            group++;
        if (group == known)
            names[known++] = counts[i] / width;
        groups[group]++;
    }
}

/* How much of the parts with flows, of which there are so many, the two largest groups hold. */
static uint32_t bimodal_score(const uint64_t *counts, uint32_t bars)
{
    uint32_t groups[SCORE_PARTS], largest = 0, second = 0, score;
    uint64_t most = 0;

    if (bars < BARS_BIMODAL)
        return 0;
    for (size_t i = 0; i < SCORE_PARTS; i++)
        most = counts[i] > most ? counts[i] : most;
    count_groups(counts, (most + 19) / 20, groups);
    for (size_t i = 0; i < SCORE_PARTS; i++)
        if (groups[i] > largest) {
            second = largest;
            largest = groups[i];
        } else if (groups[i] > second) {
            second = groups[i];
        }
    score = (2000 * (largest + second) + bars - 1) / (2 * (bars - 1));
    return score < 1000 ? score : 1000;
}

/* The most parts in a row that have flows; the first follows the last. */
static uint32_t longest_run(const uint64_t *counts)
{
    uint32_t run = 0, longest = 0;

    for (size_t i = 0; i < 2 * SCORE_PARTS; i++) {
        run = counts[i % SCORE_PARTS] > 0 ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest < SCORE_PARTS ? longest : SCORE_PARTS;
}

/* A quotient in thousandths, rounded up, 1000 at most. */
static uint32_t rounded_up(int64_t part, int64_t whole)
{
    return part < whole ? (uint32_t)((part * 1000 + whole - 1) / whole) : 1000;
}

/* first, last: of the times of the pair. */
static void score_histogram(const struct score_flows *flows, int64_t first, int64_t last,
                            struct score *score)
{
    uint32_t bars = 0, flat, bimodal, covered, run;

    for (size_t i = 0; i < SCORE_PARTS; i++)
        bars += flows->counts[i] > 0;
    flat = flat_score(flows->counts);
    bimodal = bimodal_score(flows->counts, bars);
    score->histogram = flat > bimodal ? flat : bimodal;
    covered = rounded_up(last - first, flows->last - flows->first);
    run = rounded_up(longest_run(flows->counts), RUN_IDEAL);
    if (bars >= BARS_DURATION)
        score->duration = covered > run ? covered : run;
}

static size_t count_distinct(const int64_t *sorted, size_t count)
{
    size_t distinct = count > 0;

    for (size_t i = 1; i < count; i++)
        distinct += sorted[i] != sorted[i - 1];
    return distinct;
}

bool score_flows(const struct score_flows *flows, struct score *score)
{
    size_t count = flows->count;

    *score = (struct score){.timing = 0};
    sort_numbers(flows->times, count);
    if (count_distinct(flows->times, count) < SCORE_TIMES)
        return false;
    score_histogram(flows, flows->times[0], flows->times[count - 1], score);
    score_timing(flows->times, make_intervals(flows->times, count), score);
    sort_numbers(flows->sizes, count);
    score->size = even_score(flows->sizes, count, (struct fraction){0, 1});
    score->all = (score->timing + score->size + score->histogram + score->duration + 2) / 4;
    return true;
}

uint32_t score_long(int64_t duration)
{
    static const struct {
        int64_t hours;
        uint32_t score;
    } steps[] = {{1, 500}, {4, 700}, {8, 900}, {12, 1000}};
    const int64_t hour = 3600 * SECOND;
    size_t i = sizeof steps / sizeof *steps;

    while (i > 0 && duration < steps[i - 1].hours * hour)
        i--;
    if (i == 0)
        return 0;
    if (i == sizeof steps / sizeof *steps)
        return steps[i - 1].score;
    return steps[i - 1].score + (uint32_t)((duration - steps[i - 1].hours * hour) *
                                           (steps[i].score - steps[i - 1].score) /
                                           ((steps[i].hours - steps[i - 1].hours) * hour));
}
