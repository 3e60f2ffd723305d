/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores of flows whose figures are known: those of RITA's own tests among them, and at the limits
 * of numbers.
 */
#include "../tap.h"
#include "base/clock.h"
#include "show/score.h"

#define FLOWS_MOST 512u

static int64_t times[FLOWS_MOST], sizes[FLOWS_MOST];

/* Scores flows of those intervals, each of that size, in a time that is theirs. */
static struct score score_of(const int64_t *intervals, size_t count, const int64_t *bytes)
{
    uint64_t counts[SCORE_PARTS] = {0};
    struct score score;
    struct score_flows flows = {
        .times = times, .sizes = sizes, .count = count + 1, .counts = counts};

    times[0] = flows.first = 1517338924;
    for (size_t i = 0; i < count; i++)
        times[i + 1] = times[i] + intervals[i];
    flows.last = times[count];
    for (size_t i = 0; i <= count; i++) {
        sizes[i] = bytes ? bytes[i] : 100;
        counts[score_part(flows.first, flows.last, times[i])]++;
    }
    ok(score_flows(&flows, &score), "%zu intervals: there is a score", count);
    return score;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_timing(void)
{
    static const int64_t even[] = {60, 60, 60, 60, 60, 60, 60, 60, 60};
    static const int64_t close[] = {98, 99, 99, 100, 100, 100, 101, 101, 102};
    static const int64_t two[] = {98, 300, 98, 300, 98, 300, 98, 300, 98, 300};
    static const int64_t any[] = {1, 299, 25, 4975, 90, 2, 42, 500, 1500};
    static const int64_t zeros[] = {0, 60, 0, 0, 60, 60, 0};
    struct score score = score_of(two, COUNT(two), NULL);

    is_int(score.timing, 746, "two intervals in turn");
    is_int(score.interval, 199 * SECOND, "their median is between both");
    is_int(score.jitter, 101 * SECOND, "and so far from both");
    is_int(score_of(even, COUNT(even), NULL).timing, 1000, "even intervals");
    is_int(score_of(close, COUNT(close), NULL).timing, 995, "nearly even intervals");
    is_int(score_of(any, COUNT(any), NULL).timing, 83, "random intervals");
    is_int(score_of(zeros, COUNT(zeros), NULL).timing, 1000, "intervals of 0 do not count");
}

static void test_size(void)
{
    static const int64_t intervals[] = {60, 60, 60, 60, 60, 60, 60, 60, 60};
    static const int64_t rising[] = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
    static const int64_t none[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
    static const int64_t most = (int64_t)SCORE_SIZE_MOST;
    int64_t large[] = {most, most, most - 1, most / 2, most / 3, 1, 0, 0, 2, 0};

    is_int(score_of(intervals, 9, NULL).size, 1000, "one size");
    is_int(score_of(intervals, 9, rising).size, 773, "sizes from 1 to 10");
    is_int(score_of(intervals, 9, none).size, 500, "hardly any bytes");
    /* Q1 0, Q2 m/6 + 1, Q3 m - 1: skewness 1 - 1/3; deviation of the median: the median. */
    is_int(score_of(intervals, 9, large).size, 167, "the largest sizes");
}

static void test_few(void)
{
    uint64_t counts[SCORE_PARTS] = {4};
    struct score score;
    struct score_flows flows = {
        .first = 1, .last = 3, .times = times, .sizes = sizes, .count = 4, .counts = counts};

    memcpy(times, (int64_t[]){1, 2, 3, 3}, 4 * sizeof *times);
    ok(!score_flows(&flows, &score), "three distinct times have no score");
    flows.count = 0;
    ok(!score_flows(&flows, &score), "nor has nothing");
    is_int(score_part(5, 5, 5), 0, "a moment has one part");
    is_int(score_part(0, 24, 24), SCORE_PARTS - 1, "the last part ends with the end");
    is_int(score_part(0, 24, 23), SCORE_PARTS - 1, "and begins a part before it");
}

static void test_histogram(void)
{
    static int64_t hourly[24], half[12];
    struct score score;

    for (size_t i = 0; i < 24; i++)
        hourly[i] = 3600;
    score = score_of(hourly, 24, NULL);
    is_int(score.duration, 1000, "an hourly beacon lasts");
    is_int(score.histogram, 1000, "and its hours are of one or two heights");
    is_int(score.all, 1000, "it has the greatest score");
    for (size_t i = 0; i < 12; i++)
        half[i] = i == 6 ? 3600 * 12 : 60;
    score = score_of(half, 12, NULL);
    is_int(score.duration, 0, "two parts do not last");
    is_int(score.histogram, 0, "and are not even");
    is_int(score.all, 500, "which halves the score");
}

static void test_long(void)
{
    const int64_t hour = 3600 * SECOND;

    is_int(score_long(hour - 1), 0, "less than an hour");
    is_int(score_long(hour), 500, "an hour");
    is_int(score_long(5 * hour / 2), 600, "between 1 and 4 hours");
    is_int(score_long(4 * hour - 1), 699, "it is rounded down");
    is_int(score_long(4 * hour), 700, "4 hours");
    is_int(score_long(8 * hour), 900, "8 hours");
    is_int(score_long(12 * hour), 1000, "12 hours");
    is_int(score_long(INT64_MAX), 1000, "all the time there is");
}

int main(void)
{
    test_timing();
    test_size();
    test_few();
    test_histogram();
    test_long();
    return done();
}
