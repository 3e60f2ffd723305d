/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include "base/nearest.h"
#include "base/number.h"
#include "common.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More options than any tool has, and longer than any name. */
#define OPTIONS_MAX 64
#define NAME_MAX_BYTES 32

/* The longest line of the help text. */
#define LINE_COLUMNS 79

static char typed[NAME_MAX_BYTES + 3];

const char *option_typed(void)
{
    return typed;
}

static bool has_letter(const struct tool_option *option)
{
    return option->id < OPTION_LONG;
}

static const struct tool_option *find_option(const struct tool *tool, int id)
{
    for (size_t i = 0; i < tool->option_count; i++)
        if (tool->options[i].id == id)
            return &tool->options[i];
    return NULL;
}

int next_option(const struct tool *tool, int argc, char **argv)
{
    struct option names[OPTIONS_MAX + 1] = {0};
    char letters[2 * OPTIONS_MAX + 2] = ":", *letter = letters + 1; /* getopt prints nothing */
    int id, index = -1;

    for (size_t i = 0; i < tool->option_count; i++) {
        const struct tool_option *option = &tool->options[i];

        names[i] = (struct option){option->name, option->argument ? required_argument : no_argument,
                                   NULL, option->id};
        if (!has_letter(option))
            continue;
        *letter++ = (char)option->id;
        if (option->argument)
            *letter++ = ':';
    }
    opterr = 0;
    id = getopt_long(argc, argv, letters, names, &index);
    if (index >= 0)
        snprintf(typed, sizeof typed, "--%s", names[index].name);
    else
        snprintf(typed, sizeof typed, "-%c", id);
    return id;
}

/* Problems of a command line. */

/* The name that was probably meant; NULL: none is close. */
static const char *nearest_name(const struct tool *tool, const char *name, size_t length)
{
    const char *names[OPTIONS_MAX];

    for (size_t i = 0; i < tool->option_count; i++)
        names[i] = tool->options[i].name;
    return nearest_word(name, length, names, tool->option_count, NEAREST_THIRD(length));
}

/* Reports an abbreviation that fits several names. */
static int ambiguous(const struct tool *tool, const char *name, size_t length)
{
    char names[OPTIONS_MAX * (NAME_MAX_BYTES + 3)] = "", *end = names;

    for (size_t i = 0; i < tool->option_count; i++)
        if (strncmp(tool->options[i].name, name, length) == 0)
            end += sprintf(end, " --%s", tool->options[i].name);
    return usage_error("option --%.*s can be any of%s", (int)length, name, names);
}

/* Reports an unknown long option, as it was typed. */
static int unknown_name(const struct tool *tool, const char *argument)
{
    const char *name = argument + strspn(argument, "-"), *nearest;
    size_t length = strcspn(name, "="), matches = 0;

    for (size_t i = 0; i < tool->option_count; i++)
        matches += length > 0 && strncmp(tool->options[i].name, name, length) == 0;
    if (matches > 1)
        return ambiguous(tool, name, length);
    nearest = nearest_name(tool, name, length);
    if (nearest)
        return usage_hint("unknown option --%.*s; did you mean --%s?", (int)length, name, nearest);
    return usage_error("unknown option --%.*s", (int)length, name);
}

static int unknown_letter(const struct tool *tool, int letter)
{
    for (const struct habit *habit = tool->habits; habit->letter != 0; habit++)
        if (habit->letter == letter)
            return usage_hint("unknown option -%c; %s", letter, habit->instead);
    return usage_error("unknown option -%c", letter);
}

static int bad_option(const struct tool *tool, int option, char **argv)
{
    const struct tool_option *known = find_option(tool, optopt);

    if (!known)
        return optopt == 0 ? unknown_name(tool, argv[optind - 1]) : unknown_letter(tool, optopt);
    if (option != ':')
        return usage_error("option --%s takes no argument", known->name);
    if (strncmp(argv[optind - 1], "--", 2) == 0)
        return usage_error("option --%s needs an argument: --%s %s", known->name, known->name,
                           known->argument);
    return usage_error("option -%c needs an argument: -%c %s", known->id, known->id,
                       known->argument);
}

/* The help text. */

/* Letters in alphabetical order, capitals first; then options with only a long name. */
static int compare_options(const void *left, const void *right)
{
    const struct tool_option *a = *(const struct tool_option *const *)left;
    const struct tool_option *b = *(const struct tool_option *const *)right;

    if (!has_letter(a) && !has_letter(b))
        return strcmp(a->name, b->name);
    if (!has_letter(a) || !has_letter(b))
        return has_letter(a) ? -1 : 1;
    return tolower(a->id) != tolower(b->id) ? tolower(a->id) - tolower(b->id) : a->id - b->id;
}

