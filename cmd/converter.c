/* SPDX-License-Identifier: Apache-2.0 */
#include "converter.h"

#include "base/calendar.h"
#include "base/clock.h"
#include "name/namecache.h"
#include "record/sensor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Days that a name stays in the cache, and how long to wait for its lock. */
#define CACHE_AGE 30
#define CACHE_WAIT (10 * SECOND)

/* Where time is cut: how many flows keep their source. */
#define FLOWS_REMEMBERED 1000000u

/*
 * Default memory for names: at least this much, or more depending on how much is read; then for the
 * cache.
 */
#define NAMES_LEAST ((size_t)16 << 20)
#define NAMES_BY_READ(read) ((read) / 2 * 3)
#define CACHE_MEMORY ((size_t)64 << 20)

int converter_options_init(struct converter_options *options, const struct tool *tool)
{
    *options = (struct converter_options){.tool = tool, .cache_age = CACHE_AGE};
    return locality_init(&options->locality) == RESULT_OK ? EX_OK : out_of_memory();
}

void converter_options_destroy(struct converter_options *options)
{
    locality_destroy(&options->locality);
}

static int parse_cache_age(struct converter_options *options)
{
    uint64_t seconds;
    int status = option_time(DAY_SECONDS, NAMECACHE_AGE_MOST * (uint64_t)DAY_SECONDS, &seconds);

    if (status == EX_OK)
        options->cache_age = (uint32_t)(seconds / DAY_SECONDS);
    return status;
}

/* from: where the name comes from. An empty name means none. */
static int set_sensor(struct converter_options *options, const char *from, const char *name)
{
    if (*name && !sensor_is_name(name, strlen(name)))
        return usage_error("%s: the name of a sensor must be UTF-8 without control characters, "
                           "and at most %u bytes long",
                           from, SENSOR_MAX);
    options->sensor = name;
    return EX_OK;
}

int converter_option(struct converter_options *options, int option, char **argv)
{
    switch (option) {
    case '4':
    case '6':
        if (options->family != 0 && options->family != option - '0')
            return usage_error("-4 and -6 cannot be used together");
        options->family = (uint8_t)(option - '0');
        return EX_OK;
    case 'a':
        options->keep_all = true;
        return EX_OK;
    case 'c':
        options->cache_path = optarg;
        return EX_OK;
    case 'L':
        switch (locality_add(options->locality, optarg)) {
        case RESULT_OK:
            return EX_OK;
        case RESULT_INVALID:
            return usage_error("%s: '%s' is not a network such as 192.0.2.0/24", option_typed(),
                               optarg);
        default:
            return out_of_memory();
        }
    case 'q':
        options->quiet = true;
        return EX_OK;
    case 'S':
        options->session_names = true;
        return EX_OK;
    case 'v':
        options->verbose = true;
        return EX_OK;
    case 'x':
        options->extended = true;
        return EX_OK;
    case OPTION_CACHE_AGE:
        return parse_cache_age(options);
    case OPTION_NAMES_MEMORY:
        return option_memory(NAMES_BUDGET_LEAST, &options->names_memory);
    case OPTION_SENSOR:
        return set_sensor(options, option_typed(), optarg);
    default:
        return common_option(options->tool, option, argv, &options->done);
    }
}

int open_output(struct converter_options *options, struct record_writer **writer)
{
    const char *sensor = getenv("SECFLOW_SENSOR");
    int status = EX_OK;

    progress_init(&progress, !options->quiet);
    if (!options->sensor && sensor)
        status = set_sensor(options, "SECFLOW_SENSOR", sensor);
    if (status != EX_OK)
        return status;
    if (record_writer_init(writer, STDOUT_FILENO) != RESULT_OK)
        return out_of_memory();
    record_writer_write_behind(*writer, thread_block());
    return EX_OK;
}

int close_records(struct record_writer **writer, int status)
{
    record_writer_destroy(writer);
    return close_output(status);
}

struct meter_options converter_meter(const struct converter_options *options, struct sink sink)
{
    return (struct meter_options){
        .locality = options->locality,
        .sink = sink,
        .family = options->family,
        .keep_all = options->keep_all,
        .session_names = options->session_names,
        .extended = options->extended,
    };
}

void converter_cut_time(struct meter_options *options, int64_t window)
{
    options->window = window;
    options->flow_memory = window > 0 ? FLOW_MEMORY : 0;
    options->remembered_most = FLOWS_REMEMBERED;
}

static int load_cache(struct converter_options *options, struct names **cache)
{
    size_t bad_line = 0;
    enum result result;

    *cache = NULL;
    if (!options->cache_path)
        return EX_OK;
    result = names_init(cache, options->names_memory ? options->names_memory : CACHE_MEMORY);
    if (result == RESULT_OK)
        result = namecache_load(options->cache_path, *cache, &bad_line);
    switch (result) {
    case RESULT_OK:
        return EX_OK;
    case RESULT_DAMAGED:
        if (!options->cache_failed)
            complain(options->cache_path,
                     "line %zu is not 'ADDRESS NAME YYYY-MM-DD'; the file is used but for such "
                     "lines, and not changed",
                     bad_line);
        options->cache_failed = true;
        return EX_DATAERR;
    case RESULT_SYSTEM:
        if (!options->cache_failed)
            complain_errno(options->cache_path, "cannot read the name cache");
        options->cache_failed = true;
        return EX_NOINPUT;
    default:
        return out_of_memory();
    }
}

