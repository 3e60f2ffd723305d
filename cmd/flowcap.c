/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowcap: turns live traffic into Secflows. See flowcap(8).
 */
#include "base/clock.h"
#include "converter.h"
#include "interfaces.h"
#include "keeping.h"
#include "live/capture.h"
#include "live/filter.h"
#include "live/outbox.h"
#include "live/sandbox.h"
#include "signals.h"
#include "watch.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum {
    OPTION_KEEP = OPTION_OWN,
    OPTION_KEEP_BYTES,
    OPTION_MAX_FLOWS,
    OPTION_METRICS,
    OPTION_OUTPUT_MEMORY
};

static const struct tool_option tool_options[] = {
    {'B', "buffer-size", "SIZE", "size of the kernel's buffer (default 32M; a bare number is KiB)"},
    {'D', "list-interfaces", NULL, "list the interfaces"},
    {'d', "window", "TIME", "length of a window (default 5m)"},
    {'f', "filter", "FILTER", "capture only packets that match this tcpdump filter"},
    {'i', "interface", "INTERFACE", "capture from this interface, or from any (may be repeated)"},
    {'n', "count", "COUNT", "end after this many windows"},
    {'p', "no-promiscuous-mode", NULL, "do not put the interface into promiscuous mode"},
    {'q', "quiet", NULL, "show no status line, and no note about interfaces that come and go"},
    {'S', "session-names", NULL, "prefer the names that TLS, QUIC and HTTP sessions ask for"},
    {'T', "closed-tunnels", NULL, "do not look into tunnels"},
    {'w', "write", "DIR", "write each window to a file in this directory, not to standard output"},
    {'x', "extended", NULL,
     "add times, addresses, ports, names and the Community ID to each record"},
    {'Z', "user", "USER", "user to become when started as root (default nobody)"},
    {OPTION_KEEP, "keep", "TIME", "remove window files older than this, such as 7d"},
    {OPTION_KEEP_BYTES, "keep-bytes", "SIZE",
     "remove the oldest window files while together they exceed this size, such as 10G"},
    {OPTION_MAX_FLOWS, "max-flows", "FLOWS", "limit on flows in memory (default 1000000)"},
    {OPTION_METRICS, "metrics", "FILE", "keep counters in this file, for Prometheus"},
    {OPTION_NAMES_MEMORY, "names-memory", "SIZE", "limit on memory for names (default 64M)"},
    {OPTION_OUTPUT_MEMORY, "output-memory", "SIZE",
     "limit on memory for flows waiting to be written (default 64M)"},
    CONVERTER_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "pcap2flow reads captures: pcap2flow FILE"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "-i INTERFACE... [OPTION...]\n-D",
    .about = "Turn the traffic of an interface into Secflows, one JSON object per line, in time "
             "windows, each its own sample. Reads only headers and DNS responses, and with -S "
             "handshakes.",
    .example = "flowcap -i eth0 -d 60 | flowlabel >flows.sf",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){filter_libpcap, sandbox_libseccomp, library_nettle, NULL},
};

/* How long after its end a window stays open: by then the kernel has handed over its packets. */
#define TICK_GRACE (SECOND / 2)

/* How long names are remembered across windows. */
#define NAME_MEMORY (300 * SECOND)

/* Memory for flows that wait to be written. */
#define OUTPUT_MEMORY ((size_t)64 << 20)
#define OUTPUT_MEMORY_LEAST (UINT64_C(64) << 10)
#define OUTBOX_WAIT (3 * SECOND)

/* Default memory for names. */
#define NAMES_MEMORY ((size_t)64 << 20)

#define RETRY_MOST (60 * SECOND)

#define KEEP_BYTES_LEAST (UINT64_C(64) << 10)

struct command {
    struct converter_options converter;
    struct capture_options capture_options;
    char interfaces[INTERFACES_TEXT];
    const char *user, *metrics;
    int64_t window;
    uint64_t most_windows, most_flows; /* most_windows: 0: no limit */
    size_t output_memory;
    bool closed_tunnels, list;

