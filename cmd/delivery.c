#include "delivery.h"

#include "answer.h"
#include "backoff.h"
#include "body.h"
#include "clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)

/* How often a spool that is empty, or another's, is looked at, and what died is recovered. */
#define LOOK_AFTER (5 * SECOND)
#define TIDY_AFTER (10 * SECOND)

/* A collector may ask for more, but not hold everything up for days by a mistake. */
#define RETRY_AFTER_MOST (3600 * SECOND)

#define PROBLEM_TEXT 320

/* Rejections that are told of before the rest is only counted. */
#define REJECTIONS_TOLD 3

struct delivery {
    const struct delivery_options *options;
    struct spool *spool;
    struct uploader *uploader;
    bool locked, sending;
    bool empty;         /* nothing was there to be sent when it was looked */
    bool others;        /* another process has the lock */
    bool denied;        /* nothing is sent any more */
    int64_t next, tidy; /* when to do more, and to look after the spool */

    struct spool_entry entry; /* that is sent, or was last; its name "": none */
    struct body *file, *zeek_dns;
    bool stay;         /* the next try is of the same entry */
    unsigned failures; /* in a row */
    int said; /* what was said of them: an HTTP status, libcurl's code below 0; 0: nothing */

    uint64_t accepted, rejected, foreign;
    uint64_t moved;
    int64_t progressed;
    struct text line, sample_id;
};

int delivery_init(struct delivery **delivery, const struct delivery_options *options,
                  struct spool *spool)
{
    struct delivery *new = calloc(1, sizeof *new);
    enum result result = new ? uploader_init(&new->uploader, &options->upload) : RESULT_NO_MEMORY;

    if (result == RESULT_SYSTEM) {
        complain_errno(options->upload.ca_file, "cannot read the certificates");
        free(new);
        return EX_NOINPUT;
    }
    if (result != RESULT_OK) {
        free(new);
        return start_failed(result);
    }
    new->options = options;
    new->spool = spool;
    *delivery = new;
    return EX_OK;
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
    text_destroy(&old->line);
    text_destroy(&old->sample_id);
    free(old);
    *delivery = NULL;
}

void delivery_added(struct delivery *delivery)
{
    if (delivery->empty)
        delivery->next = 0;
    delivery->empty = false;
}

static const char *entry_file_name(const struct delivery *delivery)
{
    return delivery->entry.name + delivery->entry.file_name;
}

static int spool_failed(const struct delivery *delivery, enum result result)
{
    if (result == RESULT_NO_MEMORY)
        return output_failed(result);
    complain_errno(delivery->options->spool_path, "the spool fails");
    return EX_OSERR;
}

/* Moves an entry aside; what is why, also in the file beside it. */
static int reject(struct delivery *delivery, const struct spool_entry *entry, const char *what,
                  const char *answer, size_t length)
{
    struct text text = {0};
    enum result result = text_put_string(&text, what);

    if (result == RESULT_OK)
        result = text_put(&text, "\n", 1);
    if (result == RESULT_OK)
        result = text_put(&text, answer, length);
    if (result == RESULT_OK)
        result = spool_reject(delivery->spool, entry, text.bytes, text.length);
    text_destroy(&text);
    if (result != RESULT_OK)
        return spool_failed(delivery, result);
    if (delivery->rejected++ < REJECTIONS_TOLD)
        complain(entry->name + entry->file_name, "%s: moved to %s/rejected", what,
                 delivery->options->spool_path);
    return EX_OK;
}

/* Moves aside what waits too long, and the oldest of what is too much. */
static int trim(struct delivery *delivery)
{
    const struct delivery_options *options = delivery->options;
    struct spool_entry entry = {.name = ""};
    uint64_t bytes = 0;
    size_t count;
    enum result result = RESULT_OK;
    int status = EX_OK;

    if (options->max_bytes == 0 && options->max_age == 0)
        return EX_OK;
    result = spool_total(delivery->spool, &count, &bytes);
    while (status == EX_OK && result == RESULT_OK &&
           (result = spool_next(delivery->spool, entry.name, &entry)) == RESULT_OK) {
        if (options->max_age > 0 && clock_wall() - entry.time > options->max_age)
            status = reject(delivery, &entry, "it waited for too long", "", 0);
        else if (options->max_bytes > 0 && bytes > options->max_bytes)
            status = reject(delivery, &entry, "too much waits", "", 0);
        else
            break;
        bytes -= entry.bytes;
    }
    return result == RESULT_OK || result == RESULT_END ? status : spool_failed(delivery, result);
}

