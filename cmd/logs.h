/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of what turns logs into Secflows, all but what differs from one kind of logs to
 * another.
 */
#ifndef SECFLOW_LOGS_H
#define SECFLOW_LOGS_H

#include "converter.h"
#include "log/log.h"

struct logs {
    const char *name; /* of the tool */
    const struct tool *tool;
    const struct log_reader *reader;
    /* What its rows are called, where they are counted. */
    const char *connections, *names, *sessions; /* "rows of conn", "of dns" */
    const char *other_rows;                     /* skipped: "of other logs" */
    const char *no_connections;                 /* where connections stand */
    const char *no_names;                       /* what it means that none were read */
};

/* All of main. */
int logs_main(const struct logs *logs, int argc, char **argv);

#endif
