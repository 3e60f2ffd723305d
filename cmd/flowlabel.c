/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowlabel: says of each Secflow what kind of flow it is. See flowlabel(1).
 */
#include "options.h"
#include "record/label.h"
#include "secflows.h"
#include "stop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct tool_option tool_options[] = {
    {'q', "quiet", NULL, "show no progress"},
    COMMON_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "files need no option: flowlabel FILE"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [FILE...]",
    .about = "Add to each Secflow its flowCategory, one of 29, and its flowId, which is the same "
             "wherever a flow of that category went to that destination. Without FILE, or where "
             "FILE is -, read standard input.",
    .example = "pcap2flow trace.pcap | flowlabel | jq -r .flowCategory | sort | uniq -c",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
};

static const char *const field_names[] = {"flowCategory", "flowId"};

struct command {
    bool quiet, done;
    struct secflows secflows;
    struct output *output;
    enum result flushed; /* what that gave before the last read */
    int error;           /* its errno */
};

static enum result label(struct command *command, const struct record *record)
{
    const char *name = label_category(record);
    char category[64], id[LABEL_ID_TEXT], quoted_id[LABEL_ID_TEXT + 2];
    const char *const values[] = {category, quoted_id};

    label_id(record, name, id);
    snprintf(category, sizeof category, "\"%s\"", name);
    snprintf(quoted_id, sizeof quoted_id, "\"%s\"", id);
    return record_write_with(command->secflows.reader, values, command->output);
}

/* Reading may have to wait: before it does, all that is known goes out. */
static bool flush(void *context, int fd)
{
    struct command *command = context;

    command->flushed = output_flush(command->output);
    command->error = errno;
    return command->flushed == RESULT_OK && stop_wait(fd);
}

/* Why a file was not read to its end. */
static int end_early(const struct command *command, enum result result)
{
    if (result != RESULT_END)
        return output_failed(result);
    errno = command->error; /* reading has its own since then */
    return output_failed(command->flushed);
}

/* Whether a signal ended the reading, which is said. */
static bool was_stopped(const struct command *command, const char *path)
{
    if (command->secflows.in->error != ECANCELED || command->flushed != RESULT_OK)
        return false;
    complain(path, "it was not read to its end");
    return true;
}

/* *go_on is false when there is no point in more. */
static int label_file(struct command *command, const char *path, bool *go_on)
{
    struct secflows *secflows = &command->secflows;
    struct record record;
    const char *line;
    size_t length;
    enum result result;
    int status = secflows_open(secflows, path);

    if (status != EX_OK)
        return status;
    input_set_wait(secflows->input, flush, command);
    while ((result = secflows_next(secflows, &record, &line, &length)) == RESULT_OK)
        if ((result = label(command, &record)) != RESULT_OK)
            break;
    *go_on = result == RESULT_END && command->flushed == RESULT_OK;
    if (!*go_on)
        status = end_early(command, result);
    else if (was_stopped(command, path))
        status = EX_TEMPFAIL;
    if (!command->quiet)
        secflows_tell_empty(secflows);
    return final_status(status, secflows_close(secflows));
}

static int label_files(struct command *command, char **paths, size_t count)
{
    int status = EX_OK;
    bool go_on = true;
    enum result result;

    for (size_t i = 0; i < count && go_on; i++)
        status = final_status(status, label_file(command, paths[i], &go_on));
    if (go_on && (result = output_flush(command->output)) != RESULT_OK)
        status = final_status(status, output_failed(result));
    return status;
}

static int command_init(struct command *command)
{
    command->output = malloc(sizeof *command->output);
    if (!command->output)
        return out_of_memory();
    output_init(command->output, STDOUT_FILENO);
    progress_init(&progress, !command->quiet);
    if (stop_init() != EX_OK)
        return EX_OSERR;
    return secflows_init(&command->secflows, field_names, sizeof field_names / sizeof *field_names);
}

static void command_destroy(struct command *command)
{
    secflows_destroy(&command->secflows);
    free(command->output);
}

static int parse_options(struct command *command, int argc, char **argv)
{
    int option, status = EX_OK;

    while (status == EX_OK && !command->done && (option = next_option(&tool, argc, argv)) != -1) {
        if (option == 'q')
            command->quiet = true;
        else
            status = common_option(&tool, option, argv, &command->done);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct command command = {0};
    char **paths;
    size_t count;
    int status;

    common_init("flowlabel");
    status = parse_options(&command, argc, argv);
    if (status == EX_OK && !command.done) {
        status = input_paths(argc, argv, &paths, &count);
        if (status == EX_OK)
            status = command_init(&command);
        if (status == EX_OK && !command.quiet)
            tell_terminal(paths, count, "Secflows");
        if (status == EX_OK)
            status = close_output(label_files(&command, paths, count));
    }
    command_destroy(&command);
    return status;
}
