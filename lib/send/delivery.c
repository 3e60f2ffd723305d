/* SPDX-License-Identifier: Apache-2.0 */
#include "send/delivery.h"

#include "base/clock.h"
#include "base/files.h"
#include "send/answer.h"
#include "send/backoff.h"
#include "send/body.h"
#include "send/redact.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * How often to look at a spool that is empty or locked by another, and to recover what dead writers
 * left.
 */
#define LOOK_AFTER (5 * SECOND)
#define TIDY_AFTER (10 * SECOND)

/*
 * After adding this fraction of --max-bytes, this process checks the limit again, whatever the
 * time.
 */
#define ADDED_PART 16

/* Bytes of a file measured before other work gets a turn. */
#define MEASURED_AT_ONCE (UINT64_C(8) << 20)

/* A collector may ask for more, but a mistake must not hold everything up for days. */
#define RETRY_AFTER_MOST (3600 * SECOND)

#define PROBLEM_TEXT 320
struct delivery {
    const struct delivery_options *options;
    struct spool *spool;
    struct uploader *uploader;
    enum delivery_state state;
    bool locked, held;
    int64_t now;           /* when it was last called */
    int64_t next, tidy_at; /* when to look for an entry, and to maintain the spool */
    uint64_t tidied;       /* bytes added when that was last done */

    struct spool_entry entry;     /* the current or last entry; name "": none */
    struct body *file, *zeek_dns; /* its bodies, while it is tried */
    uint64_t start;               /* where the part being sent begins in its file; 0: all of it */
    uint64_t most;     /* the largest part that the collector accepts, in bytes; 0: unknown */
    unsigned failures; /* in a row */
    struct delivery_counts counts;
    struct clock_watch clock;
    int64_t begun_at, accepted_at; /* of the request; of the last sample */
    struct text sample_id;
    struct text answer; /* without secrets */
};

enum result delivery_init(struct delivery **delivery, const struct delivery_options *options,
                          struct spool *spool)
{
    struct delivery *new = calloc(1, sizeof *new);
    enum result result = new ? uploader_init(&new->uploader, &options->upload) : RESULT_NO_MEMORY;

    if (result != RESULT_OK) {
        free(new);
        return result;
    }
    new->options = options;
    new->spool = spool;
    *delivery = new;
    return RESULT_OK;
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
    text_destroy(&old->sample_id);
    text_destroy(&old->answer);
    free(old);
    *delivery = NULL;
}

void delivery_added(struct delivery *delivery)
{
    if (delivery->state != DELIVERY_IDLE && delivery->state != DELIVERY_ELSEWHERE)
        return;
    delivery->state = DELIVERY_LOOKS;
    delivery->next = 0;
}

static const char *entry_file_name(const struct delivery *delivery)
{
    return delivery->entry.name + delivery->entry.file_name;
}

static void tell(const struct delivery *delivery, const struct delivery_news *news)
{
    int saved = errno;

    if (delivery->options->tell)
        delivery->options->tell(delivery->options->context, news);
    errno = saved;
}

static void give_up(struct delivery *delivery)
{
    if (delivery->state == DELIVERY_SENDS)
        tell(delivery, &(struct delivery_news){.event = DELIVERY_GIVEN_UP,
                                               .entry = &delivery->entry,
                                               .took = delivery->now - delivery->begun_at});
    upload_abort(delivery->uploader);
}

void delivery_stop(struct delivery *delivery)
{
    int saved = errno;

    give_up(delivery);
    close_bodies(delivery);
    spool_unlock(delivery->spool);
    delivery->locked = false;
    delivery->state = DELIVERY_ENDED;
    errno = saved;
}

/* Ends delivery with this result. */
static enum result end(struct delivery *delivery, enum result result)
{
    delivery_stop(delivery);
    return result;
}

/* Looks for an entry again at that time; the current one remains to be tried. */
static void put_off(struct delivery *delivery, int64_t until)
{
    delivery->state = DELIVERY_LOOKS;
    delivery->next = until;
}

