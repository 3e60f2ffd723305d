#include "delivery.h"

#include "base/clock.h"
#include "redact.h"
#include "send/answer.h"
#include "send/backoff.h"
#include "send/body.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often a spool that is empty, or another's, is looked at, and what died is recovered. */
#define LOOK_AFTER (5 * SECOND)
#define TIDY_AFTER (10 * SECOND)

/* Of --max-bytes, what this process adds before the bound is looked at again, whatever the time. */
#define ADDED_PART 16

/* Bytes of a file that are measured between two looks at everything else. */
#define MEASURED_AT_ONCE (UINT64_C(8) << 20)

/* A collector may ask for more, but not hold everything up for days by a mistake. */
#define RETRY_AFTER_MOST (3600 * SECOND)

/* How long the last lines may wait for standard output, in milliseconds. */
#define OUTPUT_WAIT 2000

#define PROBLEM_TEXT 320
#define TOLD_TEXT (PROBLEM_TEXT + ANSWER_WORDS + 8)

/* Rejections that are told of before the rest is only counted. */
#define REJECTIONS_TOLD 3

enum state {
    LOOKING,   /* for an entry, once it is time */
    MEASURING, /* the entry */
    SENDING,   /* it */
    IDLE,      /* nothing was there when it was looked last */
    DENIED,    /* nothing is accepted, and it is not yet time to try again */
    ELSEWHERE, /* another process sends */
    ENDED      /* nothing is sent any more */
};

struct delivery {
    const struct delivery_options *options;
    struct spool *spool;
    struct uploader *uploader;
    char *collector; /* its URL for messages: without a query, which may be a secret */
    enum state state;
    bool locked;
    int64_t next, tidy_at; /* when to look for an entry, and after the spool */
    uint64_t tidied;       /* what had been added to it when that was done last */

    struct spool_entry entry;     /* the one that is sent, or was last; its name "": none */
    struct body *file, *zeek_dns; /* of it, while it is tried */
    uint64_t start;               /* of what is sent of its file at once; 0: all is */
    uint64_t most;     /* bytes of records that the collector takes at once; 0: not known */
    unsigned failures; /* in a row */
    int said;   /* what was said of them: an HTTP status, libcurl's code below 0; 0: nothing */
    int denied; /* the status to end with, where it is DENIED to the end */
    bool said_unreadable;

    struct delivery_counts counts;
    uint64_t foreign;
    struct clock_watch clock;
    int64_t begun_at, accepted_at; /* the request; the last sample */
    struct text lines; /* for standard output, of which what is before written is there */
    size_t written;
    struct text sample_id;
    struct text answer; /* without secrets */
};

int delivery_init(struct delivery **delivery, const struct delivery_options *options,
                  struct spool *spool)
{
    struct delivery *new = calloc(1, sizeof *new);
    enum result result = new ? uploader_init(&new->uploader, &options->upload) : RESULT_NO_MEMORY;

    if (result == RESULT_OK) {
        new->collector = strndup(options->upload.url, strcspn(options->upload.url, "?#"));
        if (!new->collector) {
            delivery_destroy(&new);
            return out_of_memory();
        }
        new->options = options;
        new->spool = spool;
        *delivery = new;
        return EX_OK;
    }
    free(new);
    if (result == RESULT_SYSTEM)
        complain_errno(options->upload.ca_file, "cannot read the certificates");
    else if (result == RESULT_DAMAGED)
        complain(options->upload.ca_file, "there is no certificate in it");
    else
        return start_failed(result);
    return EX_NOINPUT;
}

static void close_bodies(struct delivery *delivery)
{
    body_destroy(&delivery->file);
    body_destroy(&delivery->zeek_dns);
}

void delivery_destroy(struct delivery **delivery)
{
    struct delivery *old = *delivery;

    if (!old)
        return;
    uploader_destroy(&old->uploader);
    close_bodies(old);
    text_destroy(&old->lines);
    text_destroy(&old->sample_id);
    text_destroy(&old->answer);
    free(old->collector);
    free(old);
    *delivery = NULL;
}

