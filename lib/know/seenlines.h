/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows and samples of a store (seen.h) as lines of JSON, to carry them elsewhere:
 *
 *   {"key":"32 hexadecimal digits","counter":"16","n":3,"first":1700000000,"last":1700000300}
 *   {"sample":"16 hexadecimal digits"}
 *
 * In place of the counter, "sensor" may have the name of one.
 */
#ifndef SECFLOW_SEENLINES_H
#define SECFLOW_SEENLINES_H

#include "base/json.h"
#include "base/text.h"
#include "know/seen.h"

/* Space for any line, with its newline and a NUL. */
#define SEENLINE_MOST 160u

/* Each writes a line with its newline and a NUL, and returns its length without the NUL. */
size_t seenline_row(char line[SEENLINE_MOST], const struct seen_row *row);
size_t seenline_sample(char line[SEENLINE_MOST], int64_t sample);

/* The counter of a sensor of that name. */
int64_t seenline_counter(const char *sensor, size_t length);

struct seenline {
    bool is_sample;
    int64_t sample;
    struct seen_row row;
};

/* A reader of lines. */
MUST_CHECK enum result seenline_reader(struct json **json);

/* RESULT_DAMAGED: it is neither; *problem says why. RESULT_NO_MEMORY. */
MUST_CHECK enum result seenline_read(struct json *json, const char *text, size_t length,
                                     struct seenline *line, const char **problem);

#endif
