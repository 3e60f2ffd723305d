/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowupload: delivers samples to the collector. See flowupload(1).
 */
#include "base/clock.h"
#include "base/files.h"
#include "deliver.h"
#include "headers.h"
#include "options.h"
#include "report.h"
#include "secflows.h"
#include "send/body.h"
#include "send/sample.h"
#include "signals.h"
#include "status.h"
#include "stop.h"
#include "take.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum long_option {
    OPTION_CACERT = OPTION_LONG,
    OPTION_FILTER,
    OPTION_LINGER,
    OPTION_MAX_AGE,
    OPTION_MAX_BYTES,
    OPTION_METRICS,
    OPTION_RETRY_REJECTED,
    OPTION_STATUS,
    OPTION_TAKE,
    OPTION_TIMEOUT
};

static const struct tool_option tool_options[] = {
    {'b', "records", "RECORDS", "maximum number of records in a sample (default 100000)"},
    {'F', "format", "FORMAT", "networksage (default), or ndjson: the lines unchanged"},
    {'H', "header", "HEADER", "'Name: value', or @FILE with one per line (may be repeated)"},
    {'i', "idle", "TIME", "complete a sample after this long without a record (default 5s)"},
    {'j', "json", NULL, "with --status: as JSON"},
    {'k', "key-file", "KEYFILE", "file that holds the API key (default: $NETWORKSAGE_API_KEY)"},
    {'N', "name", "NAME", "name of samples or files at the collector"},
    {'n', "dry-run", NULL, "write the samples to standard output and send nothing"},
    {'q', "quiet", NULL, "show no progress, and no line for each accepted sample"},
    {'s', "spool", "SPOOL",
     "directory where samples wait (default ~/.local/state/secflow/spool, /var/spool/secflow for "
     "root)"},
    {'t', "type", "TYPE",
     "send each FILE unchanged: pcap, pcapng, secflow, or zeek, whose second FILE is the dns log"},
    {'u', "url", "URL", "URL of the collector (default: $SECFLOW_URL)"},
    {'v', "verbose", NULL, "report each attempt, and print a summary"},
    {'z', "gzip", NULL, "compress with gzip (only with -F ndjson)"},
    {OPTION_CACERT, "cacert", "FILE", "also trust the certificates in this file"},
    {OPTION_FILTER, "filter", "COMMAND", "shell command that filters each file of --take"},
    {OPTION_LINGER, "linger", "TIME",
     "at the end, give up after this long without success (default 30s)"},
    {OPTION_MAX_AGE, "max-age", "TIME", "delete samples from the spool older than this"},
    {OPTION_MAX_BYTES, "max-bytes", "SIZE",
     "delete the oldest samples while the spool is larger than this"},
    {OPTION_METRICS, "metrics", "FILE", "keep counters in this file, for Prometheus"},
    {OPTION_RETRY_REJECTED, "retry-rejected", NULL,
     "move rejected samples back and send them; without a URL only move them"},
    {OPTION_STATUS, "status", NULL,
     "only show what is in the spool: what waits, and what was rejected and why"},
    {OPTION_TAKE, "take", "DIR", "send each file of this directory and remove it, until stopped"},
    {OPTION_TIMEOUT, "timeout", "TIME",
     "give up an attempt without progress for this long (default 60s)"},
    COMMON_OPTIONS,
};

static const struct habit habits[] = {
    {'r', "files need no option: flowupload FILE"},
    {0, NULL},
};

static const struct tool tool = {
    .usage = "[OPTION...] [FILE...]",
    .about = "Send Secflows to a collector over HTTP, sample by sample, each from a spool on disk. "
             "With no FILE, or when FILE is -, read standard input; at a terminal with no FILE, "
             "only send what is in the spool.",
    .example = "flowcap -i eth0 | flowupload -k keyfile -u https://collector.example/",
    .options = tool_options,
    .option_count = sizeof tool_options / sizeof *tool_options,
    .habits = habits,
    .libraries = (library_fn *const[]){upload_libcurl, input_zlib,
#ifdef HAVE_ISAL /* else it has been named */
                                       body_zlib,
#endif
                                       input_zstd, library_nettle, NULL},
};

