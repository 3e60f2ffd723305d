/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory with one file per window that has records, made to survive crashes of processes and
 * machines.
 *
 * A name is YYYYMMDDTHHMMSSZ-INTERFACE.sf: the window's start in UTC, so that names sort by time,
 * and where it was captured. If the name is taken, -2, -3 and so on comes before .sf.
 *
 * A file is written under its name with a leading dot and locked by its writer. When complete, it
 * is synced and renamed without replacing another file, and the directory is synced. So a name
 * without a dot is always a complete file on disk, and one with a dot but no lock was left by a
 * dead writer.
 *
 * Any number of processes may share a directory. Its path is looked up for each new file, so a
 * directory that was removed may come back; what was written meanwhile then goes into it.
 *
 * RESULT_SYSTEM: see errno. The call can be repeated and continues where it failed.
 */
#ifndef SECFLOW_WINDOWS_H
#define SECFLOW_WINDOWS_H

#include "flow/sink.h"

struct windows;

struct windows_options {
    const char *folder; /* its path, the caller's */
    const char
        *interface;      /* characters other than letters, digits, dot, - and _ become _ in names */
    int64_t keep;        /* microseconds after which files are removed; 0: never */
    uint64_t keep_bytes; /* limit for all files, above which the oldest are removed; 0: none */
};

/* Counts of this process. */
struct windows_counts {
    uint64_t written;                    /* files completed */
    uint64_t recovered;                  /* of these, files left by dead writers */
    uint64_t removed_age, removed_bytes; /* files removed for age, and for size */
    uint64_t unsynced;                   /* files whose state on disk is unknown */
    int sync_error, remove_error;        /* errno of the last failure; 0: none */
};

/* RESULT_NO_MEMORY; RESULT_SYSTEM: there is no such directory, or it cannot be written. */
MUST_CHECK enum result windows_init(struct windows **windows,
                                    const struct windows_options *options);

/* Completes the open file with what has been written, if possible. */
void windows_destroy(struct windows **windows);

/* Makes this the window of what is written next, and ends the previous one if it differs. */
MUST_CHECK enum result windows_begin(struct windows *windows, const struct window *window);

/*
 * Writes some of the bytes and sets *wrote to how many. The first byte begins the file, so an empty
 * window has no file.
 */
MUST_CHECK enum result windows_write(struct windows *windows, const char *bytes, size_t length,
                                     size_t *wrote);

/* Completes the window's file, if there is one. */
MUST_CHECK enum result windows_end(struct windows *windows);

/*
 * Maintains the directory. The first time, it completes the files of dead writers with their whole
 * lines up to the first NUL, and removes those without any. Each time, unless that would take more
 * than a twentieth of all time, it removes files past the limits, the oldest first: files of any
 * interface, and files that flowupload renamed .bad, but never the newest file. Ages come from the
 * times in names, and are known only as clock.h says.
 */
void windows_tidy(struct windows *windows);

void windows_count(const struct windows *windows, struct windows_counts *counts);

#endif
