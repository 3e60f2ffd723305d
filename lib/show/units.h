/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amounts and times as people read them, for tables and pages. All are ASCII, rounded half up to
 * the digits shown, and computed with integers only.
 */
#ifndef SECFLOW_UNITS_H
#define SECFLOW_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Space for the longest text and a NUL. */
#define UNITS_TEXT 24

/* "0 B", "999 B", "1 kB", "1.0 kB", "9.9 MB", "10 MB", "999 GB": units are powers of 1000. */
const char *units_bytes(char text[UNITS_TEXT], uint64_t bytes);

/*
 * Microseconds, negative ones as 0: "0 s", "400 us", "1.2 ms", "12 ms", "9.9 s", "59 s", "1 min",
 * "1 min 30 s", "2 h 5 min", "3 d 4 h". Texts with two units are truncated, not rounded.
 */
const char *units_duration(char text[UNITS_TEXT], int64_t microseconds);

/* Microseconds since 1970, not negative, as "2024-04-20 10:04:05", UTC. */
const char *units_time(char text[UNITS_TEXT], int64_t microseconds);

/* Offsets in that text: after the year, and of the time of day. */
#define UNITS_AFTER_YEAR 5
#define UNITS_TIME_OF_DAY 11
#define UNITS_TIME 19 /* its length */

/* From which offset it must be shown to tell apart any two times from first to last. */
size_t units_time_from(int64_t first, int64_t last);

#endif