static bool is_passing(int error)
{
    return files_is_full(error) || files_too_many(error);
}

/* Waits if the disk is full or too many files are open; anything else ends delivery. */
static enum result spool_failed(struct delivery *delivery, enum result result)
{
    if (result != RESULT_NO_MEMORY && is_passing(errno)) {
        put_off(delivery, delivery->now + LOOK_AFTER);
        return RESULT_OK;
    }
    return end(delivery, result == RESULT_NO_MEMORY ? result : RESULT_SYSTEM);
}

/* All of an entry has been sent: the collector may accept more at once again. */
static void part_is_last(struct delivery *delivery)
{
    delivery->most = delivery->most > UINT64_MAX / 2 ? 0 : 2 * delivery->most;
}

/*
 * Sets what was sent of an entry aside. what: the reason, written before the answer in the file
 * beside it. news: what is reported.
 */
static enum result reject(struct delivery *delivery, struct delivery_news *news)
{
    const struct spool_entry *entry = &delivery->entry;
    struct text text = {0};
    enum result result = text_put_string(&text, news->what);

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
    delivery->counts.rejected++;
    news->event = DELIVERY_REJECTED;
    tell(delivery, news);
    return RESULT_OK;
}

/* Reports what was deleted and why. */
static void tell_trimmed(struct delivery *delivery, const struct spool_trimmed *trimmed,
                         enum delivery_event why)
{
    if (trimmed->rejected + trimmed->waiting == 0)
        return;
    delivery->counts.deleted += trimmed->rejected + trimmed->waiting;
    tell(delivery, &(struct delivery_news){.event = why, .deleted = *trimmed});
}

/* True if an entry is being sent. */
static bool is_busy(const struct delivery *delivery)
{
    return delivery->state == DELIVERY_MEASURES || delivery->state == DELIVERY_SENDS;
}

/* A problem that may pass does not hold up a request in flight. */
static enum result tidy_failed(struct delivery *delivery, enum result result)
{
    return is_busy(delivery) && result == RESULT_SYSTEM && is_passing(errno)
               ? RESULT_OK
               : spool_failed(delivery, result);
}

/* Deletes entries over the age limit, and the oldest over the limit of bytes. */
static enum result trim(struct delivery *delivery)
{
    const struct delivery_options *options = delivery->options;
    const char *spared = is_busy(delivery) ? delivery->entry.name : NULL;
    struct spool_trimmed trimmed = {0};
    int64_t wall = clock_wall();
    enum result result = RESULT_OK;

    if (options->max_age > 0 && clock_knows_age(&delivery->clock, wall, options->max_age)) {
        result = spool_trim_age(delivery->spool, wall - options->max_age, spared, &trimmed);
        tell_trimmed(delivery, &trimmed, DELIVERY_TOO_OLD);
    }
    if (options->max_bytes > 0 && result == RESULT_OK) {
        trimmed = (struct spool_trimmed){0};
        result = spool_trim_bytes(delivery->spool, options->max_bytes, spared, &trimmed);
        tell_trimmed(delivery, &trimmed, DELIVERY_TOO_MUCH);
    }
    return result == RESULT_OK ? RESULT_OK : tidy_failed(delivery, result);
}

/* True if it is time to maintain the spool, or much was added to a limited one. */
static bool is_untidy(const struct delivery *delivery, int64_t now)
{
    uint64_t most = delivery->options->max_bytes;

    return now >= delivery->tidy_at ||
           (most > 0 && spool_committed(delivery->spool) - delivery->tidied > most / ADDED_PART);
}

/* Maintains the spool. Keeps the entry being sent, since it may leave by itself. */
static enum result tidy(struct delivery *delivery, int64_t now)
{
    size_t count;
    enum result result;

