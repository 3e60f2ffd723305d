/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowtop: shows who talked to what as a table. See flowtop(1).
 */
#include "base/clock.h"
#include "base/number.h"
#include "know/domain.h"
#include "options.h"
#include "secflows.h"
#include "show/table.h"
#include "stop.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Input is live if it pauses that long behind a packet no older than that. */
#define PAUSE 1000 /* milliseconds */
#define FRESH (3600 * SECOND)

/* Columns of output that is not a terminal, and rows of it. */
#define WIDTH_DEFAULT 200
#define ROWS_DEFAULT 20

/* Lines of a terminal that are not for rows: time, heads, total, what is left out, the prompt. */
#define OTHER_LINES 5
#define ROWS_LEAST 5

/* Lines between two tables and of the second that are not for rows either. */
#define PAIR_LINES 5

enum { OPTION_KEYS = OPTION_LONG };

static const struct tool_option tool_options[] = {
    {'b', "by", "KEY",
     "what a row stands for: destination (default), source, category, domain, port, sensor, event"},
    {'k', "column", "COLUMN",
     "sort by bytes (default), flows, hosts, sent, received, packets, longest, first, last, name, "
     "count, new"},
    {'n', "rows", "ROWS", "show at most ROWS rows, 0 is all (default: what fits, or 20)"},
    {'j', "json", NULL, "write one JSON object per row, with all figures"},
    {OPTION_KEYS, "keys", "COUNT",
     "remember at most COUNT destinations or other keys (default 1000000)"},
    {'q', "quiet", NULL, "show no progress, and no notes about empty files and columns"},
    COMMON_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "files need no option: flowtop FILE"},
    {'s', "use -b for what to show, and -k for what to sort by"},
    {'N', "use -n"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [FILE...]",
    .about = "Show who talked to what in Secflows, as a table with the largest first, and lines of "
             "flowbeacon as another one. With no FILE, or when FILE is -, read standard input.",
    .example = "pcap2flow trace.pcap | flowtop",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){domain_libpsl, input_zlib, input_zstd, library_nettle, NULL},
};

/* Words of options, by what they stand for. */
static const char *const key_words[] = {"destination", "source", "category", "domain",
                                        "port",        "sensor", "event"};
static const char *const column_words[] = {"bytes", "sent",    "received", "flows",
                                           "hosts", "packets", "longest",  "first",
                                           "last",  "name",    "count",    "new"};

#define WORDS(words) (sizeof(words) / sizeof *(words))

struct command {
    bool quiet, done, json;
    bool eventless; /* records that are of no event were left out */
    bool rows_given;
    bool fits;  /* rows fit the height of a terminal */
    bool shown; /* a table, so that the next one keeps its distance */
    uint64_t rows, keys;
    unsigned key, column;
    struct table_options table;
    struct secflows secflows;
    struct summary *summary;
    struct beacon_list pairs; /* lines of flowbeacon */
    struct output *output;
    enum result result; /* of what was done before the last read */
    int error;          /* its errno */
};

/* A blank line in front of a table that is not the first. */
static enum result keep_distance(struct command *command)
{
    enum result result = command->shown ? output_put(command->output, "\n", 1) : RESULT_OK;

    command->shown = true;
    return result;
}

static enum result put_flows(struct command *command, const struct table_options *options)
{
    enum result result;

    if (summary_total(command->summary)->flows == 0)
        return RESULT_OK;
    if (command->json)
        return table_put_json(command->summary, options, command->output);
    result = keep_distance(command);
    return result == RESULT_OK ? table_put(command->summary, options, command->output) : result;
}

static enum result put_pairs(struct command *command, const struct table_options *options)
{
    enum result result;

    if (command->pairs.count == 0)
        return RESULT_OK;
    if (command->json)
        return table_put_pairs_json(&command->pairs, options, command->output);
    result = keep_distance(command);
    return result == RESULT_OK ? table_put_pairs(&command->pairs, options, command->output)
                               : result;
}

/* Two tables share the height of a terminal. */
static void share_rows(const struct command *command, struct table_options *flows,
                       struct table_options *pairs)
{
    uint32_t rows = pairs->rows, flow_rows = summary_count(command->summary), half;
    size_t pair_rows = command->pairs.count;

