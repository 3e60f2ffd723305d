/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery, at any time and with any collector: the uploader and the clock are the test's own.
 */
#include "../folder.h"
#include "base/clock.h"
#include "send/backoff.h"
#include "send/delivery.h"

#include <inttypes.h>
#include <sys/syscall.h>

/* The collector's answers, request by request; after the last, or where it waits, nothing comes. */
struct reply {
    long status; /* 0: no answer */
    const char *body;
    int64_t retry_after;
    bool waits;
};

static const struct reply *script;
static size_t script_length, requests;
static char bodies[16][512]; /* of the requests */
static bool in_flight;

struct uploader {
    int unused;
};

enum result uploader_init(struct uploader **uploader, const struct upload_options *options)
{
    static struct uploader only;

    (void)options;
    *uploader = &only;
    return RESULT_OK;
}

void uploader_destroy(struct uploader **uploader)
{
    *uploader = NULL;
}

enum result upload_begin(struct uploader *uploader, const struct upload_request *request)
{
    char *text = bodies[requests++ % 16];
    size_t got;

    (void)uploader;
    need(!in_flight, "one request at a time");
    need(body_read(request->file, text, sizeof *bodies - 1, &got) == RESULT_OK, "body_read");
    text[got] = '\0';
    in_flight = true;
    return RESULT_OK;
}

bool upload_run(struct uploader *uploader, struct upload_answer *answer)
{
    const struct reply *reply = requests <= script_length ? &script[requests - 1] : NULL;
    const char *body = reply && reply->body ? reply->body : "";

    (void)uploader;
    if (!reply || reply->waits)
        return false;
    *answer = (struct upload_answer){.status = reply->status,
                                     .problem = reply->status == 0 ? "nobody is there" : "",
                                     .retry_after = reply->retry_after,
                                     .body = body,
                                     .length = strlen(body)};
    in_flight = false;
    return true;
}

bool upload_gets_on(const struct uploader *uploader)
{
    (void)uploader;
    return in_flight;
}

void upload_abort(struct uploader *uploader)
{
    (void)uploader;
    in_flight = false;
}

void upload_wait(struct uploader *uploader, struct pollfd *fds, unsigned count, int64_t timeout)
{
    (void)uploader, (void)fds, (void)count, (void)timeout;
}

static struct spool *spool;
static struct delivery *delivery;
static struct delivery_options options;
static int64_t now;

/* What was reported since the last look: a word and a file name each. */
static char told[1024];
static struct delivery_news last;
static char last_what[64], last_words[256];

static void tell(void *context, const struct delivery_news *news)
{
    static const char *const words[] = {"accepted",  "rejected", "halved",   "again",
                                        "denied",    "wrong",    "given-up", "unreadable",
                                        "recovered", "too-old",  "too-much"};
    size_t used = strlen(told);

    (void)context;
    snprintf(told + used, sizeof told - used, "%s%s%s%s", used ? ", " : "", words[news->event],
             news->entry ? " " : "", news->entry ? news->entry->name + news->entry->file_name : "");
    last = *news;
    snprintf(last_what, sizeof last_what, "%s", news->what ? news->what : "");
    snprintf(last_words, sizeof last_words, "%s", news->words ? news->words : "");
}

#define ANSWERS(...)                                                                               \
    static const struct reply replies[] = {__VA_ARGS__};                                           \
    begin(replies, sizeof replies / sizeof *replies)

static void begin(const struct reply *replies, size_t count)
{
    remove_tree(AT_FDCWD, path_of("spool"));
    need(spool_init(&spool, path_of("spool")) == RESULT_OK, "spool_init");
    options.upload.url = "http://127.0.0.1/?token=hidden-in-the-query";
    options.tell = tell;
    script = replies;
    script_length = count;
    requests = 0;
    in_flight = false;
    told[0] = '\0';
    now = 1000 * SECOND;
    need(delivery_init(&delivery, &options, spool) == RESULT_OK, "delivery_init");
}

static void end(void)
{
    delivery_destroy(&delivery);
    spool_destroy(&spool);
    options = (struct delivery_options){.gzip = false};
}

