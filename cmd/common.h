/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command line shares: messages, exit statuses, inputs.
 */
#ifndef SECFLOW_COMMON_H
#define SECFLOW_COMMON_H

#include "base/result.h"
#include "progress.h"

#include <stddef.h>
#include <sysexits.h>

/*
 * Sets the name that messages begin with, and what a signal or a closed pipe does. Call it first in
 * main.
 */
void common_init(const char *tool);
const char *tool_name(void);

/*
 * "tool: file: message" on standard error; file may be NULL. Clears the progress line first.
 * Control characters are escaped.
 */
__attribute__((format(printf, 2, 3))) void complain(const char *file, const char *format, ...);

/*
 * From now on, drops a message that standard error does not take at once: for work that must go on
 * even if nobody reads the messages.
 */
void messages_never_wait(void);

/* What messages call an input: its path, or "standard input". */
const char *input_name(const char *path);

/* Prints "tool: file: "; the caller prints the rest of the line. */
void begin_message(const char *file);

/* Like complain, for a call that failed: adds the reason from errno. */
void complain_errno(const char *file, const char *what);

/* Prints what is wrong with the command line and where help is. Returns EX_USAGE. */
__attribute__((format(printf, 1, 2))) int usage_error(const char *format, ...);

/* The same, for a message that itself says what to do. */
__attribute__((format(printf, 1, 2))) int usage_hint(const char *format, ...);

/*
 * The files to read: the arguments after the options, or standard input, which may be named only
 * once. Returns EX_OK, or an exit status.
 */
MUST_CHECK int input_paths(int argc, char **argv, char ***paths, size_t *count);

/*
 * How much of a large file threads read and write at once, in bytes: SECFLOW_BLOCK of the
 * environment, or else what is fast. 0: there are to be no threads.
 */
size_t thread_block(void);

/*
 * Prints what is expected, such as a capture, if one of the paths is a terminal; and which files
 * are given twice.
 */
void tell_inputs(char **paths, size_t count, const char *what);

/* Closes standard output; a full disk may show only now. Returns status, or EX_IOERR. */
int close_output(int status);

/*
 * Prints one part of a summary: a count and its words; nothing if the count is 0. Prints *separator
 * first and sets it to a comma.
 */
void print_part(const char **separator, uint64_t count, const char *what);

/* Damage found in one input: the first few problems are printed, and the last, which tells of a
 * compressed input as a whole; those between them are counted. */
struct damages {
    const char *path;
    uint64_t count;
    char last[512];
};

/* Adds one problem. */
void add_damage(struct damages *damages, const char *problem);

/* Prints how many more there were, and the last. Returns EX_OK, or EX_DATAERR if there were any
 * problems. */
int end_damages(const struct damages *damages);

/* The worse exit status: damaged input (65) ranks below missing input (66), and so on. */
int worse_status(int a, int b);

/* The same at the end, where "something is left for the next time" (75) ranks lowest. */
int final_status(int a, int b);

/* Prints that memory ran out. Returns an exit status. */
int out_of_memory(void);

/*
 * Prints why writing records failed with RESULT_NO_MEMORY or RESULT_SYSTEM. Returns an exit status.
 */
int output_failed(enum result result);

/* The same for a failure to start. */
int start_failed(enum result result);

/* The tool's progress line, which messages clear. */
extern struct progress progress;

#endif
