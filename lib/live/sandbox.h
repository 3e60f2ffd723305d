/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drops rights step by step, once everything that needs them is open.
 */
#ifndef SECFLOW_SANDBOX_H
#define SECFLOW_SANDBOX_H

#include "base/library.h"
#include "base/result.h"

#define SANDBOX_PROBLEM 160

/*
 * Root becomes the user, with only that user's own groups; any other user stays. Drops all
 * capabilities, for this thread and those it creates afterwards; executing a program does not
 * restore any. RESULT_INVALID: no such user. RESULT_SYSTEM: see errno. problem says what could not
 * be done.
 */
MUST_CHECK enum result sandbox_drop(const char *user, char problem[SANDBOX_PROBLEM]);

/* How files are used. */
#define SANDBOX_FILES 1u   /* read, written and replaced, like a name cache */
#define SANDBOX_WINDOWS 2u /* the files of windows.h, which replace nothing */

/*
 * From here on, the threads of this process can do only what a capture loop needs: read and write
 * open descriptors, wait, allocate memory, rebind a packet socket, and use files as stated.
 * Anything else ends the process with SIGSYS; this includes changing the filter of a socket and
 * writing to the descriptor mute, since what is written to a packet socket is sent.
 * RESULT_NO_MEMORY, without a problem; RESULT_SYSTEM as above.
 */
MUST_CHECK enum result sandbox_enter(unsigned files, int mute, char problem[SANDBOX_PROBLEM]);

library_fn sandbox_libseccomp;

#endif
