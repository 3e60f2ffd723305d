/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the readers of logs: a log is read sequentially, row by row. A row gives a connection,
 * names of addresses, or the name that a connection asked for.
 *
 * Memory is a fixed buffer plus what one row needs; a row longer than the buffer is damaged.
 */
#ifndef SECFLOW_LOG_H
#define SECFLOW_LOG_H

#include "base/input.h"
#include "flow/connection.h"
#include "name/hostname.h"

/* A useful row. What it points to is the log's, until its next call. */
struct log_row {
    enum { LOG_CONNECTION, LOG_NAMES, LOG_SESSION } kind;
    struct connection connection; /* LOG_CONNECTION: of a known protocol */
    /* LOG_NAMES: addresses given for a name, at the time of the query. */
    int64_t time;     /* microseconds since 1970-01-01 UTC */
    const char *name; /* in the form of dns.h */
    size_t name_length;
    const struct address *addresses;
    size_t address_count; /* more than 0 */
    /* LOG_SESSION: the name given by the originator of the connection with that uid. */
    const char *uid;
    size_t uid_length;
    struct hostname server;
};

/* In rows. */
struct log_counts {
    uint64_t connections, names, sessions; /* read, including those below; excluding damaged ones */
    uint64_t other_protocols;              /* of connections: neither TCP, UDP nor ICMP */
    uint64_t other_ports;                  /* of names: DNS not on port 53 */
    uint64_t other_rows;                   /* with other content */
    uint64_t empty;                        /* that say that there was nothing to log */
    uint64_t lost;                         /* that say that others are missing */
    uint64_t unfinished; /* begun at the end of a log that is still being written */
    uint64_t uncounted;  /* of connections: without packets and bytes */
    uint64_t zoneless;   /* of connections: times had no zone, and none was given */
    uint64_t untold;     /* sets of data whose template is missing */
};

/* The beginning of every log. */
struct log {
    struct log_counts counts;
    uint64_t line;     /* the number of the line that the row began in; 0 before the first */
    char problem[256]; /* what was wrong; valid until the next call */
};

struct log_options {
    bool sessions;        /* read names that connections asked for; else such rows are others */
    bool words;           /* take the uid, service and Community ID of connections */
    const char *columns;  /* names of columns if a log has none; NULL: none. The caller's */
    uint8_t frame_header; /* bytes before each IP packet, if a log counts frames */
    bool multiply;        /* multiply counts by the sampling rate, if it is known */
    const char *zone;     /* of times without one, such as +02:00; at most 6 bytes; NULL: UTC */
    size_t memory;        /* bytes for what logs share */
    struct log_shared *shared; /* made by share; NULL if the reader has none */
};

/* What the logs of a sample share, such as templates. */
struct log_shared;

/* The functions of a reader. */
struct log_reader {
    /*
     * Reads the head of a log from the input, which remains the caller's and must outlive it.
     * RESULT_DAMAGED: not such a log; *log is created anyway, so that its problem can say what it
     * is. RESULT_SYSTEM: the input cannot be read; see errno. RESULT_NO_MEMORY. An empty input is
     * an empty log.
     */
    MUST_CHECK enum result (*open)(struct log **log, struct input *input,
                                   const struct log_options *options);
    /*
     * The next useful row. RESULT_END; RESULT_DAMAGED: the problem says in which line and how, and
     * the next call continues after it; RESULT_SYSTEM and RESULT_NO_MEMORY, as above. An input
     * without any rows of such logs is damage too, reported at its end.
     */
    MUST_CHECK enum result (*next)(struct log *log, struct log_row *row);
    void (*close)(struct log **log);
    /*
     * For logs that share something: share is called before the first is opened, unshare after the
     * last was closed, and adds what is known only then to the counts. NULL: they share nothing.
     * RESULT_NO_MEMORY, RESULT_SYSTEM.
     */
    MUST_CHECK enum result (*share)(struct log_shared **shared, const struct log_options *options);
    void (*unshare)(struct log_shared **shared, struct log_counts *counts);
};

#endif
