/*
 * What every command line shares: messages, exit statuses, the options of the converters.
 */
#ifndef SECFLOW_COMMON_H
#define SECFLOW_COMMON_H

#include "meter.h"
#include "progress.h"

#include <getopt.h>
#include <sysexits.h>

/* The name that messages begin with; what a signal or a closed pipe does. Call it first in main. */
void common_init(const char *tool);

/* "tool: file: message" on standard error; file may be NULL. Clears the progress line first. */
__attribute__((format(printf, 2, 3))) void complain(const char *file, const char *format, ...);

/* What messages call an input: its path, or that it is standard input. */
const char *input_name(const char *path);

/* "tool: file: ", where the rest of the line is to be put together. */
void begin_message(const char *file);

/* The same as complain for a call that failed: its reason is errno's. */
void complain_errno(const char *file, const char *what);

/* Says what is wrong with the command line and where help is. Returns EX_USAGE. */
__attribute__((format(printf, 1, 2))) int usage_error(const char *format, ...);

/* Closes standard output, where a full disk may show only now. Returns status, or EX_IOERR. */
int close_output(int status);

/*
 * A part of a summary: a count and its words, nothing where the count is 0. *separator goes in
 * front of it and becomes a comma.
 */
void print_part(const char **separator, uint64_t count, const char *what);

/* The exit status that is worse: damaged input (65) is less than none (66), and so on. */
int worse_status(int a, int b);

/* Says why a RESULT_NO_MEMORY or RESULT_SYSTEM of what writes records ended the work. */
int output_failed(enum result result);

/* The same for what prepares the work. */
int start_failed(enum result result);

/* The options that pcap2flow, zeek2flow and flowcap have in common. */
struct converter_options {
    const char *help; /* the text for -h */
    bool done;        /* an option has been carried out, such as -h: nothing is to be converted */
    struct locality *locality;
    const char *cache_path; /* NULL: no cache */
    uint8_t family;
    bool keep_all, extended, verbose, quiet;
    bool cache_failed; /* which has been said; the cache is left alone from then on */
};

#define CONVERTER_SHORT "46ac:hL:qVvx"

/* For getopt_long: --help and --version. */
extern const struct option converter_long_options[];

/* Returns EX_OK, or a status to end with. */
MUST_CHECK int converter_options_init(struct converter_options *options, const char *help);
void converter_options_destroy(struct converter_options *options);

/*
 * Takes one option of CONVERTER_SHORT, or says what is wrong with one that getopt_long did not
 * take; for that the option string begins with ':'. Returns EX_OK, or a status to end with.
 */
MUST_CHECK int converter_option(struct converter_options *options, int option, char **argv);

/*
 * The files to read: the arguments behind the options, or standard input, which can be named only
 * once. Returns EX_OK, or a status to end with.
 */
MUST_CHECK int input_paths(int argc, char **argv, char ***paths, size_t *count);

/* The records' way out: standard output. Sets up the progress line, too. As above. */
MUST_CHECK int open_output(const struct converter_options *options, struct record_writer **writer);

/*
 * The name cache of the command line: reads it, and after the work learns from the names of the
 * input. *cache is NULL where there is none. They return a status.
 */
MUST_CHECK int load_cache(struct converter_options *options, struct names **cache);
MUST_CHECK int update_cache(struct converter_options *options, struct names *learned);

extern struct progress progress;

#endif
