/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowseen: adds to each Secflow in how many samples it was seen, here and elsewhere. See
 * flowseen(1).
 */
#include "base/clock.h"
#include "base/input.h"
#include "base/number.h"
#include "know/domain.h"
#include "know/seencount.h"
#include "options.h"
#include "record/put.h"
#include "samples.h"
#include "stop.h"
#include "stores.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum long_option { OPTION_SENSOR = OPTION_LONG, OPTION_CAPTURES };

static const struct tool_option tool_options[] = {
    {'s', "store", "STORE", "the file that remembers; it is made if it is not there"},
    {'n', "ask", NULL, "only ask the store; count nothing"},
    {'e', "expire", "TIME", "forget what was not seen so long before the newest sample"},
    {'m', "merge", NULL, "merge each FILE, another store, into the store"},
    {'X', "export", NULL, "write all that the store holds as lines of JSON"},
    {'I', "import", NULL, "merge the lines of each FILE, as -X writes them, into the store"},
    {'l', "list", NULL, "tell how much the store holds"},
    {OPTION_SENSOR, "sensor", "NAME",
     "who counts records that name no sensor (default: the store)"},
    {OPTION_CAPTURES, "captures", NULL,
     "each sample is a capture, which others may count, too, and merge"},
    {'q', "quiet", NULL, "show no progress, and no note about files without records"},
    {'v', "verbose", NULL, "print a summary, and whether the store is young"},
    COMMON_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "files need no option: flowseen -s STORE FILE"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "-s STORE [OPTION...] [FILE...]\n-s STORE -m STORE...\n-s STORE -I [FILE...]\n"
             "-s STORE -X|-l",
    .about = "Count each sample of Secflows in a store, and add to each record in how many samples "
             "its behavior, destination and domain were seen, by how many sensors, and since when. "
             "With no FILE, or when FILE is -, read standard input.",
    .example = "flowseen -s seen.db x.sf | jq -c 'select(.domainCount == 1)'",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){seen_sqlite, domain_libpsl, input_zlib, input_zstd,
                                       library_nettle, NULL},
};

enum field {
    FIELD_COUNT,
    FIELD_SENSORS,
    FIELD_FIRST,
    FIELD_LAST,
    FIELD_DESTINATION_COUNT,
    FIELD_DESTINATION_FIRST,
    FIELD_DOMAIN,
    FIELD_DOMAIN_COUNT,
    FIELD_DOMAIN_FIRST,
    FIELDS
};

static const char *const fields[FIELDS] = {
    "flowIdCount",    "flowIdSensors",    "flowIdFirstSeen",
    "flowIdLastSeen", "destinationCount", "destinationFirstSeen",
    "domain",         "domainCount",      "domainFirstSeen"};

/* How many samples a transaction counts, and after how many bytes of lines it ends earlier. */
#define READY_MOST 800u
#define READY_BYTES ((size_t)64 << 20)

/* A sample with more bytes of lines gives its memory back. */
#define SPARE_BYTES ((size_t)1 << 17)

/* How often keys are forgotten, with -e. */
#define FORGET_AGAIN (24 * 3600 * SECOND)

struct flowseen {
    const char *path;
    const char *sensor; /* NULL: the store counts */
    enum store_task task;
    bool ask, captures, quiet, verbose, done;
    int64_t expire; /* 0: nothing is forgotten */

    struct seen *seen;
    struct samples *samples;
    struct record_reader *writer;
    struct domains domains;
    struct output *output;

    struct sighting *ready[READY_MOST]; /* complete, in order */
    struct sighting *spare[READY_MOST]; /* written, to be used again */
    size_t ready_count, spare_count, ready_bytes;

    int64_t forgot_at; /* or when it started; by the monotonic clock */
    bool failing;      /* the store cannot be used, which was reported */
    int status;
    uint64_t sample_count, records, repeated, uncounted, forgotten;
};

static void destroy_sample(void *sample)
{
    if (sample)
        sighting_destroy(sample);
    free(sample);
}