void delivery_added(struct delivery *delivery)
{
    if (delivery->state != IDLE && delivery->state != ELSEWHERE)
        return;
    delivery->state = LOOKING;
    delivery->next = 0;
}

static const char *entry_file_name(const struct delivery *delivery)
{
    return delivery->entry.name + delivery->entry.file_name;
}

static void abandon(struct delivery *delivery)
{
    if (delivery->state == SENDING && delivery->options->verbose)
        complain(entry_file_name(delivery), "given up before an answer came, after %.3f s",
                 (double)(clock_monotonic() - delivery->begun_at) / SECOND);
    upload_abort(delivery->uploader);
}

/* Nothing is sent any more, so that another process can. */
static int end(struct delivery *delivery, int status)
{
    abandon(delivery);
    close_bodies(delivery);
    spool_unlock(delivery->spool);
    delivery->locked = false;
    delivery->state = ENDED;
    return status;
}

/* Looks for an entry again after that time; the one that was tried is still there to be tried. */
static void put_off(struct delivery *delivery, int64_t until)
{
    delivery->state = LOOKING;
    delivery->next = until;
}

static bool lacks_descriptors(int error)
{
    return error == EMFILE || error == ENFILE;
}

static bool is_passing(int error)
{
    return spool_is_full(error) || lacks_descriptors(error);
}

/* A full disk is waited for, and files that others have open; anything else ends delivery. */
static int spool_failed(struct delivery *delivery, enum result result)
{
    if (result == RESULT_NO_MEMORY)
        return end(delivery, out_of_memory());
    if (is_passing(errno)) {
        put_off(delivery, clock_monotonic() + LOOK_AFTER);
        return EX_OK;
    }
    complain_errno(delivery->options->spool_path, "cannot work with the spool");
    return end(delivery, EX_OSERR);
}

/* All of an entry has gone: perhaps the collector takes more at once again. */
static void part_is_last(struct delivery *delivery)
{
    delivery->most = delivery->most > UINT64_MAX / 2 ? 0 : 2 * delivery->most;
}

/*
 * Moves what was sent of an entry aside; what is why in the file beside it, before the answer, and
 * told is why in the message.
 */
static int reject(struct delivery *delivery, const char *what, const char *told)
{
    const struct spool_entry *entry = &delivery->entry;
    struct text text = {0};
    enum result result = text_put_string(&text, what);

    if (result == RESULT_OK)
        result = text_put(&text, "\n", 1);
    if (result == RESULT_OK)
        result = text_put(&text, delivery->answer.bytes, delivery->answer.length);
    if (result == RESULT_OK)
        result = delivery->start > 0
                     ? spool_reject_part(delivery->spool, entry, delivery->start, text.bytes,
                                         text.length)
                     : spool_reject(delivery->spool, entry, text.bytes, text.length);
    text_destroy(&text);
    if (result != RESULT_OK)
        return spool_failed(delivery, result);
    if (delivery->start == 0)
        part_is_last(delivery);
    if (delivery->counts.rejected++ < REJECTIONS_TOLD)
        complain(entry->name + entry->file_name, "%s: moved to %s/rejected", told,
                 delivery->options->spool_path);
    return EX_OK;
}

/* What was deleted, and why, which costs something each time it is said. */
static void tell_trimmed(struct delivery *delivery, const struct spool_trimmed *trimmed,
                         const char *why)
{
    uint64_t count = trimmed->rejected + trimmed->waiting;

    if (count == 0)
        return;
    complain(delivery->options->spool_path,
             "%" PRIu64 " sample%s deleted, of which %" PRIu64 " waited to be sent: %s", count,
             count == 1 ? " was" : "s were", trimmed->waiting, why);
    delivery->counts.deleted += count;
}

/* Whether an entry is on its way. */
static bool is_busy(const struct delivery *delivery)
{
    return delivery->state == MEASURING || delivery->state == SENDING;
}

/* What may be over at the next time does not hold up what is on its way. */
static int tidy_failed(struct delivery *delivery, enum result result)
{
    return is_busy(delivery) && result == RESULT_SYSTEM && is_passing(errno)
               ? EX_OK
               : spool_failed(delivery, result);
}

