/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowbeacon: finds who calls the same place again and again, or stays connected. See
 * flowbeacon(1).
 */
#include "base/clock.h"
#include "base/number.h"
#include "base/output.h"
#include "merging.h"
#include "options.h"
#include "show/beacon.h"
#include "show/units.h"

#include <string.h>

#define SPAN (86400 * SECOND)
#define MEMORY_LEAST ((size_t)2 << 20)

enum { OPTION_MEMORY = OPTION_LONG };

static const struct tool_option tool_options[] = {
    {'a', "all", NULL, "do not leave out flows that flowmeta calls uninteresting"},
    {'m', "flows", "FLOWS", "score pairs that have at least FLOWS flows (default 4)"},
    {'t', "score", "SCORE", "write pairs whose score is at least SCORE, from 0 to 1 (default 0)"},
    {'w', "span", "TIME", "look at so much time, up to the last flow (default 24h)"},
    {'q', "quiet", NULL, "show no progress, and no note about files without records"},
    {OPTION_MEMORY, "memory", "SIZE",
     "memory for flows, beyond which they go to files in $TMPDIR, or /var/tmp (default 512M)"},
    COMMON_OPTIONS,
};

static const struct habit habits[] = {
    {'d', "-w tells how much time to look at"},
    {'r', "files need no option: flowbeacon FILE"},
    {'s', "-t tells the least score"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [FILE...]",
    .about = "Find hosts that call a destination again and again, as a beacon does, or stay "
             "connected for hours, and write a line of JSON for each pair, with the largest score "
             "first. Without FILE, or where FILE is -, read standard input.",
    .example = "flowmeta day.sf | flowbeacon -t 0.8",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){input_zlib, input_zstd, library_nettle, NULL},
};

struct command {
    bool done;
    size_t memory;
    struct merging merging;
    struct beacon_options options;
    struct beacons *beacons;
    struct text line;
};

static enum result find_beacons(struct command *command)
{
    struct merged flow;
    enum result result;

    while ((result = merge_next(command->merging.merge, &flow)) == RESULT_OK) {
        result = beacons_add(command->beacons, &flow);
        if (result != RESULT_OK)
            return result;
    }
    merge_destroy(&command->merging.merge);
    return result == RESULT_END ? beacons_finish(command->beacons) : result;
}

/* A single flow of a wrong clock leaves out all others. */
static void tell_cut(const struct command *command)
{
    char text[UNITS_TEXT];
    int64_t last;

    if (beacons_count(command->beacons) == 0 && beacons_cut(command->beacons, &last) &&
        !command->merging.quiet)
        complain(
            NULL,
            "no pairs: the time that is looked at ends with the last flow, at %s UTC, and "
            "earlier flows were left out; look at more time with -w, or leave that flow out if "
            "its clock was wrong",
            units_time(text, last));
}

static int write_beacons(struct command *command)
{
    enum result result = RESULT_OK;

    tell_cut(command);
    for (size_t i = 0; i < beacons_count(command->beacons) && result == RESULT_OK; i++) {
        command->line.length = 0;
        if (beacon_put(&command->line, beacons_at(command->beacons, i)) != RESULT_OK)
            return out_of_memory();
        result = output_put(command->merging.output, command->line.bytes, command->line.length);
    }
    if (result == RESULT_OK)
        result = output_flush(command->merging.output);
    return result == RESULT_OK ? EX_OK : output_failed(result);
}

static int look_at_files(struct command *command, char **paths, size_t count)
{
    bool go_on;
    int status = merging_read(&command->merging, paths, count, &go_on);
    enum result result;

    if (!go_on)
        return status;
    result = find_beacons(command);
    return final_status(status, result == RESULT_OK ? write_beacons(command)
                                                    : merging_failed(&command->merging, result));
}

/* Joined flows are sorted again, by pairs, with a quarter of the memory. */
static int command_init(struct command *command)
{
    enum result result;
    int status;

    command->options.memory = command->memory / 4;
    command->merging.options.memory = command->memory - command->options.memory;
    status = merging_init(&command->merging);
    if (status != EX_OK)
        return status;
    command->options.folder = command->merging.options.folder;
    result = beacons_init(&command->beacons, &command->options);
    return result == RESULT_OK ? EX_OK : start_failed(result);
}

static void command_destroy(struct command *command)
{
    merging_destroy(&command->merging);
    beacons_destroy(&command->beacons);
    text_destroy(&command->line);
}

/* A number from 0 to 1, in thousandths. */
static int option_score(uint32_t *score)
{
    int64_t millionths;

    if (!number_seconds(optarg, strlen(optarg), &millionths) || millionths > SECOND)
        return usage_error("%s: '%s' is not a score from 0 to 1, such as 0.8", option_typed(),
                           optarg);
    *score = (uint32_t)((millionths + 999) / 1000);
    return EX_OK;
}

static int take_option(struct command *command, int option, char **argv)
{
    switch (option) {
    case 'a':
        command->options.all = true;
        return EX_OK;
    case 'm':
        return option_number("flows", 1, UINT32_MAX, &command->options.flows);
    case 't':
        return option_score(&command->options.score);
    case 'w':
        return option_seconds(1, &command->options.span);
    case 'q':
        command->merging.quiet = true;
        return EX_OK;
    case OPTION_MEMORY:
        return option_memory(MEMORY_LEAST, &command->memory);
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

int main(int argc, char **argv)
{
    struct command command = {
        .memory = MERGING_MEMORY,
        .merging = {.options = {.gap = MERGING_GAP, .lean = true},
                    .problem = "cannot keep flows in a temporary file"},
        .options = {.span = SPAN, .flows = SCORE_TIMES},
    };
    char **paths;
    size_t count;
    int status;

    common_init("flowbeacon");
    status = parse_options(&command, argc, argv);
    if (status == EX_OK && !command.done) {
        status = input_paths(argc, argv, &paths, &count);
        if (status == EX_OK)
            status = command_init(&command);
        if (status == EX_OK && !command.merging.quiet)
            tell_inputs(paths, count, "Secflows");
        if (status == EX_OK)
            status = close_output(look_at_files(&command, paths, count));
    }
    command_destroy(&command);
    return status;
}