static int tidy(struct delivery *delivery, int64_t now)
{
    size_t count;
    enum result result;

    if (now < delivery->tidy)
        return EX_OK;
    delivery->tidy = now + TIDY_AFTER;
    result = spool_recover(delivery->spool, &count);
    if (result != RESULT_OK)
        return spool_failed(delivery, result);
    if (count > 0)
        complain(delivery->options->spool_path,
                 "%zu sample%s completed that a process which ended "
                 "early had begun",
                 count, count == 1 ? " was" : "s were");
    return trim(delivery);
}

/* Lines are only made of records; the API takes all kinds. */
static bool can_send(const struct delivery *delivery, const struct spool_entry *entry)
{
    return delivery->options->upload.form || entry->kind == SPOOL_RECORDS;
}

/* The entry behind the last one, and then the oldest of all. RESULT_END: there is none. */
static enum result choose(struct delivery *delivery)
{
    struct spool_entry *entry = &delivery->entry;
    enum result result = RESULT_END;

    for (int pass = 0; pass < 2 && result == RESULT_END; pass++) {
        delivery->foreign = 0;
        while ((result = spool_next(delivery->spool, entry->name, entry)) == RESULT_OK &&
               !can_send(delivery, entry))
            delivery->foreign++;
        if (result == RESULT_END)
            entry->name[0] = '\0';
    }
    return result;
}

static enum result open_body(struct delivery *delivery, int fd, struct body **body)
{
    const struct delivery_options *options = delivery->options;
    enum body_form form = delivery->entry.kind != SPOOL_RECORDS ? BODY_FILE
                          : options->upload.form                ? BODY_DOCUMENT
                                                                : BODY_LINES;
    enum result result = fd < 0
                             ? RESULT_SYSTEM
                             : body_init(body, fd, form, entry_file_name(delivery), options->gzip);
    int saved = errno;

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
    return upload_begin(delivery->uploader, &request);
}

/* Nothing can be done before wait is over; stay: then for the same entry. */
static void put_off(struct delivery *delivery, int64_t now, int64_t wait, bool stay)
{
    delivery->failures++;
    delivery->stay = stay;
    delivery->next = now + wait;
}

/* Begins to send the entry. */
static int send_entry(struct delivery *delivery, int64_t now)
{
    enum result result = open_bodies(delivery);

    if (result == RESULT_OK)
        result = begin(delivery);
    delivery->sending = result == RESULT_OK;
    delivery->moved = 0;
    delivery->stay = false;
    switch (result) {
    case RESULT_OK:
        return EX_OK;
    case RESULT_DAMAGED:
        return reject(delivery, &delivery->entry, "not all of its lines are Secflows", "", 0);
    case RESULT_NO_MEMORY:
        return output_failed(result);
    default:
        if (errno != ENOENT) { /* else somebody has taken it away */
            if (delivery->said != -1)
                complain_errno(delivery->entry.name, "cannot be read");
            delivery->said = -1;
            put_off(delivery, now, backoff_wait(delivery->failures + 1), false);
        }
        return EX_OK;
    }
}

