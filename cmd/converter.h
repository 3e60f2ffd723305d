/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command lines of the converters share: pcap2flow, zeek2flow and flowcap.
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
    bool done; /* an option has been carried out, such as -h: nothing is to be converted */
    struct locality *locality;
    const char *cache_path; /* NULL: no cache */
    const char *sensor;     /* where the records come from; NULL or "": they do not tell */
    uint8_t family;
    bool keep_all, session_names, extended, verbose, quiet;
    uint32_t cache_age;  /* days after which a name leaves the cache that is not seen */
    size_t names_memory; /* bytes that names may take; 0: it goes by what is read */
    uint64_t read;       /* bytes of the sample, as far as they have been told */
    uint64_t read_seen;  /* the same, as far as names may take memory for it */
    struct names *names; /* of the recorder */
    struct names *cache; /* of the recorder; NULL: none */
    bool cache_failed;   /* which has been said; the cache is left alone from then on */
    bool stopped;        /* by a signal, before an input was read to its end; that was said */
};

/* Those without a letter. A tool's own begin at OPTION_OWN. */
enum { OPTION_CACHE_AGE = OPTION_LONG, OPTION_NAMES_MEMORY, OPTION_SENSOR, OPTION_OWN };

/*
 * For the tool's table. It adds -q, -S, -x and --names-memory, which say something else in each
 * tool.
 */
#define CONVERTER_OPTIONS                                                                          \
    {'4', "ipv4", NULL, "IPv4 only"}, {'6', "ipv6", NULL, "IPv6 only"},                            \
        {'a', "all", NULL, "keep everything: local traffic and local services, too"},              \
        {'c', "cache", "CACHE", "take names from this file, too, and add new ones to it"},         \
        {'L', "local", "NET", "treat this network as local (may be repeated)"},                    \
        {'v', "verbose", NULL, "print a summary on standard error"},                               \
        {OPTION_CACHE_AGE, "cache-age", "TIME",                                                    \
         "drop names from CACHE that were not seen for this long (default 30d)"},                  \
        {OPTION_SENSOR, "sensor", "NAME",                                                          \
         "name of this sensor, added to each record (default: $SECFLOW_SENSOR)"},                  \
        COMMON_OPTIONS

/* Returns EX_OK, or a status to end with. */
MUST_CHECK int converter_options_init(struct converter_options *options, const struct tool *tool);
void converter_options_destroy(struct converter_options *options);

/*
 * Takes one option of those, or says what is wrong with one that is not in the tool's table.
 * Returns EX_OK, or a status to end with.
 */
MUST_CHECK int converter_option(struct converter_options *options, int option, char **argv);

/*
 * The records' way out: standard output. Sets up the progress line, too, and takes the sensor from
 * the environment where no option names it. As above.
 */
MUST_CHECK int open_output(struct converter_options *options, struct record_writer **writer);

/* What the command line says of metering; the rest is zero. */
struct meter_options converter_meter(const struct converter_options *options, struct sink sink);

/*
 * Reads the name cache of the command line, where there is one, and makes a recorder that uses it;
 * after the work the cache learns from the names of the input. They return a status; with EX_OSERR
 * there is no recorder.
 */
MUST_CHECK int open_recorder(struct converter_options *options, struct record_writer *writer,
                             struct recorder **recorder);
void close_recorder(struct converter_options *options, struct recorder **recorder);
MUST_CHECK int update_cache(struct converter_options *options, struct names *learned);

/*
 * Tells that so many bytes were read, as they are when nothing is compressed: names may take more
 * memory where there is more input.
 */
void allow_names(struct converter_options *options);
static inline void count_read(struct converter_options *options, uint64_t bytes)
{
    options->read += bytes;
    if (options->read - options->read_seen >= UINT64_C(1) << 20)
        allow_names(options);
}

/*
 * Says why an input cannot be opened or read, as errno and what tell; that a signal ended it, too,
 * which sets stopped and is EX_OK. Returns a status.
 */
MUST_CHECK int read_failed(struct converter_options *options, const char *path, const char *what);

/* The status of all: that something was left unread is the least of what can go wrong. */
int converter_status(const struct converter_options *options, int status);

/* Adds to a summary what the names take, and says what was forgotten for want of room. */
void print_names(const struct converter_options *options);
void tell_forgotten(const struct converter_options *options);

/* What becomes of the cache is told of once. Returns a status. */
MUST_CHECK int cache_updated(struct converter_options *options, enum result result);

/* Why so many things of an input gave no record. */
struct reason {
    uint64_t count;
    const char *what;  /* as in "between local addresses" */
    const char *helps; /* as in "-a keeps them"; NULL: nothing does */
};

/*
 * Says that an input gave no record, for which reasons, and what helps, unless -q is given. thing:
 * what it has, such as "packet".
 */
void report_empty(const struct converter_options *options, const char *path, const char *thing,
                  const struct reason *reasons, size_t count);

#endif