static void add(enum spool_kind kind, const char *name, const char *text)
{
    struct spool_file file;

    need(spool_create(spool, kind, name, NULL, &file) == RESULT_OK &&
             write(file.fd, text, strlen(text)) == (ssize_t)strlen(text) &&
             spool_commit(spool, &file) == RESULT_OK,
         "a sample");
    delivery_added(delivery);
}

static void add_lines(const char *name, const char *text)
{
    add(SPOOL_RECORDS, name, text);
}

/* Does everything that is due by now. */
static void go(void)
{
    do
        need(delivery_run(delivery, now) == RESULT_OK, "delivery_run");
    while (delivery_next(delivery) <= now);
    if (delivery_state(delivery) == DELIVERY_SENDS)
        need(delivery_run(delivery, now) == RESULT_OK, "delivery_run");
}

/* The same until nothing is left, a request waits, or that many were made. */
static void go_on(size_t most)
{
    for (go(); requests < most && delivery_state(delivery) == DELIVERY_LOOKS; go())
        now = delivery_next(delivery) > now ? delivery_next(delivery) : now;
}

static const char *news(void)
{
    static char text[sizeof told];

    snprintf(text, sizeof text, "%s", told);
    told[0] = '\0';
    return text;
}

static size_t waiting(void)
{
    uint64_t bytes;
    size_t count;

    need(spool_total(spool, &count, &bytes) == RESULT_OK, "spool_total");
    return count;
}

/* True if another process could take the lock of the spool. */
static bool is_free(void)
{
    struct spool *other;
    bool got;

    need(spool_init(&other, path_of("spool")) == RESULT_OK, "spool_init");
    got = spool_lock(other) == RESULT_OK;
    spool_destroy(&other);
    return got;
}

/* Another process, which adds a sample as soon as it could take the lock. */
static bool racing;

static void add_meanwhile(void)
{
    struct spool *other;
    struct spool_file file;

    need(spool_init(&other, path_of("spool")) == RESULT_OK &&
             spool_create(other, SPOOL_RECORDS, "late.sf", NULL, &file) == RESULT_OK &&
             write(file.fd, "9\n", 2) == 2 && spool_commit(other, &file) == RESULT_OK,
         "a sample of another process");
    spool_destroy(&other);
}

/* Replaces the C library's: what is closed may be the lock. */
int close(int fd)
{
    int status = (int)syscall(SYS_close, fd);

    if (racing) {
        racing = false;
        if (is_free())
            add_meanwhile();
        else
            racing = true;
    }
    return status;
}

static void test_race(void)
{
    static const struct reply answered[] = {{.status = 200}, {.status = 200}};
    ANSWERS({.waits = true});

    add_lines("a.sf", "1\n");
    go();
    racing = true;
    script = answered;
    script_length = 2;
    go();
    go();
    ok(!racing, "another process adds a sample when the lock is given up");
    is_str(news(), "accepted a.sf, accepted late.sf", "which is found at once");
    end();
}

static void test_accepted(void)
{
    ANSWERS({.status = 200}, {.status = 204});

    is_int(delivery_state(delivery), DELIVERY_LOOKS, "at first: it looks");
    add_lines("a.sf", "1\n2\n");
    add_lines("b.sf", "3\n");
    go_on(2);
    is_str(news(), "accepted a.sf, accepted b.sf", "all go, the oldest first");
    is_str(bodies[0], "1\n2\n", "as they are");
    is_int(last.removed, 1, "they are taken out of the spool");
    is_int(waiting(), 0, "which is empty then");
    go();
    is_int(delivery_state(delivery), DELIVERY_IDLE, "nothing is left to be done");
    ok(is_free(), "and others can send");
    is_int(delivery_counts(delivery)->accepted, 2, "both are counted");
    is_int(delivery_counts(delivery)->answers[2], 2, "as are their answers");
    is_int(delivery_progressed(delivery, now + 1), now, "there was progress just now");
    end();
}