/* Values of fields, each as JSON; a number or a time at most. */
struct values {
    char numbers[FIELDS][32];
    const char *values[FIELDS];
};

static void put_number(struct values *values, enum field field, int64_t number)
{
    *put_unsigned(values->numbers[field], (uint64_t)number) = '\0';
    values->values[field] = values->numbers[field];
}

static void put_time(struct values *values, enum field field, int64_t seconds)
{
    char *start = values->numbers[field];

    *put_quote(put_second(put_quote(start), seconds)) = '\0';
    values->values[field] = start;
}

/*
 * Samples that have had it, this one included: at least one, also if the store has forgotten what
 * it counted.
 */
static int64_t count_of(const struct sighting *sighting, const struct sighted *sighted)
{
    int64_t count = sighted->fact.count + !sighting->counted_before;

    return count > 0 ? count : 1;
}

static int64_t first_of(const struct sighted *sighted)
{
    const struct seen_fact *fact = &sighted->fact;

    return fact->first >= 0 && fact->first < sighted->first ? fact->first : sighted->first;
}

static int64_t sensors_of(const struct sighting *sighting, const struct sighted *sighted)
{
    int64_t sensors = sighted->fact.counters + (!sighting->counted_before && !sighted->fact.own);

    return sensors > 0 ? sensors : 1;
}

/*
 * When another sample has had it last. A sample that was counted before may itself be what the
 * store saw last.
 */
static bool last_of(const struct sighting *sighting, const struct sighted *sighted, int64_t *last)
{
    *last = sighted->fact.last;
    return *last >= 0 && (!sighting->counted_before || *last > sighted->last);
}

static void put_domain(const struct sighting *sighting, const struct sighted *destination,
                       struct values *values)
{
    const struct sighted *domain = &sighting->keys[destination->domain];

    values->values[FIELD_DOMAIN] = sighting->domains.bytes + destination->domain_text;
    put_number(values, FIELD_DOMAIN_COUNT, count_of(sighting, domain));
    put_time(values, FIELD_DOMAIN_FIRST, first_of(domain));
}

static void find_values(const struct sighting *sighting, const struct sighted_line *line,
                        struct values *values)
{
    const struct sighted *flow = &sighting->keys[line->flow];
    const struct sighted *destination = &sighting->keys[line->destination];
    int64_t last;

    memset(values->values, 0, sizeof values->values);
    put_number(values, FIELD_COUNT, count_of(sighting, flow));
    put_number(values, FIELD_SENSORS, sensors_of(sighting, flow));
    put_time(values, FIELD_FIRST, first_of(flow));
    if (last_of(sighting, flow, &last))
        put_time(values, FIELD_LAST, last);
    put_number(values, FIELD_DESTINATION_COUNT, count_of(sighting, destination));
    put_time(values, FIELD_DESTINATION_FIRST, first_of(destination));
    if (destination->domain != NO_DOMAIN)
        put_domain(sighting, destination, values);
}

static enum result write_line(const struct flowseen *flowseen, const char *line, size_t length,
                              const struct sighted_line *sighted, const struct sighting *sighting)
{
    struct values values;
    struct record record;
    enum result result;

    find_values(sighting, sighted, &values);
    if (sighted->room > 0)
        return record_write_later(flowseen->writer, line, length, sighted->room, values.values,
                                  flowseen->output);
    result = record_read(flowseen->writer, line, length, &record);
    return result == RESULT_OK
               ? record_write_with(flowseen->writer, values.values, flowseen->output)
               : result;
}

static enum result pass_on(const struct flowseen *flowseen, const char *line, size_t length)
{
    enum result result = output_put(flowseen->output, line, length);

    return result == RESULT_OK ? output_put(flowseen->output, "\n", 1) : result;
}

