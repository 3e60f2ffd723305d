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

/* The same for what getopt_long did not take; to be used with an option string that begins ':'. */
int bad_option(int option, char **argv);

/* Writes the version or a help text on standard output. Returns the exit status. */
int print_version(void);
int print_help(const char *text);

/* Closes standard output, where a full disk may show only now. Returns the exit status. */
int close_output(int status);

/*
 * A part of a summary: a count and its words, nothing where the count is 0. *separator goes in
 * front of it and becomes a comma.
 */
void print_part(const char **separator, uint64_t count, const char *what);

/* Whether standard input is named more than once. */
bool reads_input_twice(char **paths, size_t count);

/* The exit status that is worse: damaged input (65) is less than none (66), and so on. */
int worse_status(int a, int b);

/* Says why a RESULT_NO_MEMORY or RESULT_SYSTEM of what writes records ended the work. */
int output_failed(enum result result);

/* The same for what prepares the work. */
int start_failed(enum result result);

/* The options that pcap2flow, zeek2flow and flowcap have in common. */
struct converter_options {
    struct locality *locality;
    const char *cache_path; /* NULL: no cache */
    uint8_t family;
    bool keep_all, extended, verbose, quiet;
    bool cache_failed; /* which has been said; the cache is left alone from then on */
};

#define CONVERTER_SHORT "46ac:hL:qVvx"

/* For getopt_long: --help and --version. */
extern const struct option converter_long_options[];

/* RESULT_NO_MEMORY. */
MUST_CHECK enum result converter_options_init(struct converter_options *options);
void converter_options_destroy(struct converter_options *options);

/* Takes one option of CONVERTER_SHORT but -h and -V. Returns EX_OK, or a status to end with. */
MUST_CHECK int converter_option(struct converter_options *options, int option, const char *value);

/*
 * The name cache of the command line: reads it, and after the work learns from the names of the
 * input. *cache is NULL where there is none. They return a status.
 */
MUST_CHECK int load_cache(struct converter_options *options, struct names **cache);
MUST_CHECK int update_cache(struct converter_options *options, struct names *learned);

extern struct progress progress;

#endif