/* How often writing to a full disk is retried. */
#define FULL_AGAIN SECOND

/* Files, connections and directories open at a time, not counting samples. */
#define OTHER_FILES 32u

#define RECORDS_MOST 1000000000u

struct command {
    bool print, quiet, done;
    bool typed; /* files are sent unchanged */
    bool status_only, json;
    bool retry, retry_only; /* --retry-rejected; retry_only: and nothing else */
    const char *name, *key_file;
    const char *take, *filter, *metrics; /* NULL: none */
    enum spool_kind kind;                /* of -t */
    uint64_t records_most;
    int64_t idle, linger;
    struct headers headers;
    struct deliver_options options;

    struct spool *spool; /* NULL with -n, like delivery */
    struct deliver deliver;
    struct delivery *delivery; /* from the spool */
    struct samples *samples;
    struct secflows secflows;
    struct output *output; /* for -n */

    const char *file_name; /* for samples of the current input; NULL: made from their dates */
    char clean_name[SPOOL_FILE_NAME_MAX + 1];
    int64_t now;        /* the last time that input was waited for */
    bool failed;        /* input cannot be stored anywhere */
    bool full;          /* the disk is full, which was reported */
    int64_t full_since; /* monotonic */
    bool unread;        /* some input was left unread, which was reported */
    int status;
    struct intake intake;
    struct report report;
};