static void test_backoff(void)
{
    ANSWERS({.status = 503}, {.status = 0}, {.status = 503}, {.status = 200}, {.status = 503});

    add_lines("a.sf", "1\n");
    for (unsigned i = 0; i < 3; i++) {
        go();
        is_int(requests, i + 1, "a try");
        is_str(news(), "again a.sf", "it is told that it is tried again");
        is_int(last.failures, i + 1, "and how often it has failed");
        ok(last.wait > 0 && last.wait <= BACKOFF_FIRST << i, "within the bound of that: %" PRId64,
           last.wait);
        is_int(delivery_next(delivery), now + last.wait, "after that wait");
        now += last.wait - 1;
        go();
        is_int(requests, i + 1, "and not before");
        now++;
    }
    go_on(4);
    is_str(news(), "accepted a.sf", "until it is accepted");
    add_lines("b.sf", "2\n");
    go_on(5);
    is_int(last.failures, 1, "after which it begins anew");
    end();
}

/* A 500 may concern the sample, so another is tried meanwhile. A 503 concerns the collector. */
static void test_other_first(void)
{
    ANSWERS({.status = 500}, {.status = 200}, {.status = 503}, {.status = 200});

    add_lines("a.sf", "1\n");
    add_lines("b.sf", "2\n");
    go_on(2);
    is_str(news(), "again a.sf, accepted b.sf", "500: the others are not held up");
    go_on(3);
    add_lines("c.sf", "3\n");
    go_on(4);
    is_str(news(), "again a.sf, accepted a.sf", "503: the same is tried again");
    end();
}

static void test_retry_after(void)
{
    ANSWERS({.status = 503, .retry_after = 120}, {.status = 429, .retry_after = 3599},
            {.status = 503, .retry_after = 3601}, {.status = 500, .retry_after = INT64_MAX},
            {.status = 503});

    add_lines("a.sf", "1\n");
    add_lines("b.sf", "1\n");
    go_on(1);
    is_int(last.wait, 120 * SECOND, "as long as the collector says");
    go_on(2);
    is_int(last.wait, 3599 * SECOND, "up to an hour");
    go_on(3);
    is_int(last.wait, 3600 * SECOND, "not for longer");
    go_on(4);
    is_int(last.wait, 3600 * SECOND, "whatever it says");
    is_str(news(), "again a.sf, again a.sf, again a.sf, again a.sf", "all of that holds for all");
    go_on(5);
    ok(last.wait <= BACKOFF_FIRST << 4, "where it says nothing, the bound is the usual one");
    end();
}

/* 413: parts of half the size, from the end; each line is in exactly one part. */
static void test_halves(void)
{
    static const char eight[] = "11\n22\n33\n44\n55\n66\n77\n88\n";
    ANSWERS({.status = 413}, {.status = 413}, {.status = 200}, {.status = 200}, {.status = 200},
            {.status = 200}, {.status = 200}, {.status = 200}, {.status = 200});

    add_lines("a.sf", eight);
    go_on(6);
    is_str(bodies[1], "55\n66\n77\n88\n", "the second half");
    is_str(bodies[2], "77\n88\n", "the half of that");
    is_str(bodies[3], "55\n66\n", "and the next one");
    is_str(bodies[4], "33\n44\n", "to the beginning");
    is_str(bodies[5], "11\n22\n", "of it");
    is_str(news(),
           "halved a.sf, halved a.sf, accepted a.sf, accepted a.sf, accepted a.sf, accepted a.sf",
           "it is told");
    is_int(waiting(), 0, "nothing is left");
    add_lines("b.sf", eight);
    add_lines("c.sf", eight);
    go_on(9);
    is_str(bodies[6], "55\n66\n77\n88\n", "of the next sample twice as much is tried at once");
    is_str(bodies[8], eight, "and of the one behind it all");
    end();
}

static void test_too_large(void)
{
    ANSWERS({.status = 413}, {.status = 413}, {.status = 200});

    add_lines("a.sf", "11\n22\n");
    go_on(3);
    is_str(news(), "halved a.sf, rejected a.sf, accepted a.sf", "a record too large is put aside");
    is_int(delivery_counts(delivery)->rejected, 1, "and counted");
    is_str(bodies[2], "11\n", "the others go");
    end();
}

