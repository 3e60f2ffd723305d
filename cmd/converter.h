/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command lines of the tools that make Secflows of something else share.
 */
#ifndef SECFLOW_CONVERTER_H
#define SECFLOW_CONVERTER_H

#include "common.h"
#include "flow/meter.h"
#include "options.h"
#include "packet/locality.h"
#include "record/recorder.h"

struct converter_options {
    const struct tool *tool;
    bool done; /* an option such as -h has been carried out: there is nothing to convert */
    struct locality *locality;
    const char *cache_path; /* NULL: no cache */
    const char *sensor;     /* added to each record; NULL or "": not added */
    uint8_t family;
    bool keep_all, session_names, extended, verbose, quiet;
    uint32_t cache_age;  /* days after which an unseen name leaves the cache */
    size_t names_memory; /* bytes that names may take; 0: depends on how much is read */
    uint64_t read;       /* bytes of the sample counted so far */
    uint64_t read_seen;  /* the value of read when the limit for names was last set */
    struct names *names; /* owned by the recorder */
    struct names *cache; /* owned by the recorder; NULL: none */
    bool cache_failed;   /* after printing a message; the cache is then left alone */
    bool stopped; /* by a signal, before an input was read to its end; a message was printed */
};

/* Options without a letter. A tool's own begin at OPTION_OWN. */
enum { OPTION_CACHE_AGE = OPTION_LONG, OPTION_NAMES_MEMORY, OPTION_SENSOR, OPTION_OWN };

/*
 * For the tool's table. The tool adds -q, -S, -x and --names-memory, whose help differs between
 * tools.
 */
#define CONVERTER_OPTIONS                                                                          \
    {'4', "ipv4", NULL, "IPv4 only"}, {'6', "ipv6", NULL, "IPv6 only"},                            \
        {'a', "all", NULL, "keep everything, including local traffic and services"},               \
        {'c', "cache", "CACHE", "also take names from this file, and add new ones to it"},         \
        {'L', "local", "NET", "treat this network as local (may be repeated)"},                    \
        {'v', "verbose", NULL, "print a summary on standard error"},                               \
        {OPTION_CACHE_AGE, "cache-age", "TIME",                                                    \
         "drop names from CACHE not seen for this long (default 30d)"},                            \
        {OPTION_SENSOR, "sensor", "NAME",                                                          \
         "name of this sensor, added to each record (default: $SECFLOW_SENSOR)"},                  \
        COMMON_OPTIONS

/* Returns EX_OK, or an exit status. */
MUST_CHECK int converter_options_init(struct converter_options *options, const struct tool *tool);
void converter_options_destroy(struct converter_options *options);

/*
 * Handles one option of CONVERTER_OPTIONS; for one that is not in the tool's table, prints what is
 * wrong. Returns EX_OK, or an exit status.
 */
MUST_CHECK int converter_option(struct converter_options *options, int option, char **argv);

/*
 * Opens standard output for records. Also sets up the progress line, and takes the sensor from the
 * environment if no option names it. Returns EX_OK, or an exit status.
 */
MUST_CHECK int open_output(struct converter_options *options, struct record_writer **writer);

/* Destroys the writer and closes standard output. Returns status, or EX_IOERR. */
int close_records(struct record_writer **writer, int status);

/* The options of metering that the command line sets; the rest is zero. */
struct meter_options converter_meter(const struct converter_options *options, struct sink sink);

/* Where time is cut: microseconds that a flow that is not seen keeps its source. */
#define FLOW_MEMORY (INT64_C(24) * 3600 * 1000000)

/*
 * Cuts time into windows of so many microseconds; 0: does not. Between windows a flow is remembered
 * for its source, but not for ever, and not all flows are if there are many: input may have no end.
 */
void converter_cut_time(struct meter_options *options, int64_t window);

/*
 * Reads the name cache, if there is one, and makes a recorder that uses it; update_cache then adds
 * the names that the input gave. Both return a status; with EX_OSERR there is no recorder.
 */
MUST_CHECK int open_recorder(struct converter_options *options, struct record_writer *writer,
                             struct recorder **recorder);
void close_recorder(struct converter_options *options, struct recorder **recorder);
MUST_CHECK int update_cache(struct converter_options *options, struct names *learned);

/*
 * Adds to the bytes read, counted after decompression: the more input, the more memory names may
 * take.
 */
void allow_names(struct converter_options *options);
static inline void count_read(struct converter_options *options, uint64_t bytes)
{
    options->read += bytes;
    if (options->read - options->read_seen >= UINT64_C(1) << 20)
        allow_names(options);
}

/*
 * Prints why an input cannot be opened or read, from errno and what. If a signal ended reading, it
 * prints that, sets stopped, and returns EX_OK; otherwise an exit status.
 */
MUST_CHECK int read_failed(struct converter_options *options, const char *path, const char *what);

/* The final exit status: input left unread because of a signal ranks below every other failure. */
int converter_status(const struct converter_options *options, int status);

/* Adds the memory of names to a summary; prints how many names were dropped to stay within it. */
void print_names(const struct converter_options *options);
void tell_forgotten(const struct converter_options *options);

/* Prints a problem with the cache, once. Returns a status. */
MUST_CHECK int cache_updated(struct converter_options *options, enum result result);

/* A reason why things in an input gave no record, and how many. */
struct reason {
    uint64_t count;
    const char *what;  /* such as "between local addresses" */
    const char *helps; /* such as "-a keeps them"; NULL: nothing helps */
};

/*
 * Prints that an input gave no record, why, and what helps, unless -q is given. thing: what the
 * input consists of, such as "packet".
 */
void report_empty(const struct converter_options *options, const char *path, const char *thing,
                  const struct reason *reasons, size_t count);

#endif
