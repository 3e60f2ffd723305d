/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowreport: shows Secflows as one HTML page. See flowreport(1).
 */
#include "know/domain.h"
#include "options.h"
#include "secflows.h"
#include "show/page.h"
#include "stop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROWS_DEFAULT 500

static const struct tool_option tool_options[] = {
    {'n', "rows", "ROWS", "show at most ROWS rows of a table, 0 is all (default 500)"},
    {'t', "title", "TITLE", "call the page TITLE"},
    {'q', "quiet", NULL, "show no progress, and do not say that there were no records"},
    COMMON_OPTIONS,
};

static const struct habit habits[] = {
    {'o', "the page goes to standard output: flowreport FILE >PAGE.html"},
    {'r', "files need no option: flowreport FILE"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [FILE...] >PAGE.html",
    .about = "Show Secflows as one HTML page, which loads nothing and needs no script. Without "
             "FILE, or where FILE is -, read standard input.",
    .example = "pcap2flow trace.pcap | flowmeta | flowreport >trace.html",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){domain_libpsl, input_zlib, input_zstd, library_nettle, NULL},
};

struct command {
    bool quiet, done, any; /* any: a record was read */
    uint64_t rows;
    const char *title;
    struct secflows secflows;
    struct page *page;
    struct output *output;
};

static enum result take(void *context, struct record *record)
{
    struct command *command = context;

    record_read_rest(command->secflows.reader, record);
    command->any = true;
    return page_add(command->page, record);
}

static enum result take_line(void *context, const char *line, size_t length)
{
    struct command *command = context;
    enum result result = page_add_beacon(command->page, line, length);

    command->any = command->any || result == RESULT_OK;
    return result;
}

/* Why reading ended early, if not because of a signal. */
static int failed(void *context, enum result result)
{
    (void)context;
    return result == RESULT_END ? EX_OK : output_failed(result);
}

/* path: the only file; NULL: there are several. */
static int write_page(struct command *command, const char *path)
{
    enum result result;

    if (!command->any && !command->quiet)
        complain(path, "no records: the page says only that");
    result = page_write(command->page, command->secflows.damaged, command->output);
    return result == RESULT_OK ? EX_OK : output_failed(result);
}

/* The page is of all that could be read. */
static int report_files(struct command *command, char **paths, size_t count)
{
    const struct secflows_use use = {
        .quiet = true, /* the page says so */
        .take = take,
        .failed = failed,
        .context = command,
    };
    bool go_on;
    int status = secflows_read(&command->secflows, &use, paths, count, &go_on);

    return go_on ? final_status(status, write_page(command, count == 1 ? paths[0] : NULL)) : status;
}

static int command_init(struct command *command)
{
    struct page_options options = {.title = command->title,
                                   .maker = "flowreport " PACKAGE_VERSION,
                                   .rows =
                                       command->rows > 0 ? (uint32_t)command->rows : UINT32_MAX};
    enum result result;
    int status;

    command->output = malloc(sizeof *command->output);
    if (!command->output)
        return out_of_memory();
    output_init(command->output, STDOUT_FILENO);
    progress_init(&progress, !command->quiet);
    if (stop_init() != EX_OK)
        return EX_OSERR;
    result = page_init(&command->page, &options);
    if (result != RESULT_OK)
        return start_failed(result);
    status = secflows_init(&command->secflows, NULL, 0);
    command->secflows.take_line = take_line;
    command->secflows.context = command;
    return status;
}

static int parse_options(struct command *command, int argc, char **argv)
{
    int option, status = EX_OK;

    command->rows = ROWS_DEFAULT;
    while (status == EX_OK && !command->done && (option = next_option(&tool, argc, argv)) != -1) {
        if (option == 'q')
            command->quiet = true;
        else if (option == 'n')
            status = option_number("rows", 0, UINT32_MAX, &command->rows);
        else if (option == 't')
            command->title = *optarg ? optarg : NULL;
        else
            status = common_option(&tool, option, argv, &command->done);
    }
    return status;
}

/*
 * All memory goes back to the system at the end. To free what each key has, one after another,
 * takes a noticeable part of the whole time.
 */
int main(int argc, char **argv)
{
    static struct command command = {0};
    char **paths;
    size_t count;
    int status;

    common_init("flowreport");
    status = parse_options(&command, argc, argv);
    if (status == EX_OK && !command.done) {
        status = input_paths(argc, argv, &paths, &count);
        if (status == EX_OK)
            status = command_init(&command);
        if (status == EX_OK && !command.quiet)
            tell_inputs(paths, count, "Secflows");
        if (status == EX_OK)
            status = close_output(report_files(&command, paths, count));
    }
    return status;
}
