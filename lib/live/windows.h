/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of files, one for each window that has records, made to survive what happens to
 * processes and machines.
 *
 * YYYYMMDDTHHMMSSZ-INTERFACE.sf is such a name: the window's start, UTC, so that names sort by
 * time; and where it was captured. Where the name is taken -2 stands before .sf, or -3, and so on.
 *
 * A file is written under its name with a dot in front, and locked by its writer; when it is
 * complete it is synced, gets its name, which takes no other file's place, and the folder is
 * synced. So a name without a dot is always a complete file on disk, and one with a dot and without
 * a lock was left by a writer that died.
 *
 * Any number of processes may share a folder. It is looked for by its path whenever a file is
 * begun, so that one which was removed may come back; what was written meanwhile comes into it.
 *
 * RESULT_SYSTEM: errno says why, and the call can be made again, when it goes on where it failed.
 */
#ifndef SECFLOW_WINDOWS_H
#define SECFLOW_WINDOWS_H

#include "flow/sink.h"

struct windows;

struct windows_options {
    const char *folder;    /* its path, the caller's */
    const char *interface; /* what is no letter, digit, dot, - or _ of it becomes _ in names */
    int64_t keep;          /* microseconds after which files are removed; 0: never */
    uint64_t keep_bytes; /* that all files may have before the oldest are removed; 0: any number */
};

/* Of this process. */
struct windows_counts {
    uint64_t written;                    /* files that have been completed */
    uint64_t recovered;                  /* those of them that a writer which died had left */
    uint64_t removed_age, removed_bytes; /* files that were too old, and that were too much */
    uint64_t unsynced;                   /* of which nobody knows what is on disk */
    int sync_error, remove_error;        /* errno of the last that failed; 0: none has */
};

/* RESULT_NO_MEMORY; RESULT_SYSTEM: there is no such folder, or nothing can be written there. */
MUST_CHECK enum result windows_init(struct windows **windows,
                                    const struct windows_options *options);

/* Completes what is open, as far as it has been written, if that can be done. */
void windows_destroy(struct windows **windows);

/* What is written next is of that window; ends the one before it, if it is another. */
MUST_CHECK enum result windows_begin(struct windows *windows, const struct window *window);

/*
 * Writes some of the bytes, *wrote says how many. The file is begun with the first one, so that a
 * window without any has none.
 */
MUST_CHECK enum result windows_write(struct windows *windows, const char *bytes, size_t length,
                                     size_t *wrote);

/* Completes the window's file, if it has one. */
MUST_CHECK enum result windows_end(struct windows *windows);

/*
 * Looks after the folder. The first time, completes what writers that died have left: the whole
 * lines of it up to the first NUL; what has none is removed. Each time, unless that would take more
 * than a twentieth of all time, removes what is not to be kept any more, the oldest first, of any
 * interface, and of what flowupload has put .bad behind, but never the newest file of all. An age
 * goes by the time in the name, and is known only as clock.h says.
 */
void windows_tidy(struct windows *windows);

void windows_count(const struct windows *windows, struct windows_counts *counts);

#endif
