/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metering process (RFC 5470's word): frames, or connections of a log, in, flows out.
 *
 * Decodes each frame, reads names out of DNS, drops what stays inside, counts the rest as flows,
 * and at the end of a window sends them on as one sample.
 *
 * All that returns a result may return RESULT_NO_MEMORY, or RESULT_SYSTEM, mostly because the sink
 * failed.
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
    const struct locality *locality; /* the caller's, for as long as the meter lives */
    struct sink sink;                /* of names and flows, the caller's */
    int64_t window;                  /* microseconds; 0: one window */
    int64_t flow_memory;     /* microseconds for which a flow keeps its source; 0: for good */
    size_t flow_limit;       /* flows in memory; 0: no limit */
    size_t flow_names_limit; /* bytes of names that flows gave themselves; 0: no limit */
    uint8_t family;          /* 4 or 6: that one only; 0: both */
    bool keep_all;           /* local traffic and service protocols too */
    bool open_tunnels;
    bool in_pieces;     /* the flows of a window that ended are copied while packets go on */
    bool session_names; /* read handshakes, for the names that flows give themselves */
    bool extended;      /* keep of connections what the fields of -x tell */
};

/* What became of the frames, in packets; or of the connections. */
struct meter_counts {
    uint64_t verdicts[PACKET_VERDICTS]; /* PACKET_OK: all that were decoded, those below included */
    uint64_t other_family, local, service;
    uint64_t late;    /* kept, but older than the window they were counted in */
    uint64_t windows; /* that have ended, empty ones included */
    uint64_t early;   /* flows sent on before their window ended, because of flow_limit */
};

struct meter;

MUST_CHECK enum result meter_init(struct meter **meter, const struct meter_options *options);
void meter_destroy(struct meter **meter);

/*
 * Takes a frame; one that begins a new window ends the one before it, and so does one that lies a
 * whole window before the open one: then a clock was set back, or the time before was wrong.
 * Windows begin at multiples of their length since 1970. *verdict tells what the frame was.
 */
MUST_CHECK enum result meter_frame(struct meter *meter, const struct frame *frame,
                                   enum packet_verdict *verdict);

/*
 * Ends the open window if a frame of that time would, though there is none; and goes on to send the
 * window that has ended, where that is done in pieces. No earlier frame may be on its way.
 */
MUST_CHECK enum result meter_tick(struct meter *meter, int64_t time);

/* Whether there are pieces left to send; sends them all. */
bool meter_is_sending(const struct meter *meter);
MUST_CHECK enum result meter_send_rest(struct meter *meter);

/*
 * Takes a connection, whose start begins windows as the time of a frame does. Logs tell of it when
 * it has ended: so one that began long before the open window is late and counted there, unless it
 * has ended a whole window before it, too. With extended the logged id of a flow is its Community
 * ID, where that is not of seed 0, a space, and its uid, if it has any of these.
 */
MUST_CHECK enum result meter_connection(struct meter *meter, const struct connection *connection);

/*
 * Takes a name that the originator of a connection said; its row may come before or after, but not
 * once the connection's window has ended.
 */
MUST_CHECK enum result meter_session(struct meter *meter, const char *uid, size_t uid_length,
                                     const struct hostname *said);

/* Takes a name that an address got at a time in microseconds. */
MUST_CHECK enum result meter_name(struct meter *meter, const struct address *address,
                                  const char *name, size_t length, int64_t time);

/* After the last of them: sends the flows of the open window on. */
MUST_CHECK enum result meter_finish(struct meter *meter);

const struct meter_counts *meter_counts(const struct meter *meter);

/* Names from handshakes that were not stored, because flow_names_limit was reached. */
uint64_t meter_unnamed(const struct meter *meter);

/* The flows that are remembered, and how much memory they take. */
size_t meter_flows(const struct meter *meter);
size_t meter_bytes(const struct meter *meter);

#endif
