/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes Secflow records: one JSON object per line, as in secflow(5).
 */
#ifndef SECFLOW_RECORDWRITE_H
#define SECFLOW_RECORDWRITE_H

#include "base/output.h"
#include "record/record.h"

struct record_writer;

/* Writes to a descriptor that remains the caller's, in whole lines. */
MUST_CHECK enum result record_writer_init(struct record_writer **writer, int fd);

/* From now on, write is called in place of write(2). */
void record_writer_redirect(struct record_writer *writer, output_write_fn *write, void *context);

/* Lets a thread write, once there are 8 blocks of so many bytes; see output_write_behind. 0: never.
 */
void record_writer_write_behind(struct record_writer *writer, size_t block);

/* Does not flush, but waits for the thread. */
void record_writer_destroy(struct record_writer **writer);

/*
 * Omits what is unknown. RESULT_INVALID, with nothing written: src is unknown, or dst has neither
 * address nor name; a date is in the year 10000 or later; or the line would be longer than
 * RECORD_LINE_MAX. RESULT_SYSTEM: the output failed; see errno.
 */
MUST_CHECK enum result record_write(struct record_writer *writer, const struct record *record);
MUST_CHECK enum result record_writer_flush(struct record_writer *writer);

/* The longest line, with space for any texts; each of their bytes may become six. */
#define RECORD_LINE_MAX OUTPUT_BYTES

/* Records written so far. */
uint64_t record_writer_count(const struct record_writer *writer);

#endif