    if (!is_untidy(delivery, now))
        return RESULT_OK;
    delivery->tidy_at = now + TIDY_AFTER;
    delivery->tidied = spool_committed(delivery->spool);
    result = spool_recover(delivery->spool, &count);
    if (result != RESULT_OK)
        return tidy_failed(delivery, result);
    if (count > 0)
        tell(delivery, &(struct delivery_news){.event = DELIVERY_RECOVERED, .recovered = count});
    if (delivery->options->max_bytes == 0 && delivery->options->max_age == 0)
        return RESULT_OK;
    if (!is_busy(delivery)) {
        close_bodies(delivery); /* their entry may be deleted */
        delivery->entry.name[0] = '\0';
    }
    return trim(delivery);
}

/* Only records can be sent as lines; the API accepts all kinds. */
static bool can_send(const struct delivery *delivery, const struct spool_entry *entry)
{
    return delivery->options->upload.form || entry->kind == SPOOL_RECORDS;
}

/* Makes a body of a descriptor; records begin at the start of their part. */
static enum result open_body(struct delivery *delivery, int fd, struct body **body)
{
    const struct delivery_options *options = delivery->options;
    enum body_form form = delivery->entry.kind != SPOOL_RECORDS ? BODY_FILE
                          : options->upload.form                ? BODY_DOCUMENT
                                                                : BODY_LINES;
    enum result result = fd < 0 ? RESULT_SYSTEM : RESULT_OK;

    delivery->start = 0;
    if (result == RESULT_OK && delivery->entry.kind == SPOOL_RECORDS)
        result = spool_find_part(fd, delivery->most, &delivery->start);
    if (result == RESULT_OK)
        result =
            body_init(body, fd, delivery->start, form, entry_file_name(delivery), options->gzip);
    if (fd >= 0 && result != RESULT_OK)
        files_close(fd);
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

/* An entry that cannot be read does not hold up the others. */
static void tell_unreadable(struct delivery *delivery)
{
    if (errno != ENOENT) /* otherwise somebody removed it */
        tell(delivery, &(struct delivery_news){.event = DELIVERY_UNREADABLE,
                                               .entry = &delivery->entry,
                                               .error = errno});
}

/* Opens the entry after the last one, or else the oldest. RESULT_END: there is none. */
static enum result choose(struct delivery *delivery)
{
    struct spool_entry *entry = &delivery->entry;
    enum result result;
    bool all;

    do {
        all = entry->name[0] == '\0';
        delivery->counts.foreign = 0;
        while ((result = spool_next(delivery->spool, entry->name, entry)) == RESULT_OK) {
            if (!can_send(delivery, entry)) {
                delivery->counts.foreign++;
                continue;
            }
            result = open_bodies(delivery);
            if (result != RESULT_SYSTEM || files_too_many(errno))
                return result;
            tell_unreadable(delivery);
        }
        if (result == RESULT_END)
            entry->name[0] = '\0';
    } while (result == RESULT_END && !all);
    return result;
}

/*
 * If nothing is left, releases the lock and then looks again: an entry added just before by a
 * process that saw the lock taken would otherwise wait for nobody.
 */
static enum result release(struct delivery *delivery, int64_t now)
{
    enum result result;

    spool_unlock(delivery->spool);
    delivery->locked = false;
    result = choose(delivery);
    delivery->state = result == RESULT_OK ? DELIVERY_LOOKS : DELIVERY_IDLE;
    delivery->next = result == RESULT_OK ? now : now + LOOK_AFTER;
    delivery->entry.name[0] = '\0';
    close_bodies(delivery);
    return result;
}

static enum result look(struct delivery *delivery, int64_t now)
{
    enum result result = delivery->locked ? RESULT_OK : spool_lock(delivery->spool);

