/* SPDX-License-Identifier: Apache-2.0 */
#include "take.h"

#include "base/clock.h"
#include "base/files.h"
#include "child.h"
#include "common.h"
#include "inbox.h"
#include "secflows.h"
#include "send/backoff.h"
#include "send/sample.h"
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long to take no files after the disk was full, or after the filter failed on several. */
#define FULL_AGAIN (5 * SECOND)
#define FILTER_AGAIN_MOST (60 * SECOND)

/* Failures of the filter in a row after which the filter is blamed, not the file. */
#define FILTER_FAILURES 3

/* How long a filter may run before that is reported, and before it is killed. */
#define FILTER_SLOW (60 * SECOND)
#define FILTER_MOST (3600 * SECOND)

/* The result of trying to read a file. */
enum outcome {
    READ,    /* all of it, as far as it had anything */
    KEPT,    /* it stays unchanged, to be tried again */
    NO_ROOM, /* the same, and no other file is tried for now */
    FAILED   /* no more files are taken; take->status says why */
};

struct take {
    const struct take_options *options;
    struct spool *spool;
    struct delivery *delivery;
    struct intake *intake;
    struct inbox *inbox;
    struct samples *samples;
    struct secflows secflows;
    struct spool_file *held; /* samples of this file that wait for its end */
    size_t held_count, held_most;
    uint64_t records;  /* in this file */
    bool damaged, cut; /* damaged in places; cut off at some point */
    int64_t rest;      /* no file is taken before */
    unsigned failures; /* of the filter, in a row */
    char problem[128]; /* of the file, to be reported; "": none */
    int no_room;       /* errno of the last time */
    bool full;         /* already reported */
    int status;
};

static enum outcome fail(struct take *take, int status)
{
    take->status = worse_status(take->status, status);
    return FAILED;
}

/* What it means for a file that its samples cannot be written. */
static enum outcome not_written(struct take *take, enum result result)
{
    const char *path = take->options->spool_path;

    if (result == RESULT_NO_MEMORY)
        return fail(take, out_of_memory());
    if (!files_is_full(errno) && !files_too_many(errno)) {
        complain_errno(path, "cannot write samples");
        return fail(take, EX_IOERR);
    }
    take->no_room = errno;
    return NO_ROOM;
}

/* Samples of this file. */

/* Makes the oldest sample durable. */
static enum outcome commit_first(struct take *take)
{
    enum result result = spool_commit(take->spool, &take->held[0]);

    if (result != RESULT_OK)
        return not_written(take, result);
    memmove(take->held, take->held + 1, --take->held_count * sizeof *take->held);
    take->intake->samples++;
    delivery_added(take->delivery);
    return READ;
}

/* Holds complete samples. If there are too many, the oldest does not wait for the end. */
static enum outcome hold_complete(struct take *take, bool all)
{
    enum outcome outcome = READ;
    struct sample *sample;

    while (outcome == READ && (sample = samples_complete(take->samples, 0, all))) {
        enum result result = sample_finish(sample);

        if (result != RESULT_OK)
            return not_written(take, result);
        take->held[take->held_count++] = sample->file;
        samples_remove(take->samples, sample);
        if (take->held_count > take->held_most)
            outcome = commit_first(take);
    }
    return outcome;
}

static enum outcome commit_all(struct take *take)
{
    enum outcome outcome = hold_complete(take, true);

    while (outcome == READ && take->held_count > 0)
        outcome = commit_first(take);
    if (outcome == READ && take->full) {
        complain(take->options->spool_path, "files are taken again");
        take->full = false;
    }
    return outcome;
}

/* Removes everything of this file from the spool. */
static void discard_all(struct take *take)
{
    struct sample *sample;

    while ((sample = samples_complete(take->samples, 0, true))) {
        spool_discard(take->spool, &sample->file);
        samples_remove(take->samples, sample);
    }
    while (take->held_count > 0)
        spool_discard(take->spool, &take->held[--take->held_count]);
}

/* Reading. */

static bool go_on(struct take *take, int fd, int64_t until)
{
    return take->options->go_on(take->options->context, fd, until);
}

/* Called before each read of a file, which is read to its end whatever signals come. */
static bool work_meanwhile(void *context, int fd)
{
    (void)fd;
    go_on(context, -1, 0);
    return true;
}

static enum outcome add_record(struct take *take, const struct record *record, const char *line,
                               size_t length, const char *name)
{
    enum result result = samples_add(take->samples, record, line, length, name, 0);

    if (result != RESULT_OK)
        return not_written(take, result);
    take->records++;
    return hold_complete(take, false);
}

