/*
 * flowlabel: says of each Secflow what kind of flow it is. See flowlabel(1).
 */
#include "common.h"
#include "label.h"
#include "lookahead.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: flowlabel [-hqV] [FILE...]\n"
    "Add to each Secflow its flowCategory, one of 29, and its flowId, which is the same wherever "
    "a\n"
    "flow of that category went to that destination. Without FILE, or where FILE is -, read\n"
    "standard input.\n"
    "\n"
    "  -h, --help   print this help\n"
    "  -q           no progress line\n"
    "  -V, --version  print the version\n"
    "\n"
    "Example: pcap2flow trace.pcap | flowlabel | jq -r .flowCategory | sort | uniq -c\n";

static const char *const field_names[] = {"flowCategory", "flowId"};

struct command {
    bool quiet, done;
    struct record_reader *reader;
    struct output *output;
    struct lookahead *in;
};

static enum result label_line(struct command *command, const char *line, size_t length)
{
    struct secflow secflow;
    char id[LABEL_ID_TEXT];
    const char *values[] = {NULL, id};
    enum result result = record_read(command->reader, line, length, &secflow);

    if (result != RESULT_OK)
        return result;
    values[0] = label_category(&secflow);
    label_id(&secflow, values[0], id);
    return record_write_with(command->reader, values, command->output);
}

static bool is_blank(const char *line, size_t length)
{
    size_t i = 0;

    while (i < length && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r'))
        i++;
    return i == length;
}

/* What reading has to wait for: before it does, all that is known goes out. */
static enum result next_line(struct command *command, const char **line, size_t *length)
{
    struct lookahead *in = command->in;
    enum result result = RESULT_OK;

    if (!memchr(in->buffer + in->at, '\n', in->end - in->at))
        result = output_flush(command->output);
    return result == RESULT_OK ? lookahead_line(in, line, length) : RESULT_SYSTEM;
}

/* Notes the damage of a line: too long, or no Secflow. */
static void add_line(struct damages *damages, uint64_t number, const char *problem)
{
    char text[256];

    snprintf(text, sizeof text, "line %llu: %s", (unsigned long long)number, problem);
    add_damage(damages, text);
}

static void report_progress(const char *path, const struct input *input, uint64_t lines)
{
    uint64_t done, size;

    input_progress(input, &done, &size);
    progress_show(&progress, input_name(path), done, size, lines, "lines");
}

/* Why there are no more lines. */
static int end_of_input(const struct lookahead *in, const char *path, uint64_t lines)
{
    switch (in->result) {
    case RESULT_DAMAGED:
        complain(path, "after line %llu: %s", (unsigned long long)lines, input_problem(in->input));
        return EX_DATAERR;
    case RESULT_SYSTEM:
        errno = in->error;
        complain_errno(path, "cannot read on");
        return EX_NOINPUT;
    case RESULT_NO_MEMORY:
        return output_failed(RESULT_NO_MEMORY);
    default:
        return EX_OK;
    }
}

/* *go_on is false when there is no point in more. */
static int label_lines(struct command *command, const char *path, bool *go_on)
{
    struct damages damages = {.path = path};
    uint64_t number = 0;
    const char *line;
    size_t length;
    enum result result;
    int status;

    while ((result = next_line(command, &line, &length)) == RESULT_OK || result == RESULT_DAMAGED) {
        number++;
        if (progress_due(&progress))
            report_progress(path, command->in->input, number);
        if (result == RESULT_DAMAGED) {
            add_line(&damages, number, "no Secflow: it does not end within 1 MiB");
            continue;
        }
        if (is_blank(line, length))
            continue;
        result = label_line(command, line, length);
        if (result == RESULT_DAMAGED)
            add_line(&damages, number, record_problem(command->reader));
        else if (result != RESULT_OK)
            break;
    }
    if (result != RESULT_END) {
        *go_on = false;
        return output_failed(result);
    }
    progress_clear(&progress);
    status = end_damages(&damages);
    return worse_status(status, end_of_input(command->in, path, number));
}

static int label_file(struct command *command, const char *path, bool *go_on)
{
    struct input *input = NULL;
    int status;

    switch (input_open(&input, path)) {
    case RESULT_OK:
        lookahead_init(command->in, input);
        status = label_lines(command, path, go_on);
        break;
    case RESULT_NO_MEMORY:
        *go_on = false;
        status = output_failed(RESULT_NO_MEMORY);
        break;
    default:
        complain_errno(path, "cannot open");
        status = EX_NOINPUT;
    }
    input_close(&input);
    return status;
}

static int label_files(struct command *command, char **paths, size_t count)
{
    int status = EX_OK;
    bool go_on = true;
    enum result result;

    for (size_t i = 0; i < count && go_on; i++)
        status = worse_status(status, label_file(command, paths[i], &go_on));
    if (go_on && (result = output_flush(command->output)) != RESULT_OK)
        status = worse_status(status, output_failed(result));
    return status;
}

static int command_init(struct command *command)
{
    size_t names = sizeof field_names / sizeof *field_names;

    command->in = malloc(sizeof *command->in);
    command->output = malloc(sizeof *command->output);
    if (!command->in || !command->output ||
        record_reader_init(&command->reader, field_names, names) != RESULT_OK)
        return output_failed(RESULT_NO_MEMORY);
    output_init(command->output, STDOUT_FILENO);
    progress_init(&progress, !command->quiet);
    return EX_OK;
}

static void command_destroy(struct command *command)
{
    record_reader_destroy(&command->reader);
    free(command->output);
    free(command->in);
}

static int parse_options(struct command *command, int argc, char **argv)
{
    int option, status = EX_OK;

    opterr = 0;
    while (status == EX_OK && !command->done &&
           (option = getopt_long(argc, argv, ":hqV", common_long_options, NULL)) != -1) {
        if (option == 'q')
            command->quiet = true;
        else
            status = common_option(option, argv, help, &command->done);
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
        if (status == EX_OK)
            status = close_output(label_files(&command, paths, count));
    }
    command_destroy(&command);
    return status;
}
