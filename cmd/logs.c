/* SPDX-License-Identifier: Apache-2.0 */
#include "logs.h"

#include "log/rowsahead.h"
#include "stop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

struct command {
    const struct logs *logs;
    struct log_options options;
    struct converter_options converter;
    struct record_writer *writer;
    struct meter *meter;
    struct log_counts counts; /* of all logs */
    int64_t window;           /* microseconds; 0: none */
    bool over;                /* there is no point in reading more logs */
};

static void add_counts(struct log_counts *sum, const struct log_counts *counts)
{
    sum->connections += counts->connections;
    sum->names += counts->names;
    sum->sessions += counts->sessions;
    sum->other_protocols += counts->other_protocols;
    sum->other_ports += counts->other_ports;
    sum->other_rows += counts->other_rows;
    sum->empty += counts->empty;
    sum->lost += counts->lost;
    sum->unfinished += counts->unfinished;
    sum->uncounted += counts->uncounted;
    sum->untold += counts->untold;
    sum->zoneless += counts->zoneless;
}

static void report_progress(const char *path, const struct rowsahead *rows)
{
    uint64_t done, size, count;

    rowsahead_progress(rows, &done, &size, &count);
    progress_show(&progress, input_name(path), done, size, count, "rows");
}

static enum result take_row(struct meter *meter, const struct log_row *row)
{
    enum result result = RESULT_OK;

    if (row->kind == LOG_CONNECTION)
        return meter_connection(meter, &row->connection);
    if (row->kind == LOG_SESSION)
        return meter_session(meter, row->uid, row->uid_length, &row->server);
    for (size_t i = 0; i < row->address_count && result == RESULT_OK; i++)
        result = meter_name(meter, &row->addresses[i], row->name, row->name_length, row->time);
    return result;
}

/* The meter cannot go on. It is not output that failed: there is none before the end. */
static int meter_failed(struct command *command, enum result result)
{
    command->over = true;
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    complain_errno(NULL, "cannot continue");
    return EX_OSERR;
}

/* The approximate size of a row in a log. */
static uint64_t row_bytes(const struct log_row *row)
{
    return row->kind == LOG_NAMES ? 100 + row->name_length + 8 * row->address_count : 100;
}

/* Feeds all rows of an open log to the meter. */
static int read_rows(struct command *command, const char *path, struct rowsahead *rows)
{
    struct damages damages = {.path = path};
    const struct log_row *row;
    enum result result;
    int status, error;

    while ((result = rowsahead_next(rows, &row)) == RESULT_OK || result == RESULT_DAMAGED) {
        if (progress_due(&progress))
            report_progress(path, rows);
        if (result == RESULT_DAMAGED) {
            add_damage(&damages, rowsahead_problem(rows));
            continue;
        }
        count_read(&command->converter, row_bytes(row));
        result = take_row(command->meter, row);
        if (result != RESULT_OK)
            return meter_failed(command, result);
    }
    error = errno;
    progress_clear(&progress);
    status = end_damages(&damages);
    if (result == RESULT_NO_MEMORY) {
        command->over = true;
        return out_of_memory();
    }
    if (result == RESULT_SYSTEM) {
        errno = error;
        status =
            worse_status(status, read_failed(&command->converter, path, "cannot read further"));
    }
    return status;
}

static int read_log(struct command *command, const char *path)
{
    const struct log_reader *reader = command->logs->reader;
    struct input *input = NULL;
    struct log *log = NULL;
    struct rowsahead *rows = NULL;
    enum result result = input_open(&input, path);
    int status = EX_NOINPUT;

    if (result == RESULT_OK) {
        input_set_wait(input, stop_wait_input, NULL);
        input_read_ahead(input, thread_block());
        result = reader->open(&log, input, &command->options);
    }
    if (result == RESULT_OK)
        result = rowsahead_init(&rows, reader, log, input);
    switch (result) {
    case RESULT_OK:
        status = read_rows(command, path, rows);
        rowsahead_destroy(&rows);
        add_counts(&command->counts, &log->counts);
        break;
    case RESULT_DAMAGED:
        complain(path, "%s", log->problem);
        status = EX_DATAERR;
        break;
    case RESULT_NO_MEMORY:
        command->over = true;
        status = out_of_memory();
        break;
    default:
        status = read_failed(&command->converter, path, input ? "cannot read" : "cannot open");
    }
    reader->close(&log);
    input_close(&input);
    return status;
}

static void print_summary(const struct command *command, const struct meter_counts *counts)
{
    const struct logs *logs = command->logs;
    const struct log_counts *read = &command->counts;
    const char *separator = "; skipped:";

    begin_message(NULL);
    fprintf(stderr, "%" PRIu64 " %s", read->connections, logs->connections);
    if (logs->names)
        fprintf(stderr, " and %" PRIu64 " %s", read->names, logs->names);
    fputs(" read", stderr);
    if (read->sessions > 0)
        fprintf(stderr, ", %" PRIu64 " %s", read->sessions, logs->sessions);
    fprintf(stderr, ", %" PRIu64 " records written", record_writer_count(command->writer));
    if (logs->names || command->converter.cache_path)
        print_names(&command->converter);
    print_part(&separator, counts->local, "between local addresses");
    print_part(&separator, counts->service, "of local services");
    print_part(&separator, counts->other_family, "of the other address family");
    print_part(&separator, read->other_protocols, "of other protocols");
    print_part(&separator, read->other_ports, "of DNS on other ports");
    print_part(&separator, read->other_rows, logs->other_rows);
    print_part(&separator, read->empty, "without traffic");
    print_part(&separator, read->uncounted, "that count nothing");
    print_part(&separator, read->untold, "sets of data without their template");
    print_part(&separator, read->unfinished, "at the end of a log, not yet written whole");
    fputc('\n', stderr);
    if (logs->no_names && read->connections > 0 && read->names == 0 && read->sessions == 0)
        complain(NULL, "%s, so destinations have no names from DNS", logs->no_names);
}

