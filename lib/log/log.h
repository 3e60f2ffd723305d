/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of logs have in common: a log is read in one direction, row by row, and a row
 * tells of a connection, of names that addresses have, or of the name that a connection said.
 *
 * Memory is a fixed buffer beside what one row needs; a row longer than that is damaged.
 */
#ifndef SECFLOW_LOG_H
#define SECFLOW_LOG_H

#include "base/input.h"
#include "flow/connection.h"
#include "name/hostname.h"

/* A row that tells something. What it points to is the log's, until its next call. */
struct log_row {
    enum { LOG_CONNECTION, LOG_NAMES, LOG_SESSION } kind;
    struct connection connection; /* LOG_CONNECTION: of a known protocol */
    /* LOG_NAMES: addresses that were given for a name, at the time of the query. */
    int64_t time;     /* microseconds since 1970-01-01 UTC */
    const char *name; /* as dns.h has them */
    size_t name_length;
    const struct address *addresses;
    size_t address_count; /* more than 0 */
    /* LOG_SESSION: the name that the originator of the connection with that uid said. */
    const char *uid;
    size_t uid_length;
    struct hostname server;
};

/* In rows. */
struct log_counts {
    uint64_t connections, names, sessions; /* read, those below included; not damaged ones */
    uint64_t other_protocols;              /* of connections: neither TCP, UDP nor ICMP */
    uint64_t other_ports;                  /* of names: DNS that is not on port 53 */
    uint64_t other_rows;                   /* of something else */
};

/* What all logs begin with. */
struct log {
    struct log_counts counts;
    uint64_t line;     /* the number of the line that the row began in; 0 before the first */
    char problem[256]; /* what was wrong, until the next call */
};

struct log_options {
    bool sessions; /* read the names that connections said; else such rows are other ones */
};

/* The functions of a reader. */
struct log_reader {
    /*
     * Reads the head of a log from the input, which stays the caller's and must outlive it.
     * RESULT_DAMAGED: it is not such a log; *log is made all the same, so that its problem can say
     * what it is. RESULT_SYSTEM: errno says why the input cannot be read. RESULT_NO_MEMORY. An
     * empty input is an empty log.
     */
    MUST_CHECK enum result (*open)(struct log **log, struct input *input,
                                   const struct log_options *options);
    /*
     * The next row that tells something. RESULT_END; RESULT_DAMAGED: the problem says in which
     * line and how, the next call goes on behind it; RESULT_SYSTEM and RESULT_NO_MEMORY, as above.
     * An input that had no rows of such logs at all is damage too, at its end.
     */
    MUST_CHECK enum result (*next)(struct log *log, struct log_row *row);
    void (*close)(struct log **log);
};

#endif
