/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line that a store of what was seen takes in: a row or a sample.
 */
#include "know/seenlines.h"
#include "fuzz.h"

/* What is written of it must be read as the same. */
static void check_written(const struct seenline *line)
{
    char text[SEENLINE_MOST], again[SEENLINE_MOST];
    size_t length =
        line->is_sample ? seenline_sample(text, line->sample) : seenline_row(text, &line->row);
    struct seenline other;
    struct json *json;
    const char *problem;

    must(length < sizeof text && text[length - 1] == '\n');
    must(seenline_reader(&json) == RESULT_OK);
    must(seenline_read(json, text, length, &other, &problem) == RESULT_OK);
    must(other.is_sample == line->is_sample);
    if (line->is_sample)
        seenline_sample(again, other.sample);
    else
        seenline_row(again, &other.row);
    must(strcmp(text, again) == 0);
    json_destroy(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seenline line;
    struct json *json;
    const char *problem = NULL;

    must(seenline_reader(&json) == RESULT_OK);
    if (seenline_read(json, (const char *)data, size, &line, &problem) == RESULT_OK) {
        const struct seen_row *row = &line.row;

        must(line.is_sample || (row->count >= 1 && row->count <= SEEN_COUNT_MOST));
        must(line.is_sample || (row->first >= 0 && row->first <= row->last));
        must(line.is_sample || row->last <= SEEN_TIME_MOST);
        check_written(&line);
    } else {
        must(problem && *problem);
    }
    json_destroy(&json);
    return 0;
}