/* Writes the lines of a sample; without facts as they are. */
static enum result write_sample(const struct flowseen *flowseen, const struct sighting *sighting,
                                bool facts)
{
    const char *line = sighting->lines.bytes;
    enum result result = RESULT_OK;

    for (size_t i = 0; i < sighting->line_count && result == RESULT_OK; i++) {
        const char *end = sighting->lines.bytes + sighting->ends[i].end;
        size_t length = (size_t)(end - line);

        result = facts ? write_line(flowseen, line, length, &sighting->ends[i], sighting)
                       : pass_on(flowseen, line, length);
        line = end;
    }
    return result;
}

/* Who counts a sample. */
static int64_t counter_of(const struct flowseen *flowseen, const struct sighting *sighting)
{
    if (flowseen->captures)
        return sighting_id(sighting);
    if (sighting->sensor_length > 0)
        return seenline_counter(sighting->sensor, sighting->sensor_length);
    if (flowseen->sensor)
        return seenline_counter(flowseen->sensor, strlen(flowseen->sensor));
    return seen_own(flowseen->seen);
}

/* Forgets old keys, if that is wanted and the store can be used. */
static enum result forget(struct flowseen *flowseen)
{
    if (flowseen->expire == 0 || flowseen->failing)
        return RESULT_OK;
    flowseen->forgot_at = clock_monotonic();
    return stores_forget(flowseen->path, flowseen->seen, flowseen->expire, &flowseen->forgotten,
                         &flowseen->status);
}

static enum result count_ready(struct flowseen *flowseen)
{
    struct sighting *sightings[READY_MOST];
    enum result result = seen_begin(flowseen->seen);

    for (size_t i = 0; i < flowseen->ready_count; i++) {
        sightings[i] = flowseen->ready[i];
        sightings[i]->counter = counter_of(flowseen, sightings[i]);
    }
    if (result == RESULT_OK)
        result = sightings_count(sightings, flowseen->ready_count, flowseen->seen, flowseen->ask);
    if (result == RESULT_OK)
        result = seen_commit(flowseen->seen);
    if (result != RESULT_OK)
        seen_undo(flowseen->seen);
    return result;
}

/* Reports, once, that records now pass without counts: losing them would be worse. */
static void store_failed(struct flowseen *flowseen)
{
    flowseen->status = final_status(
        flowseen->status, stores_complain(flowseen->path, flowseen->seen, flowseen->failing));
    if (!flowseen->failing)
        complain(flowseen->path, "records pass on without counts until the store can be used");
    flowseen->failing = true;
}

static void tally(struct flowseen *flowseen, const struct sighting *sighting, bool facts)
{
    flowseen->sample_count++;
    flowseen->records += sighting->line_count;
    flowseen->uncounted += !facts;
    flowseen->repeated += facts && sighting->counted_before;
}

/* Keeps a sample's memory for others, unless it is unusually much. */
static void put_back(struct flowseen *flowseen, struct sighting *sighting)
{
    if (flowseen->spare_count < READY_MOST && sighting->lines.capacity <= SPARE_BYTES)
        flowseen->spare[flowseen->spare_count++] = sighting;
    else
        destroy_sample(sighting);
}

/* Counts what is complete, and only then writes it. */
static enum result settle(struct flowseen *flowseen)
{
    enum result result = flowseen->ready_count > 0 ? count_ready(flowseen) : RESULT_OK;
    bool facts = result == RESULT_OK;

    if (result == RESULT_SYSTEM) {
        store_failed(flowseen);
        result = RESULT_OK;
    } else if (flowseen->ready_count > 0 && flowseen->failing) {
        complain(flowseen->path, "the store can be used again");
        flowseen->failing = false;
    }
    for (size_t i = 0; i < flowseen->ready_count; i++) {
        struct sighting *sighting = flowseen->ready[i];

        if (result == RESULT_OK) {
            tally(flowseen, sighting, facts);
            result = write_sample(flowseen, sighting, facts);
        }
        put_back(flowseen, sighting);
    }
    flowseen->ready_count = 0;
    flowseen->ready_bytes = 0;
    if (result == RESULT_OK && clock_monotonic() - flowseen->forgot_at >= FORGET_AGAIN)
        result = forget(flowseen);
    return result;
}

