/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver.h"

#include "base/clock.h"
#include "send/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long to wait for standard output to accept the last lines, in milliseconds. */
#define OUTPUT_WAIT 2000

#define TOLD_TEXT (320 + ANSWER_WORDS + 8)

/* Rejections that are printed before the rest is only counted. */
#define REJECTIONS_TOLD 3

static const char *file_name_of(const struct delivery_news *news)
{
    return news->entry->name + news->entry->file_name;
}

static double seconds(int64_t time)
{
    return (double)time / SECOND;
}

/* {"sampleId":...,"hash":...,"fileName":...,"secflows":...,"bytes":...,"url":...} */
static enum result put_line(struct deliver *deliver, const struct delivery_news *news)
{
    const char *file_name = file_name_of(news), *url = deliver->options->delivery.upload.url;
    struct text *lines = &deliver->lines;
    enum result result = text_put_string(lines, "{\"sampleId\":");

    if (result == RESULT_OK)
        result = news->sample_id_length == 0
                     ? text_put_string(lines, "null")
                     : text_put_json(lines, news->sample_id, news->sample_id_length);
    if (result == RESULT_OK)
        result = text_print(lines, ",\"hash\":\"%s\",\"fileName\":", news->facts->hash);
    if (result == RESULT_OK)
        result = text_put_json(lines, file_name, strlen(file_name));
    if (result == RESULT_OK && news->entry->kind == SPOOL_RECORDS)
        result = text_print(lines, ",\"secflows\":%" PRIu64, news->facts->records);
    else if (result == RESULT_OK)
        result = text_put_string(lines, ",\"secflows\":null");
    if (result == RESULT_OK)
        result = text_print(lines, ",\"bytes\":%" PRIu64 ",\"url\":", news->facts->content);
    if (result == RESULT_OK)
        result = text_put_json(lines, url, strlen(url));
    return result == RESULT_OK ? text_put_string(lines, "}\n") : result;
}

static bool has_lines(const struct deliver *deliver)
{
    return deliver->written < deliver->lines.length;
}

static void tell_accepted(struct deliver *deliver, const struct delivery_news *news)
{
    if (deliver->options->verbose)
        complain(file_name_of(news), "accepted, in %.3f s", seconds(news->took));
    else if (deliver->said != 0)
        complain(deliver->collector, "accepts again");
    deliver->said = 0;
    deliver->problem[0] = '\0';
    if (news->removed && !deliver->options->quiet)
        deliver->lines_kept = put_line(deliver, news);
    delivery_hold(deliver->delivery, has_lines(deliver));
}

/* What went wrong, followed by the collector's own words, if any. */
static const char *told_text(const struct delivery_news *news, char told[TOLD_TEXT])
{
    snprintf(told, TOLD_TEXT, news->words[0] ? "%s (\"%s\")" : "%s%s", news->what, news->words);
    return told;
}

static void tell_rejected(const struct deliver *deliver, const struct delivery_news *news)
{
    char told[TOLD_TEXT];

    if (delivery_counts(deliver->delivery)->rejected <= REJECTIONS_TOLD)
        complain(file_name_of(news), "%s: moved to %s/rejected", told_text(news, told),
                 deliver->options->spool_path);
}

/*
 * What to do about it, to follow the message; "": nothing. Of a certificate that cannot be
 * verified, only OpenSSL's words, which differ with its version, tell that its authority is not
 * known.
 */
static const char *way_out(const struct delivery_news *news)
{
    if (news->answer->status / 100 == 2 && news->entry->kind == SPOOL_RECORDS)
        return "; -F ndjson, for other collectors, takes any 2xx";
    if (strstr(news->what, "issuer certificate") || strstr(news->what, "self-signed") ||
        strstr(news->what, "self signed"))
        return "; --cacert adds certificates to trust";
    return "";
}

/* -v reports every attempt, with the collector's words; otherwise a problem is reported once. */
static void tell_again(struct deliver *deliver, const struct delivery_news *news)
{
    const struct upload_answer *answer = news->answer;
    int problem = answer->status != 0 ? (int)answer->status : -answer->code;
    char told[TOLD_TEXT];

    if (deliver->options->verbose)
        complain(file_name_of(news), "%s, in %.3f s; failed %u time%s in a row, again in %.1f s%s",
                 told_text(news, told), seconds(news->took), news->failures,
                 news->failures == 1 ? "" : "s", seconds(news->wait), way_out(news));
    else if (deliver->said != problem && answer->retry_after > 0)
        complain(
            deliver->collector, "%s; will retry in %.0f s, %s%s", news->what, seconds(news->wait),
            answer->retry_after <= news->wait / SECOND ? "as it asks" : "though it asks for more",
            way_out(news));
    else if (deliver->said != problem)
        complain(deliver->collector, "%s; will retry%s", news->what, way_out(news));
    deliver->said = problem;
    snprintf(deliver->problem, sizeof deliver->problem, "%s", news->what);
}

