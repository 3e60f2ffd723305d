/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "base/clock.h"
#include "base/number.h"
#include "common.h"
#include "record/put.h"
#include "signals.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define REPORT_EVERY (15 * SECOND)

/* Space for a time in UTC, and for a line for people. */
#define TIME_TEXT 32
#define LINE_TEXT 384

int report_init(struct report *report, const char *path, const struct intake *intake)
{
    static const int signals[] = {SIGUSR1};
    enum result result;

    *report = (struct report){.path = path, .intake = intake, .start = clock_wall()};
    notify_open(&report->notify);
    report->next = INT64_MAX;
    report->signals = signal_descriptor(signals, sizeof signals / sizeof *signals);
    if (report->signals < 0)
        return start_failed(RESULT_SYSTEM);
    if (!path)
        return EX_OK;
    result = metrics_init(&report->metrics, path, NULL, 0);
    if (result == RESULT_INVALID)
        return usage_error("--metrics: %s exists and is not a regular file", path);
    return result == RESULT_OK ? EX_OK : start_failed(result);
}

void report_destroy(struct report *report)
{
    if (!report->intake)
        return;
    metrics_destroy(&report->metrics);
    notify_close(&report->notify);
    if (report->signals >= 0)
        close(report->signals);
}

static const char *time_text(char text[TIME_TEXT], int64_t time)
{
    *put_second(text, time / SECOND) = '\0';
    return text;
}

/* What is in the spool; zeros if there is none or it cannot be read, which delivery reports. */
static struct spool_survey look_over(const struct report *report)
{
    struct spool_survey survey;

    if (!report->spool || spool_look_over(report->spool, &survey) != RESULT_OK)
        survey = (struct spool_survey){0};
    return survey;
}

/* "HTTP 503; 2 samples wait, 1,234 bytes; the last one was accepted at 2026-11-28T18:00:00Z" */
static void describe_waiting(const struct report *report, const struct spool_survey *survey,
                             char line[LINE_TEXT])
{
    char samples[NUMBER_GROUPED], bytes[NUMBER_GROUPED], time[TIME_TEXT];
    int64_t accepted_at = delivery_counts(report->delivery)->accepted_at;
    bool one = survey->waiting.samples == 1;

    snprintf(line, LINE_TEXT, "%s%s%s sample%s wait%s, %s byte%s; %s %s", report->problem,
             report->problem[0] ? "; " : "", number_grouped(samples, survey->waiting.samples),
             one ? "" : "s", one ? "s" : "", number_grouped(bytes, survey->waiting.bytes),
             survey->waiting.bytes == 1 ? "" : "s",
             accepted_at > 0 ? "the last one was accepted at" : "none was accepted since",
             time_text(time, accepted_at > 0 ? accepted_at : report->start));
}

static void tell_counters(const struct report *report)
{
    const struct intake *intake = report->intake;
    const struct delivery_counts *counts;
    struct spool_survey survey;
    char line[LINE_TEXT];

    if (!report->delivery) {
        complain(NULL, "%" PRIu64 " records read, %" PRIu64 " samples made", intake->records,
                 intake->samples);
        return;
    }
    counts = delivery_counts(report->delivery);
    survey = look_over(report);
    describe_waiting(report, &survey, line);
    complain(NULL,
             "%" PRIu64 " records read, %" PRIu64 " files taken, %" PRIu64 " samples made; %" PRIu64
             " accepted, %" PRIu64 " rejected, %" PRIu64 " deleted; %s",
             intake->records, intake->files, intake->samples, counts->accepted, counts->rejected,
             counts->deleted, line);
}

static void put_intake(struct metrics *metrics, const struct intake *intake)
{
    metrics_counter(metrics, "secflow_upload_records_total", "Records that were read.",
                    intake->records);
    metrics_counter(metrics, "secflow_upload_files_total",
                    "Files that were taken from the directory.", intake->files);
    metrics_counter(metrics, "secflow_upload_bad_files_total",
                    "Files of the directory that were renamed to NAME.bad.", intake->bad_files);
    metrics_counter(metrics, "secflow_upload_filter_failures_total",
                    "Runs of the filter that failed.", intake->filter_failures);
    metrics_counter(metrics, "secflow_upload_samples_made_total",
                    "Samples made from the records read.", intake->samples);
}

