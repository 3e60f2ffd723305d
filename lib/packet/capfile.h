/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture files, read sequentially: pcap (draft-ietf-opsawg-pcap) in both byte orders, with
 * microseconds or nanoseconds, and the modified format of old Linux libpcaps; and pcapng
 * (draft-ietf-opsawg-pcapng) with any number of sections and interfaces.
 *
 * Memory is a fixed buffer, whatever lengths a file claims. After damage, the reader looks for the
 * next place that makes sense and continues there.
 */
#ifndef SECFLOW_CAPFILE_H
#define SECFLOW_CAPFILE_H

#include "base/input.h"
#include "packet/frame.h"

struct capfile;

/*
 * Reads the head of a capture from the input, which remains the caller's and must outlive it.
 * RESULT_DAMAGED: not a capture; *capfile is created anyway, so that capfile_problem can say what
 * it is.
 */
MUST_CHECK enum result capfile_open(struct capfile **capfile, struct input *input);
void capfile_close(struct capfile **capfile);

struct lookahead;

/* The same where a lookahead has read the beginning of the input, whose bytes are taken over. */
MUST_CHECK enum result capfile_continue(struct capfile **capfile, const struct lookahead *in);

/*
 * The next frame. RESULT_END; RESULT_DAMAGED: capfile_problem says where and how, and the next call
 * continues after it; RESULT_SYSTEM: the file cannot be read; see errno.
 */
MUST_CHECK enum result capfile_next(struct capfile *capfile, struct frame *frame);

/* What was wrong; owned by the capfile, valid until its next call. */
const char *capfile_problem(const struct capfile *capfile);

/* Frames read so far. */
uint64_t capfile_frames(const struct capfile *capfile);

#endif
