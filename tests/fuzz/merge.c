/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines joined in memory and each by way of the disk, and read as the tools write them and as any,
 * which gives the same; joined again, they stay what they are. Lean flows tell the same.
 */
#include "record/merge.h"
#include "fuzz.h"

/* Adds each line that is a Secflow; as_written: those first that stand as the tools write them. */
static void add_lines(struct merge *merge, struct record_reader *reader, const char *p,
                      const char *end, bool as_written)
{
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;
        struct record record;
        enum result result =
            as_written ? merge_add_line(merge, p, (size_t)(stop - p)) : RESULT_DAMAGED;

        if (result == RESULT_OK) {
            p = newline ? newline + 1 : end;
            continue;
        }
        result = record_read(reader, p, (size_t)(stop - p), &record);
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

static struct merge *add_all(const char *bytes, size_t length, const struct merge_options *options,
                             bool as_written)
{
    struct record_reader *reader;
    struct merge *merge;

    must(record_reader_init(&reader, NULL, 0) == RESULT_OK);
    must(merge_init(&merge, options) == RESULT_OK);
    if (length > 0)
        add_lines(merge, reader, bytes, bytes + length, as_written);
    record_reader_destroy(&reader);
    return merge;
}

static void join(const char *bytes, size_t length, size_t memory, bool extend, bool as_written,
                 struct text *joined)
{
    const struct merge_options options = {
        .gap = 300000000, .extend = extend, .memory = memory, .folder = "/tmp"};
    struct merge *merge = add_all(bytes, length, &options, as_written);

    joined->length = 0;
    while (merge_next_line(merge, joined) == RESULT_OK)
        continue;
    merge_destroy(&merge);
}

/* A sum of what lean flows and others tell, in whatever order they come. */
static uint64_t sum_up(const char *bytes, size_t length, size_t memory, bool lean)
{
    const struct merge_options options = {
        .gap = 300000000, .lean = lean, .memory = memory, .folder = "/tmp"};
    struct merge *merge = add_all(bytes, length, &options, false);
    struct merged flow;
    uint64_t sum = 0;

    while (merge_next(merge, &flow) == RESULT_OK) {
        struct record_text dst = flow.parts.values[RECORD_DST];
        uint64_t one = hash_fold((uint64_t)flow.start + 1, (uint64_t)flow.end + 2) ^ flow.proto;

        for (unsigned i = 0; i < 2; i++)
            one = hash_fold(one ^ flow.bytes[i], flow.packets[i] + 3) ^ flow.ends[i].family ^
                  flow.ports[i];
        must(dst.length > 0 || (lean && flow.ends[1].family != 0));
        must(flow.has_ports || lean || flow.parts.values[RECORD_PROTOCOL_INFORMATION].length > 2);
        sum += one;
    }
    merge_destroy(&merge);
    return sum;
}

static bool equal(const struct text *a, const struct text *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text memory = {0}, other = {0};
    bool extend = size % 2 == 0;

    join((const char *)data, size, SIZE_MAX, extend, true, &memory);
    join((const char *)data, size, SIZE_MAX, extend, false, &other);
    must(equal(&memory, &other));
    join((const char *)data, size, 0, extend, true, &other);
    must(equal(&memory, &other));
    join(memory.bytes, memory.length, SIZE_MAX, extend, true, &other);
    must(equal(&memory, &other));
    must(sum_up((const char *)data, size, SIZE_MAX, false) ==
         sum_up((const char *)data, size, extend ? 0 : SIZE_MAX, true));
    text_destroy(&memory);
    text_destroy(&other);
    return 0;
}