    delivery->locked = result == RESULT_OK;
    if (result == RESULT_END) {
        delivery->state = DELIVERY_ELSEWHERE;
        delivery->next = now + LOOK_AFTER;
        return RESULT_OK;
    }
    if (!delivery->locked)
        return spool_failed(delivery, result);
    delivery->state = DELIVERY_LOOKS;
    result = tidy(delivery, now);
    if (result != RESULT_OK || delivery->next > now)
        return result;
    if (delivery->file) { /* the same entry again, already measured */
        delivery->state = DELIVERY_MEASURES;
        return RESULT_OK;
    }
    result = choose(delivery);
    if (result == RESULT_OK)
        delivery->state = DELIVERY_MEASURES;
    else if (result == RESULT_END)
        result = release(delivery, now);
    return result == RESULT_OK || result == RESULT_END ? RESULT_OK : spool_failed(delivery, result);
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
    delivery->begun_at = delivery->now;
    return upload_begin(delivery->uploader, &request);
}

/* Measures some more; when done, rewinds the bodies for sending. */
static enum result measure_some(struct delivery *delivery, bool *done)
{
    enum result result = body_measure(delivery->file, MEASURED_AT_ONCE, done);

    if (result == RESULT_OK && *done && delivery->zeek_dns)
        result = body_measure(delivery->zeek_dns, MEASURED_AT_ONCE, done);
    return result;
}

static enum result measure(struct delivery *delivery)
{
    struct delivery_news news = {
        .entry = &delivery->entry, .what = "not all of its lines are Secflows", .words = ""};
    bool done = false;
    enum result result = measure_some(delivery, &done);