    if (!command->fits || flow_rows == 0 || pair_rows == 0)
        return;
    rows = rows > PAIR_LINES + 2 * ROWS_LEAST ? rows - PAIR_LINES : 2 * ROWS_LEAST;
    half = rows / 2;
    flows->rows = pair_rows < half ? rows - (uint32_t)pair_rows : half;
    pairs->rows = flow_rows < rows - half ? rows - flow_rows : rows - half;
}

static enum result put_tables(struct command *command)
{
    struct table_options flows = command->table, pairs = command->table;
    enum result result;

    progress_clear(&progress);
    share_rows(command, &flows, &pairs);
    result = put_flows(command, &flows);
    if (result == RESULT_OK)
        result = put_pairs(command, &pairs);
    return result == RESULT_OK ? output_flush(command->output) : result;
}

/* True if records of now have come. */
static bool is_live(const struct command *command)
{
    int64_t last = summary_total(command->summary)->last, age = clock_wall() - last;

    return last >= 0 && age < FRESH && age > -FRESH;
}

/* True if nothing comes for a while, and no signal. */
static bool pauses(int fd)
{
    struct pollfd fds[] = {{.fd = stop_descriptor(), .events = POLLIN},
                           {.fd = fd, .events = POLLIN}};

    return poll(fds, 2, PAUSE) == 0;
}

/* Reading may block: where live input pauses, a window has ended, which is shown. */
static bool wait_for_input(void *context, int fd)
{
    struct command *command = context;

    if (is_live(command) && pauses(fd)) {
        command->result = put_tables(command);
        if (command->result == RESULT_OK)
            command->result = summary_clear(command->summary);
        if (command->result == RESULT_OK)
            command->result = beacon_list_clear(&command->pairs);
        command->error = errno;
    }
    return command->result == RESULT_OK && stop_wait(fd);
}

/* Why reading ended early, if not because of a signal. */
static int failed(void *context, enum result result)
{
    const struct command *command = context;

    if (result != RESULT_END)
        return output_failed(result);
    if (command->result == RESULT_OK)
        return EX_OK;
    errno = command->error; /* reading has changed errno since */
    return output_failed(command->result);
}

static enum result take(void *context, struct record *record)
{
    struct command *command = context;

    record_read_rest(command->secflows.reader, record);
    if (command->key == SUMMARY_EVENT && !record->known->event.bytes) {
        command->eventless = true;
        return RESULT_OK;
    }
    return summary_add(command->summary, record);
}

static enum result take_line(void *context, const char *line, size_t length)
{
    struct command *command = context;

    return beacon_list_read(&command->pairs, line, length);
}

/* True if rows are shown, and none has what flowseen adds and -k sorts by. */
static bool lacks_column(const struct command *command)
{
    const struct summary_known *known;
    const struct summary_entry *first;

    if ((command->column != SUMMARY_COUNT && command->column != SUMMARY_NEW) ||
        summary_count(command->summary) == 0)
        return false;
    first = summary_at(command->summary, 0);
    known = summary_known(first);
    return command->column == SUMMARY_NEW ? summary_since(command->summary, first) < 0
                                          : !known || known->count_least == 0;
}

static void tell_missing(const struct command *command)
{
    if (!command->shown && command->eventless)
        complain(NULL, "no record is of an event; flowevent finds events, by rules");
    if (lacks_column(command))
        complain(NULL,
                 "no record has what -k %s sorts by, so rows are sorted by bytes; flowseen adds it",
                 column_words[command->column]);
}

/* What could be read is shown, whatever is missing. */
static int show_files(struct command *command, char **paths, size_t count)
{
    const struct secflows_use use = {
        .quiet = command->quiet,
        .take = take,
        .wait = wait_for_input,
        .failed = failed,
        .context = command,
    };
    bool go_on;
    int status = secflows_read(&command->secflows, &use, paths, count, &go_on);
    enum result result;

    if (go_on && (result = put_tables(command)) != RESULT_OK)
        status = final_status(status, output_failed(result));
    if (go_on && !command->quiet)
        tell_missing(command);
    return status;
}

/* What standard output is like. */

/* COLUMNS of the environment; 0: it says nothing. */
static uint32_t columns_asked(void)
{
    const char *columns = getenv("COLUMNS");
    uint64_t number;

    return columns && number_count(columns, strlen(columns), &number) && number <= 10000
               ? (uint32_t)number
               : 0;
}

static bool wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    return !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0;
}