static const char *rejected(const char *end)
{
    struct spool *aside;
    static struct spool_entry entry;
    static char path[NAME_MAX + 64];

    need(spool_open_rejected(spool, &aside) == RESULT_OK &&
             spool_next(aside, "", &entry) == RESULT_OK,
         "what was rejected");
    spool_destroy(&aside);
    snprintf(path, sizeof path, "spool/rejected/%s%s", entry.name, end);
    return text_at(path_of(path));
}

static void test_part_rejected(void)
{
    static const char *const secrets[] = {"my-key", NULL};
    ANSWERS({.status = 413}, {.status = 400, .body = "{\"error\":\"my-key hidden-in-the-query\"}"},
            {.status = 200});

    options.secrets = secrets;
    add_lines("a.sf", "11\n22\n33\n44\n");
    go_on(2);
    is_str(news(), "halved a.sf, rejected a.sf", "a part is rejected");
    is_str(last_what, "HTTP 400", "with the status");
    is_str(last_words, "*** ***", "in the collector's words, without secrets");
    is_str(rejected(""), "33\n44\n", "it is put aside");
    is_str(rejected(".answer"), "HTTP 400\n{\"error\":\"*** ***\"}", "with the answer");
    go_on(3);
    is_str(bodies[2], "11\n22\n", "the rest goes");
    is_int(waiting(), 0, "nothing is left");
    end();
}

static void test_not_secflows(void)
{
    ANSWERS({.status = 200});

    options.upload.form = true;
    add_lines("a.sf", "words\n");
    go();
    is_str(news(), "rejected a.sf", "what is not of Secflows is rejected");
    is_int(requests, 0, "without being sent");
    ok(!last.answer, "so there is no answer");
    is_str(rejected(".answer"), "not all of its lines are Secflows\n", "but a reason");
    end();
}

static void test_refused(void)
{
    ANSWERS({.status = 403}, {.status = 404}, {.status = 200});

    add_lines("a.sf", "1\n");
    go();
    is_str(news(), "denied a.sf", "no right: it is told");
    is_int(delivery_state(delivery), DELIVERY_REFUSED, "nothing is sent");
    ok(is_free(), "another process, with another key, could");
    is_int(waiting(), 1, "all is kept");
    for (int64_t until = now + BACKOFF_MOST; now < until; now += 8 * SECOND)
        go();
    go();
    is_int(requests, 2, "after ten minutes it is tried again");
    is_str(news(), "wrong a.sf", "a wrong URL");
    now += BACKOFF_MOST;
    go_on(3);
    is_str(news(), "accepted a.sf", "and again, until it is accepted");
    end();
}

static void test_refused_until(void)
{
    ANSWERS({.status = 401});

    add_lines("a.sf", "1\n");
    go();
    now += BACKOFF_MOST - 1;
    go();
    is_int(requests, 1, "not before ten minutes are over");
    add_lines("b.sf", "1\n");
    go();
    is_int(requests, 1, "whatever comes meanwhile");
    end();
}

static void test_held(void)
{
    ANSWERS({.waits = true}, {.status = 200});
    static const struct reply answered[] = {{.status = 200}, {.status = 200}};

    add_lines("a.sf", "1\n");
    add_lines("b.sf", "2\n");
    go();
    is_int(delivery_state(delivery), DELIVERY_SENDS, "a request is on its way");
    delivery_hold(delivery, true);
    script = answered;
    go();
    is_str(news(), "accepted a.sf", "while it is held that goes on");
    go();
    is_int(requests, 1, "but no other begins");
    delivery_hold(delivery, false);
    go_on(2);
    is_str(news(), "accepted b.sf", "until it is let go");
    end();
}

