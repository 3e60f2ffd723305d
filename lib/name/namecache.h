/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name cache: a text file of "ADDRESS NAME DAY" lines, sorted by address (IPv4 before IPv6),
 * which several processes may share. DAY is the last day on which the name was seen, YYYY-MM-DD in
 * UTC. A missing day counts as today. So does one in the future, since a clock is or was wrong; it
 * is not changed.
 */
#ifndef SECFLOW_NAMECACHE_H
#define SECFLOW_NAMECACHE_H

#include "name/names.h"

/* The limit of a cache file in bytes; above it, entries with the oldest days go first. */
#define NAMECACHE_MOST ((size_t)32 << 20)

/* The largest value of --cache-age, in days. */
#define NAMECACHE_AGE_MOST 36500u

/*
 * Adds the names of the file at path to names, all at time 0; a missing file counts as empty.
 * RESULT_DAMAGED: some lines are neither "ADDRESS NAME DAY" nor "ADDRESS NAME"; *bad_line is the
 * number of the first; the other lines were read. RESULT_SYSTEM: the file cannot be read or is not
 * a regular file; see errno.
 */
MUST_CHECK enum result namecache_load(const char *path, struct names *names, size_t *bad_line);

struct namecache_keep {
    int64_t now;  /* microseconds since 1970 */
    uint32_t age; /* days after which an unseen name leaves the cache */
    int64_t wait; /* microseconds to wait for another process's lock */
};

/*
 * Adds to the file the addresses of learned that had just one name, replacing their old entries,
 * and drops entries that are too old. Reads the file again under a lock and replaces it as a whole.
 * Leaves it unchanged if nothing differs, and with RESULT_DAMAGED if it has lines that are not
 * "ADDRESS NAME DAY", or RESULT_SYSTEM if a call failed, with errno EWOULDBLOCK if the lock was not
 * free in time. Memory grows with what was learned, not with the file, unless that is not sorted.
 */
MUST_CHECK enum result namecache_learn(const char *path, const struct names *learned,
                                       const struct namecache_keep *keep);

#endif
