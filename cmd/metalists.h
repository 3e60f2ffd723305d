/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of flowmeta: files and directories that are read at the start, and again on SIGHUP.
 */
#ifndef SECFLOW_METALISTS_H
#define SECFLOW_METALISTS_H

#include "common.h"
#include "know/known.h"

/* All zero is none. */
struct metalists {
    struct metasource *sources;
    size_t source_count, source_capacity;
    bool quiet, verbose;
    struct known *known; /* what they know, once read */
    char **paths;        /* of its lists, by their number */
    size_t path_count;
};

/* Adds a file or directory. Returns EX_OK, or a status, which has been said. */
MUST_CHECK int metalists_add(struct metalists *lists, const char *path, enum relevance relevance);

/* True if that path was added. */
bool metalists_have(const struct metalists *lists, const char *path);
void metalists_destroy(struct metalists *lists);

/*
 * Reads them all. What cannot be read is told of, and keeps what was known of it before; what is
 * missing from a directory is forgotten. A pipe is read only the first time. Returns EX_OK or the
 * status of the worst problem; only with EX_OSERR known is as it was, NULL at first.
 */
MUST_CHECK int metalists_read(struct metalists *lists);

#endif
