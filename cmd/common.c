/* SPDX-License-Identifier: Apache-2.0 */
#include "common.h"

#include "base/number.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Three of them fit the cache of a processor core. */
#define BLOCK_BYTES (1024u * 1024)
#define BLOCK_BYTES_MAX (256u * 1024 * 1024)

struct progress progress;

static const char *name;
static bool never_wait; /* for standard error */

/* Closed descriptors stay unusable, but no newly opened file takes their place. */
static void occupy_standard_descriptors(void)
{
    if (fcntl(STDIN_FILENO, F_GETFD) < 0)
        open("/dev/null", O_WRONLY);
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
        open("/dev/null", O_RDONLY);
    if (fcntl(STDERR_FILENO, F_GETFD) < 0)
        open("/dev/null", O_WRONLY);
}

void common_init(const char *tool)
{
    name = tool;
    occupy_standard_descriptors();
    /* A pipe whose reader is gone ends the tool quietly, even if its parent ignored SIGPIPE. */
    signal(SIGPIPE, SIG_DFL);
}

const char *tool_name(void)
{
    return name;
}

void messages_never_wait(void)
{
    never_wait = true;
}

/* True if a message can be written without blocking: shorter than PIPE_BUF, to a pipe. */
static bool takes_message(void)
{
    struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};

    return !never_wait || poll(&fd, 1, 0) > 0;
}

const char *input_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* The longest message, before escaping. */
#define MESSAGE_MAX (PATH_MAX + 1024)

/* Without what a terminal would obey, and what would turn the line around. */
static void put_message(const char *text)
{
    char escaped[4 * MESSAGE_MAX + 1];

    text_escape(text, strnlen(text, MESSAGE_MAX), escaped, sizeof escaped);
    fputs(escaped, stderr);
}

void begin_message(const char *file)
{
    progress_clear(&progress);
    fprintf(stderr, "%s: ", name);
    if (file) {
        put_message(input_name(file));
        fputs(": ", stderr);
    }
}

void complain(const char *file, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;

    if (!takes_message())
        return;
    begin_message(file);
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put_message(text);
    fputc('\n', stderr);
}

void complain_errno(const char *file, const char *what)
{
    complain(file, "%s: %s", what, strerror(errno));
}

static void put_usage(const char *format, va_list args)
{
    char text[MESSAGE_MAX];

    begin_message(NULL);
    vsnprintf(text, sizeof text, format, args);
    put_message(text);
}

int usage_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put_usage(format, args);
    va_end(args);
    fprintf(stderr, "; try '%s --help'\n", name);
    return EX_USAGE;
}

int usage_hint(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put_usage(format, args);
    va_end(args);
    fputc('\n', stderr);
    return EX_USAGE;
}

int input_paths(int argc, char **argv, char ***paths, size_t *count)
{
    static char dash[] = "-", *standard_input[] = {dash};
    size_t dashes = 0;

    *paths = optind < argc ? argv + optind : standard_input;
    *count = optind < argc ? (size_t)(argc - optind) : 1;
    for (size_t i = 0; i < *count; i++)
        dashes += strcmp((*paths)[i], "-") == 0;
    return dashes > 1 ? usage_error("standard input can be read only once") : EX_OK;
}

/* A file among the inputs; path: its place there. */
struct given {
    dev_t device;
    ino_t inode;
    size_t path;
};

/* By file, and then as given. */
static int compare_given(const void *left, const void *right)
{
    const struct given *a = left, *b = right;

    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    return a->path < b->path ? -1 : 1;
}

/* Tells of files that are given again, by a pattern or a link. */
static void tell_twice(char **paths, size_t count)
{
    struct given *given = malloc(count * sizeof *given);
    size_t files = 0;
    struct stat stat_of;

    for (size_t i = 0; given && i < count; i++)
        if (strcmp(paths[i], "-") != 0 && stat(paths[i], &stat_of) == 0 && S_ISREG(stat_of.st_mode))
            given[files++] = (struct given){stat_of.st_dev, stat_of.st_ino, i};
    if (files > 1)
        qsort(given, files, sizeof *given, compare_given);
    for (size_t i = 1; i < files; i++)
        if (given[i].device == given[i - 1].device && given[i].inode == given[i - 1].inode)
            complain(paths[given[i].path], "the same file as %s: it is read twice",
                     paths[given[i - 1].path]);
    free(given);
}

size_t thread_block(void)
{
    const char *text = getenv("SECFLOW_BLOCK");
    uint64_t bytes;

    return text && number_count(text, strlen(text), &bytes) && bytes <= BLOCK_BYTES_MAX
               ? (size_t)bytes
               : BLOCK_BYTES;
}

void tell_inputs(char **paths, size_t count, const char *what)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(paths[i], "-") == 0 && isatty(STDIN_FILENO))
            complain(NULL, "reading %s from standard input; Ctrl-D ends it", what);
    if (count > 1)
        tell_twice(paths, count);
}

int close_output(int status)
{
    bool failed = ferror(stdout) != 0;

    if (fclose(stdout) != 0)
        failed = true;
    if (failed && status != EX_IOERR) /* otherwise already reported */
        complain_errno(NULL, "cannot write to standard output");
    return failed ? EX_IOERR : status;
}

void print_part(const char **separator, uint64_t count, const char *what)
{
    if (count > 0) {
        fprintf(stderr, "%s %" PRIu64 " %s", *separator, count, what);
        *separator = ",";
    }
}

/* Problems of one input that are printed before the rest is counted. */
#define DAMAGES_TOLD 3

void add_damage(struct damages *damages, const char *problem)
{
    if (damages->count++ < DAMAGES_TOLD)
        complain(damages->path, "%s", problem);
    else
        snprintf(damages->last, sizeof damages->last, "%s", problem);
}

int end_damages(const struct damages *damages)
{
    if (damages->count > DAMAGES_TOLD + 1)
        complain(damages->path, "damaged in %" PRIu64 " more lines; the last: %s",
                 damages->count - DAMAGES_TOLD, damages->last);
    else if (damages->count > DAMAGES_TOLD)
        complain(damages->path, "%s", damages->last);
    return damages->count > 0 ? EX_DATAERR : EX_OK;
}

int worse_status(int a, int b)
{
    return a > b ? a : b;
}

int final_status(int a, int b)
{
    if (a == EX_TEMPFAIL && b != EX_OK)
        return b;
    return b == EX_TEMPFAIL && a != EX_OK ? a : worse_status(a, b);
}

int out_of_memory(void)
{
    complain(NULL, "out of memory");
    return EX_OSERR;
}

int output_failed(enum result result)
{
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    complain_errno(NULL, "cannot write to standard output");
    return EX_IOERR;
}

int start_failed(enum result result)
{
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    complain_errno(NULL, "cannot start");
    return EX_OSERR;
}
