/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of the capfile module: the reader of each format. The lookahead holds three
 * packets of the greatest length, or a long block.
 */
#ifndef SECFLOW_CAPREAD_H
#define SECFLOW_CAPREAD_H

#include "base/lookahead.h"
#include "packet/capfile.h"

/* A pcap file, as described by its head. */
struct pcap_state {
    bool big_endian, nanoseconds;
    uint8_t header;   /* bytes of a record header */
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
    int64_t last_time; /* of the last packet: simple packets have no time */
};

struct capfile {
    enum result (*next)(struct capfile *, struct frame *);
    struct pcap_state pcap;
    struct pcapng_state pcapng;
    uint64_t frames;
    bool finished; /* nothing is left, and damage has been reported */
    char problem[256];
    struct lookahead in;
};

/* Records a problem, formatted like printf. Returns RESULT_DAMAGED. */
__attribute__((format(printf, 2, 3))) enum result capfile_damaged(struct capfile *capfile,
                                                                  const char *format, ...);

/*
 * For the end of the input, or input that cannot be read further: returns RESULT_END, RESULT_SYSTEM
 * or, once, RESULT_DAMAGED if compressed data are damaged.
 */
enum result capfile_ended(struct capfile *capfile);

/*
 * After the reader lost its place: skips to the next place that begins() accepts, or to the end,
 * and adds the number of bytes skipped to the problem. Returns RESULT_DAMAGED.
 */
enum result capfile_resume(struct capfile *capfile, bool (*begins)(struct capfile *));

/* True if the next bytes begin a file of this format, which is then set up. */
bool pcap_begin(struct capfile *capfile);
bool pcapng_begin(struct capfile *capfile);

enum result pcap_next(struct capfile *capfile, struct frame *frame);
enum result pcapng_next(struct capfile *capfile, struct frame *frame);

#endif
