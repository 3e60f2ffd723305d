/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zeek2flow: Zeek's conn and dns logs become Secflows. See zeek2flow(1).
 */
#include "converter.h"
#include "log/zeeklog.h"
#include "stop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static const struct tool_option tool_options[] = {
    {'q', "quiet", NULL, "show no progress, and no note where there are no records"},
    {'S', "session-names", NULL, "prefer the names that are in the ssl, quic and http logs"},
    {'x', "extended", NULL,
     "add times, addresses, ports, names, the Community ID, and Zeek's uid and service to each "
     "record"},
    {OPTION_NAMES_MEMORY, "names-memory", "SIZE",
     "memory for names at most (default 16M, or 1.5 times the logs where that is more)"},
    CONVERTER_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "files need no option: zeek2flow LOG"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [LOG...]",
    .about = "Turn Zeek's conn logs into Secflows, one JSON object a line, with names from its dns "
             "logs. The kind of each LOG is told by its content (TSV or JSON; plain, gzip or "
             "zstd). Without LOG, or where LOG is -, read standard input.",
    .example = "zeek2flow conn.log dns.log | jq -r .dst | sort | uniq -c | sort -rn",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
};

struct command {
    struct converter_options converter;
    struct record_writer *writer;
};

static void add_counts(struct zeek_counts *sum, const struct zeek_counts *counts)
{
    sum->conn += counts->conn;
    sum->dns += counts->dns;
    sum->sessions += counts->sessions;
    sum->other_protocols += counts->other_protocols;
    sum->other_ports += counts->other_ports;
    sum->other_logs += counts->other_logs;
}

static void report_progress(const char *path, const struct input *input,
                            const struct zeek_counts *counts)
{
    uint64_t done, size;

    input_progress(input, &done, &size);
    progress_show(&progress, input_name(path), done, size,
                  counts->conn + counts->dns + counts->sessions, "rows");
}

static enum result take_row(struct meter *meter, const struct zeek_row *row)
{
    enum result result = RESULT_OK;

    if (row->kind == ZEEK_CONNECTION)
        return meter_connection(meter, &row->connection);
    if (row->kind == ZEEK_SESSION)
        return meter_session(meter, row->uid, row->uid_length, &row->server);
    for (size_t i = 0; i < row->address_count && result == RESULT_OK; i++)
        result = meter_name(meter, &row->addresses[i], row->name, row->name_length, row->time);
    return result;
}

/* The meter cannot go on: not for want of output, of which there is none before the end. */
static int meter_failed(enum result result)
{
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    complain_errno(NULL, "cannot continue");
    return EX_OSERR;
}

/* What a row takes in a log, about. */
static uint64_t row_bytes(const struct zeek_row *row)
{
    return row->kind == ZEEK_LOOKUP ? 100 + row->name_length + 8 * row->address_count : 100;
}

/* Feeds all rows of an open log to the meter. *go_on is false when there is no point in more. */
static int read_rows(const char *path, struct input *input, struct zeeklog *log,
                     struct converter_options *options, struct meter *meter, bool *go_on)
{
    struct damages damages = {.path = path};
    struct zeek_row row;
    enum result result;
    int status, error;

    while ((result = zeeklog_next(log, &row)) == RESULT_OK || result == RESULT_DAMAGED) {
        if (progress_due(&progress))
            report_progress(path, input, zeeklog_counts(log));
        if (result == RESULT_DAMAGED) {
            add_damage(&damages, zeeklog_problem(log));
            continue;
        }
        count_read(options, row_bytes(&row));
        result = take_row(meter, &row);
        if (result != RESULT_OK) {
            *go_on = false;
            return meter_failed(result);
        }
    }
    error = errno;
    progress_clear(&progress);
    status = end_damages(&damages);
    if (result == RESULT_NO_MEMORY) {
        *go_on = false;
        return out_of_memory();
    }
    if (result == RESULT_SYSTEM) {
        errno = error;
        status = worse_status(status, read_failed(options, path, "cannot read further"));
    }
    return status;
}

static int read_log(const char *path, struct converter_options *options, struct meter *meter,
                    struct zeek_counts *counts, bool *go_on)
{
    struct input *input = NULL;
    struct zeeklog *log = NULL;
    enum result result = input_open(&input, path);
    int status = EX_NOINPUT;

    if (result == RESULT_OK) {
        input_set_wait(input, stop_wait_input, NULL);
        result = zeeklog_open(&log, input, options->session_names);
    }
    switch (result) {
    case RESULT_OK:
        status = read_rows(path, input, log, options, meter, go_on);
        add_counts(counts, zeeklog_counts(log));
        break;
    case RESULT_DAMAGED:
        complain(path, "%s", zeeklog_problem(log));
        status = EX_DATAERR;
        break;
    case RESULT_NO_MEMORY:
        *go_on = false;
        status = out_of_memory();
        break;
    default:
        status = read_failed(options, path, input ? "cannot read" : "cannot open");
    }
    zeeklog_close(&log);
    input_close(&input);
    return status;
}

