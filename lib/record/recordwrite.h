/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secflow records, written: one JSON object a line, as secflow(5) says.
 */
#ifndef SECFLOW_RECORDWRITE_H
#define SECFLOW_RECORDWRITE_H

#include "base/output.h"
#include "record/record.h"

struct record_writer;

/* To a descriptor that stays the caller's. What it writes, it writes in whole lines. */
MUST_CHECK enum result record_writer_init(struct record_writer **writer, int fd);

/* From now on a function writes. */
void record_writer_redirect(struct record_writer *writer, output_write_fn *write, void *context);

/* Does not flush. */
void record_writer_destroy(struct record_writer **writer);

/*
 * What is not known is left out. RESULT_INVALID, and nothing is written: src is not known, or of
 * dst neither address nor name; a date is not before the year 10000; or all is longer than
 * RECORD_LINE_MAX. RESULT_SYSTEM: the output failed, errno says why.
 */
MUST_CHECK enum result record_write(struct record_writer *writer, const struct record *record);
MUST_CHECK enum result record_writer_flush(struct record_writer *writer);

/* A line for which there is room whatever its texts hold; each of their bytes can become six. */
#define RECORD_LINE_MAX OUTPUT_BYTES

/* Records written so far. */
uint64_t record_writer_count(const struct record_writer *writer);

#endif