/* Prints words from this column on; the line is already there. */
static void print_words(const char *text, int indent)
{
    int column = indent;

    while (*text) {
        int length = (int)strcspn(text, " ");

        if (column > indent && column + 1 + length > LINE_COLUMNS) {
            printf("\n%*s", indent, "");
            column = indent;
        }
        column += printf("%s%.*s", column > indent ? " " : "", length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

/* Writes " -d, --window TIME". Returns its length. */
static int write_names(const struct tool_option *option, char text[LINE_COLUMNS + 1])
{
    const char *argument = option->argument ? option->argument : "";
    const char *separator = option->argument ? " " : "";

    if (has_letter(option))
        return snprintf(text, LINE_COLUMNS + 1, "  -%c, --%s%s%s", option->id, option->name,
                        separator, argument);
    return snprintf(text, LINE_COLUMNS + 1, "      --%s%s%s", option->name, separator, argument);
}

static void print_options(const struct tool *tool)
{
    const struct tool_option *options[OPTIONS_MAX] = {NULL};
    char names[LINE_COLUMNS + 1];
    int indent = 0;

    for (size_t i = 0; i < tool->option_count; i++) {
        int length = write_names(&tool->options[i], names);

        options[i] = &tool->options[i];
        indent = length + 2 > indent ? length + 2 : indent;
    }
    qsort(options, tool->option_count, sizeof *options, compare_options);
    for (size_t i = 0; i < tool->option_count; i++) {
        write_names(options[i], names);
        printf("%-*s", indent, names);
        print_words(options[i]->help, indent);
    }
}

static void print_usage(const struct tool *tool)
{
    const char *line = tool->usage, *before = "usage:";

    while (line) {
        const char *end = strchr(line, '\n');

        printf("%s %s %.*s\n", before, tool_name(), (int)strcspn(line, "\n"), line);
        before = "      ";
        line = end ? end + 1 : NULL;
    }
}

static int print_help(const struct tool *tool)
{
    print_usage(tool);
    print_words(tool->about, 0);
    putchar('\n');
    print_options(tool);
    printf("\nExample: %s\n", tool->example);
    return close_output(EX_OK);
}

static int print_version(const struct tool *tool)
{
    char text[LIBRARY_TEXT];

    printf("%s (secflow) %s", tool_name(), PACKAGE_VERSION);
    for (size_t i = 0; tool->libraries && tool->libraries[i]; i++) {
        tool->libraries[i](text);
        printf("%s%s", i == 0 ? "\nWith " : ", ", text);
    }
    printf("\nReport bugs to %s\n", PACKAGE_BUGREPORT);
    return close_output(EX_OK);
}

int common_option(const struct tool *tool, int option, char **argv, bool *done)
{
    *done = option == 'h' || option == 'V';
    if (option == 'h')
        return print_help(tool);
    return option == 'V' ? print_version(tool) : bad_option(tool, option, argv);
}

/* Arguments. */

int option_number(const char *what, uint64_t least, uint64_t most, uint64_t *number)
{
    if (number_count(optarg, strlen(optarg), number) && *number >= least && *number <= most)
        return EX_OK;
    return usage_error("%s: '%s' is not a number of %s from %" PRIu64 " to %" PRIu64, typed, optarg,
                       what, least, most);
}

/* Units that may follow a number, in order of their factors. */
struct units {
    const char *letters, *example;
    uint64_t factors[4];
};

static const struct units time_units = {
    "smhd", "a time such as 90s, 5m or 12h", {1, 60, 3600, 86400}};
static const struct units size_units = {"KMG",
                                        "a size such as 64K, 10M or 2G",
                                        {UINT64_C(1) << 10, UINT64_C(1) << 20, UINT64_C(1) << 30}};

/* Space for any 64-bit number and its unit. */
#define SCALED_MAX 24

/* Writes a number in the largest unit that keeps it whole. */
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

/* Parses a number with one of the units; bare: the factor of a number without a unit. */
static bool read_scaled(const char *text, const struct units *units, uint64_t bare,
                        uint64_t *number)
{
    size_t length = strlen(text);
    const char *unit = length > 0 ? strchr(units->letters, text[length - 1]) : NULL;

    return number_count(text, length - (unit != NULL), number) &&
           !__builtin_mul_overflow(*number, unit ? units->factors[unit - units->letters] : bare,
                                   number);
}

static int option_scaled(const struct units *units, uint64_t bare, uint64_t least, uint64_t most,
                         uint64_t *number)
{
    char bound[SCALED_MAX];

    if (!read_scaled(optarg, units, bare, number))
        return usage_error("%s: '%s' is not %s", typed, optarg, units->example);
    if (*number >= least && *number <= most)
        return EX_OK;
    write_scaled(*number < least ? least : most, units, bound);
    return usage_error("%s: '%s' is %s than %s", typed, optarg, *number < least ? "less" : "more",
                       bound);
}

int option_time(uint64_t least, uint64_t most, uint64_t *seconds)
{
    return option_scaled(&time_units, 1, least, most, seconds);
}

int option_seconds(uint64_t least, int64_t *microseconds)
{
    uint64_t seconds;
    int status = option_time(least, OPTION_SECONDS_MOST, &seconds);

    if (status == EX_OK)
        *microseconds = (int64_t)seconds * 1000000;
    return status;
}

int option_size(uint64_t least, uint64_t *bytes)
{
    return option_scaled(&size_units, 1, least, INT64_MAX, bytes);
}

int option_memory(uint64_t least, size_t *bytes)
{
    uint64_t size;
    int status = option_scaled(&size_units, 1, least, SIZE_MAX, &size);

    if (status == EX_OK)
        *bytes = (size_t)size;
    return status;
}

int option_kib(uint64_t least, uint64_t most, uint64_t *kib)
{
    uint64_t bytes = 0;
    int status = option_scaled(&size_units, 1024, 1024 * least, 1024 * most, &bytes);

    *kib = bytes / 1024;
    return status;
}
