/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Secflow, as everything that writes or reads records uses it (recordwrite.h, recordread.h).
 */
#ifndef SECFLOW_RECORD_H
#define SECFLOW_RECORD_H

#include "flow/connection.h"
#include "packet/address.h"

#include <string.h>

/* NAME_OTHER: any other word in a line that was read; written as "original". */
enum name_source { NAME_SESSION, NAME_PASSIVE, NAME_CACHE, NAME_ORIGINAL, NAME_OTHER };

/* A text in UTF-8, no final NUL; NULL and 0: none. */
struct record_text {
    const char *bytes;
    size_t length;
};

/* True if a text is that string. */
static inline bool record_text_is(struct record_text text, const char *string)
{
    return text.length == strlen(string) && memcmp(text.bytes, string, text.length) == 0;
}

/* In the order of bytes, as memcmp returns it; what a text begins with comes before it. */
static inline int record_text_compare(struct record_text a, struct record_text b)
{
    int order = memcmp(a.bytes, b.bytes, a.length < b.length ? a.length : b.length);

    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* What filters other than flowlabel have added to a record (see secflow(5)). */
struct record_known {
    struct record_text title, description, relevance, known_by, activity;
    struct record_text tags, lists; /* arrays, as JSON */
    struct record_text event, event_id, event_start;
    struct record_text domain; /* the registered domain of the destination's name */
    struct record_text dst_country, dst_as_org;
    uint64_t flow_id_count, flow_id_sensors, destination_count, domain_count, rank, dst_asn;
    /* Microseconds since 1970; negative: unknown. */
    int64_t flow_id_first_seen, flow_id_last_seen, destination_first_seen, domain_first_seen;
};

/*
 * A zeroed record with negative dates is empty. Times are microseconds; the texts belong to whoever
 * filled in the record. Facts that a line states twice, such as src and srcIp, have one member.
 */
struct record {
    struct address src, dst; /* family 0: unknown, as when a line has only a name */
    uint16_t sport, dport;   /* host byte order; 0 where there are no ports (record_has_ports) */
    uint8_t proto;           /* IPPROTO_TCP, _UDP, _ICMP or _ICMPV6; 0: unknown */
    enum name_source name_source;
    struct record_text name; /* of dst; none: dst is given by its address */
    uint64_t src_packets, src_bytes, dst_packets, dst_bytes;
    struct record_text protocol_information; /* none for TCP and UDP */
    int64_t traffic_date;                    /* since 1970-01-01 UTC; negative: unknown */
    int64_t relative_start;                  /* from the traffic date */
    int64_t duration;

    struct record_text sensor;  /* as sensor.h allows it */
    enum bytes_from bytes_from; /* the layer whose byte counts the record's are estimated from */
    uint64_t sampling;          /* one packet in this many was seen; 0: unknown */

    bool extended;        /* has the fields of -x, including those that follow */
    int64_t window_start; /* since 1970; negative: time is not cut */
    struct record_text community_id, uid, service; /* the last two: from Zeek */

    struct record_text destination; /* dst as it is in the line; only for records that were read */
    struct record_text source;      /* likewise the host in src, without brackets and port */
    struct record_text category, flow_id; /* likewise, from flowlabel */
    const struct record_known *known;     /* the reader's; NULL for records that were not read */
};

/* False if protocolInformation is set. */
#define RECORD_ICMP ((struct record_text){"ICMP", 4})

static inline bool record_has_ports(const struct record *record)
{
    return record->protocol_information.length == 0;
}

/* Microseconds since 1970; negative: unknown. */
static inline int64_t record_start(const struct record *record)
{
    return record->traffic_date < 0 ? -1 : record->traffic_date + record->relative_start;
}

#endif
