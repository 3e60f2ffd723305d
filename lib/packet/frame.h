/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A captured frame: passed from the modules that read packets (capfile, capture) to those that
 * decode them (filter, packet).
 */
#ifndef SECFLOW_FRAME_H
#define SECFLOW_FRAME_H

#include <stdint.h>

/* The supported link types: www.tcpdump.org/linktypes.html. */
enum {
    LINKTYPE_NULL = 0,
    LINKTYPE_ETHERNET = 1,
    LINKTYPE_PPP = 9,
    LINKTYPE_RAW_12 = 12, /* raw IP, under numbers that some systems wrote to files */
    LINKTYPE_RAW_14 = 14,
    LINKTYPE_PPP_HDLC = 50,
    LINKTYPE_PPP_ETHER = 51,
    LINKTYPE_RAW = 101,
    LINKTYPE_C_HDLC = 104,
    LINKTYPE_IEEE802_11 = 105,
    LINKTYPE_LOOP = 108,
    LINKTYPE_LINUX_SLL = 113,
    LINKTYPE_IEEE802_11_RADIOTAP = 127,
    LINKTYPE_PPP_WITH_DIR = 204,
    LINKTYPE_IPV4 = 228,
    LINKTYPE_IPV6 = 229,
    LINKTYPE_LINUX_SLL2 = 276
};

struct frame {
    const uint8_t *data; /* owned by the reader, valid until its next call */
    uint32_t captured;   /* bytes at data */
    uint32_t length;     /* bytes on the wire, never less than captured */
    int64_t time;        /* microseconds since 1970-01-01 UTC; negative: out of range */
    int linktype;        /* one of the above, or another value of that registry */
};

/* The captured length above which no reader believes a header: libpcap's MAXIMUM_SNAPLEN. */
#define FRAME_CAPTURED_MAX 262144u

#endif