/* Deletes what waits for too long, and the oldest of what is too much. */
static int trim(struct delivery *delivery)
{
    const struct delivery_options *options = delivery->options;
    const char *spared = is_busy(delivery) ? delivery->entry.name : NULL;
    struct spool_trimmed trimmed = {0};
    int64_t wall = clock_wall();
    enum result result = RESULT_OK;

    if (options->max_age > 0 && clock_knows_age(&delivery->clock, wall, options->max_age)) {
        result = spool_trim_age(delivery->spool, wall - options->max_age, spared, &trimmed);
        tell_trimmed(delivery, &trimmed, "older than --max-age");
    }
    if (options->max_bytes > 0 && result == RESULT_OK) {
        trimmed = (struct spool_trimmed){0};
        result = spool_trim_bytes(delivery->spool, options->max_bytes, spared, &trimmed);
        tell_trimmed(delivery, &trimmed, "more than --max-bytes");
    }
    return result == RESULT_OK ? EX_OK : tidy_failed(delivery, result);
}

/* Whether to look after the spool: it is time, or much was added to what is bounded. */
static bool is_untidy(const struct delivery *delivery, int64_t now)
{
    uint64_t most = delivery->options->max_bytes;

    return now >= delivery->tidy_at ||
           (most > 0 && spool_committed(delivery->spool) - delivery->tidied > most / ADDED_PART);
}

/* Looks after the spool. What is being sent stays, since it may go by itself. */
static int tidy(struct delivery *delivery, int64_t now)
{
    size_t count;
    enum result result;

    if (!is_untidy(delivery, now))
        return EX_OK;
    delivery->tidy_at = now + TIDY_AFTER;
    delivery->tidied = spool_committed(delivery->spool);
    result = spool_recover(delivery->spool, &count);
    if (result != RESULT_OK)
        return tidy_failed(delivery, result);
    if (count > 0)
        complain(delivery->options->spool_path,
                 "%zu sample%s completed that a process which ended early had begun", count,
                 count == 1 ? " was" : "s were");
    if (delivery->options->max_bytes == 0 && delivery->options->max_age == 0)
        return EX_OK;
    if (!is_busy(delivery)) {
        close_bodies(delivery); /* what they are of may be deleted */
        delivery->entry.name[0] = '\0';
    }
    return trim(delivery);
}

/* Lines are only made of records; the API takes all kinds. */
static bool can_send(const struct delivery *delivery, const struct spool_entry *entry)
{
    return delivery->options->upload.form || entry->kind == SPOOL_RECORDS;
}

/* A descriptor becomes a body, from the place on where that of records is to begin. */
static enum result open_body(struct delivery *delivery, int fd, struct body **body)
{
    const struct delivery_options *options = delivery->options;
    enum body_form form = delivery->entry.kind != SPOOL_RECORDS ? BODY_FILE
                          : options->upload.form                ? BODY_DOCUMENT
                                                                : BODY_LINES;
    enum result result = fd < 0 ? RESULT_SYSTEM : RESULT_OK;
    int saved;

    delivery->start = 0;
    if (result == RESULT_OK && delivery->entry.kind == SPOOL_RECORDS)
        result = spool_find_part(fd, delivery->most, &delivery->start);
    if (result == RESULT_OK)
        result =
            body_init(body, fd, delivery->start, form, entry_file_name(delivery), options->gzip);
    saved = errno;
    if (fd >= 0 && result != RESULT_OK)
        close(fd);
    errno = saved;
    return result;
}

static enum result open_bodies(struct delivery *delivery)
{
    const struct spool_entry *entry = &delivery->entry;
    enum result result =
        open_body(delivery, spool_open_entry(delivery->spool, entry), &delivery->file);

    if (result == RESULT_OK && entry->kind == SPOOL_ZEEK) {
        int fd = spool_open_companion(delivery->spool, entry);

        if (fd >= 0 || errno != ENOENT)
            result = open_body(delivery, fd, &delivery->zeek_dns);
    }
    if (result != RESULT_OK)
        close_bodies(delivery);
    return result;
}