static void fail(struct command *command, int status)
{
    command->status = worse_status(command->status, status);
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/*
 * Continues delivery until the descriptor (unless -1) is ready, or that time. True if it is ready.
 */
static bool wait_on(struct command *command, int fd, int64_t until)
{
    struct pollfd fds[] = {{.fd = stop_descriptor(), .events = POLLIN},
                           {.fd = fd, .events = POLLIN},
                           {.fd = report_descriptor(&command->report), .events = POLLIN}};
    int64_t left;

    until = earliest(until, report_deadline(&command->report));
    left = until - clock_monotonic();
    if (command->delivery)
        deliver_wait(&command->deliver, fds, 3, until);
    else
        poll(fds, 3, left > 60 * SECOND ? 60000 : left > 0 ? (int)((left + 999) / 1000) : 0);
    report_look(&command->report, clock_monotonic());
    return fds[1].revents != 0;
}

static void deliver(struct command *command, int64_t now)
{
    if (command->delivery)
        fail(command, deliver_run(&command->deliver, now));
}

static bool has_ended(const struct command *command)
{
    return command->delivery && delivery_state(command->delivery) == DELIVERY_ENDED;
}

/* Prints why the spool cannot be written; there is then no point in continuing. */
static void cannot_write(struct command *command, enum result result)
{
    uint64_t lost;

    if (result == RESULT_NO_MEMORY) {
        fail(command, out_of_memory());
    } else {
        complain_errno(command->print ? NULL : command->options.spool_path, "cannot write samples");
        fail(command, EX_IOERR);
    }
    lost = samples_flush(command->samples);
    if (lost > 0)
        complain(NULL, "%" PRIu64 " record%s that had been read %s lost", lost,
                 lost == 1 ? "" : "s", lost == 1 ? "is" : "are");
    command->failed = true;
}

static bool written(struct command *command, enum result result)
{
    if (result != RESULT_OK) {
        cannot_write(command, result);
        return false;
    }
    if (command->full)
        complain(command->options.spool_path, "there is space again");
    command->full = false;
    return true;
}

static enum result commit_sample(struct command *command, struct sample *sample)
{
    enum result result = sample_finish(sample);

    return result == RESULT_OK ? spool_commit(command->spool, &sample->file) : result;
}

static enum result save_sample(struct command *command, struct sample *sample)
{
    enum result result = RESULT_OK;

    if (sample->records == 0) /* not even its first record could be written */
        spool_discard(command->spool, &sample->file);
    else if ((result = commit_sample(command, sample)) == RESULT_OK)
        delivery_added(command->delivery);
    return result;
}

static enum result put_body(struct command *command, struct body *body)
{
    char buffer[4096];
    size_t got;
    bool done;
    enum result result = body_measure(body, UINT64_MAX / 2, &done);

    if (result != RESULT_OK)
        return result;
    while ((result = body_read(body, buffer, sizeof buffer, &got)) == RESULT_OK && got > 0)
        if ((result = output_put(command->output, buffer, got)) != RESULT_OK)
            break;
    return result == RESULT_OK ? output_flush(command->output) : result;
}

/* RESULT_END: standard output accepts no more; a message was printed. */
static enum result print_sample(struct command *command, struct sample *sample)
{
    enum body_form form = command->options.delivery.upload.form ? BODY_DOCUMENT : BODY_LINES;
    struct body *body;
    enum result result = sample_finish(sample);

    if (result == RESULT_OK)
        result = body_init(&body, sample->file.fd, 0, form, sample->file.name, false);
    if (result != RESULT_OK)
        return result;
    result = put_body(command, body);
    body_destroy(&body);
    if (result == RESULT_OK)
        return RESULT_OK;
    fail(command, output_failed(result));
    command->failed = true;
    return RESULT_END;
}

/* Completes one sample early, so that it can be sent. False: there is none. */
static bool give_way(struct command *command)
{
    struct sample *sample = samples_give_way(command->samples);

    if (!sample || (command->print ? print_sample : save_sample)(command, sample) != RESULT_OK)
        return false;
    samples_remove(command->samples, sample);
    command->intake.samples++;
    return true;
}

/*
 * Waits for space on a full disk while delivery frees some. If there is nothing to send, incomplete
 * samples may be what fills the disk, so one is completed. After a signal, waits no longer than for
 * input. False: another failure, or the end.
 */
static bool wait_for_room(struct command *command)
{
    int64_t start = clock_monotonic(), now = start, until = start + FULL_AGAIN;
    uint64_t accepted = command->delivery ? delivery_counts(command->delivery)->accepted : 0;
    int error = errno;

    if (files_too_many(error)) {
        bool gave = give_way(command);

        errno = error;
        return gave;
    }
    if (!command->full)
        command->full_since = start;
    if (!command->spool || !files_is_full(error) || has_ended(command) ||
        now >= stop_time(-1, command->full_since)) {
        errno = error;
        return false;
    }
    if (!command->full)
        complain(command->options.spool_path,
                 "no space is left there; no input is read until there is");
    command->full = true;
    while (now < until && delivery_counts(command->delivery)->accepted == accepted) {
        deliver(command, now);
        if (delivery_is_idle(command->delivery) && give_way(command))
            break;
        wait_on(command, -1, until);
        now = clock_monotonic();
    }
    samples_pause(command->samples, now - start);
    command->now = now;
    errno = error;
    return true;
}

/* all: at the end of the input. */
static void complete_samples(struct command *command, int64_t now, bool all)
{
    struct sample *sample;

    while ((sample = samples_complete(command->samples, now, all))) {
        enum result result = (command->print ? print_sample : save_sample)(command, sample);

        if (result == RESULT_SYSTEM && wait_for_room(command))
            continue; /* what was completed may have been sent */
        if (result == RESULT_END || !written(command, result))
            return;
        samples_remove(command->samples, sample);
        command->intake.samples++;
    }
}

/* Works while no input is available; called before each read. False: stop reading. */
static bool wait_for_input(void *context, int fd)
{
    struct command *command = context;
    int64_t start = clock_monotonic(), end;
    bool ready = false;

    for (;;) {
        command->now = clock_monotonic();
        complete_samples(command, command->now, false);
        deliver(command, command->now);
        end = command->failed ? 0 : stop_time(fd, start);
        if (ready || end == 0)
            return end > 0;
        if (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0) == 0)
            samples_flush(command->samples); /* so that they survive if the process is killed */
        ready = wait_on(command, fd, earliest(end, samples_deadline(command->samples)));
        if (!ready && clock_monotonic() >= stop_time(fd, start))
            return false;
    }
}