int open_recorder(struct converter_options *options, struct record_writer *writer,
                  struct recorder **recorder)
{
    int status = load_cache(options, &options->cache);
    struct recorder_options recording = {
        .cache = options->cache,
        .writer = writer,
        .names_budget = options->names_memory ? options->names_memory : NAMES_LEAST,
        .sensor = options->sensor,
        .extended = options->extended};
    enum result result = status == EX_OSERR ? RESULT_OK : recorder_init(recorder, &recording);

    options->read = options->read_seen = 0;
    options->names = *recorder ? recorder_names(*recorder) : NULL;
    return result == RESULT_OK ? status : start_failed(result);
}

void close_recorder(struct converter_options *options, struct recorder **recorder)
{
    recorder_destroy(recorder);
    names_destroy(&options->cache);
}

int cache_updated(struct converter_options *options, enum result result)
{
    switch (result) {
    case RESULT_OK:
    case RESULT_DAMAGED: /* damaged since it was loaded; the next to load it reports it */
        return EX_OK;
    case RESULT_NO_MEMORY:
        return out_of_memory();
    default:
        options->cache_failed = true;
        if (errno == EWOULDBLOCK)
            complain(options->cache_path, "another process has it locked: it was not updated");
        else if (errno == EACCES)
            complain(options->cache_path,
                     "cannot update the name cache: the user that the tool runs "
                     "as must be able to write it and its directory");
        else
            complain_errno(options->cache_path, "cannot update the name cache");
        return EX_IOERR;
    }
}

int update_cache(struct converter_options *options, struct names *learned)
{
    const struct namecache_keep keep = {
        .now = clock_wall(), .age = options->cache_age, .wait = CACHE_WAIT};

    if (!options->cache_path || options->cache_failed)
        return EX_OK;
    return cache_updated(options, namecache_learn(options->cache_path, learned, &keep));
}

int read_failed(struct converter_options *options, const char *path, const char *what)
{
    if (errno != ECANCELED) {
        complain_errno(path, what);
        return EX_NOINPUT;
    }
    complain(path, "it was not read to its end");
    options->stopped = true;
    return EX_OK;
}

int converter_status(const struct converter_options *options, int status)
{
    return options->stopped ? final_status(status, EX_TEMPFAIL) : status;
}

/* True if an earlier reason that holds says the same. */
static bool is_repeated(const struct reason *reasons, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (reasons[i].count > 0 && reasons[i].helps &&
            strcmp(reasons[i].helps, reasons[index].helps) == 0)
            return true;
    return false;
}

void report_empty(const struct converter_options *options, const char *path, const char *thing,
                  const struct reason *reasons, size_t count)
{
    bool first = true;

    if (options->quiet)
        return;
    begin_message(path);
    fprintf(stderr, "no records:");
    for (size_t i = 0; i < count; i++) {
        if (reasons[i].count == 0)
            continue;
        fprintf(stderr, "%s %" PRIu64, first ? "" : ",", reasons[i].count);
        if (first)
            fprintf(stderr, " %s%s", thing, reasons[i].count == 1 ? "" : "s");
        fprintf(stderr, " %s", reasons[i].what);
        first = false;
    }
    if (first)
        fprintf(stderr, " there are no %ss", thing);
    for (size_t i = 0; i < count; i++)
        if (reasons[i].count > 0 && reasons[i].helps && !is_repeated(reasons, i))
            fprintf(stderr, "; %s", reasons[i].helps);
    fputc('\n', stderr);
}

void allow_names(struct converter_options *options)
{
    options->read_seen = options->read;
    if (options->names_memory == 0 && NAMES_BY_READ(options->read) > NAMES_LEAST)
        names_set_budget(options->names, NAMES_BY_READ(options->read) < SIZE_MAX
                                             ? (size_t)NAMES_BY_READ(options->read)
                                             : SIZE_MAX);
}

void print_names(const struct converter_options *options)
{
    fprintf(stderr, ", names of %zu address%s in %zu KiB", names_count(options->names),
            names_count(options->names) == 1 ? "" : "es", names_bytes(options->names) / 1024);
}

void tell_forgotten(const struct converter_options *options)
{
    uint64_t forgotten = names_forgotten(options->names);

    if (forgotten > 0)
        complain(NULL,
                 "there was no room for %" PRIu64 " name%s of addresses, the oldest, in %zu MiB; "
                 "--names-memory makes more",
                 forgotten, forgotten == 1 ? "" : "s", names_budget(options->names) >> 20);
    if (options->cache && names_forgotten(options->cache) > 0)
        complain(options->cache_path,
                 "there was no room for %" PRIu64 " of its names; --names-memory makes more",
                 names_forgotten(options->cache));
}
