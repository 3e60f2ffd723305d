#include "common.h"

#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct progress progress;

const struct option common_long_options[] = {COMMON_LONG_OPTIONS};

static const char *tool_name;
static bool never_wait; /* for standard error */

/* What is closed stays unusable, but no file that is opened takes its place. */
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
    tool_name = tool;
    occupy_standard_descriptors();
    /* A pipe whose reader is gone ends the tool quietly, even where its parent ignored that. */
    signal(SIGPIPE, SIG_DFL);
}

void messages_never_wait(void)
{
    never_wait = true;
}

/* Whether a message can be written without waiting: one that is shorter than PIPE_BUF, in a pipe.
 */
static bool takes_message(void)
{
    struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};

    return !never_wait || poll(&fd, 1, 0) > 0;
}

const char *input_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* The longest text of a message, before it is escaped. */
#define MESSAGE_MAX (PATH_MAX + 1024)

/* Control characters, which a terminal would obey, are told as \xNN: those of ASCII, and of C1. */
static void put_message(const char *text)
{
    const unsigned char *start = (const unsigned char *)text;
    char escaped[4 * MESSAGE_MAX + 8], *out = escaped;

    for (const unsigned char *p = start; *p && p - start < MESSAGE_MAX - 1; p++) {
        bool c1 = *p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;

        if (c1 || *p < ' ' || *p == 0x7f)
            out += sprintf(out, "\\x%02x", *p);
        else
            *out++ = (char)*p;
        if (c1)
            out += sprintf(out, "\\x%02x", *++p);
    }
    *out = '\0';
    fputs(escaped, stderr);
}

void begin_message(const char *file)
{
    progress_clear(&progress);
    fprintf(stderr, "%s: ", tool_name);
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

int usage_error(const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;

    begin_message(NULL);
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put_message(text);
    fprintf(stderr, "; try '%s --help'\n", tool_name);
    return EX_USAGE;
}

static int bad_option(int option, char **argv)
{
    if (option == ':' && optopt > UCHAR_MAX) /* a long one that has no short one */
        return usage_error("option %s needs an argument", argv[optind - 1]);
    if (option == ':')
        return usage_error("option -%c needs an argument", optopt);
    /* A long one, or one that has a value and takes none. */
    if (optopt == 0 || (strncmp(argv[optind - 1], "--", 2) == 0 && strchr(argv[optind - 1], '=')))
        return usage_error("unknown option %s", argv[optind - 1]);
    return usage_error("unknown option -%c", optopt);
}

static int print_version(void)
{
    printf("%s (secflow) %s\n", tool_name, PACKAGE_VERSION);
    return close_output(EX_OK);
}

static int print_help(const char *text)
{
    fputs(text, stdout);
    return close_output(EX_OK);
}

int common_option(int option, char **argv, const char *help, bool *done)
{
    *done = option == 'h' || option == 'V';
    if (option == 'h')
        return print_help(help);
    return option == 'V' ? print_version() : bad_option(option, argv);
}

int option_number(const char *option, const char *text, const char *what, uint64_t least,
                  uint64_t most, uint64_t *number)
{
    if (number_count(text, strlen(text), number) && *number >= least && *number <= most)
        return EX_OK;
    return usage_error("%s: '%s' is not a number of %s from %" PRIu64 " to %" PRIu64, option, text,
                       what, least, most);
}

/* Units that a number can have behind it, in order of their factors. */
struct units {
    const char *letters, *example;
    uint64_t factors[4];
};

static const struct units time_units = {
    "smhd", "a time such as 90s, 5m or 12h", {1, 60, 3600, 86400}};
static const struct units size_units = {"KMG",
                                        "a size such as 64K, 10M or 2G",
                                        {UINT64_C(1) << 10, UINT64_C(1) << 20, UINT64_C(1) << 30}};

/* Room for any 64-bit number and its unit. */
#define SCALED_MAX 24

/* Writes a number in the largest unit that leaves it whole. */
static void write_scaled(uint64_t number, const struct units *units, char text[SCALED_MAX])
{
    size_t unit = strlen(units->letters);

    while (unit > 0 && number % units->factors[unit - 1] != 0)
        unit--;
    if (unit > 0)
        snprintf(text, SCALED_MAX, "%" PRIu64 "%c", number / units->factors[unit - 1],
                 units->letters[unit - 1]);
    else
        snprintf(text, SCALED_MAX, "%" PRIu64, number);
}

/* A number with one of the units behind it, or without. */
static bool read_scaled(const char *text, const struct units *units, uint64_t *number)
{
    size_t length = strlen(text);
    const char *unit = length > 0 ? strchr(units->letters, text[length - 1]) : NULL;

    return number_count(text, length - (unit != NULL), number) &&
           !__builtin_mul_overflow(*number, unit ? units->factors[unit - units->letters] : 1,
                                   number);
}

static int option_scaled(const char *option, const char *text, const struct units *units,
                         uint64_t least, uint64_t most, uint64_t *number)
{
    char bound[SCALED_MAX];

    if (!read_scaled(text, units, number))
        return usage_error("%s: '%s' is not %s", option, text, units->example);
    if (*number >= least && *number <= most)
        return EX_OK;
    write_scaled(*number < least ? least : most, units, bound);
    return usage_error("%s: '%s' is %s than %s", option, text, *number < least ? "less" : "more",
                       bound);
}

int option_time(const char *option, const char *text, uint64_t least, uint64_t most,
                uint64_t *seconds)
{
    return option_scaled(option, text, &time_units, least, most, seconds);
}

int option_seconds(const char *option, const char *text, uint64_t least, int64_t *microseconds)
{
    uint64_t seconds;
    int status = option_time(option, text, least, OPTION_SECONDS_MOST, &seconds);

    if (status == EX_OK)
        *microseconds = (int64_t)seconds * 1000000;
    return status;
}

int option_size(const char *option, const char *text, uint64_t least, uint64_t *bytes)
{
    return option_scaled(option, text, &size_units, least, INT64_MAX, bytes);
}

int option_memory(const char *option, const char *text, uint64_t least, size_t *bytes)
{
    uint64_t size;
    int status = option_scaled(option, text, &size_units, least, SIZE_MAX, &size);

    if (status == EX_OK)
        *bytes = (size_t)size;
    return status;
}

int signal_descriptor(const int *signals, size_t count)
{
    struct sigaction old;
    sigset_t set;

    /* The kernel keeps a blocked signal for the descriptor even where it is ignored. */
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
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

int close_output(int status)
{
    bool failed = ferror(stdout) != 0;

    if (fclose(stdout) != 0)
        failed = true;
    if (failed && status != EX_IOERR) /* which has been said then */
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

/* Damages of one input that are told of before the rest is only counted. */
#define DAMAGES_TOLD 3

void add_damage(struct damages *damages, const char *problem)
{
    if (damages->count++ < DAMAGES_TOLD)
        complain(damages->path, "%s", problem);
}

int end_damages(const struct damages *damages)
{
    if (damages->count > DAMAGES_TOLD)
        complain(damages->path, "damaged in %" PRIu64 " more line%s", damages->count - DAMAGES_TOLD,
                 damages->count == DAMAGES_TOLD + 1 ? "" : "s");
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
