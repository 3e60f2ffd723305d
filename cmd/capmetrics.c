/* SPDX-License-Identifier: Apache-2.0 */
#include "capmetrics.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/metrics.h"
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct capmetrics {
    struct watch_options options;
    struct metrics *metrics;
    int64_t start;
    int statm; /* where the kernel reports this process's memory; cannot be opened later */
    pthread_t thread;
    bool running;
    pthread_mutex_t mutex; /* protects everything below */
    pthread_cond_t given;
    struct watch_counts counts;
    bool fresh, stopping;
    bool turned; /* and not yet reported */
    enum result result;
    int error;
};

/* The second number is the resident pages. */
static uint64_t resident_bytes(int statm)
{
    char text[128], *second;
    ssize_t got = pread(statm, text, sizeof text - 1, 0);

    text[got > 0 ? got : 0] = '\0';
    strtoull(text, &second, 10);
    return strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void put_capture(struct metrics *metrics, const struct watch_counts *counts)
{
    metrics_gauge(metrics, "secflow_capture_up",
                  "1 while the interface is captured from, otherwise 0.", counts->problem == NULL);
    metrics_counter(metrics, "secflow_capture_packets_total",
                    "Packets that passed the filter, including dropped ones.",
                    counts->capture.packets);
    metrics_counter(metrics, "secflow_capture_kernel_drops_total",
                    "Packets that the kernel dropped because its buffer was full.",
                    counts->capture.kernel_drops);
    metrics_counter(metrics, "secflow_capture_interface_drops_total",
                    "Packets that the interface dropped.", counts->capture.interface_drops);
}

static void put_verdicts(struct metrics *metrics, const struct meter_counts *counts)
{
    static const char *const verdicts[PACKET_VERDICTS] = {
        [PACKET_NOT_IP] = "not_ip",
        [PACKET_OTHER_PROTOCOL] = "other_protocol",
        [PACKET_LATE_FRAGMENT] = "late_fragment",
        [PACKET_OPAQUE] = "opaque",
        [PACKET_DAMAGED] = "damaged",
        [PACKET_CUT] = "cut",
        [PACKET_NO_TIME] = "no_time",
        [PACKET_LINKTYPE] = "link_type",
    };

    metrics_family(metrics, "secflow_capture_frames_total", METRIC_COUNTER,
                   "Frames that were read, by result.");
    metrics_sample(metrics, "verdict", "kept",
                   counts->verdicts[PACKET_OK] - counts->other_family - counts->local -
                       counts->service);
    metrics_sample(metrics, "verdict", "other_family", counts->other_family);
    metrics_sample(metrics, "verdict", "local", counts->local);
    metrics_sample(metrics, "verdict", "service", counts->service);
    for (size_t i = 0; i < PACKET_VERDICTS; i++)
        if (verdicts[i])
            metrics_sample(metrics, "verdict", verdicts[i], counts->verdicts[i]);
    metrics_counter(metrics, "secflow_capture_late_packets_total",
                    "Packets older than the window they were counted in.", counts->late);
}

static void put_records(struct metrics *metrics, const struct watch_counts *counts)
{
    metrics_counter(metrics, "secflow_capture_windows_total",
                    "Windows that have ended, including empty ones.", counts->meter.windows);
    metrics_counter(metrics, "secflow_capture_records_total", "Records that were written.",
                    counts->outbox.records);
    metrics_counter(metrics, "secflow_capture_early_records_total",
                    "Flows written before their window ended, because of --max-flows.",
                    counts->meter.early);
    metrics_counter(metrics, "secflow_capture_dropped_records_total",
                    "Records dropped because the output was not read or could not be written.",
                    counts->outbox.dropped_flows);
    metrics_gauge(metrics, "secflow_capture_waiting_windows",
                  "Windows whose flows wait to be written.", counts->outbox.waiting);
    metrics_counter(metrics, "secflow_capture_forgotten_names_total",
                    "Names forgotten, or not stored, because of --names-memory.",
                    watch_forgotten_names(counts));
}

static void put_files(struct metrics *metrics, const struct outbox_counts *counts)
{
    metrics_gauge(metrics, "secflow_capture_output_up",
                  "1 while windows can be written, otherwise 0.", counts->trouble == 0);
    metrics_counter(metrics, "secflow_capture_files_written_total",
                    "Windows that became files, including recovered ones.",
                    counts->windows.written);
    metrics_counter(metrics, "secflow_capture_files_unsynced_total",
                    "Files among these that could not be synced to disk.",
                    counts->windows.unsynced);
    metrics_family(metrics, "secflow_capture_files_removed_total", METRIC_COUNTER,
                   "Window files that were removed, by the limit exceeded.");
    metrics_sample(metrics, "bound", "age", counts->windows.removed_age);
    metrics_sample(metrics, "bound", "bytes", counts->windows.removed_bytes);
}

static void put_memory(struct metrics *metrics, const struct watch_counts *counts, int statm)
{
    metrics_gauge(metrics, "secflow_capture_flows", "Flows in memory.", counts->flows);
    metrics_gauge(metrics, "secflow_capture_names", "Addresses whose names are in memory.",
                  counts->outbox.names);
    metrics_family(metrics, "secflow_capture_memory_bytes", METRIC_GAUGE,
                   "Memory of flows, names and waiting output, by part.");
    metrics_sample(metrics, "part", "flows", counts->flow_bytes);
    metrics_sample(metrics, "part", "names", counts->outbox.names_bytes);
    metrics_sample(metrics, "part", "output", counts->outbox.bytes);
    metrics_gauge(metrics, "secflow_capture_resident_memory_bytes",
                  "Resident memory of the process.", resident_bytes(statm));
}

static void put_all(const struct capmetrics *metrics, const struct watch_counts *counts)
{
    metrics_begin(metrics->metrics);
    metrics_family(metrics->metrics, "secflow_capture_build_info", METRIC_GAUGE,
                   "The version of flowcap; the value is 1.");
    metrics_sample(metrics->metrics, "version", PACKAGE_VERSION, 1);
    metrics_gauge_time(metrics->metrics, "secflow_capture_start_time_seconds",
                       "When flowcap was started, since 1970-01-01 UTC.", metrics->start);
    put_capture(metrics->metrics, counts);
    put_verdicts(metrics->metrics, &counts->meter);
    put_records(metrics->metrics, counts);
    put_files(metrics->metrics, &counts->outbox);
    put_memory(metrics->metrics, counts, metrics->statm);
}

/* The mutex is not held. */
static void write_counts(struct capmetrics *metrics, const struct watch_counts *counts)
{
    enum result result;
    bool turned;
    int error;

    put_all(metrics, counts);
    result = metrics_write(metrics->metrics, &turned);
    error = errno;
    pthread_mutex_lock(&metrics->mutex);
    if (turned) {
        metrics->turned = !metrics->turned; /* turned back before it was reported: no news */
        metrics->result = result;
        metrics->error = error;
    }
    pthread_mutex_unlock(&metrics->mutex);
}

/* The thread. */
static void *run(void *context)
{
    struct capmetrics *metrics = context;
    struct watch_counts counts;
    bool fresh = true;

    while (fresh) {
        pthread_mutex_lock(&metrics->mutex);
        while (!metrics->fresh && !metrics->stopping)
            pthread_cond_wait(&metrics->given, &metrics->mutex);
        fresh = metrics->fresh;
        metrics->fresh = false;
        counts = metrics->counts;
        pthread_mutex_unlock(&metrics->mutex);
        if (fresh)
            write_counts(metrics, &counts);
    }
    return NULL;
}

/* Returns a status. */
static int tell_failure(const struct capmetrics *metrics)
{
    const struct watch_options *options = &metrics->options;

    errno = metrics->error;
    if (metrics->result == RESULT_NO_MEMORY)
        return out_of_memory();
    if (errno == EACCES || errno == EPERM)
        complain(options->metrics,
                 "cannot write the metrics: the user that flowcap runs as%s%s%s must be able to "
                 "write to the directory",
                 options->user ? ", " : "", options->user ? options->user : "",
                 options->user ? "," : "");
    else
        complain_errno(options->metrics, "cannot write the metrics");
    return EX_IOERR;
}

/*
 * As the user the tool has become. A file that cannot be written is reported at once. A full disk,
 * which may be temporary, does not stop the tool.
 */
static int start(struct capmetrics *metrics)
{
    write_counts(metrics, &(struct watch_counts){.problem = ""});
    if (metrics->turned && (metrics->result != RESULT_SYSTEM || !files_is_full(metrics->error)))
        return tell_failure(metrics);
    errno = pthread_create(&metrics->thread, NULL, run, metrics);
    metrics->running = errno == 0;
    return metrics->running ? EX_OK : start_failed(RESULT_SYSTEM);
}

int capmetrics_init(struct capmetrics **metrics, const struct watch_options *options)
{
    const struct metric_label labels[] = {{"interface", options->interface},
                                          {"sensor", options->sensor}};
    struct capmetrics *new;
    enum result result;

    if (!options->metrics)
        return EX_OK;
    new = calloc(1, sizeof *new);
    if (!new)
        return out_of_memory();
    *metrics = new;
    new->options = *options;
    new->start = clock_wall();
    new->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    pthread_mutex_init(&new->mutex, NULL);
    pthread_cond_init(&new->given, NULL);
    result = metrics_init(&new->metrics, options->metrics, labels,
                          options->sensor && *options->sensor ? 2 : 1);
    if (result == RESULT_INVALID)
        return usage_error("--metrics: %s exists and is not a regular file", options->metrics);
    return result == RESULT_OK ? start(new) : start_failed(result);
}

void capmetrics_destroy(struct capmetrics **metrics)
{
    struct capmetrics *old = *metrics;

    if (!old)
        return;
    if (old->running) {
        pthread_mutex_lock(&old->mutex);
        old->stopping = true;
        pthread_cond_signal(&old->given);
        pthread_mutex_unlock(&old->mutex);
        pthread_join(old->thread, NULL);
        capmetrics_look(old);
    }
    metrics_destroy(&old->metrics);
    pthread_cond_destroy(&old->given);
    pthread_mutex_destroy(&old->mutex);
    if (old->statm >= 0)
        close(old->statm);
    free(old);
    *metrics = NULL;
}

void capmetrics_give(struct capmetrics *metrics, const struct watch_counts *counts)
{
    if (!metrics)
        return;
    pthread_mutex_lock(&metrics->mutex);
    metrics->counts = *counts;
    metrics->fresh = true;
    pthread_cond_signal(&metrics->given);
    pthread_mutex_unlock(&metrics->mutex);
}

void capmetrics_look(struct capmetrics *metrics)
{
    bool turned;

    if (!metrics)
        return;
    pthread_mutex_lock(&metrics->mutex);
    turned = metrics->turned;
    metrics->turned = false;
    if (turned && metrics->result == RESULT_OK)
        complain(metrics->options.metrics, "the metrics are written again");
    else if (turned)
        tell_failure(metrics);
    pthread_mutex_unlock(&metrics->mutex);
}