static void look_at_output(struct command *command)
{
    struct table_options *table = &command->table;
    struct winsize size = {0};
    bool terminal = isatty(STDOUT_FILENO);
    uint32_t columns = columns_asked();

    if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        size = (struct winsize){0};
    setlocale(LC_CTYPE, "");
    table->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    table->colour = terminal && wants_colour();
    table->width = size.ws_col > 0 ? size.ws_col : terminal ? 80 : WIDTH_DEFAULT;
    if (columns > 0)
        table->width = columns;
    command->fits = size.ws_row > 0 && !command->json && !command->rows_given;
    if (command->rows_given)
        table->rows = (uint32_t)command->rows;
    else if (command->fits)
        table->rows =
            size.ws_row > ROWS_LEAST + OTHER_LINES ? size.ws_row - OTHER_LINES : ROWS_LEAST;
    else
        table->rows = command->json ? 0 : ROWS_DEFAULT;
}

static int command_init(struct command *command)
{
    struct summary_options options = {.key = (enum summary_key)command->key,
                                      .column = (enum summary_column)command->column,
                                      .keys_most = (uint32_t)command->keys};
    enum result result;
    int status;

    command->table.key = options.key;
    command->table.column = options.column;
    look_at_output(command);
    command->output = malloc(sizeof *command->output);
    if (!command->output)
        return out_of_memory();
    output_init(command->output, STDOUT_FILENO);
    progress_init(&progress, !command->quiet);
    if (stop_init() != EX_OK)
        return EX_OSERR;
    result = summary_init(&command->summary, &options);
    if (result == RESULT_OK)
        result = beacon_list_init(&command->pairs);
    if (result != RESULT_OK)
        return start_failed(result);
    status = secflows_init(&command->secflows, NULL, 0);
    command->secflows.take_line = take_line;
    command->secflows.context = command;
    return status;
}

/* Says which words there are. */
static int unknown_word(const char *const *words, size_t count)
{
    char all[256];
    size_t length = 0;

    for (size_t i = 0; i < count && length < sizeof all; i++)
        length += (size_t)snprintf(all + length, sizeof all - length, "%s%s",
                                   i == 0           ? ""
                                   : i + 1 == count ? " or "
                                                    : ", ",
                                   words[i]);
    return usage_error("%s: '%s' is unknown; it can be %s", option_typed(), optarg, all);
}

/* A word of several, or as much of its beginning as is of no other. */
static int option_word(const char *const *words, size_t count, unsigned *number)
{
    size_t length = strlen(optarg), found = count;

    for (size_t i = 0; i < count; i++)
        if (strncmp(words[i], optarg, length) == 0 && length > 0) {
            if (found < count)
                return usage_error("%s: '%s' can be %s or %s", option_typed(), optarg, words[found],
                                   words[i]);
            found = i;
        }
    if (found == count)
        return unknown_word(words, count);
    *number = (unsigned)found;
    return EX_OK;
}

static int take_option(struct command *command, int option, char **argv)
{
    switch (option) {
    case 'b':
        return option_word(key_words, WORDS(key_words), &command->key);
    case 'k':
        return option_word(column_words, WORDS(column_words), &command->column);
    case 'n':
        command->rows_given = true;
        return option_number("rows", 0, UINT32_MAX, &command->rows);
    case OPTION_KEYS:
        return option_number("keys", 1, UINT32_MAX / 8, &command->keys);
    case 'j':
        command->json = true;
        return EX_OK;
    case 'q':
        command->quiet = true;
        return EX_OK;
    default:
        return common_option(&tool, option, argv, &command->done);
    }
}

static int parse_options(struct command *command, int argc, char **argv)
{
    int option, status = EX_OK;

    while (status == EX_OK && !command->done && (option = next_option(&tool, argc, argv)) != -1)
        status = take_option(command, option, argv);
    return status;
}

/*
 * All memory goes back to the system at the end. To free what each key has, one after another,
 * takes a noticeable part of the whole time.
 */
int main(int argc, char **argv)
{
    static struct command command = {.keys = SUMMARY_KEYS};
    char **paths;
    size_t count;
    int status;

    common_init("flowtop");
    status = parse_options(&command, argc, argv);
    if (status == EX_OK && !command.done) {
        status = input_paths(argc, argv, &paths, &count);
        if (status == EX_OK)
            status = command_init(&command);
        if (status == EX_OK && !command.quiet)
            tell_inputs(paths, count, "Secflows");
        if (status == EX_OK)
            status = close_output(show_files(&command, paths, count));
    }
    return status;
}
