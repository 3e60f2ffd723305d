/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a function of the library answers.
 *
 * No function of lib/ prints or exits. One that can fail answers with one of these, and where the
 * reason needs words, its module has a function that returns them. All that make an object can
 * answer RESULT_NO_MEMORY, and what is seeded (hash.h) RESULT_SYSTEM.
 */
#ifndef SECFLOW_RESULT_H
#define SECFLOW_RESULT_H

enum result {
    RESULT_OK,
    RESULT_END,       /* nothing more to read */
    RESULT_DAMAGED,   /* bad input; it costs that input only, the caller may go on */
    RESULT_INVALID,   /* what was asked for makes no sense, as a user's option; nothing was done */
    RESULT_NO_MEMORY, /* an allocation failed; the object may only be destroyed */
    RESULT_SYSTEM,    /* a system call failed, errno says why */
    RESULT_UNSYNCED   /* fsync failed, errno says why: what was written may be lost, for good */
};

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