    struct capture *capture;
    struct record_writer *writer;
    struct recorder *recorder;
    struct meter *meter;
    struct outbox *outbox;
    struct watch watch;
    struct keeping keeping;
    int signals;
    uint64_t frames;               /* read */
    uint64_t windows;              /* ended, as far as noticed */
    int64_t retry_at, retry_after; /* for an interface that is gone; otherwise 0 */
    int status; /* of failures that do not end the capture, such as the name cache's */
    bool told_empty;
    bool cache_locked; /* by another process; a message was printed */
    bool stopping;
};

/* When the window that is open at a wall clock time ends. */
static int64_t window_end(const struct command *command, int64_t wall)
{
    return wall - wall % command->window + command->window;
}

/* Why some of the traffic is not captured; NULL: all is. */
static const char *problem_of(const struct command *command)
{
    if (command->retry_after > 0)
        return capture_problem(command->capture);
    return capture_lacks(command->capture) ? "an interface is down or has disappeared" : NULL;
}

static struct watch_counts count(struct command *command)
{
    struct watch_counts counts = {
        .meter = *meter_counts(command->meter),
        .flows = meter_flows(command->meter),
        .flow_bytes = meter_bytes(command->meter),
        .unnamed = meter_unnamed(command->meter),
        .sending = meter_is_sending(command->meter),
        .problem = problem_of(command),
        .window_ends = window_end(command, clock_wall()),
    };

    capture_count(command->capture, &counts.capture);
    outbox_count(command->outbox, &counts.outbox);
    return counts;
}

/* If the cache is locked, it is updated later; if it fails, capture goes on without. */
static void look_at_cache(struct command *command, const struct outbox_counts *counts, bool last)
{
    bool locked = counts->cache == RESULT_SYSTEM && counts->cache_error == EWOULDBLOCK;

    if (locked && !last && !command->cache_locked)
        complain(command->converter.cache_path,
                 "another process has it locked; it learns once that is over");
    command->cache_locked = locked;
    if (counts->cache == RESULT_OK || (locked && !last) || command->converter.cache_failed)
        return;
    errno = counts->cache_error;
    command->status =
        worse_status(command->status, cache_updated(&command->converter, counts->cache));
}

/* With several interfaces, one may be down or gone while the others are captured from. */
static void tell_news(struct command *command)
{
    static const char *const words[] = {
        [CAPTURE_CAME_UP] = "capturing from it again",
        [CAPTURE_WENT_DOWN] = "the interface is down; waiting for it, capturing from the others",
        [CAPTURE_WENT_AWAY] = "it has disappeared; restart flowcap to capture from it again",
        [CAPTURE_RENAMED] = "capturing from it goes on; the interface has another name now",
    };
    struct capture_news news;

    while ((news = capture_news(command->capture)).event != CAPTURE_QUIET)
        if (!command->converter.quiet)
            complain(news.name, "%s%s%s", words[news.event],
                     news.event == CAPTURE_RENAMED ? ": " : "",
                     news.event == CAPTURE_RENAMED ? news.new_name : "");
}

/* Reports failures of the writing thread. */
static void look_at_outbox(struct command *command, const struct outbox_counts *counts, bool last)
{
    look_at_cache(command, counts, last);
    command->status = worse_status(command->status, keeping_look(&command->keeping, counts));
}

/*
 * Prints, once, that a whole window or the whole capture gave no records. The kernel's filter
 * leaves out most packets without counting them.
 */
static void tell_empty(struct command *command, const struct outbox_counts *counts)
{
    const struct converter_options *options = &command->converter;

    if (command->told_empty || counts->records > 0 || counts->dropped_flows > 0 ||
        problem_of(command) || options->quiet || !(progress.on || options->verbose))
        return;
    complain(command->interfaces, "no records%s%s%s",
             options->keep_all ? "" : "; -a keeps local traffic and local services, too",
             options->family ? "; leave out -4 or -6" : "",
             command->capture_options.snap.filter ? "; a wider -f lets more through" : "");
    command->told_empty = true;
}

/* Reports what is new, such as failures of the writing thread. */
static void look(struct command *command, int64_t now)
{
    struct watch_counts counts;

    if (watch_left(&command->watch, now) > 0)
        return;
    tell_news(command);
    counts = count(command);
    watch_look(&command->watch, &counts, now);
    look_at_outbox(command, &counts.outbox, false);
    if (command->windows > 1 && !watch_is_writing(&counts))
        tell_empty(command, &counts.outbox);
}

