/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secflow records, read: a line as secflow(5) says, whatever else it holds, and the same line with
 * fields added.
 */
#ifndef SECFLOW_RECORDREAD_H
#define SECFLOW_RECORDREAD_H

#include "base/output.h"
#include "base/text.h"
#include "record/record.h"

struct record_reader;

/* Fields that a reader can be told to add to a record, at most. */
#define RECORD_ADDED_MAX 16u

/* names: of the fields that record_write_with adds, the caller's while the reader lives. */
MUST_CHECK enum result record_reader_init(struct record_reader **reader, const char *const *names,
                                          size_t count);
void record_reader_destroy(struct record_reader **reader);

/*
 * Reads a line, given without its newline. RESULT_DAMAGED: it is no Secflow, record_problem says
 * why. Needed are the first ten fields, src to duration. RESULT_NO_MEMORY. The texts of the record
 * are the reader's or the line's, which must stay where it is until the reader's next call.
 *
 * Filled in is what samples and labels are made of: destination, dport, protocol_information,
 * counts, times, traffic_date and sensor. All else is not known yet.
 */
MUST_CHECK enum result record_read(struct record_reader *reader, const char *line, size_t length,
                                   struct record *record);

/*
 * Fills in all else that the line tells which was read last. What is not there, or is not what it
 * should be, stays not known. start, srcIp, srcPort, dstPort and dstName only say again what other
 * fields do, and are not looked at.
 */
void record_read_rest(const struct record_reader *reader, struct record *record);

const char *record_problem(const struct record_reader *reader);

/*
 * Writes the line that was read last, with the fields to be added: values, one for each name, are
 * JSON values as they are to stand there, a string in its quotes; NULL leaves that field as it is.
 * Where the line has a field of that name its value is replaced, else it comes at the end, in the
 * order of the names. All other bytes stay as they are. RESULT_SYSTEM, as from the output.
 */
MUST_CHECK enum result record_write_with(const struct record_reader *reader,
                                         const char *const *values, struct output *output);

/*
 * Adds the line that was read last to a text, as the object of its first ten fields only, whose
 * values are those of the line, byte for byte. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result record_put_ten(const struct record_reader *reader, struct text *text);

#endif
