/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends the samples of the spool to the collector, one after another: decides when to send, and
 * what the answer means for the sample and the spool. Tells the caller what happens; the caller
 * words the messages.
 *
 * If another process holds the spool's lock, that one sends, and this one tries for the lock from
 * time to time. Times are monotonic microseconds unless stated otherwise.
 */
#ifndef SECFLOW_DELIVERY_H
#define SECFLOW_DELIVERY_H

#include "send/spool.h"
#include "send/upload.h"

enum delivery_event {
    DELIVERY_ACCEPTED,   /* an entry, or a part of one */
    DELIVERY_REJECTED,   /* permanently; it is set aside */
    DELIVERY_HALVED,     /* too much at once; it is sent in parts */
    DELIVERY_AGAIN,      /* failed; will be retried after a wait */
    DELIVERY_DENIED,     /* nothing is accepted with this key; waits long */
    DELIVERY_WRONG_URL,  /* the same, at this URL */
    DELIVERY_GIVEN_UP,   /* the request was aborted before an answer came */
    DELIVERY_UNREADABLE, /* an entry cannot be read; the others go on */
    DELIVERY_RECOVERED,  /* entries begun by processes that died */
    DELIVERY_TOO_OLD,    /* entries over the age limit were deleted */
    DELIVERY_TOO_MUCH    /* the same, since the spool was over its limit of bytes */
};

/* What happened. Everything it points to is valid during the call only. */
struct delivery_news {
    enum delivery_event event;
    const struct spool_entry *entry; /* NULL: it concerns the spool */
    int64_t took;                    /* duration of the request, or of what was done of it */

    /* For an answer. What is rejected before it is sent has none. */
    const struct upload_answer *answer; /* NULL: none */
    const char *what;                   /* what went wrong: "HTTP 400" */
    const char *words;                  /* the collector's, as from answer_words, without secrets */

    /* For DELIVERY_ACCEPTED. */
    const struct body_facts *facts;
    const char *sample_id; /* of that length; 0: none was given */
    size_t sample_id_length;
    bool removed; /* false: it could not be removed from the spool and will be sent again */

    unsigned failures; /* for DELIVERY_AGAIN: in a row */
    int64_t wait;

    int error;                    /* for DELIVERY_UNREADABLE: the errno */
    uint64_t recovered;           /* for DELIVERY_RECOVERED: entries */
    struct spool_trimmed deleted; /* for the last two events */
};

typedef void delivery_tell_fn(void *context, const struct delivery_news *news);

struct delivery_options {
    struct upload_options upload; /* form: NetworkSage's API; else lines */
    bool gzip;
    uint64_t max_bytes; /* limit of the spool; and of the age of its entries, in microseconds */
    int64_t max_age;    /* 0: no limit */
    const char *const *secrets; /* never repeated in files or news; ends with NULL, or is NULL */
    delivery_tell_fn *tell;
    void *context;
};

struct delivery;

/*
 * The spool and what the options point to remain the caller's. Returns what uploader_init does, or
 * RESULT_NO_MEMORY.
 */
MUST_CHECK enum result delivery_init(struct delivery **delivery,
                                     const struct delivery_options *options, struct spool *spool);

/* Gives up any request in flight. */
void delivery_destroy(struct delivery **delivery);

/* Call it after adding to the spool. */
void delivery_added(struct delivery *delivery);

/* While held, a request in flight goes on, but nothing new begins. */
void delivery_hold(struct delivery *delivery, bool held);

/*
 * Continues the request in flight, or begins the next if it is time. RESULT_NO_MEMORY, or
 * RESULT_SYSTEM for a failure of the spool (see errno): delivery has then ended.
 */
MUST_CHECK enum result delivery_run(struct delivery *delivery, int64_t now);

/* When delivery_run next has work, whatever happens before. */
int64_t delivery_next(const struct delivery *delivery);

/* As upload_wait. */
void delivery_wait(struct delivery *delivery, struct pollfd *fds, unsigned count, int64_t timeout);

enum delivery_state {
    DELIVERY_LOOKS,     /* looks for an entry when it is time */
    DELIVERY_MEASURES,  /* reads an entry for its facts */
    DELIVERY_SENDS,     /* sends it */
    DELIVERY_IDLE,      /* found nothing at the last look */
    DELIVERY_REFUSED,   /* nothing is accepted, and it is too early to retry */
    DELIVERY_ELSEWHERE, /* another process sends */
    DELIVERY_ENDED      /* nothing is sent any more */
};

enum delivery_state delivery_state(const struct delivery *delivery);

/* True if an entry added now would be sent at once, by this process or another. */
bool delivery_is_idle(const struct delivery *delivery);

/* True if a request makes progress, as defined in upload.h. */
bool delivery_gets_on(const struct delivery *delivery);

/* When a sample was last accepted; now, if one is being measured or a request makes progress. */
int64_t delivery_progressed(const struct delivery *delivery, int64_t now);

/* Totals so far. */
struct delivery_counts {
    uint64_t accepted, rejected, deleted; /* samples; deleted: over a limit */
    uint64_t answers[6]; /* requests, by the first digit of their HTTP status; 0: without one */
    int64_t accepted_at; /* when a sample was last accepted, microseconds since 1970; 0: never */
    uint64_t foreign;    /* entries that cannot be sent as lines, at the last look */
};

const struct delivery_counts *delivery_counts(const struct delivery *delivery);

/* Gives up any request in flight and sends nothing more, so that another process can. */
void delivery_stop(struct delivery *delivery);

/* For the end: gives up any request in flight and maintains the spool. Results as above. */
MUST_CHECK enum result delivery_finish(struct delivery *delivery, int64_t now);

#endif