static bool add_record(struct command *command, const struct record *record, const char *line,
                       size_t length)
{
    enum result result;

    do {
        result =
            samples_add(command->samples, record, line, length, command->file_name, command->now);
    } while (result == RESULT_SYSTEM && wait_for_room(command));
    if (!written(command, result))
        return false;
    command->intake.records++;
    complete_samples(command, command->now, false);
    return true;
}

/* The file's name at the collector; NULL: standard input, which has none. */
static const char *name_file(struct command *command, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (command->name || strcmp(path, "-") == 0)
        return command->name;
    spool_clean_name(slash ? slash + 1 : path, command->clean_name);
    return command->clean_name;
}

/* Reports input that was not read to its end because of a signal or failure. */
static void left_unread(struct command *command, const char *path)
{
    complain(path, "it was not read to its end");
    command->unread = true;
}

static void read_samples(struct command *command, const char *path)
{
    struct secflows *secflows = &command->secflows;
    struct record record;
    const char *line;
    size_t length;
    enum result result;
    int status = secflows_open(secflows, path);

    if (status != EX_OK) {
        fail(command, status);
        return;
    }
    input_set_wait(secflows->input, wait_for_input, command);
    command->file_name = name_file(command, path);
    while ((result = secflows_next(secflows, &record, &line, &length)) == RESULT_OK) {
        if (record.traffic_date < 0)
            secflows_damaged(secflows, "not a Secflow: trafficDate is not a string of seconds");
        else if (!add_record(command, &record, line, length))
            break;
    }
    if (result == RESULT_NO_MEMORY)
        fail(command, out_of_memory());
    else if (result == RESULT_END && secflows->in->error == ECANCELED)
        left_unread(command, path);
    if (!command->quiet)
        secflows_tell_empty(secflows);
    fail(command, secflows_close(secflows));
    complete_samples(command, command->now, true);
}

/* Writes all of a piece. False: failed, after printing a message. */
static bool write_piece(struct command *command, int fd, const char *p, size_t left)
{
    while (left > 0) {
        ssize_t wrote = write(fd, p, left);

        if (wrote < 0 && errno != EINTR && !wait_for_room(command))
            return written(command, RESULT_SYSTEM);
        p += wrote > 0 ? wrote : 0;
        left -= wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

/*
 * Copies a file into the spool, from its current offset. False: incomplete, after printing a
 * message.
 */
static bool copy_file(struct command *command, const char *path, int fd, struct spool_file *file)
{
    char buffer[64 * 1024];

    while (wait_for_input(command, fd)) {
        ssize_t got = read(fd, buffer, sizeof buffer);

        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR && errno != EAGAIN) {
            complain_errno(path, "cannot read");
            fail(command, EX_NOINPUT);
            return false;
        }
        if (got > 0 && !write_piece(command, file->fd, buffer, (size_t)got))
            return false;
    }
    left_unread(command, path);
    return false;
}

/* Puts a file into the spool without completing it. */
static bool take_file(struct command *command, const char *path, const char *name,
                      enum spool_kind kind, const struct spool_file *companion,
                      struct spool_file *file)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum result result;
    bool good = false;

    if (fd < 0) {
        complain_errno(path, "cannot open");
        fail(command, EX_NOINPUT);
        return false;
    }
    do {
        result = spool_create(command->spool, kind, name, companion, file);
    } while (result == RESULT_SYSTEM && wait_for_room(command));
    if (written(command, result)) {
        good = copy_file(command, path, fd, file);
        if (!good)
            spool_discard(command->spool, file);
    }
    close(fd);
    return good;
}

static bool commit_file(struct command *command, struct spool_file *file)
{
    enum result result;

    do {
        result = spool_commit(command->spool, file);
    } while (result == RESULT_SYSTEM && wait_for_room(command));
    return written(command, result);
}