/* An entry that cannot be read is told of once, and does not hold up the others. */
static void tell_unreadable(struct delivery *delivery)
{
    if (errno == ENOENT || delivery->said_unreadable) /* ENOENT: somebody has taken it away */
        return;
    complain(delivery->options->spool_path, "%s cannot be read: %s", delivery->entry.name,
             strerror(errno));
    delivery->said_unreadable = true;
}

/* The entry behind the last one, and then the oldest of all, opened. RESULT_END: there is none. */
static enum result choose(struct delivery *delivery)
{
    struct spool_entry *entry = &delivery->entry;
    enum result result;
    bool all;

    do {
        all = entry->name[0] == '\0';
        delivery->foreign = 0;
        while ((result = spool_next(delivery->spool, entry->name, entry)) == RESULT_OK) {
            if (!can_send(delivery, entry)) {
                delivery->foreign++;
                continue;
            }
            result = open_bodies(delivery);
            if (result != RESULT_SYSTEM || lacks_descriptors(errno))
                return result;
            tell_unreadable(delivery);
        }
        if (result == RESULT_END)
            entry->name[0] = '\0';
    } while (result == RESULT_END && !all);
    return result;
}

/*
 * Where nothing is left the lock is given up, and then looked again: what another process added
 * just before, when it saw the lock taken, is in nobody else's care.
 */
static enum result release(struct delivery *delivery, int64_t now)
{
    enum result result;

    spool_unlock(delivery->spool);
    delivery->locked = false;
    result = choose(delivery);
    delivery->state = result == RESULT_OK ? LOOKING : IDLE;
    delivery->next = result == RESULT_OK ? now : now + LOOK_AFTER;
    delivery->entry.name[0] = '\0';
    close_bodies(delivery);
    return result;
}

static int look(struct delivery *delivery, int64_t now)
{
    enum result result = delivery->locked ? RESULT_OK : spool_lock(delivery->spool);
    int status;

    delivery->locked = result == RESULT_OK;
    if (result == RESULT_END) {
        delivery->state = ELSEWHERE;
        delivery->next = now + LOOK_AFTER;
        return EX_OK;
    }
    if (!delivery->locked)
        return spool_failed(delivery, result);
    delivery->state = LOOKING;
    status = tidy(delivery, now);
    if (status != EX_OK || delivery->next > now)
        return status;
    if (delivery->file) { /* the same again, which is measured */
        delivery->state = MEASURING;
        return EX_OK;
    }
    result = choose(delivery);
    if (result == RESULT_OK)
        delivery->state = MEASURING;
    else if (result == RESULT_END)
        result = release(delivery, now);
    return result == RESULT_OK || result == RESULT_END ? EX_OK : spool_failed(delivery, result);
}

static enum result begin(struct delivery *delivery)
{
    const struct body_facts *facts = body_facts(delivery->file);
    char key[64];
    const char *headers[] = {key, delivery->options->gzip ? "Content-Encoding: gzip" : NULL, NULL};
    struct upload_request request = {
        .type = delivery->entry.kind == SPOOL_RECORDS ? "secflow"
                                                      : spool_kind_word(delivery->entry.kind),
        .file_name = entry_file_name(delivery),
        .file = delivery->file,
        .zeek_dns = delivery->zeek_dns,
        .headers = headers,
    };

    snprintf(key, sizeof key, "Idempotency-Key: \"%s\"", facts->hash);
    delivery->begun_at = clock_monotonic();
    return upload_begin(delivery->uploader, &request);
}

/* A part of what is to be measured; what has been is ready, from its beginning. */
static enum result measure_some(struct delivery *delivery, bool *done)
{
    enum result result = body_measure(delivery->file, MEASURED_AT_ONCE, done);

    if (result == RESULT_OK && *done && delivery->zeek_dns)
        result = body_measure(delivery->zeek_dns, MEASURED_AT_ONCE, done);
    return result;
}