    if (result == RESULT_OK && !done)
        return RESULT_OK;
    if (result == RESULT_OK)
        result = begin(delivery);
    switch (result) {
    case RESULT_OK:
        delivery->state = DELIVERY_SENDS;
        return RESULT_OK;
    case RESULT_NO_MEMORY:
        return end(delivery, result);
    case RESULT_DAMAGED:
        put_off(delivery, 0);
        delivery->answer.length = 0;
        result = reject(delivery, &news);
        break;
    default:
        put_off(delivery, delivery->now + LOOK_AFTER);
        tell_unreadable(delivery);
        result = RESULT_OK;
    }
    close_bodies(delivery);
    return result;
}

/* Opens the same entry again. Problems are found when it is next chosen. */
static void reopen(struct delivery *delivery)
{
    close_bodies(delivery);
    if (open_bodies(delivery) != RESULT_OK)
        close_bodies(delivery);
}

/* Ends an attempt. If only a part was sent, the rest of the entry comes next. */
static void close_part(struct delivery *delivery)
{
    if (delivery->start == 0 || delivery->state != DELIVERY_LOOKS) {
        close_bodies(delivery);
        return;
    }
    delivery->entry.bytes = delivery->start;
    reopen(delivery);
}

/* The collector wants less at once. False: it is a single record, or a file sent unchanged. */
static bool halve(struct delivery *delivery)
{
    if (delivery->entry.kind != SPOOL_RECORDS || body_facts(delivery->file)->records < 2)
        return false;
    delivery->most = (delivery->entry.bytes - delivery->start + 1) / 2;
    tell(delivery, &(struct delivery_news){.event = DELIVERY_HALVED, .entry = &delivery->entry});
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

static enum result take_out(struct delivery *delivery, struct delivery_news *news)
{
    enum result result = remove_sent(delivery);
    int saved = errno;

    delivery->failures = 0;
    delivery->counts.accepted++;
    delivery->counts.accepted_at = clock_wall();
    delivery->accepted_at = delivery->now;
    put_off(delivery, delivery->now);
    news->event = DELIVERY_ACCEPTED;
    news->facts = body_facts(delivery->file);
    news->sample_id = delivery->sample_id.bytes;
    news->sample_id_length = delivery->sample_id.length;
    news->removed = result == RESULT_OK;
    tell(delivery, news);
    errno = saved;
    return result == RESULT_OK ? RESULT_OK : spool_failed(delivery, result);
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

/* Keeps the answer without secrets, and the collector's own words from it. */
static enum result keep_answer(struct delivery *delivery, const struct upload_answer *answer,
                               char words[ANSWER_WORDS])
{
    struct text *text = &delivery->answer;
    enum result result;

    text->length = 0;
    result = text_put(text, answer->body, answer->length);
    if (result == RESULT_OK)
        result = redact(text, delivery->options->secrets, delivery->options->upload.url,
                        answer->length == UPLOAD_ANSWER_MAX);
    return result == RESULT_OK ? answer_words(text->bytes, text->length, words) : result;
}

/* True if the collector may be failing on this sample only. */
static bool is_of_sample(const struct upload_answer *answer)
{
    return answer->retry_after == 0 &&
           (answer->status / 100 == 2 || answer->status == 409 || answer->status == 500);
}

/* A sample that the collector fails on does not hold up the others. */
static void try_again(struct delivery *delivery, struct delivery_news *news)
{
    const struct upload_answer *answer = news->answer;
    int64_t wait = backoff_wait(++delivery->failures);

    if (answer->retry_after > 0)
        wait = answer->retry_after < RETRY_AFTER_MOST / SECOND ? answer->retry_after * SECOND
                                                               : RETRY_AFTER_MOST;
    news->event = DELIVERY_AGAIN;
    news->failures = delivery->failures;
    news->wait = wait;
    tell(delivery, news);
    put_off(delivery, delivery->now + wait);
    if (is_of_sample(answer) || body_rewind(delivery->file) != RESULT_OK ||
        (delivery->zeek_dns && body_rewind(delivery->zeek_dns) != RESULT_OK))
        close_bodies(delivery); /* so another one is chosen */
}

/* Nothing can be sent for a long while. Another process, with another key, could. */
static void refuse(struct delivery *delivery, struct delivery_news *news, enum delivery_event why)
{
    news->event = why;
    tell(delivery, news);
    close_bodies(delivery);
    spool_unlock(delivery->spool);
    delivery->locked = false;
    delivery->state = DELIVERY_REFUSED;
    delivery->next = delivery->now + BACKOFF_MOST;
}

/* Acts on the collector's verdict. */
static enum result act(struct delivery *delivery, enum verdict verdict, struct delivery_news *news)
{
    enum result result = RESULT_OK;

    switch (verdict) {
    case VERDICT_ACCEPTED:
        result = take_out(delivery, news);
        break;
    case VERDICT_AGAIN:
        try_again(delivery, news);
        return RESULT_OK;
    case VERDICT_TOO_LARGE:
        put_off(delivery, delivery->now);
        if (halve(delivery))
            return RESULT_OK;
        result = reject(delivery, news);
        break;
    case VERDICT_REJECTED:
        put_off(delivery, delivery->now);
        result = reject(delivery, news);
        break;
    case VERDICT_DENIED:
        refuse(delivery, news, DELIVERY_DENIED);
        break;
    case VERDICT_WRONG_URL:
        refuse(delivery, news, DELIVERY_WRONG_URL);
        break;
    }
    close_part(delivery);
    return result;
}

static enum result finish(struct delivery *delivery, const struct upload_answer *answer)
{
    enum answer_form form = delivery->options->upload.form ? ANSWER_API : ANSWER_STATUS;
    enum verdict verdict = VERDICT_AGAIN;
    char what[PROBLEM_TEXT], words[ANSWER_WORDS] = "";
    struct delivery_news news = {.entry = &delivery->entry,
                                 .took = answer->took,
                                 .answer = answer,
                                 .what = what,
                                 .words = words};

    delivery->sample_id.length = 0;
    if (answer->status != 0 && answer_judge(form, answer->status, answer->body, answer->length,
                                            &verdict, &delivery->sample_id) != RESULT_OK)
        return end(delivery, RESULT_NO_MEMORY);
    describe(answer, what);
    if (keep_answer(delivery, answer, words) != RESULT_OK)
        return end(delivery, RESULT_NO_MEMORY);
    return act(delivery, verdict, &news);
}

static enum result send_some(struct delivery *delivery)
{
    struct upload_answer answer;

    if (!upload_run(delivery->uploader, &answer))
        return RESULT_OK;
    delivery->counts.answers[answer.status / 100 < 6 ? answer.status / 100 : 0]++;
    return finish(delivery, &answer);
}

/* While nothing can be sent, still maintains the spool, unless another process does. */
static enum result tidy_refused(struct delivery *delivery, int64_t now)
{
    int64_t next = delivery->next;
    enum result result = spool_lock(delivery->spool);

    if (result == RESULT_END) {
        delivery->tidy_at = now + TIDY_AFTER;
        return RESULT_OK;
    }
    result = result == RESULT_OK ? tidy(delivery, now) : spool_failed(delivery, result);
    if (delivery->state == DELIVERY_ENDED)
        return result;
    spool_unlock(delivery->spool);
    delivery->tidy_at = now + TIDY_AFTER;
    delivery->state = DELIVERY_REFUSED;
    delivery->next = next;
    return result;
}

enum result delivery_run(struct delivery *delivery, int64_t now)
{
    enum result result;

    delivery->now = now;
    result = delivery->locked ? tidy(delivery, now) : RESULT_OK;
    if (result != RESULT_OK)
        return result;
    switch (delivery->state) {
    case DELIVERY_SENDS:
        return send_some(delivery);
    case DELIVERY_MEASURES:
        return measure(delivery);
    case DELIVERY_ENDED:
        return RESULT_OK;
    case DELIVERY_REFUSED:
        if (now < delivery->next)
            return is_untidy(delivery, now) ? tidy_refused(delivery, now) : RESULT_OK;
        return look(delivery, now);
    default:
        if (now < delivery->next || delivery->held)
            return RESULT_OK;
        return look(delivery, now);
    }
}

int64_t delivery_next(const struct delivery *delivery)
{
    switch (delivery->state) {
    case DELIVERY_MEASURES:
        return 0;
    case DELIVERY_SENDS:
        return delivery->tidy_at;
    case DELIVERY_ENDED:
        return INT64_MAX;
    default:
        if ((delivery->locked || delivery->state == DELIVERY_REFUSED) &&
            delivery->tidy_at < delivery->next)
            return delivery->tidy_at;
        return delivery->held ? INT64_MAX : delivery->next;
    }
}

void delivery_hold(struct delivery *delivery, bool held)
{
    delivery->held = held;
}

void delivery_wait(struct delivery *delivery, struct pollfd *fds, unsigned count, int64_t timeout)
{
    upload_wait(delivery->uploader, fds, count, timeout);
}

enum delivery_state delivery_state(const struct delivery *delivery)
{
    return delivery->state;
}

bool delivery_is_idle(const struct delivery *delivery)
{
    return delivery->state == DELIVERY_IDLE || delivery->state == DELIVERY_ELSEWHERE;
}

bool delivery_gets_on(const struct delivery *delivery)
{
    return delivery->state == DELIVERY_SENDS && upload_gets_on(delivery->uploader);
}

int64_t delivery_progressed(const struct delivery *delivery, int64_t now)
{
    return delivery->state == DELIVERY_MEASURES || delivery_gets_on(delivery)
               ? now
               : delivery->accepted_at;
}

const struct delivery_counts *delivery_counts(const struct delivery *delivery)
{
    return &delivery->counts;
}

enum result delivery_finish(struct delivery *delivery, int64_t now)
{
    delivery->now = now;
    give_up(delivery);
    if (is_busy(delivery))
        delivery->state = DELIVERY_LOOKS;
    if (delivery->state == DELIVERY_REFUSED)
        delivery->locked = spool_lock(delivery->spool) == RESULT_OK;
    if (!delivery->locked)
        return RESULT_OK;
    delivery->tidy_at = 0;
    return tidy(delivery, now);
}
