/*
 * Secflow records, written: one JSON object a line, as secflow(5) says.
 */
#ifndef SECFLOW_RECORD_H
#define SECFLOW_RECORD_H

#include "base/output.h"
#include "packet/address.h"

enum name_source { NAME_SESSION, NAME_PASSIVE, NAME_CACHE, NAME_ORIGINAL };

struct record {
    struct address src, dst;
    uint16_t sport, dport; /* host byte order; not written for ICMP */
    uint8_t proto;         /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP or IPPROTO_ICMPV6 */
    enum name_source name_source;
    const char *name;   /* of dst, printable ASCII; NULL with NAME_ORIGINAL */
    size_t name_length; /* at most RECORD_NAME_MAX */
    uint64_t src_packets, src_bytes, dst_packets, dst_bytes;
    int64_t start, last; /* microseconds since 1970-01-01 UTC */

    /* Of extended records only; printable, without quotes and backslashes. */
    const char *community_id; /* no final NUL, nor the others */
    size_t community_id_length;
    const char *uid; /* of Zeek, as the service; NULL: none */
    size_t uid_length;
    const char *service; /* NULL: none */
    size_t service_length;
};

#define RECORD_NAME_MAX 1100u
#define RECORD_ID_MAX 64u /* of either */
#define RECORD_SERVICE_MAX 128u

struct record_writer;

/*
 * A writer to a descriptor that stays the caller's; extended: with the fields of -x. What it
 * writes, it writes in whole lines.
 */
MUST_CHECK enum result record_writer_init(struct record_writer **writer, int fd, bool extended);

/* From now on a function writes. */
void record_writer_redirect(struct record_writer *writer, output_write_fn *write, void *context);

/* Does not flush. */
void record_writer_destroy(struct record_writer **writer);

/* From now on each record tells of its sensor, of whose name sensor.h says what it may be. */
void record_writer_set_sensor(struct record_writer *writer, const char *sensor);

/*
 * Sets the trafficDate of the records that follow, and the start of their window: microseconds;
 * INT64_MIN where time is not cut.
 */
void record_writer_begin(struct record_writer *writer, int64_t traffic_date, int64_t window_start);

/* RESULT_SYSTEM: the output failed, errno says why. */
MUST_CHECK enum result record_write(struct record_writer *writer, const struct record *record);
MUST_CHECK enum result record_writer_flush(struct record_writer *writer);

/* Records written so far. */
uint64_t record_writer_count(const struct record_writer *writer);

#endif