/* Reads from the descriptor and closes it. */
static enum outcome read_records(struct take *take, const struct inbox_file *file, int fd,
                                 const char *name)
{
    struct secflows *secflows = &take->secflows;
    enum outcome outcome = READ;
    enum result result = RESULT_OK;
    struct record record;
    const char *line;
    size_t length;
    int status = secflows_open_fd(secflows, file->path, fd);

    if (status != EX_OK)
        return status == EX_NOINPUT ? KEPT : fail(take, status);
    input_set_wait(secflows->input, work_meanwhile, take);
    while (outcome == READ &&
           (result = secflows_next(secflows, &record, &line, &length)) == RESULT_OK) {
        if (record.traffic_date < 0)
            secflows_damaged(secflows, "not a Secflow: trafficDate is not a string of seconds");
        else
            outcome = add_record(take, &record, line, length, name);
    }
    take->damaged = take->damaged || secflows->damages.count > 0;
    take->cut = secflows->in->result == RESULT_DAMAGED;
    if (result == RESULT_NO_MEMORY)
        outcome = fail(take, out_of_memory());
    else if (outcome == READ && secflows->in->result == RESULT_SYSTEM)
        outcome = KEPT;
    status = secflows_close(secflows);
    return outcome == READ && status == EX_OSERR ? fail(take, status) : outcome;
}

/* The filter. */

