/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads Secflow records, lines as in secflow(5) that may hold more, and writes them again with
 * added fields.
 */
#ifndef SECFLOW_RECORDREAD_H
#define SECFLOW_RECORDREAD_H

#include "base/output.h"
#include "base/text.h"
#include "record/record.h"

struct record_reader;

/* The fields of a record, in their order. */
enum record_field {
    RECORD_SRC,
    RECORD_DST,
    RECORD_NAME_SOURCE,
    RECORD_SRC_PACKETS,
    RECORD_SRC_BYTES,
    RECORD_DST_PACKETS,
    RECORD_DST_BYTES,
    RECORD_RELATIVE_START,
    RECORD_PROTOCOL_INFORMATION,
    RECORD_DURATION,
    RECORD_TRAFFIC_DATE,
    RECORD_PROTO,
    RECORD_SENSOR,
    RECORD_BYTES_FROM,
    RECORD_SAMPLING,
    RECORD_START,
    RECORD_WINDOW_START,
    RECORD_SRC_IP,
    RECORD_SRC_PORT,
    RECORD_DST_IP,
    RECORD_DST_PORT,
    RECORD_DST_NAME,
    RECORD_COMMUNITY_ID,
    RECORD_UID,
    RECORD_SERVICE,
    RECORD_FIELDS
};

/* The most fields that a reader can add to a record. */
#define RECORD_ADDED_MAX 16u

/* names: of the fields that record_write_with adds; the caller's, and must outlive the reader. */
MUST_CHECK enum result record_reader_init(struct record_reader **reader, const char *const *names,
                                          size_t count);
void record_reader_destroy(struct record_reader **reader);

/*
 * Reads a line, given without its newline. RESULT_DAMAGED: not a Secflow, see record_problem; the
 * first ten fields, src to duration, are required. RESULT_NO_MEMORY. The texts of the record belong
 * to the reader or the line, which must stay in place until the reader's next call.
 *
 * Fills in what samples and labels need: destination, dport, protocol_information, counts, times,
 * traffic_date and sensor. The rest stays unknown.
 */
MUST_CHECK enum result record_read(struct record_reader *reader, const char *line, size_t length,
                                   struct record *record);

/*
 * Fills in the rest of the line read last, but for src and sport. Fields that are missing or
 * malformed stay unknown. Ignores start, srcIp, srcPort, dstPort and dstName, which only repeat
 * other fields.
 */
void record_read_rest(struct record_reader *reader, struct record *record);

/* Fills in the address of the source, and its port; both stay unknown if one is malformed. */
void record_read_source(const struct record_reader *reader, struct record *record);

/*
 * A line taken apart: the value of each of the fields as it stands there, of length 0 where it is
 * not there; and the members that the line has besides, with a comma between two.
 */
struct record_parts {
    struct record_text values[RECORD_FIELDS];
    struct record_text rest;
};

/*
 * Takes the line apart that was read last. RESULT_NO_MEMORY. The parts are the reader's or the
 * line's, as above.
 */
MUST_CHECK enum result record_take_apart(struct record_reader *reader, struct record_parts *parts);

/* One of these values. */
struct record_text record_value(const struct record_reader *reader, enum record_field field);

const char *record_problem(const struct record_reader *reader);

/*
 * Writes the line read last with the fields to be added. values: one for each name, as JSON (a
 * string in its quotes); NULL leaves that field as it is. If the line has a field of that name, its
 * value is replaced; else the field is appended, in the order of the names. All other bytes are
 * unchanged. RESULT_SYSTEM, as from the output.
 */
MUST_CHECK enum result record_write_with(const struct record_reader *reader,
                                         const char *const *values, struct output *output);

/*
 * The place in the line read last where fields can be added, its closing brace. 0: it has some of
 * the fields already.
 */
size_t record_room(const struct record_reader *reader);

/*
 * The same as record_write_with for a line that was read earlier, by any reader that adds these
 * fields, and that has room there.
 */
MUST_CHECK enum result record_write_later(const struct record_reader *reader, const char *line,
                                          size_t length, size_t room, const char *const *values,
                                          struct output *output);

/*
 * Appends the line read last to a text, as an object of only its first ten fields, with the values
 * of the line, byte for byte. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result record_put_ten(const struct record_reader *reader, struct text *text);

#endif
