/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of the ipfixlog module: what records say, templates, and what is known of
 * exporters.
 */
#ifndef SECFLOW_IPFIXREAD_H
#define SECFLOW_IPFIXREAD_H

#include "base/hash.h"
#include "base/index.h"
#include "base/lookahead.h"
#include "log/ipfixlog.h"
#include "log/logparts.h"
#include "packet/capfile.h"
#include "packet/packet.h"

/*
 * What matters of a record. BACK_: of the other direction, as RFC 5103 has it. The addresses are
 * kept apart from the numbers.
 */
enum ipfix_field {
    IPFIX_NONE,
    IPFIX_SRC_4,
    IPFIX_DST_4,
    IPFIX_SRC_6,
    IPFIX_DST_6,
    IPFIX_PROTO,
    IPFIX_SRC_PORT,
    IPFIX_DST_PORT,
    IPFIX_OCTETS,
    IPFIX_PACKETS,
    IPFIX_OCTETS_TOTAL,
    IPFIX_PACKETS_TOTAL,
    IPFIX_OCTETS_FRAMES, /* of whole frames */
    IPFIX_OUT_OCTETS,    /* behind the exporter; or, of some, of the other direction */
    IPFIX_OUT_PACKETS,
    IPFIX_INITIATOR_OCTETS,
    IPFIX_INITIATOR_PACKETS,
    IPFIX_RESPONDER_OCTETS,
    IPFIX_RESPONDER_PACKETS,
    IPFIX_BACK_OCTETS,
    IPFIX_BACK_PACKETS,
    IPFIX_BACK_OCTETS_TOTAL,
    IPFIX_BACK_PACKETS_TOTAL,
    IPFIX_FLAGS, /* of TCP */
    IPFIX_BACK_FLAGS,
    IPFIX_FIRST_FLAGS, /* of the first packet */
    IPFIX_BACK_FIRST_FLAGS,
    IPFIX_BACK_DELAY, /* milliseconds by which the other direction began later */
    IPFIX_START_S,
    IPFIX_END_S,
    IPFIX_START_MS,
    IPFIX_END_MS,
    IPFIX_START_NTP, /* 154 to 157: seconds since 1900, and 32 bits of their fraction */
    IPFIX_END_NTP,
    IPFIX_START_BEFORE, /* microseconds before the message */
    IPFIX_END_BEFORE,
    IPFIX_START_UP, /* milliseconds since the exporter started */
    IPFIX_END_UP,
    IPFIX_INIT_MS, /* when the exporter started */
    IPFIX_DURATION_MS,
    IPFIX_DURATION_US,
    IPFIX_EVENT_MS, /* when it was observed */
    IPFIX_ICMP_4,   /* type and code */
    IPFIX_ICMP_6,
    IPFIX_ICMP_TYPE,
    IPFIX_ICMP_CODE,
    IPFIX_DIRECTION, /* of the interface: 0 in, 1 out */
    IPFIX_WHO,       /* biflowDirection: 1 the source began, 2 the destination */
    IPFIX_EVENT,     /* of a firewall */
    IPFIX_FLOW_ID,
    IPFIX_SELECTOR,        /* of a sampler */
    IPFIX_SAMPLING,        /* one packet in so many */
    IPFIX_SAMPLING_TAKE,   /* so many packets */
    IPFIX_SAMPLING_SPACE,  /* and between them so many not */
    IPFIX_SAMPLING_SIZE,   /* so many packets */
    IPFIX_SAMPLING_OF_ALL, /* of so many */
    IPFIX_FIELDS
};

_Static_assert(IPFIX_FIELDS <= 64, "a set of fields is a word");

#define IPFIX_BIT(field) (UINT64_C(1) << (field))

/* A field of a template: bytes to step over, then the field's own. */
struct ipfix_step {
    uint16_t skip;
    uint16_t length; /* IPFIX_VARIABLE: it is in front of the field */
    uint8_t field;   /* IPFIX_NONE: step over it, too */
};

#define IPFIX_VARIABLE 65535u

