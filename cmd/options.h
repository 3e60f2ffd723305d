/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a command line. Each tool has one table of them; what getopt_long(3) takes and the
 * help text are made from it, and from the help text the completion of shells.
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
    int id;               /* the letter of its short name; OPTION_LONG and more: it has none */
    const char *name;     /* the long one */
    const char *argument; /* what it takes, such as TIME; NULL: nothing */
    const char *help;     /* what it does; lines are broken when it is printed */
};

#define OPTION_LONG (UCHAR_MAX + 1)

/* What all tools have. */
#define COMMON_OPTIONS                                                                             \
    {'h', "help", NULL, "print this help"},                                                        \
    {                                                                                              \
        'V', "version", NULL, "print the version, and those of the libraries in use"               \
    }

/* A letter that people give because another tool has it, and what to do instead. */
struct habit {
    int letter; /* 0: the end of the list */
    const char *instead;
};

struct tool {
    const char *usage; /* what may stand behind the tool's name; several of them, one a line */
    const char *about; /* what the tool does */
    const char *example;
    const struct tool_option *options; /* in any order */
    size_t option_count;
    const struct habit *habits;
    library_fn *const *libraries; /* that it is linked with; NULL ends them */
};

/*
 * The next option of the command line: its id, or -1 behind the last one. What is wrong with one is
 * for common_option to say. optarg and optind are those of getopt_long.
 */
MUST_CHECK int next_option(const struct tool *tool, int argc, char **argv);

/*
 * Carries out -h and -V, which sets *done; of any other option says what is wrong with it. Returns
 * EX_OK, or a status to end with.
 */
MUST_CHECK int common_option(const struct tool *tool, int option, char **argv, bool *done);

/* How the option that next_option found last was typed: "-d", or "--window". */
const char *option_typed(void);

/*
 * Take the argument of the option that next_option found last. Return EX_OK, or a status to end
 * with.
 */

/* A number of something. */
MUST_CHECK int option_number(const char *what, uint64_t least, uint64_t most, uint64_t *number);

/* A time in seconds, or with s, m, h or d behind it. */
MUST_CHECK int option_time(uint64_t least, uint64_t most, uint64_t *seconds);

/* The same, up to OPTION_SECONDS_MOST, in microseconds. */
MUST_CHECK int option_seconds(uint64_t least, int64_t *microseconds);

#define OPTION_SECONDS_MOST (UINT64_C(10000) * 86400)

/* A size in bytes, or with K, M or G behind it, which are powers of 1024. */
MUST_CHECK int option_size(uint64_t least, uint64_t *bytes);

/* The same of memory: no more than size_t counts. */
MUST_CHECK int option_memory(uint64_t least, size_t *bytes);

/* The same, but in KiB, of which a bare number is one, too. */
MUST_CHECK int option_kib(uint64_t least, uint64_t most, uint64_t *kib);

#endif
