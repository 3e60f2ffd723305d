/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metrics.h"

#include "base/files.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct metrics {
    char *path, *new_path;
    const char *name;   /* of the family */
    struct text labels; /* of all samples */
    struct text text;
    enum result result; /* of building the text */
    bool failed;        /* the last write failed */
};

static enum result put_escaped(struct text *text, const char *value, bool quoted)
{
    size_t left = strlen(value);
    enum result result = RESULT_OK;

    while (left > 0 && result == RESULT_OK) {
        size_t length = text_character(value, left);

        if (length == 0)
            result = text_put_string(text, "\xef\xbf\xbd");
        else if (*value == '\n')
            result = text_put_string(text, "\\n");
        else if (*value == '\\' || (quoted && *value == '"'))
            result = text_print(text, "\\%c", *value);
        else
            result = text_put(text, value, length);
        value += length > 0 ? length : 1;
        left -= length > 0 ? length : 1;
    }
    return result;
}

static enum result put_label(struct text *text, bool first, const char *name, const char *value)
{
    enum result result = text_print(text, "%s%s=\"", first ? "" : ",", name);

    if (result == RESULT_OK)
        result = put_escaped(text, value, true);
    return result == RESULT_OK ? text_put_string(text, "\"") : result;
}

/* The path must not be something that would be lost, such as a device or a link to one. */
static enum result check_path(const char *path)
{
    struct stat stat;

    return lstat(path, &stat) < 0 || S_ISREG(stat.st_mode) ? RESULT_OK : RESULT_INVALID;
}

enum result metrics_init(struct metrics **metrics, const char *path,
                         const struct metric_label *labels, size_t count)
{
    size_t size = strlen(path) + 32;
    struct metrics *new = calloc(1, sizeof *new);
    enum result result = new ? check_path(path) : RESULT_NO_MEMORY;

    if (result == RESULT_OK) {
        new->path = strdup(path);
        new->new_path = malloc(size);
        result = new->path &&new->new_path ? RESULT_OK : RESULT_NO_MEMORY;
    }
    if (result == RESULT_OK)
        snprintf(new->new_path, size, "%s.%ld.new", path, (long)getpid());
    for (size_t i = 0; i < count && result == RESULT_OK; i++)
        result = put_label(&new->labels, i == 0, labels[i].name, labels[i].value);
    if (result != RESULT_OK)
        metrics_destroy(&new);
    *metrics = new;
    return result;
}

void metrics_destroy(struct metrics **metrics)
{
    struct metrics *old = *metrics;

    if (!old)
        return;
    text_destroy(&old->text);
    text_destroy(&old->labels);
    free(old->new_path);
    free(old->path);
    free(old);
    *metrics = NULL;
}

void metrics_begin(struct metrics *metrics)
{
    metrics->text.length = 0;
    metrics->result = RESULT_OK;
}

void metrics_family(struct metrics *metrics, const char *name, enum metric_type type,
                    const char *help)
{
    struct text *text = &metrics->text;

    metrics->name = name;
    if (metrics->result == RESULT_OK)
        metrics->result = text_print(text, "# HELP %s ", name);
    if (metrics->result == RESULT_OK)
        metrics->result = put_escaped(text, help, false);
    if (metrics->result == RESULT_OK)
        metrics->result = text_print(text, "\n# TYPE %s %s\n", name,
                                     type == METRIC_COUNTER ? "counter" : "gauge");
}

/* Writes everything before the number. */
static void begin_sample(struct metrics *metrics, const char *label, const char *value)
{
    struct text *text = &metrics->text;
    bool labelled = metrics->labels.length > 0 || label;

    if (metrics->result == RESULT_OK)
        metrics->result = text_print(text, "%s%s", metrics->name, labelled ? "{" : "");
    if (metrics->result == RESULT_OK)
        metrics->result = text_put(text, metrics->labels.bytes, metrics->labels.length);
    if (metrics->result == RESULT_OK && label)
        metrics->result = put_label(text, metrics->labels.length == 0, label, value);
    if (metrics->result == RESULT_OK)
        metrics->result = text_put_string(text, labelled ? "} " : " ");
}

void metrics_sample(struct metrics *metrics, const char *label, const char *value, uint64_t number)
{
    begin_sample(metrics, label, value);
    if (metrics->result == RESULT_OK)
        metrics->result = text_print(&metrics->text, "%" PRIu64 "\n", number);
}

void metrics_sample_time(struct metrics *metrics, const char *label, const char *value,
                         int64_t microseconds)
{
    uint64_t size = microseconds < 0 ? 0 - (uint64_t)microseconds : (uint64_t)microseconds;

    begin_sample(metrics, label, value);
    if (metrics->result == RESULT_OK)
        metrics->result = text_print(&metrics->text, "%s%" PRIu64 ".%06" PRIu64 "\n",
                                     microseconds < 0 ? "-" : "", size / 1000000, size % 1000000);
}

void metrics_counter(struct metrics *metrics, const char *name, const char *help, uint64_t number)
{
    metrics_family(metrics, name, METRIC_COUNTER, help);
    metrics_sample(metrics, NULL, NULL, number);
}

void metrics_gauge(struct metrics *metrics, const char *name, const char *help, uint64_t number)
{
    metrics_family(metrics, name, METRIC_GAUGE, help);
    metrics_sample(metrics, NULL, NULL, number);
}

void metrics_gauge_time(struct metrics *metrics, const char *name, const char *help,
                        int64_t microseconds)
{
    metrics_family(metrics, name, METRIC_GAUGE, help);
    metrics_sample_time(metrics, NULL, NULL, microseconds);
}

const char *metrics_text(const struct metrics *metrics, size_t *length)
{
    *length = metrics->text.length;
    return metrics->text.bytes;
}

/* A file left by an earlier process is not written to: it may be another user's. */
static bool write_new(const struct metrics *metrics)
{
    bool done;
    int fd;

    unlink(metrics->new_path);
    fd = open(metrics->new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    done = fchmod(fd, 0644) == 0 && files_write(fd, metrics->text.bytes, metrics->text.length);
    return close(fd) == 0 && done;
}

/* Sets errno to that of the failure. */
static enum result replace(const struct metrics *metrics)
{
    int error;

    if (write_new(metrics) && rename(metrics->new_path, metrics->path) == 0)
        return RESULT_OK;
    error = errno;
    unlink(metrics->new_path);
    errno = error;
    return RESULT_SYSTEM;
}

enum result metrics_write(struct metrics *metrics, bool *turned)
{
    enum result result = metrics->result == RESULT_OK ? replace(metrics) : metrics->result;

    *turned = metrics->failed != (result != RESULT_OK);
    metrics->failed = result != RESULT_OK;
    return result;
}
