/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include "base/clock.h"
#include "base/number.h"
#include "capmetrics.h"
#include "common.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/*
 * How often to check whether there is something to report, and how often to report the state at
 * least.
 */
#define LOOK_EVERY SECOND
#define REPORT_EVERY (15 * SECOND)

/* Space for a line for people. */
#define LINE_BYTES 256

/* The local time of day. */
static void clock_text(char text[16], int64_t time)
{
    time_t seconds = (time_t)(time / SECOND);
    struct tm tm;

    if (!localtime_r(&seconds, &tm) || strftime(text, 16, "%H:%M:%S", &tm) == 0)
        *text = '\0';
}

void watch_init(struct watch *watch, const struct watch_options *options)
{
    *watch = (struct watch){.options = *options};
    notify_open(&watch->notify);
}

int watch_open(struct watch *watch)
{
    return capmetrics_init(&watch->metrics, &watch->options);
}

void watch_destroy(struct watch *watch)
{
    progress_clear(&progress);
    capmetrics_destroy(&watch->metrics);
    notify_close(&watch->notify);
}

/* "eth0: 1,234,567 packets, 0 dropped; the window ends at 17:45:00" */
static void status_line(const struct watch *watch, const struct watch_counts *counts,
                        char line[LINE_BYTES])
{
    char packets[NUMBER_GROUPED], dropped[NUMBER_GROUPED], time[16];
    const char *trouble = counts->outbox.trouble != 0 ? strerror(counts->outbox.trouble) : NULL;

    clock_text(time, counts->window_ends);
    snprintf(line, LINE_BYTES, "%s: %s%s%s%s%s%s packets, %s dropped; the window ends at %s",
             watch->options.interface, counts->problem ? counts->problem : "",
             counts->problem ? "; " : "", trouble ? "windows cannot be written: " : "",
             trouble ? trouble : "", trouble ? "; " : "",
             number_grouped(packets, counts->capture.packets),
             number_grouped(dropped, counts->capture.kernel_drops), time);
}

static bool is_well(const struct watch_counts *counts)
{
    return !counts->problem && counts->outbox.trouble == 0;
}

/* Reports to those who see only the current state. */
static void report(struct watch *watch, const struct watch_counts *counts, int64_t now)
{
    char line[LINE_BYTES];

    watch->next_report = now + REPORT_EVERY;
    watch->windows = counts->meter.windows;
    watch->was_well = is_well(counts);
    status_line(watch, counts, line);
    notify_ready(&watch->notify, line);
    capmetrics_give(watch->metrics, counts);
}

void watch_begin(struct watch *watch, const struct watch_counts *counts)
{
    int64_t now = clock_monotonic();
    char time[16];

    clock_text(time, counts->window_ends);
    if (progress.on)
        complain(NULL, "capturing from %s; the first window ends at %s; Ctrl-C ends in order",
                 watch->options.interface, time);
    watch->next_look = now + LOOK_EVERY;
    report(watch, counts, now);
}

/* Reported at first, and then whenever the number has doubled. */
static void tell_dropped_records(struct watch *watch, uint64_t dropped)
{
    if (dropped <= 2 * watch->dropped_records)
        return;
    complain(watch->options.keeping->path, "%s: %" PRIu64 " record%s dropped so far",
             watch->options.keeping->path ? "windows cannot be written" : "nobody reads the output",
             dropped, dropped == 1 ? " was" : "s were");
    watch->dropped_records = dropped;
}

static void tell_drops_begin(const struct watch *watch)
{
    char dropped[NUMBER_GROUPED];
    int64_t duration;

    complain(watch->options.interface,
             "the kernel drops packets: %s so far; a larger -B helps, or a filter -f",
             number_grouped(dropped, drops_of(&watch->drops, &duration)));
}

/* Time between two looks counts as one whole interval. */
static void tell_drops_end(const struct watch *watch, const char *since)
{
    char dropped[NUMBER_GROUPED];
    int64_t duration;
    uint64_t count = drops_of(&watch->drops, &duration);
    int64_t seconds = duration / SECOND + 1;

    complain(watch->options.interface, "%s%s packet%s dropped in %" PRId64 " %s", since,
             number_grouped(dropped, count), count == 1 ? " was" : "s were",
             seconds < 120 ? seconds : seconds / 60, seconds < 120 ? "s" : "min");
}