/* Why nothing can be sent with this key, or without one. */
static const char *why_denied(const struct deliver *deliver, long status)
{
    const struct delivery_options *options = &deliver->options->delivery;

    return options->upload.form && !options->secrets && status != 407
               ? "no permission to upload, and no key was sent (-k)"
               : "no permission to upload";
}

static void tell_denied(struct deliver *deliver, const struct delivery_news *news)
{
    bool key = news->event == DELIVERY_DENIED;
    const char *why =
        key ? why_denied(deliver, news->answer->status) : "nothing is accepted at this URL";
    char told[TOLD_TEXT];

    if (deliver->said != news->answer->status || deliver->options->verbose)
        complain(deliver->collector, "%s: %s; what is to be sent is kept", told_text(news, told),
                 why);
    deliver->said = (int)news->answer->status;
    snprintf(deliver->problem, sizeof deliver->problem, "%s: %s", news->what, why);
    deliver->denied = key ? EX_NOPERM : EX_UNAVAILABLE;
}

static void tell_unreadable(struct deliver *deliver, const struct delivery_news *news)
{
    if (!deliver->said_unreadable)
        complain(deliver->options->spool_path, "%s cannot be read: %s", news->entry->name,
                 strerror(news->error));
    deliver->said_unreadable = true;
}

static void tell_trimmed(const struct deliver *deliver, const struct delivery_news *news)
{
    uint64_t waiting = news->deleted.waiting, count = news->deleted.rejected + waiting;

    complain(deliver->options->spool_path,
             "%" PRIu64 " sample%s deleted, of which %" PRIu64 " waited to be sent: %s", count,
             count == 1 ? " was" : "s were", waiting,
             news->event == DELIVERY_TOO_OLD ? "older than --max-age" : "more than --max-bytes");
}

static void tell(void *context, const struct delivery_news *news)
{
    struct deliver *deliver = context;

    switch (news->event) {
    case DELIVERY_ACCEPTED:
        tell_accepted(deliver, news);
        break;
    case DELIVERY_REJECTED:
        tell_rejected(deliver, news);
        break;
    case DELIVERY_HALVED:
        if (deliver->options->verbose)
            complain(file_name_of(news), "HTTP 413: it is sent in halves");
        break;
    case DELIVERY_AGAIN:
        tell_again(deliver, news);
        break;
    case DELIVERY_DENIED:
    case DELIVERY_WRONG_URL:
        tell_denied(deliver, news);
        break;
    case DELIVERY_GIVEN_UP:
        if (deliver->options->verbose)
            complain(file_name_of(news), "given up before an answer came, after %.3f s",
                     seconds(news->took));
        break;
    case DELIVERY_UNREADABLE:
        tell_unreadable(deliver, news);
        break;
    case DELIVERY_RECOVERED:
        complain(deliver->options->spool_path,
                 "%" PRIu64 " sample%s completed that a process which ended early had begun",
                 news->recovered, news->recovered == 1 ? " was" : "s were");
        break;
    case DELIVERY_TOO_OLD:
    case DELIVERY_TOO_MUCH:
        tell_trimmed(deliver, news);
        break;
    }
}

int deliver_init(struct deliver *deliver, struct deliver_options *options, struct spool *spool)
{
    const struct upload_options *upload = &options->delivery.upload;
    enum result result;

    *deliver = (struct deliver){.options = options, .spool = spool};
    options->delivery.tell = tell;
    options->delivery.context = deliver;
    deliver->collector = strndup(upload->url, strcspn(upload->url, "?#"));
    if (!deliver->collector)
        return out_of_memory();
    result = delivery_init(&deliver->delivery, &options->delivery, spool);
    switch (result) {
    case RESULT_OK:
        return EX_OK;
    case RESULT_SYSTEM:
        complain_errno(upload->ca_file, "cannot read the certificates");
        return EX_NOINPUT;
    case RESULT_INVALID:
        complain(upload->ca_file, "it holds no certificate");
        return EX_NOINPUT;
    default:
        return start_failed(result);
    }
}

void deliver_destroy(struct deliver *deliver)
{
    delivery_destroy(&deliver->delivery);
    text_destroy(&deliver->lines);
    free(deliver->collector);
}