static enum result settle_and_flush(void *context)
{
    struct flowseen *flowseen = context;
    enum result result = settle(flowseen);

    return result == RESULT_OK ? output_flush(flowseen->output) : result;
}

static enum result complete(void *context, void *sample)
{
    struct flowseen *flowseen = context;
    struct sighting *sighting = sample;

    sighting_complete(sighting);
    flowseen->ready_bytes += sighting->lines.length;
    flowseen->ready[flowseen->ready_count++] = sighting;
    return flowseen->ready_count == READY_MOST || flowseen->ready_bytes >= READY_BYTES
               ? settle(flowseen)
               : RESULT_OK;
}

static enum result begin(void *context, const struct record *record, void **sample)
{
    struct flowseen *flowseen = context;
    struct sighting *new = flowseen->spare_count > 0 ? flowseen->spare[--flowseen->spare_count]
                                                     : calloc(1, sizeof *new);
    enum result result = new ? sighting_begin(new, record) : RESULT_NO_MEMORY;

    if (result != RESULT_OK) {
        destroy_sample(new);
        return result;
    }
    *sample = new;
    return RESULT_OK;
}

static enum result add(void *context, void *sample, const struct record *record, const char *line,
                       size_t length, size_t room)
{
    struct flowseen *flowseen = context;

    return sighting_add(sample, &flowseen->domains, record, line, length, room);
}

static void print_summary(const struct flowseen *flowseen)
{
    char records[NUMBER_GROUPED], samples[NUMBER_GROUPED];
    const char *separator = ";";

    begin_message(NULL);
    fprintf(stderr, "%s record%s of %s sample%s", number_grouped(records, flowseen->records),
            flowseen->records == 1 ? "" : "s", number_grouped(samples, flowseen->sample_count),
            flowseen->sample_count == 1 ? "" : "s");
    print_part(&separator, flowseen->repeated, "counted before");
    print_part(&separator, flowseen->uncounted, "not counted");
    print_part(&separator, flowseen->forgotten,
               flowseen->forgotten == 1 ? "row forgotten" : "rows forgotten");
    fputc('\n', stderr);
    stores_tell_young(flowseen->path, flowseen->seen);
}

static void read_files(struct flowseen *flowseen, char **paths, size_t count)
{
    enum result result;

    if (!samples_read(flowseen->samples, paths, count, &flowseen->status))
        return;
    result = settle(flowseen);
    if (result == RESULT_OK)
        result = output_flush(flowseen->output);
    if (result == RESULT_OK)
        result = forget(flowseen);
    if (result != RESULT_OK)
        flowseen->status = final_status(flowseen->status, output_failed(result));
    if (flowseen->verbose)
        print_summary(flowseen);
}

static int add_fields(struct flowseen *flowseen, char **paths, size_t count)
{
    const struct samples_use use = {
        .quiet = flowseen->quiet,
        .names = fields,
        .name_count = FIELDS,
        .begin = begin,
        .add = add,
        .complete = complete,
        .settle = settle_and_flush,
        .destroy = destroy_sample,
        .context = flowseen,
    };

    flowseen->output = malloc(sizeof *flowseen->output);
    if (!flowseen->output || record_reader_init(&flowseen->writer, fields, FIELDS) != RESULT_OK)
        return out_of_memory();
    output_init(flowseen->output, STDOUT_FILENO);
    flowseen->forgot_at = clock_monotonic();
    progress_init(&progress, !flowseen->quiet);
    if (stop_init() != EX_OK)
        return EX_OSERR;
    if (samples_init(&flowseen->samples, &use) != EX_OK)
        return EX_OSERR;
    if (!flowseen->quiet)
        tell_inputs(paths, count, "Secflows");
    read_files(flowseen, paths, count);
    return close_output(flowseen->status);
}

static int take_task(struct flowseen *flowseen, enum store_task task)
{
    if (flowseen->task != STORE_NONE && flowseen->task != task)
        return usage_error("only one of -m, -X, -I and -l can be given");
    flowseen->task = task;
    return EX_OK;
}

