/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live capture on Linux, through libpcap's memory-mapped ring. No call blocks.
 *
 * A filter in the kernel decides how much of each packet is copied (snap.h). It is in place before
 * the first packet: until then the socket is bound to a protocol that nobody uses. If the kernel
 * rejects the filter, nothing is captured.
 */
#ifndef SECFLOW_CAPTURE_H
#define SECFLOW_CAPTURE_H

#include "live/snap.h"
#include "packet/frame.h"

#include <stddef.h>

/*
 * Several interfaces share one socket, so that their packets come in order. The socket hears all
 * interfaces; the kernel passes only packets of those asked for, which it knows by number. So one
 * that is renamed is captured on, and one that disappears cannot be replaced by another of the same
 * name. While one is down or gone, capture goes on from the others; capture_news says so. Once all
 * are gone, the state is CAPTURE_FAILED.
 */
#define CAPTURE_INTERFACES 16u

struct capture_options {
    const char *interface; /* or several, separated by commas, or "any" */
    bool promiscuous;
    unsigned ring;            /* KiB of the kernel's buffer */
    struct snap_options snap; /* ethernet and live are filled in */
};

/* Totals since the capture was opened. */
struct capture_counts {
    uint64_t packets;         /* passed by the filter */
    uint64_t kernel_drops;    /* of these, dropped because the ring was full */
    uint64_t interface_drops; /* dropped by the interface */
};

enum capture_state {
    CAPTURE_GOOD,
    CAPTURE_DENIED,  /* no permission to capture */
    CAPTURE_MISSING, /* no such interface, or it has gone; capture_reopen may find it */
    CAPTURE_DOWN,    /* it is down; capture resumes once it is up */
    CAPTURE_UNFIT,   /* its frames cannot be read, or the filter does not fit them */
    CAPTURE_FAILED
};

struct capture;

/* Creates a capture in whatever state, unless the result is RESULT_NO_MEMORY. */
MUST_CHECK enum result capture_init(struct capture **capture,
                                    const struct capture_options *options);
void capture_destroy(struct capture **capture);

enum capture_state capture_state(const struct capture *capture);
const char *capture_problem(const struct capture *capture);

/* Becomes readable when there are frames or the state changes. */
int capture_fd(const struct capture *capture);

/*
 * Passes frames to a function, in place in the ring, at most CAPTURE_AT_ONCE of them, until it does
 * not return RESULT_OK; returns that result. RESULT_END: the state is no longer good, perhaps
 * because the interface was renamed, which is checked once a second.
 */
#define CAPTURE_AT_ONCE 65536u
typedef enum result capture_frame_fn(void *context, const struct frame *frame);
MUST_CHECK enum result capture_read(struct capture *capture, capture_frame_fn *take, void *context);

/* Call it after capture_read if the descriptor reported an error, which may be the interface's. */
enum capture_state capture_look(struct capture *capture);

enum capture_event {
    CAPTURE_QUIET, /* no news */
    CAPTURE_CAME_UP,
    CAPTURE_WENT_DOWN,
    CAPTURE_WENT_AWAY, /* for good */
    CAPTURE_RENAMED
};

struct capture_news {
    enum capture_event event;
    char name[16], new_name[16]; /* the interface's; the latter if it was renamed */
};

/* With several interfaces: what became of one of them since this was last called. */
struct capture_news capture_news(struct capture *capture);

/* True if one of several is down or gone, as far as capture_news has said. */
bool capture_lacks(const struct capture *capture);

/* Checks whether the interface is there and up again. Needs no rights beyond the open socket. */
enum capture_state capture_reopen(struct capture *capture);

void capture_count(struct capture *capture, struct capture_counts *counts);

/* An interface to capture from, now or once it is up; "any" is listed too. */
struct capture_interface {
    const char *name, *description; /* description may be NULL */
    bool up;
    bool connected; /* as far as known */
};

/* Calls tell for each. RESULT_SYSTEM: see problem. */
typedef void capture_interface_fn(void *context, const struct capture_interface *interface);
MUST_CHECK enum result capture_list(capture_interface_fn *tell, void *context, char *problem,
                                    size_t size);

#endif