/* Waits up to that many milliseconds, longer if signals interrupt. True if ready. */
static bool is_ready(struct pollfd *fd, int wait)
{
    int ready;

    do
        ready = poll(fd, 1, wait);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* Writes as many lines as standard output accepts while waiting that many milliseconds. */
static int write_lines(struct deliver *deliver, int wait)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    struct text *lines = &deliver->lines;
    int status = EX_OK;

    progress_clear(&progress);
    while (has_lines(deliver) && is_ready(&out, wait)) {
        size_t left = lines->length - deliver->written;
        ssize_t wrote = write(STDOUT_FILENO, lines->bytes + deliver->written,
                              left < PIPE_BUF ? left : PIPE_BUF);

        if (wrote < 0 && errno != EAGAIN && errno != EINTR) {
            deliver->written = lines->length; /* nothing more can be written */
            status = output_failed(RESULT_SYSTEM);
            delivery_stop(deliver->delivery);
        }
        deliver->written += wrote > 0 ? (size_t)wrote : 0;
    }
    if (!has_lines(deliver))
        deliver->written = lines->length = 0;
    delivery_hold(deliver->delivery, has_lines(deliver));
    return status;
}

/* Prints why delivery cannot go on. */
static int failed(const struct deliver *deliver, enum result result)
{
    if (result == RESULT_OK)
        return EX_OK;
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    complain_errno(deliver->options->spool_path, "cannot use the spool");
    return EX_OSERR;
}

int deliver_run(struct deliver *deliver, int64_t now)
{
    int status = has_lines(deliver) ? write_lines(deliver, 0) : EX_OK;

    if (status == EX_OK)
        status = failed(deliver, delivery_run(deliver->delivery, now));
    if (status != EX_OK || deliver->lines_kept == RESULT_OK)
        return status;
    delivery_stop(deliver->delivery);
    return failed(deliver, deliver->lines_kept);
}

void deliver_wait(struct deliver *deliver, struct pollfd *fds, unsigned count, int64_t until)
{
    struct pollfd all[4] = {{.fd = STDOUT_FILENO, .events = POLLOUT}};
    int64_t now = clock_monotonic(), next = delivery_next(deliver->delivery);
    unsigned own = has_lines(deliver) ? 1 : 0;

    if (next < until)
        until = next;
    memcpy(all + own, fds, count * sizeof *fds);
    delivery_wait(deliver->delivery, all, own + count, until > now ? until - now : 0);
    memcpy(fds, all + own, count * sizeof *fds);
}

bool deliver_is_done(const struct deliver *deliver)
{
    enum delivery_state state = delivery_state(deliver->delivery);

    return !has_lines(deliver) && (delivery_is_idle(deliver->delivery) ||
                                   state == DELIVERY_REFUSED || state == DELIVERY_ENDED);
}

static int tell_left(const struct deliver *deliver)
{
    const char *path = deliver->options->spool_path;
    uint64_t bytes, foreign = delivery_counts(deliver->delivery)->foreign;
    size_t count;

    if (spool_total(deliver->spool, &count, &bytes) != RESULT_OK) {
        complain_errno(path, "cannot use the spool");
        return EX_OSERR;
    }
    if (count == 0)
        return EX_OK;
    complain(path, "%zu sample%s left, to be sent the next time", count,
             count == 1 ? " is" : "s are");
    if (foreign > 0)
        complain(path, "%" PRIu64 " of them are not Secflows, and need -F networksage", foreign);
    return deliver->options->lasting ? EX_OK : EX_TEMPFAIL;
}

/* Writes the last lines, giving their reader some time. */
static int end_lines(struct deliver *deliver)
{
    int status = has_lines(deliver) ? write_lines(deliver, OUTPUT_WAIT) : EX_OK;

    if (!has_lines(deliver))
        return status;
    complain(NULL, "standard output is not being read: its last lines are lost");
    return worse_status(status, EX_IOERR);
}

int deliver_end(struct deliver *deliver)
{
    const struct delivery_counts *counts = delivery_counts(deliver->delivery);
    bool refused = delivery_state(deliver->delivery) == DELIVERY_REFUSED;
    int status = refused ? deliver->denied : EX_OK;

    status = worse_status(status,
                          failed(deliver, delivery_finish(deliver->delivery, clock_monotonic())));
    status = worse_status(status, end_lines(deliver));
    if (counts->rejected > REJECTIONS_TOLD)
        complain(deliver->options->spool_path, "%" PRIu64 " more were rejected",
                 counts->rejected - REJECTIONS_TOLD);
    if (!deliver->options->lasting && (counts->rejected > 0 || counts->deleted > 0))
        status = worse_status(status, EX_UNAVAILABLE);
    return delivery_state(deliver->delivery) == DELIVERY_ELSEWHERE
               ? status
               : final_status(status, tell_left(deliver));
}