static void put_delivery(struct metrics *metrics, const struct delivery_counts *counts)
{
    static const char *const outcomes[] = {"error", NULL, "2xx", "3xx", "4xx", "5xx"};

    metrics_counter(metrics, "secflow_upload_samples_accepted_total",
                    "Samples that the collector accepted.", counts->accepted);
    metrics_counter(metrics, "secflow_upload_samples_rejected_total",
                    "Samples that the collector rejected.", counts->rejected);
    metrics_counter(metrics, "secflow_upload_samples_deleted_total",
                    "Samples deleted because a limit was exceeded.", counts->deleted);
    metrics_family(metrics, "secflow_upload_requests_total", METRIC_COUNTER,
                   "Requests, by class of their HTTP status; error: no answer.");
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (outcomes[i])
            metrics_sample(metrics, "outcome", outcomes[i], counts->answers[i]);
    if (counts->accepted_at > 0)
        metrics_gauge_time(metrics, "secflow_upload_last_accepted_timestamp_seconds",
                           "When a sample was last accepted.", counts->accepted_at);
}

static void put_spool(struct metrics *metrics, const struct spool_survey *survey)
{
    metrics_family(metrics, "secflow_upload_spool_samples", METRIC_GAUGE,
                   "Samples in the spool, by state.");
    metrics_sample(metrics, "state", "waiting", survey->waiting.samples);
    metrics_sample(metrics, "state", "rejected", survey->rejected.samples);
    metrics_family(metrics, "secflow_upload_spool_bytes", METRIC_GAUGE,
                   "Bytes of these samples, by state.");
    metrics_sample(metrics, "state", "waiting", survey->waiting.bytes);
    metrics_sample(metrics, "state", "rejected", survey->rejected.bytes);
    if (survey->waiting.samples > 0)
        metrics_gauge_time(metrics, "secflow_upload_oldest_waiting_timestamp_seconds",
                           "When the oldest waiting sample was begun.", survey->waiting.oldest);
}

static void write_metrics(struct report *report, const struct spool_survey *survey)
{
    struct metrics *metrics = report->metrics;
    enum result result;
    bool turned;

    metrics_begin(metrics);
    put_intake(metrics, report->intake);
    if (report->delivery) {
        put_delivery(metrics, delivery_counts(report->delivery));
        put_spool(metrics, survey);
    }
    metrics_gauge_time(metrics, "secflow_upload_start_time_seconds", "When flowupload was started.",
                       report->start);
    metrics_family(metrics, "secflow_upload_build_info", METRIC_GAUGE,
                   "The version of flowupload; the value is 1.");
    metrics_sample(metrics, "version", PACKAGE_VERSION, 1);
    result = metrics_write(metrics, &turned);
    if (turned && result == RESULT_OK)
        complain(report->path, "the metrics are written again");
    else if (turned && result == RESULT_NO_MEMORY)
        complain(report->path, "the metrics cannot be written: out of memory");
    else if (turned)
        complain(report->path, "the metrics cannot be written: %s; will retry", strerror(errno));
}

/* Reports to those who see only the current state, if there are any. */
static void tell_state(struct report *report, int64_t now)
{
    struct spool_survey survey;
    char line[LINE_TEXT] = "";

    if (!report->metrics && report->notify.fd < 0)
        return;
    survey = look_over(report);
    if (report->delivery)
        describe_waiting(report, &survey, line);
    notify_ready(&report->notify, line);
    if (report->metrics)
        write_metrics(report, &survey);
    report->next = now + REPORT_EVERY;
}

void report_begin(struct report *report, struct spool *spool, const struct deliver *deliver)
{
    report->spool = spool;
    report->delivery = deliver->delivery;
    report->problem = deliver->problem;
    tell_state(report, clock_monotonic());
}

int report_descriptor(const struct report *report)
{
    return report->signals;
}

int64_t report_deadline(const struct report *report)
{
    const struct notify *notify = &report->notify;

    return notify->watchdog > 0 && notify->next_watchdog < report->next ? notify->next_watchdog
                                                                        : report->next;
}

void report_look(struct report *report, int64_t now)
{
    struct signalfd_siginfo info;

    if (read(report->signals, &info, sizeof info) == (ssize_t)sizeof info)
        tell_counters(report);
    notify_watchdog(&report->notify, now);
    if (now >= report->next)
        tell_state(report, now);
}

void report_end(struct report *report)
{
    struct spool_survey survey;

    notify_stopping(&report->notify, "what waits stays for the next time");
    if (!report->metrics)
        return;
    survey = look_over(report);
    write_metrics(report, &survey);
}
