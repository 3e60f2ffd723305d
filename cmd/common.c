#include "common.h"

#include "namecache.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct progress progress;

const struct option converter_long_options[] = {
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

static const char *tool_name;

void common_init(const char *tool)
{
    tool_name = tool;
    /* A pipe whose reader is gone ends the tool quietly, even where its parent ignored that. */
    signal(SIGPIPE, SIG_DFL);
}

const char *input_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

void begin_message(const char *file)
{
    progress_clear(&progress);
    fprintf(stderr, "%s: ", tool_name);
    if (file)
        fprintf(stderr, "%s: ", input_name(file));
}

void complain(const char *file, const char *format, ...)
{
    va_list args;

    begin_message(file);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void complain_errno(const char *file, const char *what)
{
    complain(file, "%s: %s", what, strerror(errno));
}

int usage_error(const char *format, ...)
{
    va_list args;

    begin_message(NULL);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "; try '%s --help'\n", tool_name);
    return EX_USAGE;
}

static int bad_option(int option, char **argv)
{
    if (option == ':')
        return usage_error("option -%c needs an argument", optopt);
    if (strncmp(argv[optind - 1], "--", 2) == 0)
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

int close_output(int status)
{
    bool failed = ferror(stdout) != 0;

    if (fclose(stdout) != 0)
        failed = true;
    if (!failed)
        return status;
    complain_errno(NULL, "cannot write to standard output");
    return EX_IOERR;
}

void print_part(const char **separator, uint64_t count, const char *what)
{
    if (count > 0) {
        fprintf(stderr, "%s %" PRIu64 " %s", *separator, count, what);
        *separator = ",";
    }
}

int worse_status(int a, int b)
{
    return a > b ? a : b;
}

int output_failed(enum result result)
{
    if (result == RESULT_NO_MEMORY) {
        complain(NULL, "out of memory");
        return EX_OSERR;
    }
    complain_errno(NULL, "cannot write to standard output");
    return EX_IOERR;
}

int start_failed(enum result result)
{
    if (result == RESULT_NO_MEMORY)
        return output_failed(result);
    complain_errno(NULL, "cannot start");
    return EX_OSERR;
}

int converter_options_init(struct converter_options *options, const char *help)
{
    *options = (struct converter_options){.help = help};
    return locality_init(&options->locality) == RESULT_OK ? EX_OK : output_failed(RESULT_NO_MEMORY);
}

void converter_options_destroy(struct converter_options *options)
{
    locality_destroy(&options->locality);
}

int converter_option(struct converter_options *options, int option, char **argv)
{
    switch (option) {
    case 'h':
        options->done = true;
        return print_help(options->help);
    case 'V':
        options->done = true;
        return print_version();
    case '4':
    case '6':
        if (options->family != 0 && options->family != option - '0')
            return usage_error("-4 and -6 exclude each other");
        options->family = (uint8_t)(option - '0');
        return EX_OK;
    case 'a':
        options->keep_all = true;
        return EX_OK;
    case 'c':
        options->cache_path = optarg;
        return EX_OK;
    case 'L':
        switch (locality_add(options->locality, optarg)) {
        case RESULT_OK:
            return EX_OK;
        case RESULT_DAMAGED:
            return usage_error("-L: '%s' is no network such as 192.0.2.0/24", optarg);
        default:
            return output_failed(RESULT_NO_MEMORY);
        }
    case 'q':
        options->quiet = true;
        return EX_OK;
    case 'v':
        options->verbose = true;
        return EX_OK;
    case 'x':
        options->extended = true;
        return EX_OK;
    default:
        return bad_option(option, argv);
    }
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

int open_output(const struct converter_options *options, struct record_writer **writer)
{
    progress_init(&progress, !options->quiet);
    return record_writer_init(writer, STDOUT_FILENO, options->extended) == RESULT_OK
               ? EX_OK
               : output_failed(RESULT_NO_MEMORY);
}

int load_cache(struct converter_options *options, struct names **cache)
{
    size_t bad_line = 0;
    enum result result;

    *cache = NULL;
    if (!options->cache_path)
        return EX_OK;
    result = names_init(cache);
    if (result == RESULT_OK)
        result = namecache_load(options->cache_path, *cache, &bad_line);
    switch (result) {
    case RESULT_OK:
        return EX_OK;
    case RESULT_DAMAGED:
        if (!options->cache_failed)
            complain(
                options->cache_path,
                "line %zu is no 'ADDRESS NAME'; the file is used as far as it is, and not changed",
                bad_line);
        options->cache_failed = true;
        return EX_DATAERR;
    case RESULT_SYSTEM:
        if (!options->cache_failed)
            complain_errno(options->cache_path, "cannot read the name cache");
        options->cache_failed = true;
        return EX_NOINPUT;
    default:
        return output_failed(RESULT_NO_MEMORY);
    }
}

int update_cache(struct converter_options *options, struct names *learned)
{
    if (!options->cache_path || options->cache_failed)
        return EX_OK;
    switch (namecache_learn(options->cache_path, learned)) {
    case RESULT_OK:
    case RESULT_DAMAGED: /* so since it was loaded; who comes next says so */
        return EX_OK;
    case RESULT_NO_MEMORY:
        return output_failed(RESULT_NO_MEMORY);
    default:
        complain_errno(options->cache_path, "cannot update the name cache");
        options->cache_failed = true;
        return EX_IOERR;
    }
}