static void look_for_drops(struct watch *watch, uint64_t dropped, int64_t now)
{
    switch (drops_look(&watch->drops, dropped, now)) {
    case DROPS_BEGIN:
        tell_drops_begin(watch);
        break;
    case DROPS_END:
        tell_drops_end(watch, "no drops for a minute: ");
        break;
    case DROPS_SAME:
        break;
    }
}

bool watch_is_writing(const struct watch_counts *counts)
{
    return counts->sending || counts->outbox.writing || counts->outbox.waiting > 0;
}

/* Not while records are written, which may go to the same terminal. */
static void show_line(const struct watch *watch, const struct watch_counts *counts)
{
    char packets[NUMBER_GROUPED], flows[NUMBER_GROUPED], dropped[NUMBER_GROUPED], line[LINE_BYTES];
    int64_t left = (counts->window_ends - clock_wall()) / SECOND;

    if (!watch->options.keeping->path && watch_is_writing(counts))
        return;
    left = left > 0 ? left : 0;
    snprintf(line, sizeof line,
             "%s: %s packets, %s flows in memory, %s dropped; %" PRId64 ":%02" PRId64 " left",
             watch->options.interface, number_grouped(packets, counts->capture.packets),
             number_grouped(flows, counts->flows),
             number_grouped(dropped, counts->capture.kernel_drops), left / 60, left % 60);
    progress_line(&progress, line);
}

int64_t watch_left(const struct watch *watch, int64_t now)
{
    int64_t left = watch->next_look - now;

    if (watch->notify.watchdog > 0 && watch->notify.next_watchdog - now < left)
        left = watch->notify.next_watchdog - now;
    return left > 0 ? left : 0;
}

void watch_look(struct watch *watch, const struct watch_counts *counts, int64_t now)
{
    watch->next_look = now + LOOK_EVERY;
    notify_watchdog(&watch->notify, now);
    tell_dropped_records(watch, counts->outbox.dropped_flows);
    look_for_drops(watch, counts->capture.kernel_drops, now);
    capmetrics_look(watch->metrics);
    if (now >= watch->next_report || watch->was_well != is_well(counts) ||
        (counts->meter.windows != watch->windows && !watch_is_writing(counts)))
        report(watch, counts, now);
    show_line(watch, counts);
}

void watch_stop(struct watch *watch)
{
    progress_clear(&progress);
    notify_stopping(&watch->notify, "writing what there is");
}

void watch_end(struct watch *watch, const struct watch_counts *counts)
{
    tell_dropped_records(watch, counts->outbox.dropped_flows);
    if (drops_look(&watch->drops, counts->capture.kernel_drops, clock_monotonic()) == DROPS_BEGIN)
        tell_drops_begin(watch);
    else if (watch->drops.on)
        tell_drops_end(watch, "");
    capmetrics_give(watch->metrics, counts);
}

void watch_tell(const struct watch *watch, const struct watch_counts *counts)
{
    const struct outbox_counts *outbox = &counts->outbox;
    char folder[KEEPING_TEXT];
    struct rusage usage;

    keeping_tell(watch->options.keeping, outbox, folder);
    getrusage(RUSAGE_SELF, &usage);
    complain(watch->options.interface,
             "%" PRIu64 " packets, %" PRIu64 " dropped by the kernel, %" PRIu64
             " by the interface; %" PRIu64 " records in %" PRIu64 " windows, %" PRIu64
             " of them early; flows: %zu in %zu KiB; names: %" PRIu64 " in %" PRIu64
             " KiB, %" PRIu64 " forgotten for lack of space; output: %" PRIu64
             " windows waiting in %" PRIu64 " KiB, %" PRIu64
             " records dropped%s; memory: at most %ld MiB",
             counts->capture.packets, counts->capture.kernel_drops, counts->capture.interface_drops,
             outbox->records, counts->meter.windows, counts->meter.early, counts->flows,
             counts->flow_bytes / 1024, outbox->names, outbox->names_bytes / 1024,
             watch_forgotten_names(counts), outbox->waiting, outbox->bytes / 1024,
             outbox->dropped_flows, folder, usage.ru_maxrss / 1024);
}
