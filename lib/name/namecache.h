/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name cache: a text file of "ADDRESS NAME DAY" lines, sorted by address (IPv4 before IPv6),
 * that several processes may share. DAY is the last one on which the name was seen, as YYYY-MM-DD
 * of UTC. Where it is missing it is today's; one that has yet to come counts as that, for then a
 * clock is or was wrong, and stays.
 */
#ifndef SECFLOW_NAMECACHE_H
#define SECFLOW_NAMECACHE_H

#include "name/names.h"

/* What a cache file grows to, in bytes; of more the days longest ago go first. */
#define NAMECACHE_MOST ((size_t)32 << 20)

/* What --cache-age may say at most, in days. */
#define NAMECACHE_AGE_MOST 36500u

/*
 * Adds the names of the file at path to names, all at time 0; a file that is not there is an empty
 * one. RESULT_DAMAGED: some lines are not "ADDRESS NAME DAY" or "ADDRESS NAME", *bad_line is the
 * number of the first; the others were read. RESULT_SYSTEM: the file cannot be read, or is no
 * regular file; errno says why.
 */
MUST_CHECK enum result namecache_load(const char *path, struct names *names, size_t *bad_line);

struct namecache_keep {
    int64_t now;  /* microseconds since 1970 */
    uint32_t age; /* days after which a name leaves that was not seen again */
    int64_t wait; /* microseconds to wait for another process that has the file locked */
};

/*
 * Adds the addresses of learned that had just one name to the file, where they replace what it said
 * of them; what is too old leaves. The file is read again under a lock, and replaced as a whole; or
 * left as it is: where nothing changes, and with RESULT_DAMAGED when it has lines that are not
 * "ADDRESS NAME DAY", RESULT_SYSTEM when a call failed, with the errno EWOULDBLOCK when the lock
 * could not be had in time. It takes memory for what was learned, but not for the file, unless that
 * is not sorted.
 */
MUST_CHECK enum result namecache_learn(const char *path, const struct names *learned,
                                       const struct namecache_keep *keep);

#endif