static int measure(struct delivery *delivery)
{
    static const char not_secflows[] = "not all of its lines are Secflows";
    bool done = false;
    enum result result = measure_some(delivery, &done);
    int status;

    if (result == RESULT_OK && !done)
        return EX_OK;
    if (result == RESULT_OK)
        result = begin(delivery);
    switch (result) {
    case RESULT_OK:
        delivery->state = SENDING;
        return EX_OK;
    case RESULT_NO_MEMORY:
        return end(delivery, out_of_memory());
    case RESULT_DAMAGED:
        put_off(delivery, 0);
        delivery->answer.length = 0;
        status = reject(delivery, not_secflows, not_secflows);
        break;
    default:
        put_off(delivery, clock_monotonic() + LOOK_AFTER);
        tell_unreadable(delivery);
        status = EX_OK;
    }
    close_bodies(delivery);
    return status;
}

/* {"sampleId":...,"hash":...,"fileName":...,"secflows":...,"bytes":...,"url":...} */
static enum result put_line(struct delivery *delivery)
{
    const struct body_facts *facts = body_facts(delivery->file);
    const char *file_name = entry_file_name(delivery), *url = delivery->options->upload.url;
    struct text *lines = &delivery->lines;
    enum result result = text_put_string(lines, "{\"sampleId\":");

    if (result == RESULT_OK)
        result = delivery->sample_id.length == 0
                     ? text_put_string(lines, "null")
                     : text_put_json(lines, delivery->sample_id.bytes, delivery->sample_id.length);
    if (result == RESULT_OK)
        result = text_print(lines, ",\"hash\":\"%s\",\"fileName\":", facts->hash);
    if (result == RESULT_OK)
        result = text_put_json(lines, file_name, strlen(file_name));
    if (result == RESULT_OK && delivery->entry.kind == SPOOL_RECORDS)
        result = text_print(lines, ",\"secflows\":%" PRIu64, facts->records);
    else if (result == RESULT_OK)
        result = text_put_string(lines, ",\"secflows\":null");
    if (result == RESULT_OK)
        result = text_print(lines, ",\"bytes\":%" PRIu64 ",\"url\":", facts->content);
    if (result == RESULT_OK)
        result = text_put_json(lines, url, strlen(url));
    return result == RESULT_OK ? text_put_string(lines, "}\n") : result;
}

static bool has_lines(const struct delivery *delivery)
{
    return delivery->written < delivery->lines.length;
}

/* Whether it is ready in so many milliseconds, or more, where signals come meanwhile. */
static bool is_ready(struct pollfd *fd, int wait)
{
    int ready;

    do
        ready = poll(fd, 1, wait);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* Writes of the lines what standard output takes while it is waited for: milliseconds. */
static int write_lines(struct delivery *delivery, int wait)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    struct text *lines = &delivery->lines;

    progress_clear(&progress);
    while (has_lines(delivery) && is_ready(&out, wait)) {
        size_t left = lines->length - delivery->written;
        ssize_t wrote = write(STDOUT_FILENO, lines->bytes + delivery->written,
                              left < PIPE_BUF ? left : PIPE_BUF);

        if (wrote < 0 && errno != EAGAIN && errno != EINTR) {
            delivery->written = lines->length; /* nothing of it can be written any more */
            return end(delivery, output_failed(RESULT_SYSTEM));
        }
        delivery->written += wrote > 0 ? (size_t)wrote : 0;
    }
    if (!has_lines(delivery))
        delivery->written = lines->length = 0;
    return EX_OK;
}

/* Opens the same entry again. What stands in the way is found when it is chosen anew. */
static void reopen(struct delivery *delivery)
{
    close_bodies(delivery);
    if (open_bodies(delivery) != RESULT_OK)
        close_bodies(delivery);
}

/* The end of a try, after which the rest of an entry is next where only a part of it was sent. */
static void close_part(struct delivery *delivery)
{
    if (delivery->start == 0 || delivery->state != LOOKING) {
        close_bodies(delivery);
        return;
    }
    delivery->entry.bytes = delivery->start;
    reopen(delivery);
}

/* The collector wants less at once. False: it is a single record, or something as it is. */
static bool halve(struct delivery *delivery)
{
    if (delivery->entry.kind != SPOOL_RECORDS || body_facts(delivery->file)->records < 2)
        return false;
    delivery->most = (delivery->entry.bytes - delivery->start + 1) / 2;
    if (delivery->options->verbose)
        complain(entry_file_name(delivery), "HTTP 413: it is sent in halves");
    reopen(delivery);
    return true;
}