/* A sample in flight stays, though it is the oldest. */
static void test_bounded(void)
{
    static const struct reply answered[] = {{.status = 200}, {.status = 200}};
    ANSWERS({.waits = true});

    options.max_bytes = 10;
    add_lines("a.sf", "1234\n");
    go();
    add_lines("b.sf", "5678\n");
    go();
    is_str(news(), "", "as many bytes as there may be");
    add_lines("c.sf", "9012\n");
    go();
    is_str(news(), "too-much", "with more the oldest goes");
    is_int(last.deleted.waiting, 1, "one that waits");
    is_int(delivery_counts(delivery)->deleted, 1, "which is counted");
    script = answered;
    script_length = 2;
    go_on(2);
    is_str(news(), "accepted a.sf, accepted c.sf", "but not what is on its way");
    end();
}

static void test_elsewhere(void)
{
    struct spool *other;
    ANSWERS({.status = 200});

    need(spool_init(&other, path_of("spool")) == RESULT_OK && spool_lock(other) == RESULT_OK,
         "another process");
    add_lines("a.sf", "1\n");
    go();
    is_int(delivery_state(delivery), DELIVERY_ELSEWHERE, "another process sends");
    ok(delivery_is_idle(delivery), "so that there is nothing to wait for");
    spool_destroy(&other);
    go();
    is_int(requests, 0, "that is not looked at all the time");
    now = delivery_next(delivery);
    go_on(1);
    is_str(news(), "accepted a.sf", "but once it has gone");
    end();
}

static void test_finish(void)
{
    ANSWERS({.waits = true});

    add_lines("a.sf", "1\n");
    go();
    now += 3 * SECOND;
    need(delivery_finish(delivery, now) == RESULT_OK, "delivery_finish");
    is_str(news(), "given-up a.sf", "at the end a request is given up");
    is_int(last.took, 3 * SECOND, "and how long it took");
    is_int(waiting(), 1, "the sample stays");
    delivery_stop(delivery);
    is_int(delivery_state(delivery), DELIVERY_ENDED, "it is over");
    is_int(delivery_next(delivery), INT64_MAX, "for good");
    ok(is_free(), "another process can send");
    end();
}

static void test_others(void)
{
    struct spool_file file;
    ANSWERS({.status = 200}, {.status = 200});

    add(SPOOL_PCAP, "a.pcap", "1\n");
    need(spool_create(spool, SPOOL_RECORDS, "b.sf", NULL, &file) == RESULT_OK &&
             write(file.fd, "1\n2", 3) == 3 && close(file.fd) == 0,
         "what a process that died left");
    go_on(1);
    is_str(news(), "recovered, accepted b.sf", "what was begun is completed and sent");
    is_int(last.facts != NULL, 1, "with its facts");
    is_str(bodies[0], "1\n", "as far as its lines are whole");
    is_int(delivery_counts(delivery)->foreign, 1, "what lines cannot carry stays");
    is_int(waiting(), 1, "in the spool");
    end();
}

static void test_unwanted(void)
{
    ANSWERS({.status = 200, .body = "{\"error\":true}"},
            {.status = 200, .body = "{\"error\":false,\"body\":{\"sampleId\":\"one\"}}"});

    options.upload.form = true;
    add_lines(
        "a.sf",
        "{\"src\":\"10.0.0.1:1\",\"dst\":\"9.9.9.9:2\",\"destinationNameSource\":\"original\","
        "\"srcPkts\":1,\"srcBytes\":2,\"dstPkts\":3,\"dstBytes\":4,\"relativeStart\":0.0,"
        "\"protocolInformation\":\"\",\"duration\":0.0,\"trafficDate\":\"1700000000.000000\","
        "\"proto\":\"udp\"}\n");
    go_on(1);
    is_str(news(), "again a.sf", "a status alone does not accept where there is to be an id");
    go_on(2);
    is_str(news(), "accepted a.sf", "an answer with one does");
    is_int(last.sample_id_length, 3, "which is told");
    end();
}

int main(void)
{
    make_folder("test_delivery");
    test_accepted();
    test_race();
    test_backoff();
    test_other_first();
    test_retry_after();
    test_halves();
    test_too_large();
    test_part_rejected();
    test_not_secflows();
    test_refused();
    test_refused_until();
    test_held();
    test_bounded();
    test_elsewhere();
    test_finish();
    test_others();
    test_unwanted();
    remove_folder();
    return done();
}