static void print_summary(const struct converter_options *options, const struct zeek_counts *read,
                          uint64_t records, const struct meter_counts *counts)
{
    const char *separator = "; skipped:";

    begin_message(NULL);
    fprintf(stderr, "%" PRIu64 " rows of conn and %" PRIu64 " of dns read", read->conn, read->dns);
    if (read->sessions > 0)
        fprintf(stderr, ", %" PRIu64 " of ssl, quic and http", read->sessions);
    fprintf(stderr, ", %" PRIu64 " records written", records);
    print_names(options);
    print_part(&separator, counts->local, "between local addresses");
    print_part(&separator, counts->service, "of local services");
    print_part(&separator, counts->other_family, "of the other address family");
    print_part(&separator, read->other_protocols, "of other protocols");
    print_part(&separator, read->other_ports, "of DNS on other ports");
    print_part(&separator, read->other_logs, "of other logs");
    fputc('\n', stderr);
    if (read->conn > 0 && read->dns == 0 && read->sessions == 0)
        complain(NULL, "no dns log was read, so destinations have no names from DNS");
}

static void report_no_records(const struct converter_options *options,
                              const struct zeek_counts *read, const struct meter_counts *counts)
{
    const struct reason reasons[] = {
        {read->other_protocols, "of other protocols", NULL},
        {counts->other_family, "of the other address family", "leave out -4 or -6"},
        {counts->local, "between local addresses", "-a keeps them"},
        {counts->service, "of local services", "-a keeps them"},
    };

    if (read->conn > 0 || options->quiet)
        report_empty(options, NULL, "connection", reasons, sizeof reasons / sizeof *reasons);
    else
        complain(NULL, "no records: there are no connections; they stand in Zeek's conn log");
}

/* Makes one sample of all logs. */
static int convert(struct command *command, char **paths, size_t count)
{
    struct zeek_counts counts = {0};
    struct recorder *recorder = NULL;
    struct meter *meter = NULL;
    int status = open_recorder(&command->converter, command->writer, &recorder);
    bool go_on = status != EX_OSERR;
    enum result result = RESULT_OK;

    if (go_on) {
        struct meter_options options =
            converter_meter(&command->converter, recorder_sink(recorder));

        result = meter_init(&meter, &options);
    }

    if (result != RESULT_OK) {
        go_on = false;
        status = start_failed(result);
    }
    for (size_t i = 0; i < count && go_on; i++)
        status =
            worse_status(status, read_log(paths[i], &command->converter, meter, &counts, &go_on));
    if (go_on && (result = meter_finish(meter)) != RESULT_OK) {
        go_on = false;
        status = output_failed(result);
    }
    if (go_on) {
        if (command->converter.verbose)
            print_summary(&command->converter, &counts, record_writer_count(command->writer),
                          meter_counts(meter));
        if (record_writer_count(command->writer) == 0 && !command->converter.stopped &&
            (status == EX_OK || counts.conn > 0))
            report_no_records(&command->converter, &counts, meter_counts(meter));
        tell_forgotten(&command->converter);
        status = worse_status(status, update_cache(&command->converter, recorder_names(recorder)));
    }
    meter_destroy(&meter);
    close_recorder(&command->converter, &recorder);
    return status;
}

static int parse_options(struct command *command, int argc, char **argv)
{
    int option, status = EX_OK;

    while (status == EX_OK && !command->converter.done &&
           (option = next_option(&tool, argc, argv)) != -1)
        status = converter_option(&command->converter, option, argv);
    return status;
}

int main(int argc, char **argv)
{
    struct command command = {0};
    char **paths;
    size_t count;
    int status;

    common_init("zeek2flow");
    status = converter_options_init(&command.converter, &tool);
    if (status == EX_OK)
        status = parse_options(&command, argc, argv);
    if (status == EX_OK && !command.converter.done) {
        status = input_paths(argc, argv, &paths, &count);
        if (status == EX_OK)
            status = open_output(&command.converter, &command.writer);
        if (status == EX_OK)
            status = stop_init();
        if (status == EX_OK && !command.converter.quiet)
            tell_terminal(paths, count, "a log");
        if (status == EX_OK)
            status = close_output(convert(&command, paths, count));
        status = converter_status(&command.converter, status);
    }
    record_writer_destroy(&command.writer);
    converter_options_destroy(&command.converter);
    return status;
}
