/*
 * Secflow records, read: a line as secflow(5) says, whatever else it holds, and the same line with
 * fields added.
 */
#ifndef SECFLOW_RECORDREAD_H
#define SECFLOW_RECORDREAD_H

#include "base/output.h"
#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

/* A record, as far as it tells what kind of flow it is of. Texts: the reader's or the line's. */
struct secflow {
    const char *dst, *protocol_information; /* no final NUL */
    size_t dst_length, protocol_information_length;
    uint16_t dst_port; /* 0 where protocol_information is not empty: there is none then */
    uint64_t src_packets, src_bytes, dst_packets, dst_bytes;
    int64_t duration;     /* microseconds */
    int64_t traffic_date; /* microseconds since 1970; -1 where the record tells none */
    const char *sensor;   /* as sensor.h allows it, no final NUL; NULL where it tells none */
    size_t sensor_length; /* 0 then */
};

struct record_reader;

/* Fields that a reader can be told to add to a record, at most. */
#define RECORD_ADDED_MAX 4u

/* names: of the fields that record_write_with adds, the caller's while the reader lives. */
MUST_CHECK enum result record_reader_init(struct record_reader **reader, const char *const *names,
                                          size_t count);
void record_reader_destroy(struct record_reader **reader);

/*
 * Reads a line, given without its newline. RESULT_DAMAGED: it is no Secflow, record_problem says
 * why. Needed are the first ten fields, src to duration; others do not matter. RESULT_NO_MEMORY.
 * The line must stay where it is until the reader's next call.
 */
MUST_CHECK enum result record_read(struct record_reader *reader, const char *line, size_t length,
                                   struct secflow *secflow);

const char *record_problem(const struct record_reader *reader);

/*
 * Writes the line that was read last, with the fields to be added: values, one for each name, are
 * printable ASCII without quotes and backslashes. Where the line has a field of that name its value
 * is replaced, else it comes at the end, in the order of the names. All other bytes stay as they
 * are. RESULT_SYSTEM, as from the output.
 */
MUST_CHECK enum result record_write_with(const struct record_reader *reader,
                                         const char *const *values, struct output *output);

/*
 * Adds the line that was read last to a text, as the object of its first ten fields only, whose
 * values are those of the line, byte for byte. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result record_put_ten(const struct record_reader *reader, struct text *text);

#endif
