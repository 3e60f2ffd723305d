/*
 * A captured frame: what the rooms that read packets (capfile, capture) hand to those that decode
 * them (filter, packet).
 */
#ifndef SECFLOW_FRAME_H
#define SECFLOW_FRAME_H

#include <stdint.h>

struct frame {
    const uint8_t *data; /* owned by the reader, valid until its next call */
    uint32_t captured;   /* bytes at data */
    uint32_t length;     /* bytes on the wire, at least captured */
    int64_t time;        /* microseconds since 1970-01-01 UTC; negative: out of range */
    int linktype;        /* a LINKTYPE_ value, www.tcpdump.org/linktypes.html */
};

/* The captured length beyond which no reader believes a header: libpcap's MAXIMUM_SNAPLEN. */
#define FRAME_CAPTURED_MAX 262144u

/* The first microsecond of the year 10000, which RFC 3339 cannot write: times end before it. */
#define FRAME_TIME_END INT64_C(253402300800000000)

#endif
