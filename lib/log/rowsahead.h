/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading rows ahead: where a thread reads the input of a log ahead (input_read_ahead), another one
 * makes its rows while the caller works on those before. Elsewhere this is the reader itself.
 */
#ifndef SECFLOW_ROWSAHEAD_H
#define SECFLOW_ROWSAHEAD_H

#include "log/log.h"

struct rowsahead;

/* An open log and its input. Both are not to be used otherwise until rowsahead_destroy. */
MUST_CHECK enum result rowsahead_init(struct rowsahead **rows, const struct log_reader *reader,
                                      struct log *log, struct input *input);

/* Waits until the thread has made the rows that it is about, and ends it. */
void rowsahead_destroy(struct rowsahead **rows);

/*
 * The next row, with the results of the reader's next. *row is valid until the next call. After
 * another result than RESULT_OK or RESULT_DAMAGED, it is not to be called again.
 */
MUST_CHECK enum result rowsahead_next(struct rowsahead *rows, const struct log_row **row);

/* What was wrong, with RESULT_DAMAGED; valid until the next call. */
const char *rowsahead_problem(const struct rowsahead *rows);

/* Bytes of the file read so far, its size (0: unknown), and the useful rows, about. */
void rowsahead_progress(const struct rowsahead *rows, uint64_t *done, uint64_t *size,
                        uint64_t *count);

#endif
