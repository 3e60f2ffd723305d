/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line shared by the tools that turn logs into Secflows.
 */
#ifndef SECFLOW_LOGS_H
#define SECFLOW_LOGS_H

#include "converter.h"
#include "log/log.h"

struct logs {
    const char *name; /* of the tool */
    const struct tool *tool;
    const struct log_reader *reader;
    struct log_options options; /* the defaults */
    /*
     * Handles a tool's own option and returns a status; -1: not one of them. NULL: the tool has
     * none.
     */
    int (*take_option)(struct log_options *options, int option);
    /* What rows are called in counts. */
    const char *connections, *names, *sessions; /* "rows of conn", "of dns"; NULL: logs have none */
    const char *other_rows;                     /* skipped ones: "of other logs" */
    const char *lost;           /* what it means if others were lost; a count follows */
    const char *no_connections; /* where connections are found */
    const char *only_others;    /* to follow that if there are other rows; NULL: nothing */
    const char *no_names;       /* what it means if none were read; NULL: it is usual */
    bool windows;               /* -d cuts time */
};

/* The whole of main. */
int logs_main(const struct logs *logs, int argc, char **argv);

#endif
