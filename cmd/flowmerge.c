/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowmerge: makes one Secflow again of those that are parts of one conversation. See flowmerge(1).
 */
#include "base/output.h"
#include "options.h"
#include "record/merge.h"
#include "secflows.h"
#include "stop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GAP INT64_C(300000000)

#define MEMORY ((size_t)512 << 20)
#define MEMORY_LEAST ((size_t)1 << 20)

/* Files that may be large go there where nothing else is said: /tmp is often in memory itself. */
#define FOLDER "/var/tmp"

enum { OPTION_MEMORY = OPTION_LONG };

static const struct tool_option tool_options[] = {
    {'g', "gap", "TIME", "the longest time between parts of one conversation (default 5m)"},
    {'q', "quiet", NULL, "show no progress, and no note about files without records"},
    {'v', "verbose", NULL, "print a summary on standard error"},
    {'x', "extended", NULL,
     "add times, addresses, ports, names and the Community ID where they are known and missing"},
    {OPTION_MEMORY, "memory", "SIZE",
     "memory for records, beyond which they go to files in $TMPDIR, or /var/tmp (default 512M)"},
    COMMON_OPTIONS,
};

static const struct habit habits[] = {
    {'d', "-g tells how long a gap may be"},
    {'m', "flowmerge makes one sample of all its files"},
    {'r', "files need no option: flowmerge FILE"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [FILE...]",
    .about = "Join Secflows that are parts of one conversation, which windows, rotated captures or "
             "several sensors cut, and make one sample of all. Without FILE, or where FILE is -, "
             "read standard input.",
    .example = "flowmerge /var/lib/secflow/*.sf >day.sf",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){input_zlib, input_zstd, library_nettle, NULL},
};

struct command {
    bool quiet, verbose, done;
    struct merge_options options;
    struct secflows secflows;
    struct merge *merge;
    struct output *output;
    struct text line;
};

/* Why the work ended early. */
static int merge_failed(const struct command *command, enum result result)
{
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    complain_errno(command->options.folder, "cannot keep records in a temporary file");
    complain(NULL, "set TMPDIR to a directory with more space, or give more --memory");
    return EX_IOERR;
}

static enum result take(void *context, struct record *record)
{
    struct command *command = context;
    enum result result;

    record_read_rest(command->secflows.reader, record);
    result = merge_add(command->merge, command->secflows.reader, record);
    if (result != RESULT_DAMAGED)
        return result;
    secflows_damaged(&command->secflows, merge_problem(command->merge));
    return RESULT_OK;
}

/* Why reading ended early, if not because of a signal. */
static int failed(void *context, enum result result)
{
    return result == RESULT_END ? EX_OK : merge_failed(context, result);
}

static int write_flows(struct command *command)
{
    struct merged flow;
    enum result result, written = RESULT_OK;

    while ((result = merge_next(command->merge, &flow)) == RESULT_OK && written == RESULT_OK) {
        result = merge_put(&command->line, &flow, merge_traffic_date(command->merge));
        if (result != RESULT_OK)
            break;
        written = output_put(command->output, command->line.bytes, command->line.length);
    }
    if (written != RESULT_OK)
        return output_failed(written);
    if (result != RESULT_END)
        return merge_failed(command, result);
    written = output_flush(command->output);
    return written == RESULT_OK ? EX_OK : output_failed(written);
}

static void print_summary(const struct command *command)
{
    struct merge_counts counts = merge_counted(command->merge);
    const char *separator = ";";

    begin_message(NULL);
    fprintf(stderr, "%" PRIu64 " records read, %" PRIu64 " written", counts.records, counts.flows);
    print_part(&separator, counts.doubles, "doubles dropped");
    print_part(&separator, counts.records - counts.doubles - counts.flows,
               "joined with earlier ones");
    print_part(&separator, (counts.disk + (1 << 20) - 1) >> 20, "MiB of temporary files");
    fputc('\n', stderr);
}

static int merge_files(struct command *command, char **paths, size_t count)
{
    const struct secflows_use use = {
        .quiet = command->quiet,
        .take = take,
        .failed = failed,
        .context = command,
    };
    bool go_on;
    int status = secflows_read(&command->secflows, &use, paths, count, &go_on);

    if (go_on) {
        status = final_status(status, write_flows(command));
        if (command->verbose)
            print_summary(command);
    }
    return status;
}

static int command_init(struct command *command)
{
    const char *folder = getenv("TMPDIR");
    enum result result;

    command->options.folder = folder && *folder ? folder : FOLDER;
    command->output = malloc(sizeof *command->output);
    if (!command->output)
        return out_of_memory();
    output_init(command->output, STDOUT_FILENO);
    progress_init(&progress, !command->quiet);
    if (stop_init() != EX_OK)
        return EX_OSERR;
    result = merge_init(&command->merge, &command->options);
    if (result != RESULT_OK)
        return start_failed(result);
    return secflows_init(&command->secflows, NULL, 0);
}

static void command_destroy(struct command *command)
{
    secflows_destroy(&command->secflows);
    merge_destroy(&command->merge);
    text_destroy(&command->line);
    free(command->output);
}

static int parse_option(struct command *command, int option, char **argv)
{
    switch (option) {
    case 'g':
        return option_seconds(0, &command->options.gap);
    case 'q':
        command->quiet = true;
        return EX_OK;
    case 'v':
        command->verbose = true;
        return EX_OK;
    case 'x':
        command->options.extend = true;
        return EX_OK;
    case OPTION_MEMORY:
        return option_memory(MEMORY_LEAST, &command->options.memory);
    default:
        return common_option(&tool, option, argv, &command->done);
    }
}

static int parse_options(struct command *command, int argc, char **argv)
{
    int option, status = EX_OK;

    while (status == EX_OK && !command->done && (option = next_option(&tool, argc, argv)) != -1)
        status = parse_option(command, option, argv);
    return status;
}

int main(int argc, char **argv)
{
    struct command command = {.options = {.gap = GAP, .memory = MEMORY}};
    char **paths;
    size_t count;
    int status;

    common_init("flowmerge");
    status = parse_options(&command, argc, argv);
    if (status == EX_OK && !command.done) {
        status = input_paths(argc, argv, &paths, &count);
        if (status == EX_OK)
            status = command_init(&command);
        if (status == EX_OK && !command.quiet)
            tell_terminal(paths, count, "Secflows");
        if (status == EX_OK)
            status = close_output(merge_files(&command, paths, count));
    }
    command_destroy(&command);
    return status;
}
