/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the capfile module share: the reader of each format. Its look ahead has room
 * for three packets of the greatest length, or a long block.
 */
#ifndef SECFLOW_CAPREAD_H
#define SECFLOW_CAPREAD_H

#include "base/lookahead.h"
#include "packet/capfile.h"

/* A pcap file, by its head. */
struct pcap_state {
    bool big_endian, nanoseconds;
    uint8_t header;   /* bytes of a record's header */
    uint16_t version; /* the minor one */
    int linktype;
};

struct pcapng_interface {
    int linktype;
    uint32_t snaplen;   /* 0: no limit */
    uint8_t resolution; /* if_tsresol */
    int64_t offset;     /* if_tsoffset, in microseconds */
};

/* A pcapng section. */
struct pcapng_state {
    bool big_endian;
    struct pcapng_interface *interfaces;
    size_t count, capacity;
    int64_t last_time; /* of the last packet: simple packets have none of their own */
};

struct capfile {
    enum result (*next)(struct capfile *, struct frame *);
    struct pcap_state pcap;
    struct pcapng_state pcapng;
    uint64_t frames;
    bool finished; /* nothing is left, and what was wrong has been said */
    char problem[256];
    struct lookahead in;
};

/* Notes a problem, as printf does. Returns RESULT_DAMAGED. */
__attribute__((format(printf, 2, 3))) enum result capfile_damaged(struct capfile *capfile,
                                                                  const char *format, ...);

/*
 * The input is at its end, or cannot be read further: RESULT_END or RESULT_SYSTEM, or, once,
 * RESULT_DAMAGED where compressed data are damaged.
 */
enum result capfile_ended(struct capfile *capfile);

/*
 * The reader lost its way: moves on to the next place that begins() holds to be one,
 * or to the end, and adds to the problem how much that was. Returns RESULT_DAMAGED.
 */
enum result capfile_resume(struct capfile *capfile, bool (*begins)(struct capfile *));

/* Whether the bytes that are next begin a file of this format; sets it up when they do. */
bool pcap_begin(struct capfile *capfile);
bool pcapng_begin(struct capfile *capfile);

enum result pcap_next(struct capfile *capfile, struct frame *frame);
enum result pcapng_next(struct capfile *capfile, struct frame *frame);

#endif
