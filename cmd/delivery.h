/*
 * From the spool to the collector: what flowupload does while its input has nothing for it.
 *
 * Where another process has the lock of the spool, that one sends, and this one tries to take the
 * lock from time to time. All times are monotonic microseconds. Statuses are of sysexits.h.
 */
#ifndef SECFLOW_DELIVERY_H
#define SECFLOW_DELIVERY_H

#include "common.h"
#include "send/spool.h"
#include "send/upload.h"

struct delivery_options {
    struct upload_options upload; /* form: NetworkSage's API; else lines */
    const char *spool_path;       /* for messages */
    bool gzip;
    uint64_t max_bytes; /* of the spool, and how old what lies there may be, in microseconds */
    int64_t max_age;    /* 0: no limit */
    bool lasting; /* it goes on the next time: what is left, or was put aside, is not a failure */
    const char *const *secrets; /* which no message or file repeats; ends with NULL, or is NULL */
    bool verbose;               /* say of each try how it went */
    bool quiet;                 /* write no line for a sample that was accepted */
};

struct delivery;

/* The spool, and what the options point to, stay the caller's. Returns EX_OK, or a status. */
MUST_CHECK int delivery_init(struct delivery **delivery, const struct delivery_options *options,
                             struct spool *spool);

/* Gives up the request in flight. */
void delivery_destroy(struct delivery **delivery);

/* Something was added to the spool. */
void delivery_added(struct delivery *delivery);

/*
 * Goes on with the request in flight, and with the next where none is and its time has come.
 * Returns EX_OK, or a status, which has been said: nothing more is sent then. Where the collector
 * accepts nothing, it is asked again in ten minutes.
 */
MUST_CHECK int delivery_run(struct delivery *delivery, int64_t now);

/* Waits until there is something to go on with, a descriptor can be read, or that time. */
void delivery_wait(struct delivery *delivery, struct pollfd *fds, unsigned count, int64_t until);

/* Whether nothing is left to be sent by this process for now; whether it will not send any more. */
bool delivery_is_done(const struct delivery *delivery);
bool delivery_has_ended(const struct delivery *delivery);

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
};

const struct delivery_counts *delivery_counts(const struct delivery *delivery);

/* Says what is left and what was rejected. Returns EX_OK or a status. */
MUST_CHECK int delivery_end(struct delivery *delivery);

#endif
