/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metering process (RFC 5470): takes frames, or connections of a log, and gives flows.
 *
 * Decodes each frame, reads names from DNS, drops local traffic, counts the rest as flows, and at
 * the end of a window sends them on as one sample.
 *
 * Functions that return a result may return RESULT_NO_MEMORY, or RESULT_SYSTEM, mostly because the
 * sink failed.
 */
#ifndef SECFLOW_METER_H
#define SECFLOW_METER_H

#include "flow/connection.h"
#include "flow/sink.h"
#include "name/hostname.h"
#include "packet/frame.h"
#include "packet/locality.h"
#include "packet/packet.h"

struct meter_options {
    const struct locality *locality; /* the caller's; must outlive the meter */
    struct sink sink;                /* for names and flows; the caller's */
    int64_t window;                  /* microseconds; 0: one window */
    int64_t flow_memory;             /* microseconds that a flow keeps its source; 0: forever */
    size_t remembered_most;          /* about as many flows that do so; 0: no limit */
    size_t flow_limit;               /* flows in memory; 0: no limit */
    size_t flow_names_limit;         /* bytes of names from handshakes; 0: no limit */
    uint8_t family;                  /* 4 or 6: that family only; 0: both */
    bool keep_all;                   /* also local traffic and service protocols */
    bool open_tunnels;
    bool in_pieces;     /* copy the flows of an ended window while packets come */
    bool session_names; /* read names from handshakes */
    bool extended;      /* keep what the fields of -x need from connections */
};

/* Counts of frames, in packets; or of connections. */
struct meter_counts {
    uint64_t
        verdicts[PACKET_VERDICTS]; /* PACKET_OK: all that were decoded, including those below */
    uint64_t other_family, local, service;
    uint64_t late;    /* kept, but older than the window they were counted in */
    uint64_t windows; /* ended, including empty ones */
    uint64_t early;   /* flows sent before their window ended, because of flow_limit */
};

struct meter;

MUST_CHECK enum result meter_init(struct meter **meter, const struct meter_options *options);
void meter_destroy(struct meter **meter);

/*
 * Takes a frame. One that begins a new window ends the one before. So does one that lies a whole
 * window before the open one: either a clock was set back or the earlier time was wrong. Windows
 * begin at multiples of their length since 1970. *verdict says what the frame was.
 */
MUST_CHECK enum result meter_frame(struct meter *meter, const struct frame *frame,
                                   enum packet_verdict *verdict);

/*
 * Ends the open window if a frame of that time would, without one; also continues to send an ended
 * window that is sent in pieces. No earlier frame may follow.
 */
MUST_CHECK enum result meter_tick(struct meter *meter, int64_t time);

/* True if pieces are left to send; meter_send_rest sends them all. */
bool meter_is_sending(const struct meter *meter);
MUST_CHECK enum result meter_send_rest(struct meter *meter);

/*
 * Takes a connection, or a piece of one, whose start begins windows as the time of a frame does.
 * Logs write a connection when it ends, so one that began long before the open window is counted
 * there as late, unless it also ended a whole window before. If the connection says when it was
 * reported, that decides. Its bytes may be those of a lower
 * layer (join.h). With extended, the logged id of a flow is its Community ID (unless of seed 0), a
 * space, and its uid, if it has any of these.
 */
MUST_CHECK enum result meter_connection(struct meter *meter, const struct connection *connection);

/*
 * Takes a name given by the originator of a connection. The connection may come before or after,
 * but its window must not have ended.
 */
MUST_CHECK enum result meter_session(struct meter *meter, const char *uid, size_t uid_length,
                                     const struct hostname *said);

/* Takes a name that an address got at a time, in microseconds. */
MUST_CHECK enum result meter_name(struct meter *meter, const struct address *address,
                                  const char *name, size_t length, int64_t time);

/* After the last of them: sends the flows of the open window. */
MUST_CHECK enum result meter_finish(struct meter *meter);

const struct meter_counts *meter_counts(const struct meter *meter);

/* The number of names from handshakes not stored because flow_names_limit was reached. */
uint64_t meter_unnamed(const struct meter *meter);

/* The flows in memory, and the bytes that they take. */
size_t meter_flows(const struct meter *meter);
size_t meter_bytes(const struct meter *meter);

#endif