static enum result remove_sent(struct delivery *delivery)
{
    if (delivery->start > 0)
        return spool_remove_part(delivery->spool, &delivery->entry, delivery->start);
    part_is_last(delivery);
    return spool_remove(delivery->spool, &delivery->entry);
}

static int accept(struct delivery *delivery, int64_t now)
{
    enum result result = remove_sent(delivery);

    if (delivery->said != 0 && !delivery->options->verbose)
        complain(delivery->collector, "accepts again");
    delivery->failures = 0;
    delivery->said = 0;
    delivery->counts.accepted++;
    delivery->counts.accepted_at = clock_wall();
    delivery->accepted_at = now;
    put_off(delivery, now);
    if (result == RESULT_OK && !delivery->options->quiet)
        result = put_line(delivery);
    return result == RESULT_OK ? EX_OK : spool_failed(delivery, result);
}

/* What went wrong, in words. */
static void describe(const struct upload_answer *answer, char text[PROBLEM_TEXT])
{
    if (answer->status == 0)
        snprintf(text, PROBLEM_TEXT, "%s", answer->problem);
    else if (answer->status / 100 == 2)
        snprintf(text, PROBLEM_TEXT, "HTTP %ld, but its answer does not accept the sample",
                 answer->status);
    else
        snprintf(text, PROBLEM_TEXT, "HTTP %ld", answer->status);
}

/*
 * Keeps the answer, without what was to stay secret, and says what went wrong, with the collector's
 * own words where there are any. RESULT_NO_MEMORY.
 */
static enum result tell_words(struct delivery *delivery, const struct upload_answer *answer,
                              const char *what, char told[TOLD_TEXT])
{
    struct text *text = &delivery->answer;
    char words[ANSWER_WORDS] = "";
    enum result result;

    text->length = 0;
    result = text_put(text, answer->body, answer->length);
    if (result == RESULT_OK)
        result = redact(text, delivery->options->secrets, delivery->options->upload.url,
                        answer->length == UPLOAD_ANSWER_MAX);
    if (result == RESULT_OK)
        result = answer_words(text->bytes, text->length, words);
    snprintf(told, TOLD_TEXT, words[0] ? "%s (\"%s\")" : "%s%s", what, words);
    return result;
}

/* -v tells of each try, in the collector's words; else what is wrong is said once. */
static void tell(struct delivery *delivery, const struct upload_answer *answer, const char *what,
                 const char *told, int64_t wait)
{
    int problem = answer->status != 0 ? (int)answer->status : -answer->code;

    if (delivery->options->verbose)
        complain(entry_file_name(delivery),
                 "%s, in %.3f s; failed %u time%s in a row, again in %.1f s", told,
                 (double)answer->took / SECOND, delivery->failures,
                 delivery->failures == 1 ? "" : "s", (double)wait / SECOND);
    else if (delivery->said != problem)
        complain(delivery->collector, "%s; it is tried again", what);
    delivery->said = problem;
}

/* Whether it may be this sample that the collector fails on, and no other. */
static bool is_of_sample(const struct upload_answer *answer)
{
    return answer->retry_after == 0 &&
           (answer->status / 100 == 2 || answer->status == 409 || answer->status == 500);
}

/* A sample that the collector fails on does not hold the others up. */
static void try_again(struct delivery *delivery, const struct upload_answer *answer,
                      const char *what, const char *told, int64_t now)
{
    int64_t wait = backoff_wait(++delivery->failures);

    if (answer->retry_after > 0)
        wait = answer->retry_after < RETRY_AFTER_MOST / SECOND ? answer->retry_after * SECOND
                                                               : RETRY_AFTER_MOST;
    tell(delivery, answer, what, told, wait);
    put_off(delivery, now + wait);
    if (is_of_sample(answer) || body_rewind(delivery->file) != RESULT_OK ||
        (delivery->zeek_dns && body_rewind(delivery->zeek_dns) != RESULT_OK))
        close_bodies(delivery); /* and another one is chosen */
}

