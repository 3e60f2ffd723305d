/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving up rights, one after the other, once what needs them is open.
 */
#ifndef SECFLOW_SANDBOX_H
#define SECFLOW_SANDBOX_H

#include "base/library.h"
#include "base/result.h"

#define SANDBOX_PROBLEM 160

/*
 * Root becomes the user, with the groups of that user's own only. Others stay who they are. All
 * capabilities are dropped, which holds for this thread and those that it makes afterwards, and no
 * program that is executed gives any back. RESULT_INVALID: there is no such user. RESULT_SYSTEM:
 * errno says why. problem tells what could not be done.
 */
MUST_CHECK enum result sandbox_drop(const char *user, char problem[SANDBOX_PROBLEM]);

/* What is done with files. */
#define SANDBOX_FILES 1u   /* they are read, written and replaced, as a name cache is */
#define SANDBOX_WINDOWS 2u /* those of windows.h, which replace nothing */

/*
 * From here on the threads of this process can only do what a capture loop does: read and write
 * what is open, wait, get memory, bind a packet socket again, and what is to be done with files.
 * Anything else ends the process with SIGSYS, such as to change what a socket's filter
 * lets through, or to write to the mute descriptor: what is written to a packet socket is sent.
 * RESULT_NO_MEMORY, without a problem; RESULT_SYSTEM as above.
 */
MUST_CHECK enum result sandbox_enter(unsigned files, int mute, char problem[SANDBOX_PROBLEM]);

library_fn sandbox_libseccomp;

#endif