/* How to read the records of a set. */
struct ipfix_template {
    uint64_t has;      /* bits of the fields */
    uint32_t shortest; /* bytes of a record, at least 1 */
    uint16_t count;    /* of steps */
    bool options;      /* records are about the exporter, not about flows */
    bool variable;     /* records differ in length */
    struct ipfix_step steps[];
};

struct ipfix_values {
    uint64_t has; /* of the template */
    uint64_t number[IPFIX_FIELDS];
    uint8_t src[16], dst[16]; /* IPv6 */
};

/* Who sent a message: templates of one exporter say nothing about data of another. */
struct ipfix_exporter {
    uint8_t address[16]; /* zero: unknown, the messages were in a file */
    uint32_t domain;     /* or engine */
    uint16_t port;
    uint8_t family;
    uint8_t version; /* 5, 9 or 10 */
};

/* What the head of a message says. Times are microseconds since 1970. */
struct ipfix_head {
    struct ipfix_exporter exporter;
    int64_t exported;
    int64_t seen;      /* when it was captured; in a file, the same as exported */
    uint32_t uptime;   /* milliseconds, in versions 5 and 9 */
    uint32_t sampling; /* of version 5; 0: none */
};

/* What the head of a template says. */
struct ipfix_kind_of {
    uint16_t fields, scopes; /* the first of the fields are scopes */
    uint8_t version;         /* 9 or 10 */
    bool options;
};

/*
 * Reads a template's specification, after its head, up to `end`; *used: its bytes. RESULT_DAMAGED:
 * it does not end there, or its records have no length. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result ipfix_compile(struct ipfix_template **template, const uint8_t *spec,
                                     const uint8_t *end, const struct ipfix_kind_of *kind,
                                     size_t *used);

/* The template of NetFlow 5, whose records are fixed. RESULT_NO_MEMORY. */
MUST_CHECK enum result ipfix_version_5(struct ipfix_template **template);

/* Reads a record; returns its bytes, 0 if it does not end before `end`. */
size_t ipfix_decode(const struct ipfix_template *template, const uint8_t *record,
                    const uint8_t *end, struct ipfix_values *values);

/* ---- Memory: what logs of a sample share (ipfixmemory.c) */

/* Data of a set that wait for their template, or whose template has come. */
struct ipfix_waiting {
    struct ipfix_waiting *previous, *next; /* of all, by age */
    struct ipfix_waiting *later;           /* of the same template */
    struct ipfix_entry *entry;             /* while they wait */
    uint16_t number;                       /* of the template */
    struct ipfix_head head;
    size_t length;
    uint8_t bytes[];
};

enum ipfix_kind { IPFIX_TEMPLATE, IPFIX_RATE, IPFIX_RATE_OF_ALL, IPFIX_INIT };

/* The exporter, the kind, and the number of the template or of the sampler. */
struct ipfix_key {
    uint64_t words[5];
};

/* Something that an exporter said. */
struct ipfix_entry {
    struct ipfix_key key;
    uint64_t used; /* by a clock of uses */
    uint64_t value;
    struct ipfix_template *template; /* NULL: not known yet */
    size_t bytes;                    /* of it */
    struct ipfix_waiting *first, *last;
};

struct ipfix_total;

struct ipfix_memory {
    size_t most, bytes; /* of entries, templates and waiting data */
    size_t forgotten;   /* sets of data that waited and were dropped */
    struct hash_seed seed;
    struct index index;
    struct ipfix_entry **entries;
    size_t count, capacity;
    uint64_t clock;
    struct ipfix_waiting *oldest, *newest;          /* of those that wait */
    struct ipfix_waiting *ready_first, *ready_last; /* whose template has come */
    struct ipfix_template *version_5;
    struct ipfix_total *totals; /* NULL: none yet */
};

/* most: bytes. RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result ipfix_memory_init(struct ipfix_memory **memory, size_t most);
void ipfix_memory_destroy(struct ipfix_memory **memory);

/*
 * Keeps memory within its bound; call it between messages. Data that wait are dropped first, the
 * oldest of them; then entries that were not used for the longest time, with their templates.
 */
