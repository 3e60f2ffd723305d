/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts and durations as people read them, in as few characters as the columns of a terminal have.
 */
#ifndef SECFLOW_SHORT_H
#define SECFLOW_SHORT_H

#include <stdint.h>

/* Room for each of them and its final NUL. */
#define SHORT_TEXT 24

/* They return the text. */

/* "834", "1.2K", "12K", "834M": units are powers of 1000; rounded, half up; at most 4 characters.
 */
const char *short_scaled(char text[SHORT_TEXT], uint64_t count);

/* The same, but exact to "99999": at most 5 characters. */
const char *short_count(char text[SHORT_TEXT], uint64_t count);

/*
 * "0s", "<1ms", "340ms", "3.4s", "12s", "3m20s", "5h12m", "2d4h", "412d": one unit is rounded, two
 * are truncated, as in units.h.
 */
const char *short_duration(char text[SHORT_TEXT], int64_t microseconds);

#endif