/* Sends one file and, for Zeek, its dns log, which is completed first. */
static void send_file(struct command *command, const char *path, const char *dns_path)
{
    const char *name = name_file(command, path);
    struct spool_file file, dns;

    if (!take_file(command, path, name, command->kind, NULL, &file))
        return;
    if (dns_path && !take_file(command, dns_path, name, SPOOL_DNS, &file, &dns)) {
        spool_discard(command->spool, &file);
        return;
    }
    if ((!dns_path || commit_file(command, &dns)) && commit_file(command, &file)) {
        command->intake.samples++;
        delivery_added(command->delivery);
    }
}

static void read_inputs(struct command *command, char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (command->failed)
            left_unread(command, paths[i]);
        else if (!command->typed)
            read_samples(command, paths[i]);
        else if (command->kind != SPOOL_ZEEK)
            send_file(command, paths[i], NULL);
        else if (i == 0)
            send_file(command, paths[0], count > 1 ? paths[1] : NULL);
    }
}

static void show_progress(struct command *command, int64_t now)
{
    size_t count;
    uint64_t bytes;

    if (progress_due_now(&progress, now) &&
        spool_total(command->spool, &count, &bytes) == RESULT_OK)
        progress_show(&progress, "sent", delivery_counts(command->delivery)->accepted,
                      delivery_counts(command->delivery)->accepted + count, count, "left");
}

/*
 * After the end of the input: continues until nothing is left, or nothing has progressed for long
 * enough.
 */
static void drain(struct command *command)
{
    int64_t end = clock_monotonic(), now = end;

    while (!command->failed && !stop_asked()) {
        int64_t give_up;

        deliver(command, now);
        give_up = delivery_progressed(command->delivery, now);
        give_up = (give_up > end ? give_up : end) + command->linger;
        if (delivery_gets_on(command->delivery))
            give_up = INT64_MAX;
        if (deliver_is_done(&command->deliver) || now >= give_up)
            break;
        show_progress(command, now);
        wait_on(command, -1, earliest(give_up, now + SECOND));
        now = clock_monotonic();
    }
}

/* Without waiting for the answer, a sample that was just accepted would be sent again. */
static void await_answer(struct command *command)
{
    int64_t now = clock_monotonic();

    while (stop_asked() && delivery_gets_on(command->delivery) && now < stop_time(-1, 0)) {
        wait_on(command, -1, stop_time(-1, 0));
        now = clock_monotonic();
        deliver(command, now);
    }
}

static void summarise(const struct command *command)
{
    begin_message(NULL);
    if (!command->typed)
        fprintf(stderr, "%" PRIu64 " records read, ", command->intake.records);
    fprintf(stderr, "%" PRIu64 " samples made", command->intake.samples);
    if (command->delivery)
        fprintf(stderr, ", %" PRIu64 " accepted", delivery_counts(command->delivery)->accepted);
    fputc('\n', stderr);
}

/* How many samples, each with a file, can be open besides everything else. */
static size_t samples_most(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > SAMPLES_MAX + OTHER_FILES)
        return SAMPLES_MAX;
    return limit.rlim_cur > OTHER_FILES ? (size_t)(limit.rlim_cur - OTHER_FILES) : 1;
}

/* The work that continues while files are taken. */
static bool go_on(void *context, int fd, int64_t until)
{
    deliver(context, clock_monotonic());
    return wait_on(context, fd, until);
}

static void take_files(struct command *command)
{
    const struct take_options options = {
        .folder = command->take,
        .filter = command->filter,
        .name = command->name,
        .spool_path = command->options.spool_path,
        .records_most = command->records_most,
        .samples_most = samples_most(),
        .go_on = go_on,
        .context = command,
    };

    fail(command, take_run(&options, command->spool, command->delivery, &command->intake));
}

/* This process has sent nothing, and so has printed nothing. */
static void tell_elsewhere(const struct command *command)
{
    uint64_t samples = command->intake.samples;

    complain(command->options.spool_path,
             "another flowupload sends from this spool; %" PRIu64 " sample%s added", samples,
             samples == 1 ? " was" : "s were");
}

