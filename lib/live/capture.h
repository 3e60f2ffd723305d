/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live capture on Linux, through libpcap's memory-mapped ring. No call blocks.
 *
 * A filter in the kernel says how much of each packet is copied (snap.h), and is there before the
 * first one: until then the socket listens to a protocol that nobody speaks. Where the kernel does
 * not take it nothing is captured.
 */
#ifndef SECFLOW_CAPTURE_H
#define SECFLOW_CAPTURE_H

#include "live/snap.h"
#include "packet/frame.h"

#include <stddef.h>

/*
 * Several interfaces are captured from through one socket that hears all, so that their packets
 * come in order; the kernel lets through those of the interfaces, which it knows by number. So one
 * of them that disappears cannot be replaced by another of its name: the state is CAPTURE_FAILED.
 * One that goes down is waited for while the others are captured from; capture_news tells.
 */
#define CAPTURE_INTERFACES 16u

struct capture_options {
    const char *interface; /* or several, with commas between them, or "any" */
    bool promiscuous;
    unsigned ring;            /* KiB of the kernel's buffer */
    struct snap_options snap; /* ethernet and live are found out */
};

/* Sums since the capture was opened. */
struct capture_counts {
    uint64_t packets;         /* that the filter let through */
    uint64_t kernel_drops;    /* of these, for want of room in the ring */
    uint64_t interface_drops; /* by the interface */
};

enum capture_state {
    CAPTURE_GOOD,
    CAPTURE_DENIED,  /* it may not be captured */
    CAPTURE_MISSING, /* there is no such interface, or it has gone; capture_reopen may find it */
    CAPTURE_DOWN,    /* it is down; it is captured again once it is up */
    CAPTURE_UNFIT,   /* its frames cannot be read, or the filter does not fit them */
    CAPTURE_FAILED
};

struct capture;

/* Whatever the state, the capture is there, unless it is RESULT_NO_MEMORY. */
MUST_CHECK enum result capture_init(struct capture **capture,
                                    const struct capture_options *options);
void capture_destroy(struct capture **capture);

enum capture_state capture_state(const struct capture *capture);
const char *capture_problem(const struct capture *capture);

/* Becomes readable when there are frames, or the state changes. */
int capture_fd(const struct capture *capture);

/*
 * Hands frames that are there to a function, CAPTURE_AT_ONCE at most, where they lie in the ring,
 * until it does not answer RESULT_OK, which is then the result; RESULT_END: the state is not good
 * any more. That may be because the interface has another name, for which is looked once a second.
 */
#define CAPTURE_AT_ONCE 65536u
typedef enum result capture_frame_fn(void *context, const struct frame *frame);
MUST_CHECK enum result capture_read(struct capture *capture, capture_frame_fn *take, void *context);

/* To be called, after that, where the descriptor had an error: that may be the interface's. */
enum capture_state capture_look(struct capture *capture);

/*
 * Of several interfaces: the name of one that went down or came up since it was last told of, and
 * which of it; NULL: there is none. The name is the capture's.
 */
const char *capture_news(struct capture *capture, bool *up);

/* Whether one of several is down, as far as capture_news has told. */
bool capture_lacks(const struct capture *capture);

/* Looks whether the interface is there and up again, without any right but to have the socket. */
enum capture_state capture_reopen(struct capture *capture);

void capture_count(struct capture *capture, struct capture_counts *counts);

/* An interface that can be captured from, now or once it is up; "any" is one, too. */
struct capture_interface {
    const char *name, *description; /* the latter may be NULL */
    bool up;
    bool connected; /* as far as is known */
};

/* Tells of each. RESULT_SYSTEM: see problem. */
typedef void capture_interface_fn(void *context, const struct capture_interface *interface);
MUST_CHECK enum result capture_list(capture_interface_fn *tell, void *context, char *problem,
                                    size_t size);

#endif
