/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcap2flow: turns capture files into Secflows. See pcap2flow(1).
 */
#include "converter.h"
#include "live/filter.h"
#include "packet/capfile.h"
#include "stop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct tool_option tool_options[] = {
    {'d', "window", "TIME",
     "split the output into time windows of this length, each its own sample"},
    {'f', "filter", "FILTER", "read only packets that match this tcpdump filter"},
    {'m', "merge", NULL, "make one sample of all files, in the order of their times"},
    {'q', "quiet", NULL, "show no progress, and no note about files without records"},
    {'S', "session-names", NULL, "prefer the names that TLS, QUIC and HTTP sessions ask for"},
    {'T', "closed-tunnels", NULL, "do not look into tunnels"},
    {'x', "extended", NULL,
     "add times, addresses, ports, names and the Community ID to each record"},
    {OPTION_NAMES_MEMORY, "names-memory", "SIZE",
     "limit on memory for names (default 16M, or 1.5 times the input if that is more)"},
    CONVERTER_OPTIONS,
};

static const struct habit habits[] = {
    {'i', "flowcap captures from an interface"},
    {'r', "files need no option: pcap2flow FILE"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [FILE...]",
    .about = "Turn captures (pcap or pcapng; plain, gzip or zstd) into Secflows, one JSON object "
             "per line. With no FILE, or when FILE is -, read standard input.",
    .example = "pcap2flow trace.pcapng | jq -r .dst | sort | uniq -c | sort -rn | head",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries =
        (library_fn *const[]){filter_libpcap, input_zlib, input_zstd, library_nettle, NULL},
};

/* The most unsupported link types of one file that are counted separately. */
#define UNREAD_MAX 8

/* The least that a file has before each frame. */
#define FRAME_HEAD 16u

struct command {
    struct converter_options converter;
    int64_t window; /* microseconds, 0: none */
    bool merge, closed_tunnels;
    struct filter *filter; /* NULL: none */
    struct record_writer *writer;
};

/* An open capture, and what went wrong in it. */
struct source {
    const char *path;
    struct input *input;
    struct capfile *capfile;
    struct frame frame; /* its first frame, if it was read ahead */
    enum result first;  /* the result of reading it */
    int error;          /* its errno */
    bool looked;        /* first and frame are still to be used */
    uint64_t damages;
    uint64_t filter_misfits;
    uint64_t filtered;
    struct {
        int linktype;
        uint64_t frames;
    } unread[UNREAD_MAX];
    size_t unread_count;
    uint64_t unread_others; /* packets of further link types */
};

static void close_source(struct source *source)
{
    capfile_close(&source->capfile);
    input_close(&source->input);
}

/*
 * Returns a status, after printing why if the file gives nothing. *opened: it is to be read and
 * closed.
 */
static int open_source(struct command *command, struct source *source, const char *path,
                       bool *opened)
{
    enum result result;
    int status;

    *source = (struct source){.path = path};
    result = input_open(&source->input, path);
    if (result == RESULT_OK) {
        input_set_wait(source->input, stop_wait_input, NULL);
        input_read_ahead(source->input, thread_block());
        result = capfile_open(&source->capfile, source->input);
    }
    *opened = result == RESULT_OK;
    switch (result) {
    case RESULT_OK:
        return EX_OK;
    case RESULT_DAMAGED:
        complain(path, "%s", capfile_problem(source->capfile));
        close_source(source);
        return EX_DATAERR;
    case RESULT_NO_MEMORY:
        close_source(source);
        return out_of_memory();
    default:
        status =
            read_failed(&command->converter, path, source->input ? "cannot read" : "cannot open");
        close_source(source);
        return status;
    }
}

static enum result next_frame(struct source *source, struct frame *frame)
{
    if (!source->looked)
        return capfile_next(source->capfile, frame);
    source->looked = false;
    *frame = source->frame;
    errno = source->error;
    return source->first;
}

static void count_unread(struct source *source, int linktype)
{
    size_t i = 0;

    while (i < source->unread_count && source->unread[i].linktype != linktype)
        i++;
    if (i == UNREAD_MAX) {
        source->unread_others++;
        return;
    }
    if (i == source->unread_count) {
        source->unread[i].linktype = linktype;
        source->unread_count++;
    }
    source->unread[i].frames++;
}

/* *match: the filter passes the frame. */
static enum result match_filter(struct command *command, struct source *source,
                                const struct frame *frame, bool *match)
{
    enum result result = filter_match(command->filter, frame, match);

    if (result == RESULT_INVALID && source->filter_misfits++ == 0) {
        const char *name = filter_linktype_name(frame->linktype);

        complain(source->path,
                 "the filter does not fit link type %d (%s), whose packets are skipped: %s",
                 frame->linktype, name ? name : "unknown", filter_problem(command->filter));
    }
    source->filtered += !*match;
    return result == RESULT_INVALID ? RESULT_OK : result;
}

static void report_progress(const struct source *source)
{
    uint64_t done, size;

    input_progress(source->input, &done, &size);
    progress_show(&progress, input_name(source->path), done, size, capfile_frames(source->capfile),
                  "packets");
}

/* Prints the damage of the file that was not printed yet. Returns the file's status. */
static int report_damage(const struct source *source)
{
    if (source->damages > 1)
        complain(source->path, "damaged in %" PRIu64 " more place%s", source->damages - 1,
                 source->damages == 2 ? "" : "s");
    for (size_t i = 0; i < source->unread_count; i++) {
        const char *name = filter_linktype_name(source->unread[i].linktype);

        complain(source->path, "link type %d (%s) is not supported; packets skipped: %" PRIu64,
                 source->unread[i].linktype, name ? name : "unknown", source->unread[i].frames);
    }
    if (source->unread_others > 0)
        complain(source->path,
                 "other link types are not supported either; packets skipped: %" PRIu64,
                 source->unread_others);
    return source->damages + source->filter_misfits + source->unread_count > 0 ? EX_DATAERR : EX_OK;
}

/*
 * Feeds all frames of the file to the meter. Sets *go_on to false if there is no point in
 * continuing.
 */
static int read_source(struct command *command, struct source *source, struct meter *meter,
                       bool *go_on)
{
    struct frame frame;
    enum packet_verdict verdict = PACKET_OK;
    enum result result;
    bool match = true;
    int status, error;

    while ((result = next_frame(source, &frame)) == RESULT_OK || result == RESULT_DAMAGED) {
        if (progress_due(&progress))
            report_progress(source);
        if (result == RESULT_DAMAGED) {
            if (source->damages++ == 0)
                complain(source->path, "%s", capfile_problem(source->capfile));
            continue;
        }
        result = RESULT_OK;
        count_read(&command->converter, FRAME_HEAD + frame.captured);
        if (command->filter)
            result = match_filter(command, source, &frame, &match);
        if (result == RESULT_OK && !match)
            continue;
        if (result == RESULT_OK)
            result = meter_frame(meter, &frame, &verdict);
        if (result != RESULT_OK) {
            *go_on = false;
            return output_failed(result);
        }
        if (verdict == PACKET_LINKTYPE)
            count_unread(source, frame.linktype);
    }
    error = errno;
    progress_clear(&progress);
    if (result == RESULT_END)
        return report_damage(source);
    if (result == RESULT_NO_MEMORY) {
        *go_on = false;
        return out_of_memory();
    }
    errno = error;
    status = read_failed(&command->converter, source->path, "cannot read further");
    return worse_status(status, report_damage(source));
}

struct totals {
    uint64_t frames, filtered, records;
};

static void print_summary(const struct converter_options *options, const char *path,
                          const struct totals *totals, const struct meter_counts *counts)
{
    const char *separator = "; skipped:";

    begin_message(path);
    fprintf(stderr, "%" PRIu64 " packets read, %" PRIu64 " records written", totals->frames,
            totals->records);
    print_names(options);
    print_part(&separator, totals->filtered, "filtered out");
    print_part(&separator, counts->local, "between local addresses");
    print_part(&separator, counts->service, "of local services");
    print_part(&separator, counts->other_family, "of the other address family");
    print_part(&separator, counts->verdicts[PACKET_NOT_IP], "not IP");
    print_part(&separator, counts->verdicts[PACKET_OTHER_PROTOCOL], "of other IP protocols");
    print_part(&separator, counts->verdicts[PACKET_LATE_FRAGMENT], "fragments without their first");
    print_part(&separator, counts->verdicts[PACKET_OPAQUE], "802.11 encrypted or aggregated");
    print_part(&separator, counts->verdicts[PACKET_LINKTYPE], "of unsupported link types");
    print_part(&separator, counts->verdicts[PACKET_DAMAGED], "damaged");
    print_part(&separator, counts->verdicts[PACKET_CUT], "cut off in their headers");
    print_part(&separator, counts->verdicts[PACKET_NO_TIME], "with times out of range");
    separator = "; counted:";
    print_part(&separator, counts->late, "in a window later than their time");
    fputc('\n', stderr);
}

static enum result open_meter(const struct command *command, struct recorder *recorder,
                              struct meter **meter)
{
    struct meter_options options = converter_meter(&command->converter, recorder_sink(recorder));

    converter_cut_time(&options, command->window);
    options.open_tunnels = !command->closed_tunnels;
    return meter_init(meter, &options);
}

/* Prints why there are no records, unless already reported: link types are named when they come. */
static void report_no_records(const struct command *command, const char *path,
                              const struct totals *totals, const struct meter_counts *counts)
{
    const uint64_t *verdicts = counts->verdicts;
    const struct reason reasons[] = {
        {verdicts[PACKET_NOT_IP], "not IP", NULL},
        {verdicts[PACKET_LINKTYPE], "of unsupported link types", NULL},
        {verdicts[PACKET_LATE_FRAGMENT], "in fragments without their first", NULL},
        {verdicts[PACKET_DAMAGED], "damaged", NULL},
        {verdicts[PACKET_OTHER_PROTOCOL], "of other IP protocols",
         command->closed_tunnels ? "without -T tunnels are opened" : NULL},
        {verdicts[PACKET_OPAQUE], "of 802.11, encrypted or aggregated",
         "decrypt the capture first"},
        {verdicts[PACKET_CUT], "cut off in their headers", "capture more bytes of each"},
        {verdicts[PACKET_NO_TIME], "with times out of range", "editcap -t shifts times"},
        {totals->filtered, "filtered out", "a wider -f lets them through"},
        {counts->other_family, "of the other address family", "leave out -4 or -6"},
        {counts->local, "between local addresses", "-a keeps them"},
        {counts->service, "of local services", "-a keeps them"},
    };

    if (totals->frames == 0 || verdicts[PACKET_LINKTYPE] < totals->frames)
        report_empty(&command->converter, path, "packet", reasons,
                     sizeof reasons / sizeof *reasons);
}

/*
 * Makes one sample of the sources, which are open or to be opened again, and closes them. path:
 * their name in the summary. Sets *go_on to false if there is no point in continuing.
 */
static int convert(struct command *command, struct source *sources, size_t count, const char *path,
                   bool *go_on)
{
    struct totals totals = {.records = record_writer_count(command->writer)};
    struct recorder *recorder = NULL;
    struct meter *meter = NULL;
    enum result result = RESULT_OK;
    int status = open_recorder(&command->converter, command->writer, &recorder);

    *go_on = status != EX_OSERR;
    if (*go_on && (result = open_meter(command, recorder, &meter)) != RESULT_OK) {
        *go_on = false;
        status = start_failed(result);
    }
    for (size_t i = 0; i < count; i++) {
        bool opened = sources[i].capfile;

        if (*go_on && !opened)
            status =
                worse_status(status, open_source(command, &sources[i], sources[i].path, &opened));
        if (*go_on && opened) {
            status = worse_status(status, read_source(command, &sources[i], meter, go_on));
            totals.frames += capfile_frames(sources[i].capfile);
            totals.filtered += sources[i].filtered;
        }
        close_source(&sources[i]);
    }
    if (*go_on && (result = meter_finish(meter)) != RESULT_OK) {
        *go_on = false;
        status = output_failed(result);
    }
    if (*go_on) {
        totals.records = record_writer_count(command->writer) - totals.records;
        if (command->converter.verbose)
            print_summary(&command->converter, path, &totals, meter_counts(meter));
        if (totals.records == 0 && !command->converter.stopped)
            report_no_records(command, path, &totals, meter_counts(meter));
        tell_forgotten(&command->converter);
        status = worse_status(status, update_cache(&command->converter, recorder_names(recorder)));
    }
    meter_destroy(&meter);
    close_recorder(&command->converter, &recorder);
    return status;
}

static int convert_each(struct command *command, char **paths, size_t count)
{
    int status = EX_OK;
    bool go_on = true;

    for (size_t i = 0; i < count && go_on; i++) {
        struct source source;
        bool opened;

        status = worse_status(status, open_source(command, &source, paths[i], &opened));
        if (opened)
            status = worse_status(status, convert(command, &source, 1, paths[i], &go_on));
    }
    return status;
}

/*
 * Reads the time of the first frame. Closes a file that can be opened again, so that any number of
 * files can be merged.
 */
static void look_at_first(struct source *source)
{
    bool regular = input_is_regular(source->input) && strcmp(source->path, "-") != 0;

    do {
        source->first = capfile_next(source->capfile, &source->frame);
        source->error = errno;
    } while (regular && source->first == RESULT_DAMAGED);
    source->looked = !regular;
    if (source->first != RESULT_OK)
        source->frame.time = INT64_MIN;
    if (regular)
        close_source(source);
}

static int compare_sources(const void *left, const void *right)
{
    const struct source *a = left, *b = right;

    if (a->frame.time != b->frame.time)
        return a->frame.time < b->frame.time ? -1 : 1;
    return strcmp(a->path, b->path);
}

static int convert_merged(struct command *command, char **paths, size_t count)
{
    struct source *sources = calloc(count, sizeof *sources);
    size_t opened = 0;
    int status = EX_OK;
    bool go_on = true;

    if (!sources)
        return out_of_memory();
    for (size_t i = 0; i < count; i++) {
        bool one;

        status = worse_status(status, open_source(command, &sources[opened], paths[i], &one));
        if (one)
            look_at_first(&sources[opened++]);
    }
    qsort(sources, opened, sizeof *sources, compare_sources);
    status = worse_status(status, convert(command, sources, opened, NULL, &go_on));
    free(sources);
    return status;
}

/* A filter must fit at least one of the usual link types. */
static int make_filter(const char *expression, struct filter **filter)
{
    /* Ethernet comes last, since its problem is the one reported. */
    static const int linktypes[] = {LINKTYPE_IEEE802_11_RADIOTAP, LINKTYPE_LINUX_SLL, LINKTYPE_PPP,
                                    LINKTYPE_RAW, LINKTYPE_ETHERNET};
    bool fits = false;
    enum result result;

    filter_destroy(filter);
    result = filter_init(filter, expression);
    for (size_t i = 0; i < sizeof linktypes / sizeof *linktypes && result != RESULT_NO_MEMORY;
         i++) {
        result = filter_compile(*filter, linktypes[i]);
        fits |= result == RESULT_OK;
    }
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    return fits ? EX_OK : usage_error("%s: %s", option_typed(), filter_problem(*filter));
}

static int parse_options(struct command *command, int argc, char **argv)
{
    int option, status = EX_OK;

    while (status == EX_OK && !command->converter.done &&
           (option = next_option(&tool, argc, argv)) != -1) {
        switch (option) {
        case 'd':
            status = option_seconds(1, &command->window);
            break;
        case 'f':
            status = make_filter(optarg, &command->filter);
            break;
        case 'm':
            command->merge = true;
            break;
        case 'T':
            command->closed_tunnels = true;
            break;
        default:
            status = converter_option(&command->converter, option, argv);
        }
    }
    return status;
}

int main(int argc, char **argv)
{
    struct command command = {0};
    char **paths;
    size_t count;
    int status;

    common_init("pcap2flow");
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
            tell_inputs(paths, count, "a capture");
        if (status == EX_OK)
            status = close_records(&command.writer, command.merge
                                                        ? convert_merged(&command, paths, count)
                                                        : convert_each(&command, paths, count));
        status = converter_status(&command.converter, status);
    }
    record_writer_destroy(&command.writer);
    filter_destroy(&command.filter);
    converter_options_destroy(&command.converter);
    return status;
}
