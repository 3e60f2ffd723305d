/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Secflow: read, labeled, and written again in each way.
 */
#include "fuzz.h"
#include "record/label.h"
#include "record/recordread.h"
#include "record/recordwrite.h"

static const char *const names[] = {"flowCategory", "flowId"};

static void write_ten(const struct record_reader *reader, struct text *ten)
{
    ten->length = 0;
    must(record_put_ten(reader, ten) == RESULT_OK);
}

/* The ten fields, read again, must give the same ten fields. */
static void check_ten(struct record_reader *reader, struct record *record)
{
    struct text once = {0}, twice = {0};

    write_ten(reader, &once);
    must(record_read(reader, once.bytes, once.length, record) == RESULT_OK);
    write_ten(reader, &twice);
    must(once.length == twice.length && memcmp(once.bytes, twice.bytes, once.length) == 0);
    text_destroy(&once);
    text_destroy(&twice);
}

/* The labeled line must be a Secflow with the same content, and can be labeled again. */
static void check_labelled(const struct record_reader *reader, const struct record *before)
{
    struct record_reader *other;
    static struct output output, again;
    struct record after;
    const char *category = label_category(before);
    char id[LABEL_ID_TEXT], quoted[2][LABEL_ID_TEXT + 2];
    const char *values[] = {quoted[0], quoted[1]};

    label_id(before, category, id);
    snprintf(quoted[0], sizeof quoted[0], "\"%s\"", category);
    snprintf(quoted[1], sizeof quoted[1], "\"%s\"", id);
    output_init(&output, -1);
    must(record_write_with(reader, values, &output) == RESULT_OK);
    must(output.used > 0 && output.buffer[output.used - 1] == '\n');
    must(record_reader_init(&other, names, 2) == RESULT_OK);
    must(record_read(other, output.buffer, output.used - 1, &after) == RESULT_OK);
    must(after.destination.length == before->destination.length);
    must(memcmp(after.destination.bytes, before->destination.bytes, after.destination.length) == 0);
    must(after.dport == before->dport && after.traffic_date == before->traffic_date);
    must(label_category(&after) == category);
    output_init(&again, -1);
    must(record_write_with(other, values, &again) == RESULT_OK);
    must(again.used == output.used && memcmp(again.buffer, output.buffer, again.used) == 0);
    record_reader_destroy(&other);
}

static enum result keep(void *context, const char *bytes, size_t length)
{
    struct text *kept = context;

    kept->length = 0;
    return text_put(kept, bytes, length);
}

/* False: it says too little for that, or too much. */
static bool write_record(const struct record *record, struct text *text)
{
    struct record_writer *writer;
    bool written;

    must(record_writer_init(&writer, -1) == RESULT_OK);
    record_writer_redirect(writer, keep, text);
    written = record_write(writer, record) == RESULT_OK;
    must(record_writer_flush(writer) == RESULT_OK);
    record_writer_destroy(&writer);
    return written;
}

/*
 * What is written from it, read and written again, must be the same. A source without a meaning is
 * written as `original`, and then a name that is an address is read as one, however it was spelled.
 */
static void check_written(struct record_reader *reader, struct record *record)
{
    bool meant;
    struct text once = {0}, twice = {0};

    record_read_rest(reader, record);
    record_read_source(reader, record);
    meant = record->name_source != NAME_OTHER;
    if (write_record(record, &once)) {
        must(once.bytes[once.length - 1] == '\n');
        must(record_read(reader, once.bytes, once.length - 1, record) == RESULT_OK);
        record_read_rest(reader, record);
        record_read_source(reader, record);
        must(write_record(record, &twice));
        must(!meant ||
             (once.length == twice.length && memcmp(once.bytes, twice.bytes, once.length) == 0));
    }
    text_destroy(&once);
    text_destroy(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record_reader *reader;
    struct record record;

    must(record_reader_init(&reader, names, 2) == RESULT_OK);
    if (record_read(reader, (const char *)data, size, &record) == RESULT_OK) {
        check_labelled(reader, &record);
        check_written(reader, &record);
        must(record_read(reader, (const char *)data, size, &record) == RESULT_OK);
        check_ten(reader, &record);
    } else {
        must(record_problem(reader)[0] != '\0');
    }
    record_reader_destroy(&reader);
    return 0;
}
