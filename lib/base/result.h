/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What functions of the library return.
 *
 * No function of lib/ prints or exits. One that can fail returns one of these, and if the reason
 * needs words, its module has a function that returns them. Every function that creates an object
 * can return RESULT_NO_MEMORY, and RESULT_SYSTEM if the object is seeded (hash.h).
 */
#ifndef SECFLOW_RESULT_H
#define SECFLOW_RESULT_H

enum result {
    RESULT_OK,
    RESULT_END,       /* nothing more to read */
    RESULT_DAMAGED,   /* bad input, of which only this part is lost; the caller may go on */
    RESULT_INVALID,   /* the request makes no sense, such as a user's option; nothing was done */
    RESULT_NO_MEMORY, /* an allocation failed; the object may only be destroyed */
    RESULT_SYSTEM,    /* a system call failed; see errno */
    RESULT_UNSYNCED   /* fsync failed; see errno. What was written may be lost for good */
};

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