/* Where nothing is left the lock is given up, and taken again where something came just before. */
static int send_next(struct delivery *delivery, int64_t now)
{
    enum result result = RESULT_OK;
    int status;

    delivery->empty = false;
    if (!delivery->locked)
        result = spool_lock(delivery->spool);
    delivery->locked = result == RESULT_OK;
    delivery->others = result == RESULT_END;
    if (!delivery->locked) {
        delivery->next = now + LOOK_AFTER;
        return result == RESULT_END ? EX_OK : spool_failed(delivery, result);
    }
    status = tidy(delivery, now);
    if (status != EX_OK)
        return status;
    result = delivery->stay ? RESULT_OK : choose(delivery);
    if (result == RESULT_OK)
        return send_entry(delivery, now);
    if (result != RESULT_END)
        return spool_failed(delivery, result);
    spool_unlock(delivery->spool);
    delivery->locked = false;
    result = choose(delivery);
    delivery->empty = result == RESULT_END;
    delivery->entry.name[0] = '\0';
    if (delivery->empty)
        delivery->next = now + LOOK_AFTER;
    return result == RESULT_OK || result == RESULT_END ? EX_OK : spool_failed(delivery, result);
}

/* {"sampleId":...,"hash":...,"fileName":...,"secflows":...,"bytes":...,"url":...} */
static enum result put_line(struct delivery *delivery)
{
    const struct body_facts *facts = body_facts(delivery->file);
    const char *file_name = entry_file_name(delivery), *url = delivery->options->upload.url;
    struct text *line = &delivery->line;
    enum result result = text_put_string(line, "{\"sampleId\":");

    if (result == RESULT_OK)
        result = delivery->sample_id.length == 0
                     ? text_put_string(line, "null")
                     : text_put_json(line, delivery->sample_id.bytes, delivery->sample_id.length);
    if (result == RESULT_OK)
        result = text_print(line, ",\"hash\":\"%s\",\"fileName\":", facts->hash);
    if (result == RESULT_OK)
        result = text_put_json(line, file_name, strlen(file_name));
    if (result == RESULT_OK && delivery->entry.kind == SPOOL_RECORDS)
        result = text_print(line, ",\"secflows\":%" PRIu64, facts->records);
    else if (result == RESULT_OK)
        result = text_put_string(line, ",\"secflows\":null");
    if (result == RESULT_OK)
        result = text_print(line, ",\"bytes\":%" PRIu64 ",\"url\":", facts->content);
    if (result == RESULT_OK)
        result = text_put_json(line, url, strlen(url));
    return result == RESULT_OK ? text_put_string(line, "}\n") : result;
}

static int print_line(struct delivery *delivery)
{
    struct text *line = &delivery->line;

    line->length = 0;
    if (put_line(delivery) != RESULT_OK)
        return output_failed(RESULT_NO_MEMORY);
    progress_clear(&progress);
    fwrite(line->bytes, 1, line->length, stdout);
    return fflush(stdout) == 0 ? EX_OK : output_failed(RESULT_SYSTEM);
}

