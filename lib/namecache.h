/*
 * The name cache: a text file of "ADDRESS NAME" lines, sorted by address (IPv4 before IPv6), that
 * several processes may share.
 */
#ifndef SECFLOW_NAMECACHE_H
#define SECFLOW_NAMECACHE_H

#include "names.h"

/*
 * Adds the names of the file at path to names, all at time 0; a file that is not there is an empty
 * one. RESULT_DAMAGED: some lines are no "ADDRESS NAME", *bad_line is the number of the first; the
 * others were read. RESULT_SYSTEM: the file cannot be read, or is no regular file; errno
 * says why.
 */
MUST_CHECK enum result namecache_load(const char *path, struct names *names, size_t *bad_line);

/*
 * Adds the addresses of learned that had just one name to the file, where they replace what it said
 * of them. The file is read again under a lock and replaced as a whole, or left as it is: with
 * RESULT_DAMAGED when it has lines that are no "ADDRESS NAME", RESULT_SYSTEM when a call failed.
 */
MUST_CHECK enum result namecache_learn(const char *path, struct names *learned);

#endif
