/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Secflow: what all who write and read records fill in and use (recordwrite.h, recordread.h).
 */
#ifndef SECFLOW_RECORD_H
#define SECFLOW_RECORD_H

#include "packet/address.h"

/* NAME_OTHER: another word in a line that was read; it is written as "original". */
enum name_source { NAME_SESSION, NAME_PASSIVE, NAME_CACHE, NAME_ORIGINAL, NAME_OTHER };

/* The layer at which bytes were counted from which the record's are estimated. */
enum bytes_from { BYTES_EXACT, BYTES_FROM_IP, BYTES_FROM_FRAME };

/* A text: no final NUL; UTF-8. NULL and 0: there is none. */
struct record_text {
    const char *bytes;
    size_t length;
};

/*
 * What filters have added to a record, as secflow(5) says; zero, but the times, where they have
 * not.
 */
struct record_known {
    struct record_text category, flow_id; /* of flowlabel */
    struct record_text title, description, relevance, known_by, activity;
    struct record_text tags, lists; /* arrays, as JSON */
    struct record_text event, event_id, event_start;
    struct record_text domain; /* under which the destination's name was registered */
    struct record_text dst_country, dst_as_org;
    uint64_t flow_id_count, flow_id_sensors, destination_count, domain_count, rank, dst_asn;
    /* Microseconds since 1970; negative: not known. */
    int64_t flow_id_first_seen, flow_id_last_seen, destination_first_seen, domain_first_seen;
};

/*
 * All zero but the dates is a record of nothing. Times are microseconds; the texts belong to
 * whoever filled in the record. Of what a record says twice, src and srcIp, say, there is one
 * member.
 */
struct record {
    struct address src, dst; /* of family 0: not known, as of a line that has but a name */
    uint16_t sport, dport;   /* host byte order; 0 where there are no ports (record_has_ports) */
    uint8_t proto;           /* IPPROTO_TCP, _UDP, _ICMP or _ICMPV6; 0: not known */
    enum name_source name_source;
    struct record_text name; /* of dst; none: it goes by its address */
    uint64_t src_packets, src_bytes, dst_packets, dst_bytes;
    struct record_text protocol_information; /* none for TCP and UDP */
    int64_t traffic_date;                    /* since 1970-01-01 UTC; negative: not known */
    int64_t relative_start;                  /* from the traffic date */
    int64_t duration;

    struct record_text sensor; /* as sensor.h allows it */
    enum bytes_from bytes_from;
    uint64_t sampling; /* one packet in so many was seen; 0: nothing is known of that */

    bool extended;        /* the fields of -x are there, which are those that follow, too */
    int64_t window_start; /* since 1970; negative: time is not cut */
    struct record_text community_id, uid, service; /* the last two: of Zeek */

    struct record_text destination; /* dst as it stands in the line; of records that were read */
    struct record_text source;      /* the host in src, likewise, without brackets and port */
    struct record_known known;
};

/* protocolInformation where it is not empty. */
#define RECORD_ICMP ((struct record_text){"ICMP", 4})

static inline bool record_has_ports(const struct record *record)
{
    return record->protocol_information.length == 0;
}

/* Microseconds since 1970; negative: not known. */
static inline int64_t record_start(const struct record *record)
{
    return record->traffic_date < 0 ? -1 : record->traffic_date + record->relative_start;
}

#endif
