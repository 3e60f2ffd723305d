/*
 * A Secflow, read, labelled, and written again in both ways.
 */
#include "fuzz.h"
#include "record/label.h"

static const char *const names[] = {"flowCategory", "flowId"};

static void write_ten(const struct record_reader *reader, struct text *ten)
{
    ten->length = 0;
    must(record_put_ten(reader, ten) == RESULT_OK);
}

/* Of the ten fields, read again, the ten fields must be the same. */
static void check_ten(struct record_reader *reader, struct secflow *secflow)
{
    struct text once = {0}, twice = {0};

    write_ten(reader, &once);
    must(record_read(reader, once.bytes, once.length, secflow) == RESULT_OK);
    write_ten(reader, &twice);
    must(once.length == twice.length && memcmp(once.bytes, twice.bytes, once.length) == 0);
    text_destroy(&once);
    text_destroy(&twice);
}

/* The line with labels must be a Secflow that says what it said without, and can have them anew. */
static void check_labelled(const struct record_reader *reader, const struct secflow *before)
{
    struct record_reader *other;
    static struct output output, again;
    struct secflow after;
    char id[LABEL_ID_TEXT];
    const char *values[] = {label_category(before), id};

    label_id(before, values[0], id);
    output_init(&output, -1);
    must(record_write_with(reader, values, &output) == RESULT_OK);
    must(output.used > 0 && output.buffer[output.used - 1] == '\n');
    must(record_reader_init(&other, names, 2) == RESULT_OK);
    must(record_read(other, output.buffer, output.used - 1, &after) == RESULT_OK);
    must(after.dst_length == before->dst_length);
    must(memcmp(after.dst, before->dst, after.dst_length) == 0);
    must(after.dst_port == before->dst_port && after.traffic_date == before->traffic_date);
    must(label_category(&after) == values[0]);
    output_init(&again, -1);
    must(record_write_with(other, values, &again) == RESULT_OK);
    must(again.used == output.used && memcmp(again.buffer, output.buffer, again.used) == 0);
    record_reader_destroy(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record_reader *reader;
    struct secflow secflow;

    must(record_reader_init(&reader, names, 2) == RESULT_OK);
    if (record_read(reader, (const char *)data, size, &secflow) == RESULT_OK) {
        check_labelled(reader, &secflow);
        check_ten(reader, &secflow);
    } else {
        must(record_problem(reader)[0] != '\0');
    }
    record_reader_destroy(&reader);
    return 0;
}