/* Call it after a window has ended. */
static void end_windows(struct command *command)
{
    uint64_t windows = meter_counts(command->meter)->windows;

    if (windows == command->windows)
        return;
    command->windows = windows;
    if (command->most_windows > 0 && windows >= command->most_windows)
        command->stopping = true;
}

static int metered(struct command *command, enum result result)
{
    if (result != RESULT_OK)
        return out_of_memory();
    end_windows(command);
    return EX_OK;
}

/* A capture_frame_fn. */
static enum result take_frame(void *context, const struct frame *frame)
{
    struct command *command = context;
    enum packet_verdict verdict;
    enum result result = meter_frame(command->meter, frame, &verdict);

    command->frames++;
    /* The end of a window is handled outside capture_read. */
    if (result == RESULT_OK && meter_counts(command->meter)->windows != command->windows)
        return RESULT_END;
    return result;
}

/* A missing interface is reported once, then waited for. */
static int wait_for_interface(struct command *command, int64_t now)
{
    enum capture_state state = capture_state(command->capture);

    if (state != CAPTURE_DOWN && state != CAPTURE_MISSING) {
        complain(command->interfaces, "%s", capture_problem(command->capture));
        return EX_UNAVAILABLE;
    }
    if (!command->converter.quiet)
        complain(command->interfaces, "%s; waiting for it", capture_problem(command->capture));
    command->retry_after = SECOND;
    command->retry_at = now + command->retry_after;
    return EX_OK;
}

static int look_for_interface(struct command *command, int64_t now)
{
    if (now < command->retry_at)
        return EX_OK;
    switch (capture_reopen(command->capture)) {
    case CAPTURE_GOOD:
        if (!command->converter.quiet)
            complain(command->interfaces, "capturing from it again");
        command->retry_after = 0;
        return EX_OK;
    case CAPTURE_DOWN:
    case CAPTURE_MISSING:
        command->retry_after *= 2;
        if (command->retry_after > RETRY_MOST)
            command->retry_after = RETRY_MOST;
        command->retry_at = now + command->retry_after;
        return EX_OK;
    default:
        complain(command->interfaces, "%s", capture_problem(command->capture));
        return EX_UNAVAILABLE;
    }
}

/* Reads available frames. */
static int read_frames(struct command *command)
{
    enum result result = capture_read(command->capture, take_frame, command);

    if (result == RESULT_END && capture_state(command->capture) != CAPTURE_GOOD)
        return wait_for_interface(command, clock_monotonic());
    return metered(command, result == RESULT_END ? RESULT_OK : result);
}

/* Reads what the kernel still holds when told to end, but no more: traffic may never stop. */
static int read_rest(struct command *command)
{
    struct capture_counts counts;
    uint64_t frames;
    int status = EX_OK;

    poll(NULL, 0, 150); /* lets the kernel hand over a block that is not full */
    capture_count(command->capture, &counts);
    do {
        frames = command->frames;
        if (command->retry_after == 0)
            status = read_frames(command);
    } while (status == EX_OK && command->frames > frames &&
             command->frames + counts.kernel_drops < counts.packets);
    return status;
}