static void report_no_records(const struct command *command, const struct meter_counts *counts)
{
    const struct reason reasons[] = {
        {command->counts.other_protocols, "of other protocols", NULL},
        {command->counts.uncounted, "without packets", NULL},
        {counts->other_family, "of the other address family", "leave out -4 or -6"},
        {counts->local, "between local addresses", "-a keeps them"},
        {counts->service, "of local services", "-a keeps them"},
    };

    if (command->counts.connections == 0 && command->counts.untold > 0)
        return; /* told already */
    if (command->counts.connections > 0 || command->converter.quiet)
        report_empty(&command->converter, NULL, "connection", reasons,
                     sizeof reasons / sizeof *reasons);
    else
        complain(NULL, "no records: there are no connections; they stand in %s%s",
                 command->logs->no_connections,
                 command->counts.other_rows > 0 && command->logs->only_others
                     ? command->logs->only_others
                     : "");
}

/* Data that nobody could read are told of once, however many. */
static void tell_untold(const struct command *command)
{
    uint64_t count = command->counts.untold;

    if (count > 0 && !command->converter.quiet)
        complain(NULL,
                 "%" PRIu64 " set%s of data %s skipped because their templates are not in the "
                 "input; exporters repeat them every few minutes: read a longer capture, or also "
                 "the file that has them",
                 count, count == 1 ? "" : "s", count == 1 ? "was" : "were");
}

static void tell_zoneless(const struct command *command)
{
    if (command->counts.zoneless > 0 && !command->converter.quiet)
        complain(NULL, "nfdump prints local times without their zone; they were taken for UTC: "
                       "--timezone says which zone it was");
}

/* After the last log: writes the records and prints what there is to report. */
static int finish(struct command *command, struct recorder *recorder, int status)
{
    struct converter_options *options = &command->converter;
    enum result result = meter_finish(command->meter);

    if (result != RESULT_OK)
        return output_failed(result);
    if (command->logs->reader->unshare)
        command->logs->reader->unshare(&command->options.shared, &command->counts);
    tell_untold(command);
    tell_zoneless(command);
    if (options->verbose)
        print_summary(command, meter_counts(command->meter));
    if (record_writer_count(command->writer) == 0 && !options->stopped &&
        (status == EX_OK || command->counts.connections > 0))
        report_no_records(command, meter_counts(command->meter));
    if (command->counts.lost > 0 && !options->quiet)
        complain(NULL, "%s: %" PRIu64, command->logs->lost, command->counts.lost);
    tell_forgotten(options);
    return worse_status(status, update_cache(options, recorder_names(recorder)));
}

/* Makes one sample of all logs. */
static int convert(struct command *command, char **paths, size_t count)
{
    struct recorder *recorder = NULL;
    int status = open_recorder(&command->converter, command->writer, &recorder);
    enum result result = RESULT_OK;

    command->over = status == EX_OSERR;
    if (!command->over) {
        struct meter_options options =
            converter_meter(&command->converter, recorder_sink(recorder));

        converter_cut_time(&options, command->window);
        result = meter_init(&command->meter, &options);
    }
    if (!command->over && result == RESULT_OK && command->logs->reader->share)
        result = command->logs->reader->share(&command->options.shared, &command->options);
    if (result != RESULT_OK) {
        command->over = true;
        status = start_failed(result);
    }
    for (size_t i = 0; i < count && !command->over; i++)
        status = worse_status(status, read_log(command, paths[i]));
    if (!command->over)
        status = finish(command, recorder, status);
    if (command->logs->reader->unshare)
        command->logs->reader->unshare(&command->options.shared, &command->counts);
    meter_destroy(&command->meter);
    close_recorder(&command->converter, &recorder);
    return status;
}

static int take_option(struct command *command, int option, char **argv)
{
    int status =
        command->logs->take_option ? command->logs->take_option(&command->options, option) : -1;

    if (option == 'd' && command->logs->windows)
        return option_seconds(1, &command->window);
    return status >= 0 ? status : converter_option(&command->converter, option, argv);
}

static int parse_options(struct command *command, int argc, char **argv)
{
    int option, status = EX_OK;

    while (status == EX_OK && !command->converter.done &&
           (option = next_option(command->logs->tool, argc, argv)) != -1)
        status = take_option(command, option, argv);
    command->options.sessions = command->converter.session_names;
    command->options.words = command->converter.session_names || command->converter.extended;
    return status;
}

int logs_main(const struct logs *logs, int argc, char **argv)
{
    struct command command = {.logs = logs, .options = logs->options};
    char **paths;
    size_t count;
    int status;

    common_init(logs->name);
    status = converter_options_init(&command.converter, logs->tool);
    if (status == EX_OK)
        status = parse_options(&command, argc, argv);
    if (status == EX_OK && !command.converter.done) {
        status = input_paths(argc, argv, &paths, &count);
        if (status == EX_OK)
            status = open_output(&command.converter, &command.writer);
        if (status == EX_OK)
            status = stop_init();
        if (status == EX_OK && !command.converter.quiet)
            tell_inputs(paths, count, "a log");
        if (status == EX_OK)
            status = close_records(&command.writer, convert(&command, paths, count));
        status = converter_status(&command.converter, status);
    }
    record_writer_destroy(&command.writer);
    converter_options_destroy(&command.converter);
    return status;
}
