/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a command line. Each tool has one table of them. From it come the arguments of
 * getopt_long(3) and the help text, and from the help text come the shell completions.
 */
#ifndef SECFLOW_OPTIONS_H
#define SECFLOW_OPTIONS_H

#include "base/library.h"
#include "base/result.h"

#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tool_option {
    int id;               /* the letter of its short name; from OPTION_LONG on: no letter */
    const char *name;     /* the long name */
    const char *argument; /* its argument, such as TIME; NULL: none */
    const char *help;     /* what it does; printing breaks the lines */
};

#define OPTION_LONG (UCHAR_MAX + 1)

/* Options of all tools. */
#define COMMON_OPTIONS                                                                             \
    {'h', "help", NULL, "print this help"},                                                        \
    {                                                                                              \
        'V', "version", NULL, "print the version, and those of the libraries in use"               \
    }

/* A letter that other tools have and people may try here, and what to do instead. */
struct habit {
    int letter; /* 0: the end of the list */
    const char *instead;
};

struct tool {
    const char *usage; /* what may follow the tool's name; one line per form */
    const char *about; /* what the tool does */
    const char *example;
    const struct tool_option *options; /* in any order */
    size_t option_count;
    const struct habit *habits;
    library_fn *const *libraries; /* linked with the tool; ended by NULL */
};

/*
 * The next option of the command line: its id, or -1 after the last. common_option prints what is
 * wrong with one. optarg and optind are those of getopt_long.
 */
MUST_CHECK int next_option(const struct tool *tool, int argc, char **argv);

/*
 * Carries out -h and -V and sets *done; for any other option, prints what is wrong with it. Returns
 * EX_OK, or an exit status.
 */
MUST_CHECK int common_option(const struct tool *tool, int option, char **argv, bool *done);

/* How the option returned by next_option was typed: "-d" or "--window". */
const char *option_typed(void);

/*
 * These read the argument of the option returned by next_option. They return EX_OK, or an exit
 * status.
 */

/* A plain number; what: of what, for messages. */
MUST_CHECK int option_number(const char *what, uint64_t least, uint64_t most, uint64_t *number);

/* A time in seconds, or with the suffix s, m, h or d. */
MUST_CHECK int option_time(uint64_t least, uint64_t most, uint64_t *seconds);

/* The same, up to OPTION_SECONDS_MOST, in microseconds. */
MUST_CHECK int option_seconds(uint64_t least, int64_t *microseconds);

#define OPTION_SECONDS_MOST (UINT64_C(10000) * 86400)

/* A size in bytes, or with the suffix K, M or G (powers of 1024). */
MUST_CHECK int option_size(uint64_t least, uint64_t *bytes);

/* The same, for memory: at most SIZE_MAX. */
MUST_CHECK int option_memory(uint64_t least, size_t *bytes);

/* The same, but in KiB, which is also the unit of a bare number. */
MUST_CHECK int option_kib(uint64_t least, uint64_t most, uint64_t *kib);

#endif
