/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of rules that flowevent is given.
 */
#ifndef SECFLOW_RULEFILES_H
#define SECFLOW_RULEFILES_H

#include "common.h"
#include "know/eventrule.h"

/* All zero is none. */
struct rulefiles {
    const char **paths;
    size_t count, capacity;
    bool quiet, verbose;
};

/* Adds a file or directory. Returns EX_OK, or a status, which has been said. */
MUST_CHECK int rulefiles_add(struct rulefiles *files, const char *path);

/* True if that path was added. */
bool rulefiles_have(const struct rulefiles *files, const char *path);
void rulefiles_destroy(struct rulefiles *files);

/* False, after printing a message: a file is a pipe or the like, which cannot be read again. */
bool rulefiles_stay(const struct rulefiles *files);

/*
 * Reads the rules of all files; those that make no sense are told of and left out. Returns EX_OK or
 * the status of the worst problem; with EX_OSERR the rules are not ready. No rules are a problem,
 * of which the caller has to tell.
 */
MUST_CHECK int rulefiles_read(const struct rulefiles *files, struct event_rules *rules);

#endif
