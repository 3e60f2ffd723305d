/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowmerge: makes one Secflow again of those that are parts of one conversation. See flowmerge(1).
 */
#include "base/output.h"
#include "merging.h"
#include "options.h"

#include <inttypes.h>
#include <stdio.h>

#define MEMORY_LEAST ((size_t)1 << 20)

/* So many bytes of lines are written at once. */
#define LINES_BYTES OUTPUT_BYTES

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
    bool verbose, done;
    struct merging merging;
    struct text lines; /* to be written */
};

static enum result write_lines(struct command *command)
{
    struct text *lines = &command->lines;
    enum result result = output_put(command->merging.output, lines->bytes, lines->length);

    lines->length = 0;
    return result;
}

static int write_flows(struct command *command)
{
    struct output *output = command->merging.output;
    enum result result, written = RESULT_OK;

    while (written == RESULT_OK &&
           (result = merge_next_line(command->merging.merge, &command->lines)) == RESULT_OK)
        if (command->lines.length > LINES_BYTES)
            written = write_lines(command);
    if (written == RESULT_OK && command->lines.length > 0)
        written = write_lines(command);
    if (written == RESULT_OK)
        written = output_flush(output);
    if (written != RESULT_OK)
        return output_failed(written);
    return result == RESULT_END ? EX_OK : merging_failed(&command->merging, result);
}

static void print_summary(const struct command *command)
{
    struct merge_counts counts = merge_counted(command->merging.merge);
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
    bool go_on;
    int status = merging_read(&command->merging, paths, count, &go_on);

    if (go_on) {
        status = final_status(status, write_flows(command));
        if (command->verbose)
            print_summary(command);
    }
    return status;
}

static int parse_option(struct command *command, int option, char **argv)
{
    switch (option) {
    case 'g':
        return option_seconds(0, &command->merging.options.gap);
    case 'q':
        command->merging.quiet = true;
        return EX_OK;
    case 'v':
        command->verbose = true;
        return EX_OK;
    case 'x':
        command->merging.options.extend = true;
        return EX_OK;
    case OPTION_MEMORY:
        return option_memory(MEMORY_LEAST, &command->merging.options.memory);
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
    struct command command = {.merging = {.options = {.gap = MERGING_GAP, .memory = MERGING_MEMORY},
                                          .problem = "cannot keep records in a temporary file"}};
    char **paths;
    size_t count;
    int status;

    common_init("flowmerge");
    status = parse_options(&command, argc, argv);
    if (status == EX_OK && !command.done) {
        status = input_paths(argc, argv, &paths, &count);
        if (status == EX_OK)
            status = merging_init(&command.merging);
        if (status == EX_OK && !command.merging.quiet)
            tell_inputs(paths, count, "Secflows");
        if (status == EX_OK)
            status = close_output(merge_files(&command, paths, count));
    }
    merging_destroy(&command.merging);
    text_destroy(&command.lines);
    return status;
}
