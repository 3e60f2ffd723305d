/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drops: when they begin and end, by the test's own clock.
 */
#include "../tap.h"
#include "live/drops.h"

#define SECOND INT64_C(1000000)

/* The counts seen, and the result. */
struct look {
    int64_t second;
    uint64_t count;
    enum drops_change change;
    uint64_t dropped; /* reported then */
    int64_t seconds;
};

static void check(const char *title, const struct look *looks, size_t count)
{
    struct drops drops = {0};

    for (size_t i = 0; i < count; i++) {
        int64_t duration;

        is_int(drops_look(&drops, looks[i].count, looks[i].second * SECOND), looks[i].change,
               "%s: after %lld s", title, (long long)looks[i].second);
        if (looks[i].change == DROPS_SAME)
            continue;
        is_int(drops_of(&drops, &duration), looks[i].dropped, "%s: how many", title);
        is_int(duration, looks[i].seconds * SECOND, "%s: for how long", title);
    }
}

#define CHECK(title, looks) check(title, looks, sizeof(looks) / sizeof *(looks))

static void test_none(void)
{
    static const struct look looks[] = {
        {0, 0, DROPS_SAME, 0, 0}, {60, 0, DROPS_SAME, 0, 0}, {6000, 0, DROPS_SAME, 0, 0}};

    CHECK("none", looks);
}

static void test_once(void)
{
    static const struct look looks[] = {
        {1000, 0, DROPS_SAME, 0, 0}, {1001, 5, DROPS_BEGIN, 5, 0}, {1002, 5, DROPS_SAME, 0, 0},
        {1060, 5, DROPS_SAME, 0, 0}, {1061, 5, DROPS_END, 5, 0},   {1062, 5, DROPS_SAME, 0, 0},
        {9999, 5, DROPS_SAME, 0, 0},
    };

    CHECK("once", looks);
}

/* Reported at its beginning and its end only, however long it lasts and whatever pauses it has. */
static void test_for_long(void)
{
    static const struct look looks[] = {
        {1, 10, DROPS_BEGIN, 10, 0},     {2, 20, DROPS_SAME, 0, 0},
        {61, 30, DROPS_SAME, 0, 0},      {120, 30, DROPS_SAME, 0, 0},
        {121, 40, DROPS_SAME, 0, 0},     {3600, 45678, DROPS_SAME, 0, 0},
        {3659, 45678, DROPS_SAME, 0, 0}, {3660, 45678, DROPS_END, 45678, 3599},
    };

    CHECK("for long", looks);
}

/* Drops that begin again are counted from there. */
static void test_again(void)
{
    static const struct look looks[] = {
        {0, 7, DROPS_BEGIN, 7, 0},    {60, 7, DROPS_END, 7, 0},   {61, 9, DROPS_BEGIN, 2, 0},
        {64, 12, DROPS_SAME, 0, 0},   {124, 12, DROPS_END, 5, 3}, {125, 12, DROPS_SAME, 0, 0},
        {126, 13, DROPS_BEGIN, 1, 0},
    };

    CHECK("again", looks);
}

/* A late look, since the machine slept: what is new has only just begun. */
static void test_late(void)
{
    static const struct look looks[] = {
        {0, 1, DROPS_BEGIN, 1, 0}, {9000, 1, DROPS_END, 1, 0}, {20000, 3, DROPS_BEGIN, 2, 0}};

    CHECK("late", looks);
}

int main(void)
{
    test_none();
    test_once();
    test_for_long();
    test_again();
    test_late();
    return done();
}
