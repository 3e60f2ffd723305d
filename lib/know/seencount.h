/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts samples (sighting.h) in a store (seen.h).
 */
#ifndef SECFLOW_SEENCOUNT_H
#define SECFLOW_SEENCOUNT_H

#include "know/sighting.h"

/*
 * Fills in the facts, and counts the samples in their order, unless they were counted before or
 * `only_ask`. Results are those of seen.h.
 */
MUST_CHECK enum result sightings_count(struct sighting *const *sightings, size_t count,
                                       struct seen *seen, bool only_ask);

#endif