static void take_signal(struct command *command)
{
    struct signalfd_siginfo info;
    struct watch_counts counts;

    if (read(command->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo != SIGUSR1) {
        command->stopping = true;
        return;
    }
    counts = count(command);
    watch_tell(&command->watch, &counts);
}

/* Milliseconds until the window ends, the interface is checked, or a report is due. */
static int time_left(const struct command *command)
{
    int64_t wall = clock_wall() - TICK_GRACE, now = clock_monotonic();
    int64_t left = window_end(command, wall) - wall;

    if (meter_is_sending(command->meter))
        return 0;
    if (command->retry_after > 0 && command->retry_at - now < left)
        left = command->retry_at - now;
    if (watch_left(&command->watch, now) < left)
        left = watch_left(&command->watch, now);
    return left > 0 ? (int)(left / 1000 + 1) : 0;
}

static int output_gone(struct command *command)
{
    errno = outbox_error(command->outbox);
    return output_failed(errno == ENOMEM ? RESULT_NO_MEMORY : RESULT_SYSTEM);
}

static int capture_windows(struct command *command)
{
    int status = metered(command, meter_tick(command->meter, clock_wall()));

    while (status == EX_OK && !command->stopping) {
        bool gone = command->retry_after > 0;
        uint64_t windows = command->windows, frames = command->frames;
        struct pollfd fds[] = {
            {.fd = command->signals, .events = POLLIN},
            {.fd = outbox_fd(command->outbox), .events = POLLIN},
            {.fd = gone ? -1 : capture_fd(command->capture), .events = POLLIN},
        };

        poll(fds, 3, time_left(command));
        if (fds[1].revents != 0)
            return output_gone(command);
        if (fds[0].revents != 0)
            take_signal(command);
        status = gone ? look_for_interface(command, clock_monotonic()) : read_frames(command);
        if (status == EX_OK && command->retry_after == 0 && (fds[2].revents & POLLERR) &&
            capture_look(command->capture) != CAPTURE_GOOD)
            status = wait_for_interface(command, clock_monotonic());
        /*
         * While older frames may be waiting, the clock ends no window: they belong before the next.
         */
        if (status == EX_OK && !command->stopping && command->windows == windows &&
            command->frames - frames < CAPTURE_AT_ONCE)
            status = metered(command, meter_tick(command->meter, clock_wall() - TICK_GRACE));
        look(command, clock_monotonic());
    }
    return status;
}

/* Waits until everything is written, or gives up. */
static int end_outbox(struct command *command, int status)
{
    bool done = outbox_wait(command->outbox, OUTBOX_WAIT);
    struct outbox_counts counts;

    outbox_count(command->outbox, &counts);
    if (done) {
        look_at_outbox(command, &counts, true);
        return status;
    }
    if (outbox_error(command->outbox) != 0)
        return worse_status(status, output_gone(command));
    if (command->keeping.path)
        return worse_status(status, keeping_gave_up(&command->keeping, &counts));
    complain(NULL, "the output is not being read: its last windows are lost");
    return worse_status(status, EX_IOERR);
}

/*
 * Sends the window so far, unless it exceeds -n, and what waits for the reader. go_on is false
 * after a failure of the meter, which may then only be destroyed.
 */
static int finish(struct command *command, bool go_on)
{
    int status = EX_OK;

    if (go_on && (command->most_windows == 0 || command->windows < command->most_windows)) {
        status = read_rest(command);
        if (status != EX_OSERR)
            status = worse_status(status, metered(command, meter_finish(command->meter)));
    } else if (go_on) {
        status = metered(command, meter_send_rest(command->meter));
    }
    return end_outbox(command, status);
}

static int run(struct command *command)
{
    struct watch_counts counts = count(command);
    int status;

    watch_begin(&command->watch, &counts);
    status = capture_windows(command);
    watch_stop(&command->watch);
    if (outbox_error(command->outbox) == 0)
        status = worse_status(status, finish(command, status != EX_OSERR));
    counts = count(command);
    watch_end(&command->watch, &counts);
    tell_empty(command, &counts.outbox);
    if (command->converter.verbose)
        watch_tell(&command->watch, &counts);
    return worse_status(status, command->status);
}

static int open_capture(struct command *command)
{
    if (capture_init(&command->capture, &command->capture_options) != RESULT_OK)
        return out_of_memory();
    switch (capture_state(command->capture)) {
    case CAPTURE_GOOD:
        return EX_OK;
    case CAPTURE_DENIED:
        complain(command->interfaces,
                 "%s; run flowcap as root, or give it the right: setcap cap_net_raw+ep FLOWCAP, "
                 "or in a unit of systemd AmbientCapabilities=CAP_NET_RAW",
                 capture_problem(command->capture));
        return EX_NOPERM;
    case CAPTURE_MISSING:
        interface_missing(command->interfaces, capture_problem(command->capture));
        return EX_UNAVAILABLE;
    case CAPTURE_UNFIT:
        if (command->capture_options.snap.filter)
            return usage_error("-f: %s", capture_problem(command->capture));
        /* fall through */
    default:
        complain(command->interfaces, "%s", capture_problem(command->capture));
        return EX_UNAVAILABLE;
    }
}

static int open_outbox(struct command *command)
{
    struct outbox_options options = {
        .fd = STDOUT_FILENO,
        .windows = command->keeping.windows,
        .recorder = command->recorder,
        .writer = command->writer,
        .cache_path = command->converter.cache_failed ? NULL : command->converter.cache_path,
        .cache_age = command->converter.cache_age,
        .name_memory = NAME_MEMORY,
        .most = command->output_memory,
    };
    enum result result = outbox_init(&command->outbox, &options);

    return result == RESULT_OK ? EX_OK : start_failed(result);
}

/*
 * Passes flows to the outbox, after clearing the progress line: records may go to the same
 * terminal.
 */
static enum result take_flows(void *context, struct flowlist *flows, const struct window *window)
{
    progress_clear(&progress);
    return outbox_sink(context).flows(context, flows, window);
}

static int open_meter(struct command *command)
{
    struct sink sink = outbox_sink(command->outbox);
    struct meter_options options;
    enum result result;

    sink.flows = take_flows;
    options = converter_meter(&command->converter, sink);
    options.window = command->window;
    options.in_pieces = true;
    options.flow_memory = FLOW_MEMORY;
    options.flow_limit = (size_t)command->most_flows;
    options.flow_names_limit = command->converter.names_memory;
    options.open_tunnels = !command->closed_tunnels;
    result = meter_init(&command->meter, &options);
    return result == RESULT_OK ? EX_OK : start_failed(result);
}

/* What needs no rights but more than the sandbox allows. A thread inherits its creator's rights. */
static int prepare(struct command *command)
{
    int status = open_recorder(&command->converter, command->writer, &command->recorder);

    if (status == EX_OSERR)
        return status;
    command->status = status; /* goes on without a name cache */
    status = keeping_open(&command->keeping, command->interfaces);
    if (status == EX_OK)
        status = open_outbox(command);
    if (status == EX_OK)
        status = open_meter(command);
    return status == EX_OK ? watch_open(&command->watch) : status;
}

static int drop_rights(struct command *command)
{
    char problem[SANDBOX_PROBLEM];
    enum result result = sandbox_drop(command->user, problem);
    int status;

    tzset(); /* otherwise the first formatted time would open a file */
    if (result == RESULT_OK) {
        status = prepare(command);
        if (status != EX_OK)
            return status;
        result =
            sandbox_enter((command->converter.cache_path || command->metrics ? SANDBOX_FILES : 0) |
                              (command->keeping.path ? SANDBOX_WINDOWS : 0),
                          capture_fd(command->capture), problem);
    }
    if (result == RESULT_OK)
        return EX_OK;
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    complain(NULL, "%s", problem);
    return result == RESULT_INVALID ? EX_USAGE : EX_OSERR;
}

static int block_signals(struct command *command)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1};

    signal(SIGPIPE, SIG_IGN); /* writing then fails, which is reported */
    command->signals = signal_descriptor(signals, sizeof signals / sizeof *signals);
    return command->signals < 0 ? start_failed(RESULT_SYSTEM) : EX_OK;
}