static int accept(struct delivery *delivery, int64_t now)
{
    enum result result = spool_remove(delivery->spool, &delivery->entry);

    if (delivery->said != 0 && !delivery->options->verbose)
        complain(delivery->options->upload.url, "accepts again");
    delivery->failures = 0;
    delivery->said = 0;
    delivery->accepted++;
    delivery->progressed = now;
    delivery->next = now;
    if (result != RESULT_OK)
        return spool_failed(delivery, result);
    return print_line(delivery);
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

/* -v tells of each try, else what is wrong is said once. */
static void tell(struct delivery *delivery, const struct upload_answer *answer, const char *what,
                 int64_t wait)
{
    int problem = answer->status != 0 ? (int)answer->status : -answer->code;

    if (delivery->options->verbose)
        complain(entry_file_name(delivery),
                 "%s, in %.3f s; failed %u time%s in a row, again in %.1f s", what,
                 (double)answer->took / SECOND, delivery->failures,
                 delivery->failures == 1 ? "" : "s", (double)wait / SECOND);
    else if (delivery->said != problem)
        complain(delivery->options->upload.url, "%s; it is tried again", what);
    delivery->said = problem;
}

/* A sample that the collector fails on does not hold the others up; a collector that fails does. */
static void try_again(struct delivery *delivery, const struct upload_answer *answer,
                      const char *what, int64_t now)
{
    bool stay = answer->status / 100 != 5 && answer->status / 100 != 2;
    int64_t wait = backoff_wait(delivery->failures + 1);

    if (answer->retry_after > 0)
        wait = answer->retry_after < RETRY_AFTER_MOST / SECOND ? answer->retry_after * SECOND
                                                               : RETRY_AFTER_MOST;
    put_off(delivery, now, wait, stay);
    tell(delivery, answer, what, wait);
}

static int deny(struct delivery *delivery, const char *what)
{
    complain(delivery->options->upload.url, "%s: the key, or a header, gives no right to upload",
             what);
    delivery->denied = true;
    return EX_NOPERM;
}

static int finish(struct delivery *delivery, const struct upload_answer *answer, int64_t now)
{
    enum answer_form form = delivery->options->upload.form ? ANSWER_API : ANSWER_STATUS;
    enum verdict verdict = VERDICT_AGAIN;
    char what[PROBLEM_TEXT];
    int status = EX_OK;

    delivery->sample_id.length = 0;
    if (answer->status != 0 && answer_judge(form, answer->status, answer->body, answer->length,
                                            &verdict, &delivery->sample_id) != RESULT_OK)
        return output_failed(RESULT_NO_MEMORY);
    describe(answer, what);
    switch (verdict) {
    case VERDICT_ACCEPTED:
        if (delivery->options->verbose)
            complain(entry_file_name(delivery), "accepted, in %.3f s",
                     (double)answer->took / SECOND);
        status = accept(delivery, now);
        break;
    case VERDICT_AGAIN:
        try_again(delivery, answer, what, now);
        break;
    case VERDICT_REJECTED:
        status = reject(delivery, &delivery->entry, what, answer->body, answer->length);
        break;
    case VERDICT_DENIED:
        status = deny(delivery, what);
        break;
    }
    close_bodies(delivery);
    return status;
}

int delivery_run(struct delivery *delivery, int64_t now)
{
    struct upload_answer answer;

    if (delivery->sending) {
        uint64_t moved = upload_moved(delivery->uploader);

        if (moved != delivery->moved)
            delivery->progressed = now;
        delivery->moved = moved;
        if (!upload_run(delivery->uploader, &answer))
            return EX_OK;
        delivery->sending = false;
        return finish(delivery, &answer, now);
    }
    return delivery->denied || now < delivery->next ? EX_OK : send_next(delivery, now);
}

void delivery_wait(struct delivery *delivery, struct pollfd *fds, unsigned count, int64_t until)
{
    int64_t now = clock_monotonic();

    if (!delivery->sending && !delivery->denied && delivery->next < until)
        until = delivery->next;
    upload_wait(delivery->uploader, fds, count, until > now ? until - now : 0);
}

bool delivery_is_done(const struct delivery *delivery)
{
    return !delivery->sending && (delivery->empty || delivery->others || delivery->denied);
}

int64_t delivery_progressed(const struct delivery *delivery)
{
    return delivery->progressed;
}

uint64_t delivery_accepted(const struct delivery *delivery)
{
    return delivery->accepted;
}

int delivery_end(const struct delivery *delivery)
{
    const char *path = delivery->options->spool_path;
    int status = delivery->rejected > 0 ? EX_UNAVAILABLE : EX_OK;
    uint64_t bytes;
    size_t count;

    if (delivery->rejected > REJECTIONS_TOLD)
        complain(path, "%" PRIu64 " more were rejected", delivery->rejected - REJECTIONS_TOLD);
    if (delivery->others)
        return status;
    if (spool_total(delivery->spool, &count, &bytes) != RESULT_OK)
        return worse_status(status, spool_failed(delivery, RESULT_SYSTEM));
    if (count == 0)
        return status;
    complain(path, "%zu sample%s left, to be sent the next time", count,
             count == 1 ? " is" : "s are");
    if (delivery->foreign > 0)
        complain(path, "%" PRIu64 " of them are no Secflows, and need -F networksage",
                 delivery->foreign);
    return EX_TEMPFAIL;
}