static int take_sensor(struct flowseen *flowseen)
{
    flowseen->sensor = *optarg ? optarg : NULL;
    if (flowseen->sensor && !sensor_is_name(optarg, strlen(optarg)))
        return usage_error("--sensor: the name of a sensor must be UTF-8 without control "
                           "characters, of at most %u bytes",
                           SENSOR_MAX);
    return EX_OK;
}

static int take_option(struct flowseen *flowseen, int option, char **argv)
{
    switch (option) {
    case 's':
        flowseen->path = optarg;
        return EX_OK;
    case 'n':
        flowseen->ask = true;
        return EX_OK;
    case 'e':
        return option_seconds(1, &flowseen->expire);
    case 'm':
        return take_task(flowseen, STORE_MERGE);
    case 'X':
        return take_task(flowseen, STORE_EXPORT);
    case 'I':
        return take_task(flowseen, STORE_IMPORT);
    case 'l':
        return take_task(flowseen, STORE_LIST);
    case OPTION_SENSOR:
        return take_sensor(flowseen);
    case OPTION_CAPTURES:
        flowseen->captures = true;
        return EX_OK;
    case 'q':
        flowseen->quiet = true;
        return EX_OK;
    case 'v':
        flowseen->verbose = true;
        return EX_OK;
    default:
        return common_option(&tool, option, argv, &flowseen->done);
    }
}

static int check_options(const struct flowseen *flowseen, size_t count)
{
    bool task = flowseen->task != STORE_NONE;

    if (!flowseen->path)
        return usage_error("a store is needed: -s STORE");
    if (flowseen->sensor && flowseen->captures)
        return usage_error("--sensor and --captures exclude each other");
    if ((flowseen->ask || flowseen->sensor || flowseen->captures) && task)
        return usage_error("-m, -X, -I and -l take neither -n, --sensor nor --captures");
    if (flowseen->expire > 0 && (flowseen->ask || task))
        return usage_error("-e belongs to counting: it changes the store");
    if (flowseen->task == STORE_MERGE && count == 0)
        return usage_error("-m: which stores are to be merged?");
    if ((flowseen->task == STORE_EXPORT || flowseen->task == STORE_LIST) && count > 0)
        return usage_error("-X and -l take no FILE");
    return EX_OK;
}

static int open_store(struct flowseen *flowseen)
{
    enum seen_mode mode =
        flowseen->ask || flowseen->task == STORE_EXPORT || flowseen->task == STORE_LIST
            ? SEEN_ASK
            : SEEN_CREATE;

    return stores_open(&flowseen->seen, flowseen->path, mode);
}

static int run(struct flowseen *flowseen, int argc, char **argv)
{
    char **paths;
    size_t count;
    int status = check_options(flowseen, (size_t)(argc - optind));

    if (status == EX_OK)
        status = input_paths(argc, argv, &paths, &count);
    if (status == EX_OK)
        status = open_store(flowseen);
    if (status != EX_OK)
        return status;
    if (flowseen->task == STORE_NONE)
        return add_fields(flowseen, paths, count);
    return stores_do(flowseen->task, flowseen->path, flowseen->seen, paths, count);
}

int main(int argc, char **argv)
{
    static struct flowseen flowseen;
    int option, status = EX_OK;

    common_init("flowseen");
    while (status == EX_OK && !flowseen.done && (option = next_option(&tool, argc, argv)) != -1)
        status = take_option(&flowseen, option, argv);
    if (status == EX_OK && !flowseen.done)
        status = run(&flowseen, argc, argv);
    samples_destroy(&flowseen.samples);
    while (flowseen.ready_count > 0)
        destroy_sample(flowseen.ready[--flowseen.ready_count]);
    while (flowseen.spare_count > 0)
        destroy_sample(flowseen.spare[--flowseen.spare_count]);
    record_reader_destroy(&flowseen.writer);
    seen_destroy(&flowseen.seen);
    free(flowseen.output);
    return status;
}