/*
 * Otherwise glibc gives a thread its own arena, and opens a file before returning that memory,
 * which the sandbox forbids.
 */
static void share_memory(void)
{
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 1);
#endif
}

/* Does what needs rights before they are dropped. */
static int command_init(struct command *command)
{
    struct snap_options *snap = &command->capture_options.snap;
    int status = block_signals(command);

    share_memory();
    command->capture_options.interface = command->interfaces;
    snap->keep_all = command->converter.keep_all;
    snap->family = command->converter.family;
    snap->session_names = command->converter.session_names;
    snap->open_tunnels = !command->closed_tunnels;
    if (status == EX_OK)
        status = open_output(&command->converter, &command->writer);
    watch_init(&command->watch,
               &(struct watch_options){.interface = command->interfaces,
                                       .sensor = command->converter.sensor,
                                       .metrics = command->metrics,
                                       .keeping = &command->keeping,
                                       .user = geteuid() == 0 ? command->user : NULL});
    if (status == EX_OK)
        status = open_capture(command);
    if (status == EX_OK)
        status = keeping_make(&command->keeping, command->user);
    return status == EX_OK ? drop_rights(command) : status;
}

static void command_destroy(struct command *command)
{
    watch_destroy(&command->watch);
    outbox_destroy(&command->outbox);
    keeping_close(&command->keeping);
    capture_destroy(&command->capture);
    meter_destroy(&command->meter);
    close_recorder(&command->converter, &command->recorder);
    record_writer_destroy(&command->writer);
    converter_options_destroy(&command->converter);
    if (command->signals >= 0)
        close(command->signals);
}