static int run(struct command *command, char **paths, size_t count)
{
    report_begin(&command->report, command->spool, &command->deliver);
    if (command->take)
        take_files(command);
    else
        read_inputs(command, paths, count);
    if (command->delivery) {
        if (!command->take)
            drain(command);
        await_answer(command);
        progress_clear(&progress);
        command->status = final_status(command->status, deliver_end(&command->deliver));
        if (!command->quiet && !command->take &&
            delivery_state(command->delivery) == DELIVERY_ELSEWHERE)
            tell_elsewhere(command);
    }
    if (command->unread)
        command->status = final_status(command->status, EX_TEMPFAIL);
    report_end(&command->report);
    if (command->options.verbose)
        summarise(command);
    return command->status;
}

/* The default of -s. */
static const char *default_spool(char path[PATH_MAX])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (geteuid() == 0)
        return "/var/spool/secflow";
    if (state && state[0] == '/') /* the XDG specification says to ignore relative paths */
        snprintf(path, PATH_MAX, "%s/secflow/spool", state);
    else if (home && *home)
        snprintf(path, PATH_MAX, "%s/.local/state/secflow/spool", home);
    else
        return NULL;
    return path;
}

static int find_spool(struct command *command)
{
    static char path[PATH_MAX];

    if (!command->options.spool_path)
        command->options.spool_path = default_spool(path);
    return command->options.spool_path
               ? EX_OK
               : usage_error("no directory for the spool: give -s SPOOL or set HOME");
}

static int open_spool(struct command *command)
{
    int error;

    switch (spool_init(&command->spool, command->options.spool_path)) {
    case RESULT_OK:
        return EX_OK;
    case RESULT_NO_MEMORY:
        return out_of_memory();
    case RESULT_INVALID:
        complain(command->options.spool_path,
                 "cannot be the spool: others can write to it; run: chmod go-w");
        return EX_NOPERM;
    default:
        error = errno;
        complain_errno(command->options.spool_path, "cannot be the spool");
        return error == EACCES || error == EPERM || error == EROFS ? EX_NOPERM : EX_OSERR;
    }
}

static int open_delivery(struct command *command)
{
    struct upload_options *upload = &command->options.delivery.upload;
    int status = EX_OK;

    if (upload->form)
        status = headers_add_key(&command->headers, command->key_file, "NETWORKSAGE_API_KEY");
    else if (!headers_have(&command->headers, "Content-Type"))
        status = headers_add(&command->headers, "Content-Type: application/x-ndjson");
    if (status == EX_OK)
        status = find_spool(command);
    if (status == EX_OK)
        status = open_spool(command);
    if (status == EX_OK && command->retry)
        status = status_retry(command->spool, command->options.spool_path);
    if (status == EX_OK && command->headers.secrets && upload_is_open(upload->url))
        complain(NULL,
                 "the key, or a header that is secret, goes to another machine without encryption; "
                 "use https");
    upload->headers = (const char *const *)command->headers.list;
    command->options.delivery.secrets = (const char *const *)command->headers.secrets;
    command->options.quiet = command->quiet;
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away must not abort what is in flight */
    if (status == EX_OK)
        status = deliver_init(&command->deliver, &command->options, command->spool);
    command->delivery = command->deliver.delivery;
    return status;
}

/* Work that needs no collector. */
static int look_after_spool(struct command *command)
{
    const char *path;
    int status = find_spool(command);

    path = command->options.spool_path;
    if (status != EX_OK)
        return status;
    return command->status_only ? close_output(status_show(path, command->json))
                                : status_retry_at(path);
}

static int command_init(struct command *command)
{
    int status = stop_init();

    if (status == EX_OK)
        status = report_init(&command->report, command->metrics, &command->intake);
    progress_init(&progress, !command->quiet);
    command->output = malloc(sizeof *command->output);
    if (!command->output)
        return out_of_memory();
    output_init(command->output, STDOUT_FILENO);
    if (status == EX_OK)
        status = secflows_init(&command->secflows, NULL, 0);
    if (status == EX_OK && !command->print)
        status = open_delivery(command);
    if (status == EX_OK && samples_init(&command->samples, command->spool, command->records_most,
                                        command->idle) != RESULT_OK)
        status = out_of_memory();
    if (status == EX_OK)
        samples_limit(command->samples, samples_most());
    return status;
}