/* Interprets its exit status. in_time: it was not killed for running too long. */
static enum outcome judge_filter(struct take *take, int status, bool in_time)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

    if (code == EX_OK || code == EX_DATAERR) {
        take->damaged = code == EX_DATAERR;
        take->failures = 0;
        return READ;
    }
    if (stop_asked()) /* the filter was stopped as well, or killed */
        return KEPT;
    take->intake->filter_failures++;
    take->failures++;
    if (!in_time)
        snprintf(take->problem, sizeof take->problem,
                 "the filter had not ended after an hour, and was killed");
    else if (code >= 0)
        snprintf(take->problem, sizeof take->problem, "the filter ended with status %d", code);
    else
        snprintf(take->problem, sizeof take->problem, "the filter was ended by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    return KEPT;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Waits for the filter to end. Kills it if it takes too long, or after a signal to stop. */
static enum outcome wait_for_filter(struct take *take, const struct inbox_file *file,
                                    struct child *child)
{
    int64_t start = clock_monotonic(), now = start, slow = start + FILTER_SLOW;
    bool ended = false;

    while (!ended && now < earlier(stop_time(-1, start), start + FILTER_MOST)) {
        if (now >= slow) {
            complain(file->path,
                     "the filter has not ended for a minute; it is killed after an hour");
            slow = INT64_MAX;
        }
        ended = go_on(take, child->fd,
                      earlier(earlier(stop_time(-1, start), slow), start + FILTER_MOST));
        now = clock_monotonic();
    }
    if (!ended)
        child_kill(child);
    return judge_filter(take, child_end(child), ended || now < start + FILTER_MOST);
}

/* Runs the filter from the file into a new file of the spool, then rewinds that. */
static enum outcome run_filter(struct take *take, const struct inbox_file *file,
                               struct spool_file *filtered)
{
    struct child child;
    enum outcome outcome;
    enum result result = spool_create(take->spool, SPOOL_COPY, "filtered", NULL, filtered);

    if (result != RESULT_OK)
        return not_written(take, result);
    result = child_start(&child, take->options->filter, file->fd, filtered->fd);
    if (result == RESULT_OK) {
        outcome = wait_for_filter(take, file, &child);
    } else {
        snprintf(take->problem, sizeof take->problem, "the filter cannot be started: %s",
                 strerror(errno));
        take->failures++;
        outcome = KEPT;
    }
    if (outcome == READ && lseek(filtered->fd, 0, SEEK_SET) != 0)
        outcome = not_written(take, RESULT_SYSTEM);
    if (outcome != READ)
        spool_discard(take->spool, filtered);
    return outcome;
}

/* One file. */

static enum outcome read_copy(struct take *take, const struct inbox_file *file, int from,
                              const char *name)
{
    int fd = fcntl(from, F_DUPFD_CLOEXEC, 0);

    return fd < 0 ? not_written(take, RESULT_SYSTEM) : read_records(take, file, fd, name);
}

/* Reads a file, through the filter if there is one, into samples that are held. */
static enum outcome read_file(struct take *take, const struct inbox_file *file)
{
    char clean[SPOOL_FILE_NAME_MAX + 1];
    const char *name = take->options->name;
    struct spool_file filtered;
    enum outcome outcome;

    take->records = 0;
    take->damaged = take->cut = false;
    take->problem[0] = '\0';
    if (!name)
        spool_clean_name(file->name, clean);
    name = name ? name : clean;
    if (!take->options->filter)
        return read_copy(take, file, file->fd, name);
    outcome = run_filter(take, file, &filtered);
    if (outcome == READ) {
        outcome = read_copy(take, file, filtered.fd, name);
        spool_discard(take->spool, &filtered);
    }
    return outcome;
}

/* True if the file was written meanwhile: its writer should have renamed it only when complete. */
static bool has_changed(const struct inbox_file *file)
{
    struct stat stat;

    return fstat(file->fd, &stat) < 0 || stat.st_size != file->stat.st_size ||
           stat.st_mtim.tv_sec != file->stat.st_mtim.tv_sec ||
           stat.st_mtim.tv_nsec != file->stat.st_mtim.tv_nsec;
}

/* All of the file is durable. */
static void close_read(struct take *take, struct inbox_file *file)
{
    int64_t now = clock_monotonic();

    take->intake->records += take->records;
    take->intake->files++;
    take->intake->bad_files += take->cut || (take->records == 0 && take->damaged);
    if (take->cut && take->records > 0)
        inbox_set_aside(take->inbox, file, "what could be read of it was taken", now);
    else if (take->cut || (take->records == 0 && take->damaged))
        inbox_set_aside(take->inbox, file, "nothing in it is a Secflow", now);
    else
        inbox_remove(take->inbox, file, now);
}

/* Waits between files if the filter fails on each. */
static int64_t filter_rest(const struct take *take)
{
    int64_t wait = take->failures < FILTER_FAILURES ? 0 : backoff_wait(take->failures);

    return wait < FILTER_AGAIN_MOST ? wait : FILTER_AGAIN_MOST;
}

static void tell_full(struct take *take)
{
    const char *path = take->options->spool_path;

    if (take->full)
        return;
    if (files_is_full(take->no_room)) {
        complain(path, "no space is left there; files stay where they are until there is");
    } else {
        errno = take->no_room;
        complain_errno(path, "no file is taken for now");
    }
    take->full = true;
}

/*
 * If the spool holds nothing that could be sent, this file itself is too large: it is put off,
 * since another may fit. Reported once.
 */
static void wait_for_room(struct take *take, struct inbox_file *file, int64_t now)
{
    bool told = false;

    if (delivery_is_idle(take->delivery) || inbox_was_put_off(take->inbox, file))
        told = inbox_put_off(take->inbox, file, now) > 1;
    else
        inbox_keep(take->inbox, file);
    if (!told)
        tell_full(take);
    take->rest = now + FULL_AGAIN;
}

static void close_unread(struct take *take, struct inbox_file *file, enum outcome outcome)
{
    int64_t now = clock_monotonic();

    discard_all(take);
    if (outcome == NO_ROOM) {
        wait_for_room(take, file, now);
    } else if (outcome == KEPT) {
        if (inbox_put_off(take->inbox, file, now) == 1 && take->problem[0] != '\0')
            complain(file->path, "%s; the file stays, and is tried again", take->problem);
        take->rest = now + filter_rest(take);
    } else {
        inbox_keep(take->inbox, file);
    }
}

static void take_file(struct take *take, struct inbox_file *file)
{
    enum outcome outcome = read_file(take, file);

    if (outcome == READ && has_changed(file))
        outcome = KEPT;
    if (outcome == READ)
        outcome = commit_all(take);
    if (outcome == READ)
        close_read(take, file);
    else
        close_unread(take, file, outcome);
}

static void take_files(struct take *take)
{
    struct inbox_file file;

    while (take->status == EX_OK && !stop_asked() &&
           delivery_state(take->delivery) != DELIVERY_ENDED) {
        int64_t now = clock_monotonic();

        if (now >= take->rest && inbox_next(take->inbox, now, &file) == RESULT_OK) {
            take_file(take, &file);
        } else {
            int64_t look = inbox_deadline(take->inbox);

            go_on(take, -1, look > take->rest ? look : take->rest);
        }
    }
}

static int take_init(struct take *take)
{
    size_t most = take->options->samples_most;

    take->held_most = most > 1 ? most / 2 : 1; /* the other half can still be written */
    take->held = calloc(take->held_most + 1, sizeof *take->held);
    if (!take->held || inbox_init(&take->inbox, take->options->folder) != RESULT_OK ||
        samples_init(&take->samples, take->spool, take->options->records_most, INT64_MAX) !=
            RESULT_OK)
        return out_of_memory();
    samples_set_kind(take->samples, SPOOL_COPY);
    samples_limit(take->samples, take->held_most);
    return secflows_init(&take->secflows, NULL, 0);
}

int take_run(const struct take_options *options, struct spool *spool, struct delivery *delivery,
             struct intake *intake)
{
    struct take take = {.options = options, .spool = spool, .delivery = delivery, .intake = intake};

    take.status = take_init(&take);
    take_files(&take);
    samples_destroy(&take.samples);
    secflows_destroy(&take.secflows);
    inbox_destroy(&take.inbox);
    free(take.held);
    return take.status;
}