void ipfix_make_room(struct ipfix_memory *memory);

/* What an exporter said; NULL: nothing. */
struct ipfix_entry *ipfix_recall(struct ipfix_memory *memory, const struct ipfix_exporter *exporter,
                                 enum ipfix_kind kind, uint64_t number);

/* Remembers a value. RESULT_NO_MEMORY. */
MUST_CHECK enum result ipfix_remember(struct ipfix_memory *memory,
                                      const struct ipfix_exporter *exporter, enum ipfix_kind kind,
                                      uint64_t number, uint64_t value);

/*
 * Defines a template, which the memory then owns, whatever the result; NULL withdraws it. Data that
 * waited for it become ready. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result ipfix_define(struct ipfix_memory *memory,
                                    const struct ipfix_exporter *exporter, uint16_t number,
                                    struct ipfix_template *template);

/* Keeps a copy of data until their template comes. RESULT_NO_MEMORY. */
MUST_CHECK enum result ipfix_wait(struct ipfix_memory *memory, const struct ipfix_head *head,
                                  uint16_t number, const uint8_t *bytes, size_t length);

/* Takes data whose template has come; the caller gives them to ipfix_done. NULL: none. */
struct ipfix_waiting *ipfix_take_ready(struct ipfix_memory *memory);
void ipfix_done(struct ipfix_memory *memory, struct ipfix_waiting **waiting);

/*
 * Counters that run on over the records of a flow: leaves what was added since its last record.
 * key: what identifies the flow. Remembers a limited number of flows. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result ipfix_since_last(struct ipfix_memory *memory, const void *key, size_t length,
                                        uint64_t counts[4]);

/* ---- Records (ipfixrow.c) */

/* What is known about the records of a set, looked up once. */
struct ipfix_set {
    struct ipfix_head head;
    const struct ipfix_template *template;
    const uint8_t *at, *end;
    int64_t up_since;  /* when the exporter started; INT64_MIN: unknown */
    uint32_t sampling; /* of all its records; 0: none, or unknown */
    uint64_t selector; /* the sampler that was looked up last */
    uint32_t selected; /* its rate */
};

/* Looks up what is known. */
void ipfix_begin_set(struct ipfix_memory *memory, struct ipfix_set *set);

/* The point of observation: the exporter's address, its domain, and the direction. */
#define IPFIX_POINT 21u

/* A record becomes no row, one, or two: the halves of a conversation. */
struct ipfix_rows {
    unsigned count;
    struct connection connections[2];
    char point[IPFIX_POINT];
};

/* Makes rows of a record of a set. RESULT_NO_MEMORY. */
MUST_CHECK enum result ipfix_make_rows(struct ipfix_memory *memory, struct ipfix_set *set,
                                       const struct ipfix_values *values, struct log_counts *counts,
                                       bool multiply, struct ipfix_rows *rows);

/* Takes what a record of options says about the exporter. RESULT_NO_MEMORY. */
MUST_CHECK enum result ipfix_take_options(struct ipfix_memory *memory,
                                          const struct ipfix_exporter *exporter,
                                          const struct ipfix_values *values);

/* ---- Messages (ipfixmessage.c) */

/* Bytes of the longest message: a datagram's. */
#define IPFIX_MESSAGE_MOST 65535u

/* Bytes that ipfix_looks_right wants to see, if there are as many. */
#define IPFIX_HEAD_BYTES 24u

/* True if the bytes may begin a message of a known version. */
bool ipfix_looks_right(const uint8_t *bytes, size_t length);

/*
 * Reads the head of a message that looks right and is whole. The exporter's address, and when the
 * message was seen, are left to the caller. Returns the bytes of the head.
 */
size_t ipfix_read_head(const uint8_t *bytes, struct ipfix_head *head);

/* Reads the templates of a set. RESULT_DAMAGED: the rest of it makes no sense. RESULT_NO_MEMORY. */
MUST_CHECK enum result ipfix_read_templates(struct ipfix_memory *memory,
                                            const struct ipfix_exporter *exporter, bool options,
                                            const uint8_t *at, const uint8_t *end);

#endif