static void command_destroy(struct command *command)
{
    report_destroy(&command->report);
    samples_destroy(&command->samples);
    deliver_destroy(&command->deliver);
    spool_destroy(&command->spool);
    secflows_destroy(&command->secflows);
    headers_destroy(&command->headers);
    free(command->output);
}

static int parse_timeout(struct command *command)
{
    uint64_t seconds;
    int status = option_time(1, 3600, &seconds);

    if (status == EX_OK)
        command->options.delivery.upload.timeout = (int)seconds;
    return status;
}

static int parse_type(struct command *command)
{
    command->typed = true;
    if (spool_kind_find(optarg, &command->kind) && command->kind != SPOOL_RECORDS &&
        command->kind != SPOOL_DNS && command->kind != SPOOL_COPY)
        return EX_OK;
    return usage_error("%s: '%s' is not pcap, pcapng, secflow or zeek", option_typed(), optarg);
}

static int parse_format(struct command *command)
{
    command->options.delivery.upload.form = strcmp(optarg, "networksage") == 0;
    if (command->options.delivery.upload.form || strcmp(optarg, "ndjson") == 0)
        return EX_OK;
    return usage_error("%s: '%s' is not networksage or ndjson", option_typed(), optarg);
}

static int parse_long_option(struct command *command, int option, char **argv)
{
    switch (option) {
    case OPTION_CACERT:
        command->options.delivery.upload.ca_file = optarg;
        return EX_OK;
    case OPTION_FILTER:
        command->filter = optarg;
        return EX_OK;
    case OPTION_LINGER:
        return option_seconds(0, &command->linger);
    case OPTION_MAX_AGE:
        return option_seconds(1, &command->options.delivery.max_age);
    case OPTION_MAX_BYTES:
        return option_size(1, &command->options.delivery.max_bytes);
    case OPTION_METRICS:
        command->metrics = optarg;
        return *optarg ? EX_OK : usage_error("--metrics: the name is empty");
    case OPTION_RETRY_REJECTED:
        command->retry = true;
        return EX_OK;
    case OPTION_STATUS:
        command->status_only = true;
        return EX_OK;
    case OPTION_TAKE:
        command->take = optarg;
        command->options.lasting = true;
        return EX_OK;
    case OPTION_TIMEOUT:
        return parse_timeout(command);
    default:
        return common_option(&tool, option, argv, &command->done);
    }
}

static int parse_option(struct command *command, int option, char **argv)
{
    switch (option) {
    case 'b':
        return option_number("records", 1, RECORDS_MOST, &command->records_most);
    case 'F':
        return parse_format(command);
    case 'H':
        return headers_add(&command->headers, optarg);
    case 'i':
        return option_seconds(1, &command->idle);
    case 'j':
        command->json = true;
        return EX_OK;
    case 'k':
        command->key_file = optarg;
        return EX_OK;
    case 'N':
        command->name = optarg;
        return spool_is_file_name(optarg)
                   ? EX_OK
                   : usage_error("%s: '%s' is not a file name of at most %u bytes", option_typed(),
                                 optarg, SPOOL_FILE_NAME_MAX);
    case 'n':
        command->print = true;
        return EX_OK;
    case 'q':
        command->quiet = true;
        return EX_OK;
    case 's':
        command->options.spool_path = optarg;
        return *optarg ? EX_OK : usage_error("%s: the name is empty", option_typed());
    case 't':
        return parse_type(command);
    case 'u':
        command->options.delivery.upload.url = optarg;
        return EX_OK;
    case 'v':
        command->options.verbose = true;
        return EX_OK;
    case 'z':
        command->options.delivery.gzip = true;
        return EX_OK;
    default:
        return parse_long_option(command, option, argv);
    }
}

