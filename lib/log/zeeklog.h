/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zeek's conn.log and dns.log, and ssl.log, quic.log and http.log for the names that connections
 * say, read in one direction, in every shape that they come in:
 *
 *   TSV    by the #fields of its header, in any order, which may come again with another one
 *          (docs.zeek.org, "Zeek log formats"; a plain first line of names does as a header)
 *   JSON   an object a line, or arrays of objects, with ids as id.orig_h, id_orig_h or an object id
 *
 * What a row is a log's #path or _path says, else its fields. Rows of other logs are passed over.
 * Memory is a fixed buffer beside what one row needs; a row longer than that is damaged.
 */
#ifndef SECFLOW_ZEEKLOG_H
#define SECFLOW_ZEEKLOG_H

#include "base/input.h"
#include "flow/connection.h"
#include "name/hostname.h"

/* A row that tells something. What it points to is the log's, until its next call. */
struct zeek_row {
    enum { ZEEK_CONNECTION, ZEEK_LOOKUP, ZEEK_SESSION } kind;
    struct connection connection; /* ZEEK_CONNECTION: of a known protocol */
    /* ZEEK_LOOKUP: addresses that were given for a name, at the time of the query. */
    int64_t time;     /* microseconds since 1970-01-01 UTC */
    const char *name; /* as dns.h has them */
    size_t name_length;
    const struct address *addresses;
    size_t address_count; /* more than 0 */
    /* ZEEK_SESSION: the name that the originator of the connection with that uid said. */
    const char *uid;
    size_t uid_length;
    struct hostname server;
};

/* In rows. */
struct zeek_counts {
    uint64_t conn, dns;       /* read, those below included; damaged ones are not */
    uint64_t sessions;        /* of ssl, quic and http */
    uint64_t other_protocols; /* of conn: neither TCP, UDP nor ICMP */
    uint64_t other_ports;     /* of dns: not on port 53 */
    uint64_t other_logs;
};

struct zeeklog;

/*
 * Reads the head of a log from the input, which stays the caller's and must outlive it. Without
 * sessions, ssl, quic and http are other logs.
 * RESULT_DAMAGED: it is no log; *log is made all the same, so that zeeklog_problem can say what it
 * is. An empty input is an empty log.
 */
MUST_CHECK enum result zeeklog_open(struct zeeklog **log, struct input *input, bool sessions);
void zeeklog_close(struct zeeklog **log);

/*
 * The next row that tells something. RESULT_END; RESULT_DAMAGED: zeeklog_problem says in which line
 * and how, the next call goes on behind it; RESULT_SYSTEM: errno says why the input cannot be read;
 * RESULT_NO_MEMORY. An input that had none of these logs at all is damage too, at its end.
 */
MUST_CHECK enum result zeeklog_next(struct zeeklog *log, struct zeek_row *row);

/* What was wrong; owned by the log, until its next call. */
const char *zeeklog_problem(const struct zeeklog *log);

const struct zeek_counts *zeeklog_counts(const struct zeeklog *log);

#endif