static int parse_option(struct command *command, int option, char **argv)
{
    uint64_t number = 0;
    int status = EX_OK;

    switch (option) {
    case 'B':
        status = option_kib(256, 1048576, &number);
        command->capture_options.ring = (unsigned)number;
        return status;
    case 'D':
        command->list = true;
        return EX_OK;
    case 'd':
        return option_seconds(1, &command->window);
    case 'f':
        command->capture_options.snap.filter = optarg;
        return EX_OK;
    case 'i':
        return add_interfaces(command->interfaces, optarg);
    case 'n':
        return option_number("windows", 1, UINT32_MAX, &command->most_windows);
    case 'p':
        command->capture_options.promiscuous = false;
        return EX_OK;
    case 'T':
        command->closed_tunnels = true;
        return EX_OK;
    case 'w':
        command->keeping.path = optarg;
        return EX_OK;
    case 'Z':
        command->user = optarg;
        return EX_OK;
    case OPTION_KEEP:
        return option_seconds(1, &command->keeping.age);
    case OPTION_KEEP_BYTES:
        return option_size(KEEP_BYTES_LEAST, &command->keeping.bytes);
    case OPTION_MAX_FLOWS:
        return option_number("flows", 1000, 100000000, &command->most_flows);
    case OPTION_METRICS:
        command->metrics = optarg;
        return EX_OK;
    case OPTION_OUTPUT_MEMORY:
        return option_memory(OUTPUT_MEMORY_LEAST, &command->output_memory);
    default:
        return converter_option(&command->converter, option, argv);
    }
}

/* An operand is usually what tcpdump or pcap2flow would accept there. */
static int unexpected_operands(const struct command *command, int argc, char **argv)
{
    char filter[256] = "";
    size_t length = 0;

    if (access(argv[optind], F_OK) == 0)
        return usage_hint("it captures from interfaces; for a file use: pcap2flow %s",
                          argv[optind]);
    if (!*command->interfaces)
        return usage_hint("unexpected argument '%s'; did you mean -i %s?", argv[optind],
                          argv[optind]);
    for (int i = optind; i < argc && length < sizeof filter; i++)
        length += (size_t)snprintf(filter + length, sizeof filter - length, "%s%s",
                                   length > 0 ? " " : "", argv[i]);
    if (!command->capture_options.snap.filter)
        return usage_hint("unexpected argument '%s'; did you mean -f '%s'?", argv[optind], filter);
    return usage_error("unexpected argument '%s'", argv[optind]);
}

static int parse_options(struct command *command, int argc, char **argv)
{
    int option, status = EX_OK;

    while (status == EX_OK && !command->converter.done &&
           (option = next_option(&tool, argc, argv)) != -1)
        status = parse_option(command, option, argv);
    if (status != EX_OK || command->converter.done)
        return status;
    if (optind < argc)
        return unexpected_operands(command, argc, argv);
    if (!command->list && !*command->interfaces)
        return usage_error("no interface: give -i INTERFACE; -D lists them");
    return keeping_check(&command->keeping);
}

int main(int argc, char **argv)
{
    struct command command = {
        .capture_options = {.promiscuous = true, .ring = 32768},
        .user = "nobody",
        .window = 300 * SECOND,
        .most_flows = 1000000,
        .output_memory = OUTPUT_MEMORY,
        .watch = {.notify = {.fd = -1}},
        .signals = -1,
    };
    int status;

    signals_keep();
    common_init("flowcap");
    status = converter_options_init(&command.converter, &tool);
    command.converter.names_memory = NAMES_MEMORY;
    if (status == EX_OK)
        status = parse_options(&command, argc, argv);
    if (status == EX_OK && !command.converter.done && command.list) {
        status = list_interfaces();
    } else if (status == EX_OK && !command.converter.done) {
        status = command_init(&command);
        messages_never_wait(); /* messages must not cost a packet */
        if (status == EX_OK)
            status = run(&command);
    }
    command_destroy(&command);
    return status;
}