/* Checks that exactly one kind of work is requested. */
static int check_work(const struct command *command, char **paths, int files)
{
    if (command->status_only &&
        (command->print || command->typed || command->retry || command->take || files > 0))
        return usage_error("--status can be used with -j and -s only");
    if (command->json && !command->status_only)
        return usage_error("-j needs --status");
    if (command->retry && command->print)
        return usage_error("--retry-rejected cannot be used with -n, which has no spool");
    if (command->typed && (command->print || !command->options.delivery.upload.form))
        return usage_error("-t sends files as they are; it cannot be used with -n or -F ndjson");
    if (command->typed && files == 0)
        return usage_error("-t needs a FILE to send");
    for (int i = 0; command->typed && !command->name && i < files; i++)
        if (strcmp(paths[i], "-") == 0)
            return usage_error("-t: standard input has no name; give it one with -N");
    if (command->typed && command->kind == SPOOL_ZEEK && files > 2)
        return usage_error("-t zeek takes two files at most: a log and its dns log");
    if (command->take && (files > 0 || command->typed || command->print))
        return usage_error("--take reads a directory; it cannot be used with FILE, -t or -n");
    if (command->filter && !command->take)
        return usage_error("--filter needs --take");
    return EX_OK;
}

static int check_url(struct command *command, int files)
{
    struct upload_options *upload = &command->options.delivery.upload;
    const char *problem, *from = "-u";

    if (!upload->url) {
        upload->url = getenv("SECFLOW_URL");
        from = "SECFLOW_URL";
    }
    if (!upload->url || !*upload->url) {
        command->retry_only = command->retry && files == 0 && !command->take;
        return command->retry_only ? EX_OK
                                   : usage_error("no collector: give -u URL or set SECFLOW_URL");
    }
    switch (upload_check_url(upload->url, &problem)) {
    case RESULT_OK:
        return EX_OK;
    case RESULT_NO_MEMORY:
        return out_of_memory();
    default:
        return usage_error("%s: the URL %s", from, problem);
    }
}

/* Checks which options go together, once all are known. */
static int check_options(struct command *command, char **paths, int files)
{
    const struct deliver_options *options = &command->options;
    int status = check_work(command, paths, files);

    if (status != EX_OK)
        return status;
    if (command->key_file && !options->delivery.upload.form)
        return usage_error("-k can be used with -F networksage only; other keys go with -H @FILE");
    if (options->delivery.gzip && options->delivery.upload.form)
        return usage_error("-z can be used with -F ndjson only");
    if (options->delivery.upload.form && (headers_have(&command->headers, "Content-Type") ||
                                          headers_have(&command->headers, "apikey")))
        return usage_error("-H: Content-Type and apikey cannot be set with -F networksage");
    return command->print || command->status_only ? EX_OK : check_url(command, files);
}

static int parse_options(struct command *command, int argc, char **argv)
{
    int option, status = EX_OK;

    while (status == EX_OK && !command->done && (option = next_option(&tool, argc, argv)) != -1)
        status = parse_option(command, option, argv);
    return status == EX_OK && !command->done ? check_options(command, argv + optind, argc - optind)
                                             : status;
}

int main(int argc, char **argv)
{
    struct command command = {
        .records_most = 100000,
        .idle = 5 * SECOND,
        .linger = 30 * SECOND,
        .options = {.delivery = {.upload = {.form = true, .timeout = 60}}},
    };
    char **paths;
    size_t count;
    int status;

    signals_keep();
    common_init("flowupload");
    status = parse_options(&command, argc, argv);
    if (status == EX_OK && !command.done && (command.status_only || command.retry_only)) {
        status = look_after_spool(&command);
    } else if (status == EX_OK && !command.done) {
        status = input_paths(argc, argv, &paths, &count);
        if (status == EX_OK)
            status = command_init(&command);
        if (optind == argc && !command.print && isatty(STDIN_FILENO))
            count = 0; /* only send what is in the spool */
        if (status == EX_OK && !command.quiet && !command.take)
            tell_inputs(paths, count, "Secflows");
        if (status == EX_OK)
            status = close_output(run(&command, paths, count));
    }
    command_destroy(&command);
    return status;
}
