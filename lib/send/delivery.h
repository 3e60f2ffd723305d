/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the spool to the collector, one sample after the other: what is sent when, what becomes of
 * it, and what of the spool. What happens is told to the caller, who has the words.
 *
 * Where another process has the lock of the spool, that one sends, and this one tries to take the
 * lock from time to time. All times are monotonic microseconds where nothing else is said.
 */
#ifndef SECFLOW_DELIVERY_H
#define SECFLOW_DELIVERY_H

#include "send/spool.h"
#include "send/upload.h"

enum delivery_event {
    DELIVERY_ACCEPTED,   /* what was sent: an entry, or a part of it */
    DELIVERY_REJECTED,   /* it never will be, and is put aside */
    DELIVERY_HALVED,     /* it is too much at once, and goes in parts */
    DELIVERY_AGAIN,      /* it failed, and is tried again after a while */
    DELIVERY_DENIED,     /* nothing is accepted with this key, for a long while */
    DELIVERY_WRONG_URL,  /* the same at this URL */
    DELIVERY_GIVEN_UP,   /* the request, before an answer came */
    DELIVERY_UNREADABLE, /* an entry is, which does not hold up the others */
    DELIVERY_RECOVERED,  /* what processes that died had begun */
    DELIVERY_TOO_OLD,    /* entries were, and are deleted */
    DELIVERY_TOO_MUCH    /* the same, since the spool had more bytes than it may */
};

/* What happened. All that it points to is valid until the caller is back. */
struct delivery_news {
    enum delivery_event event;
    const struct spool_entry *entry; /* NULL: it is of the spool */
    int64_t took;                    /* the request, or what there was of it */

    /* Of an answer, and of what is rejected before it is sent, which has none. */
    const struct upload_answer *answer; /* NULL: none */
    const char *what;                   /* went wrong: "HTTP 400" */
    const char *words; /* of the collector's, as answer_words has them, without secrets */

    /* Of DELIVERY_ACCEPTED. */
    const struct body_facts *facts;
    const char *sample_id; /* so many bytes; 0: it has not said one */
    size_t sample_id_length;
    bool removed; /* else it could not be taken out of the spool, and goes again */

    unsigned failures; /* of DELIVERY_AGAIN: in a row */
    int64_t wait;

    int error;                    /* of DELIVERY_UNREADABLE, of errno */
    uint64_t recovered;           /* of DELIVERY_RECOVERED: entries */
    struct spool_trimmed deleted; /* of the last two */
};

typedef void delivery_tell_fn(void *context, const struct delivery_news *news);

struct delivery_options {
    struct upload_options upload; /* form: NetworkSage's API; else lines */
    bool gzip;
    uint64_t max_bytes; /* of the spool, and how old what lies there may be, in microseconds */
    int64_t max_age;    /* 0: no limit */
    const char *const *secrets; /* which no file or news repeat; ends with NULL, or is NULL */
    delivery_tell_fn *tell;
    void *context;
};

struct delivery;

/*
 * The spool, and what the options point to, stay the caller's. Results as of uploader_init, or
 * RESULT_NO_MEMORY.
 */
MUST_CHECK enum result delivery_init(struct delivery **delivery,
                                     const struct delivery_options *options, struct spool *spool);

/* Gives up the request in flight. */
void delivery_destroy(struct delivery **delivery);

/* Something was added to the spool. */
void delivery_added(struct delivery *delivery);

/* While it is held what is on its way goes on, but nothing else begins. */
void delivery_hold(struct delivery *delivery, bool held);

/*
 * Goes on with the request in flight, and with the next where none is and its time has come.
 * RESULT_NO_MEMORY, or RESULT_SYSTEM, for the spool, of which errno tells: it has ended then.
 */
MUST_CHECK enum result delivery_run(struct delivery *delivery, int64_t now);

/* When delivery_run has something to do, whatever happens. */
int64_t delivery_next(const struct delivery *delivery);

/* As upload_wait. */
void delivery_wait(struct delivery *delivery, struct pollfd *fds, unsigned count, int64_t timeout);

enum delivery_state {
    DELIVERY_LOOKS,     /* for an entry, once it is time */
    DELIVERY_MEASURES,  /* the entry */
    DELIVERY_SENDS,     /* it */
    DELIVERY_IDLE,      /* nothing was there when it was looked last */
    DELIVERY_REFUSED,   /* nothing is accepted, and it is not yet time to try again */
    DELIVERY_ELSEWHERE, /* another process sends */
    DELIVERY_ENDED      /* nothing is sent any more */
};

enum delivery_state delivery_state(const struct delivery *delivery);

/* Whether what is added to the spool would be sent at once, by this process or another. */
bool delivery_is_idle(const struct delivery *delivery);

/* Whether a request gets on, as upload.h has it. */
bool delivery_gets_on(const struct delivery *delivery);

/* When a sample was accepted last, or now while one is measured or a request gets on. */
int64_t delivery_progressed(const struct delivery *delivery, int64_t now);

/* What was done so far. */
struct delivery_counts {
    uint64_t accepted, rejected, deleted; /* samples; deleted: over a limit */
    uint64_t answers[6]; /* requests, by the first digit of their HTTP status; 0: without one */
    int64_t accepted_at; /* when a sample was accepted last, microseconds since 1970; 0: never */
    uint64_t foreign;    /* entries that cannot be sent as lines, when it was looked last */
};

const struct delivery_counts *delivery_counts(const struct delivery *delivery);

/* Gives up the request in flight, and sends nothing any more, so that another process can. */
void delivery_stop(struct delivery *delivery);

/* At the end: gives up the request in flight and looks after the spool. Results as above. */
MUST_CHECK enum result delivery_finish(struct delivery *delivery, int64_t now);

#endif