/* Nothing can be sent, for a long while. Another process, with another key, could. */
static void deny(struct delivery *delivery, const struct upload_answer *answer, const char *told,
                 enum verdict verdict, int64_t now)
{
    bool key = verdict == VERDICT_DENIED;

    if (delivery->said != answer->status || delivery->options->verbose)
        complain(delivery->collector, "%s: %s; what is to be sent is kept", told,
                 key ? "there is no right to upload" : "nothing is accepted at this URL");
    delivery->said = (int)answer->status;
    delivery->denied = key ? EX_NOPERM : EX_UNAVAILABLE;
    close_bodies(delivery);
    spool_unlock(delivery->spool);
    delivery->locked = false;
    delivery->state = DENIED;
    delivery->next = now + BACKOFF_MOST;
}

static int finish(struct delivery *delivery, const struct upload_answer *answer, int64_t now)
{
    enum answer_form form = delivery->options->upload.form ? ANSWER_API : ANSWER_STATUS;
    enum verdict verdict = VERDICT_AGAIN;
    char what[PROBLEM_TEXT], told[TOLD_TEXT];
    int status = EX_OK;

    delivery->sample_id.length = 0;
    if (answer->status != 0 && answer_judge(form, answer->status, answer->body, answer->length,
                                            &verdict, &delivery->sample_id) != RESULT_OK)
        return end(delivery, out_of_memory());
    describe(answer, what);
    if (tell_words(delivery, answer, what, told) != RESULT_OK)
        return end(delivery, out_of_memory());
    switch (verdict) {
    case VERDICT_ACCEPTED:
        if (delivery->options->verbose)
            complain(entry_file_name(delivery), "accepted, in %.3f s",
                     (double)answer->took / SECOND);
        status = accept(delivery, now);
        break;
    case VERDICT_AGAIN:
        try_again(delivery, answer, what, told, now);
        return EX_OK;
    case VERDICT_TOO_LARGE:
        put_off(delivery, now);
        if (halve(delivery))
            return EX_OK;
        status = reject(delivery, what, told);
        break;
    case VERDICT_REJECTED:
        put_off(delivery, now);
        status = reject(delivery, what, told);
        break;
    case VERDICT_DENIED:
    case VERDICT_WRONG_URL:
        deny(delivery, answer, told, verdict, now);
        break;
    }
    close_part(delivery);
    return status;
}

static int send_some(struct delivery *delivery, int64_t now)
{
    struct upload_answer answer;

    if (!upload_run(delivery->uploader, &answer))
        return EX_OK;
    delivery->counts.answers[answer.status / 100 < 6 ? answer.status / 100 : 0]++;
    return finish(delivery, &answer, now);
}

/* While nothing can be sent the spool is looked after all the same, unless another process does. */
static int tidy_denied(struct delivery *delivery, int64_t now)
{
    int64_t next = delivery->next;
    enum result result = spool_lock(delivery->spool);
    int status;

    if (result == RESULT_END) {
        delivery->tidy_at = now + TIDY_AFTER;
        return EX_OK;
    }
    status = result == RESULT_OK ? tidy(delivery, now) : spool_failed(delivery, result);
    if (delivery->state == ENDED)
        return status;
    spool_unlock(delivery->spool);
    delivery->tidy_at = now + TIDY_AFTER;
    delivery->state = DENIED;
    delivery->next = next;
    return status;
}

int delivery_run(struct delivery *delivery, int64_t now)
{
    int status = has_lines(delivery) ? write_lines(delivery, 0) : EX_OK;

    if (status == EX_OK && delivery->locked)
        status = tidy(delivery, now);
    if (status != EX_OK)
        return status;
    switch (delivery->state) {
    case SENDING:
        return send_some(delivery, now);
    case MEASURING:
        return measure(delivery);
    case ENDED:
        return EX_OK;
    case DENIED:
        if (now < delivery->next)
            return is_untidy(delivery, now) ? tidy_denied(delivery, now) : EX_OK;
        return look(delivery, now);
    default:
        if (now < delivery->next || has_lines(delivery))
            return EX_OK;
        return look(delivery, now);
    }
}

