/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates with times of day, as RFC 3339 and ISO 8601 write them.
 */
#ifndef SECFLOW_TIMESTAMP_H
#define SECFLOW_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Parses 2020-06-05T14:39:59.305988Z into microseconds since 1970-01-01 UTC. Any number of
 * decimals, or none; in place of Z also an offset: +01:30 or, as zeek-cut -d writes it, +0130.
 * False if the text is none of these, or a time before 1970 or after 9999.
 */
bool timestamp_read(const char *text, size_t length, int64_t *microseconds);

#endif
