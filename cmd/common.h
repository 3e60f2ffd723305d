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

/* The name that messages begin with; what a signal or a closed pipe does. Call it first in main. */
void common_init(const char *tool);
const char *tool_name(void);

/*
 * "tool: file: message" on standard error; file may be NULL. Clears the progress line first.
 * Control characters are escaped.
 */
__attribute__((format(printf, 2, 3))) void complain(const char *file, const char *format, ...);

/*
 * From now on a message that standard error does not take at once is lost: for what must go on even
 * where nobody reads it.
 */
void messages_never_wait(void);

/* What messages call an input: its path, or that it is standard input. */
const char *input_name(const char *path);

/* "tool: file: ", where the rest of the line is to be put together. */
void begin_message(const char *file);

/* The same as complain for a call that failed: its reason is errno's. */
void complain_errno(const char *file, const char *what);

/* Says what is wrong with the command line and where help is. Returns EX_USAGE. */
__attribute__((format(printf, 1, 2))) int usage_error(const char *format, ...);

/* The same where the message says itself what to do. */
__attribute__((format(printf, 1, 2))) int usage_hint(const char *format, ...);

/*
 * The files to read: the arguments behind the options, or standard input, which can be named only
 * once. Returns EX_OK, or a status to end with.
 */
MUST_CHECK int input_paths(int argc, char **argv, char ***paths, size_t *count);

/* Says what is waited for where one of them is a terminal: a capture, say. */
void tell_terminal(char **paths, size_t count, const char *what);

/* Closes standard output, where a full disk may show only now. Returns status, or EX_IOERR. */
int close_output(int status);

/*
 * A part of a summary: a count and its words, nothing where the count is 0. *separator goes in
 * front of it and becomes a comma.
 */
void print_part(const char **separator, uint64_t count, const char *what);

/* What is damaged in one input: the first few lines are told of, the others counted. */
struct damages {
    const char *path;
    uint64_t count;
};

/* Notes one more. */
void add_damage(struct damages *damages, const char *problem);

/* Tells how many more there were. Returns EX_OK, or EX_DATAERR where there was any. */
int end_damages(const struct damages *damages);

/* The exit status that is worse: damaged input (65) is less than none (66), and so on. */
int worse_status(int a, int b);

/* The same at the end, where that something is left for the next time (75) is the least of all. */
int final_status(int a, int b);

/* Says so. Returns a status. */
int out_of_memory(void);

/* Says why a RESULT_NO_MEMORY or RESULT_SYSTEM of what writes records ended the work. As above. */
int output_failed(enum result result);

/* The same for what prepares the work. */
int start_failed(enum result result);

/* The tool's, which messages clear. */
extern struct progress progress;

#endif