/* When delivery_run has something to do, whatever happens. */
static int64_t next_time(const struct delivery *delivery)
{
    switch (delivery->state) {
    case MEASURING:
        return 0;
    case SENDING:
        return delivery->tidy_at;
    case ENDED:
        return INT64_MAX;
    default:
        if ((delivery->locked || delivery->state == DENIED) && delivery->tidy_at < delivery->next)
            return delivery->tidy_at;
        return has_lines(delivery) ? INT64_MAX : delivery->next;
    }
}

void delivery_wait(struct delivery *delivery, struct pollfd *fds, unsigned count, int64_t until)
{
    struct pollfd all[4] = {{.fd = STDOUT_FILENO, .events = POLLOUT}};
    int64_t now = clock_monotonic(), next = next_time(delivery);
    unsigned own = has_lines(delivery) ? 1 : 0;

    if (next < until)
        until = next;
    memcpy(all + own, fds, count * sizeof *fds);
    upload_wait(delivery->uploader, all, own + count, until > now ? until - now : 0);
    memcpy(fds, all + own, count * sizeof *fds);
}

bool delivery_is_done(const struct delivery *delivery)
{
    return !has_lines(delivery) && (delivery->state == IDLE || delivery->state == ELSEWHERE ||
                                    delivery->state == DENIED || delivery->state == ENDED);
}

bool delivery_is_idle(const struct delivery *delivery)
{
    return delivery->state == IDLE || delivery->state == ELSEWHERE;
}

bool delivery_has_ended(const struct delivery *delivery)
{
    return delivery->state == ENDED;
}

bool delivery_gets_on(const struct delivery *delivery)
{
    return delivery->state == SENDING && upload_gets_on(delivery->uploader);
}

int64_t delivery_progressed(const struct delivery *delivery, int64_t now)
{
    return delivery->state == MEASURING || delivery_gets_on(delivery) ? now : delivery->accepted_at;
}

const struct delivery_counts *delivery_counts(const struct delivery *delivery)
{
    return &delivery->counts;
}

static int tell_left(struct delivery *delivery)
{
    const char *path = delivery->options->spool_path;
    uint64_t bytes;
    size_t count;

    if (spool_total(delivery->spool, &count, &bytes) != RESULT_OK) {
        complain_errno(path, "cannot work with the spool");
        return EX_OSERR;
    }
    if (count == 0)
        return EX_OK;
    complain(path, "%zu sample%s left, to be sent the next time", count,
             count == 1 ? " is" : "s are");
    if (delivery->foreign > 0)
        complain(path, "%" PRIu64 " of them are no Secflows, and need -F networksage",
                 delivery->foreign);
    return delivery->options->lasting ? EX_OK : EX_TEMPFAIL;
}

int delivery_end(struct delivery *delivery)
{
    int status = EX_OK;

    abandon(delivery);
    if (is_busy(delivery))
        delivery->state = LOOKING;
    if (delivery->state == DENIED) {
        status = delivery->denied;
        delivery->locked = spool_lock(delivery->spool) == RESULT_OK;
    }
    if (delivery->locked) {
        delivery->tidy_at = 0;
        status = worse_status(status, tidy(delivery, clock_monotonic()));
    }
    if (has_lines(delivery))
        status = worse_status(status, write_lines(delivery, OUTPUT_WAIT));
    if (has_lines(delivery)) {
        complain(NULL, "nobody reads standard output, which lacks its last lines");
        status = worse_status(status, EX_IOERR);
    }
    if (delivery->counts.rejected > REJECTIONS_TOLD)
        complain(delivery->options->spool_path, "%" PRIu64 " more were rejected",
                 delivery->counts.rejected - REJECTIONS_TOLD);
    if (!delivery->options->lasting &&
        (delivery->counts.rejected > 0 || delivery->counts.deleted > 0))
        status = worse_status(status, EX_UNAVAILABLE);
    return delivery->state == ELSEWHERE ? status : final_status(status, tell_left(delivery));
}
