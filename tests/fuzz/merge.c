/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines joined in memory and each by way of the disk, which gives the same; joined again, they stay
 * what they are.
 */
#include "record/merge.h"
#include "fuzz.h"

/* Adds each line that is a Secflow. */
static void add_lines(struct merge *merge, struct record_reader *reader, const char *p,
                      const char *end)
{
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;
        struct record record;
        enum result result = record_read(reader, p, (size_t)(stop - p), &record);

        if (result == RESULT_OK) {
            record_read_rest(reader, &record);
            record_read_source(reader, &record);
            result = merge_add(merge, reader, &record);
            must(result == RESULT_OK || merge_problem(merge)[0] != '\0');
        }
        must(result == RESULT_OK || result == RESULT_DAMAGED);
        p = newline ? newline + 1 : end;
    }
}

static void join(const char *bytes, size_t length, size_t memory, bool extend, struct text *joined)
{
    const struct merge_options options = {
        .gap = 300000000, .extend = extend, .memory = memory, .folder = "/tmp"};
    struct record_reader *reader;
    struct merge *merge;
    struct merged flow;
    struct text line = {0};

    must(record_reader_init(&reader, NULL, 0) == RESULT_OK);
    must(merge_init(&merge, &options) == RESULT_OK);
    if (length > 0)
        add_lines(merge, reader, bytes, bytes + length);
    joined->length = 0;
    while (merge_next(merge, &flow) == RESULT_OK) {
        must(merge_put(&line, &flow, merge_traffic_date(merge)) == RESULT_OK);
        must(text_put(joined, line.bytes, line.length) == RESULT_OK);
    }
    text_destroy(&line);
    merge_destroy(&merge);
    record_reader_destroy(&reader);
}

static bool equal(const struct text *a, const struct text *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text memory = {0}, other = {0};
    bool extend = size % 2 == 0;

    join((const char *)data, size, SIZE_MAX, extend, &memory);
    join((const char *)data, size, 0, extend, &other);
    must(equal(&memory, &other));
    join(memory.bytes, memory.length, SIZE_MAX, extend, &other);
    must(equal(&memory, &other));
    text_destroy(&memory);
    text_destroy(&other);
    return 0;
}
