/* SPDX-License-Identifier: Apache-2.0 */
#include "rulefiles.h"

#include "base/grow.h"
#include "base/number.h"
#include "know/lists.h"
#include "listfiles.h"
#include "secflows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct reading {
    const struct rulefiles *files;
    struct event_rules *rules;
    struct damages damages;
    struct lookahead *in;
    const char *source; /* what an option named */
    int status;         /* the worst */
};

int rulefiles_add(struct rulefiles *files, const char *path)
{
    const char **grown = grow(files->paths, files->count, &files->capacity, sizeof *grown);

    if (!grown)
        return out_of_memory();
    files->paths = grown;
    grown[files->count++] = path;
    return EX_OK;
}

bool rulefiles_have(const struct rulefiles *files, const char *path)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->paths[i], path) == 0)
            return true;
    return false;
}

bool rulefiles_stay(const struct rulefiles *files)
{
    for (size_t i = 0; i < files->count; i++) {
        const char *path = files->paths[i];
        struct stat stat_of;

        if (strcmp(path, "-") == 0 ||
            (stat(path, &stat_of) == 0 && !S_ISREG(stat_of.st_mode) && !S_ISDIR(stat_of.st_mode))) {
            complain(path, "it is not a file, and so cannot be read again");
            return false;
        }
    }
    return true;
}

void rulefiles_destroy(struct rulefiles *files)
{
    free(files->paths);
}

static void worsen(struct reading *reading, int status)
{
    reading->status = worse_status(reading->status, status);
}

static void tell_damage(struct reading *reading, uint64_t line, const char *problem)
{
    char text[EVENT_PROBLEM + 32];

    snprintf(text, sizeof text, "line %" PRIu64 ": %s", line, problem);
    add_damage(&reading->damages, text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Blank lines and comments say nothing. */
static enum result read_line(struct reading *reading, uint64_t number, const char *line,
                             size_t length)
{
    char problem[EVENT_PROBLEM];
    enum result result;

    while (length > 0 && is_blank(line[length - 1]))
        length--;
    for (; length > 0 && is_blank(*line); length--)
        line++;
    if (length == 0 || *line == '#')
        return RESULT_OK;
    result = event_rules_add(reading->rules, line, length, problem);
    if (result == RESULT_DAMAGED)
        tell_damage(reading, number, problem);
    return result == RESULT_DAMAGED || result == RESULT_END ? RESULT_OK : result;
}

static enum result read_lines(struct reading *reading)
{
    enum result result;
    const char *line;
    size_t length;

    for (uint64_t number = 1;; number++) {
        result = lookahead_line(reading->in, &line, &length);
        if (result == RESULT_END)
            return RESULT_OK;
        if (result == RESULT_DAMAGED)
            tell_damage(reading, number, "it does not end within 1 MiB");
        else if (result == RESULT_OK)
            result = read_line(reading, number, line, length);
        if (result != RESULT_OK && result != RESULT_DAMAGED)
            return result;
    }
}

static void tell(const struct reading *reading, const char *path, size_t rules)
{
    char text[NUMBER_GROUPED];

    if (reading->files->verbose)
        complain(path, "%s %s", number_grouped(text, rules), rules == 1 ? "rule" : "rules");
    else if (!reading->files->quiet && rules == 0 && reading->damages.count == 0 &&
             strcmp(path, reading->source) == 0)
        complain(path, "it has no rules: these are lines of JSON, as flowevent(1) tells");
}

static enum result read_opened(struct reading *reading, const char *path, struct input *input)
{
    size_t before = reading->rules->count;
    enum result result = RESULT_OK;

    reading->damages = (struct damages){.path = path};
    lookahead_init(reading->in, input);
    /* A directory may have lists of other formats. */
    if (lists_are_own(reading->in) || strcmp(path, reading->source) == 0)
        result = read_lines(reading);
    if (result != RESULT_OK)
        return result;
    worsen(reading, input_ended(reading->in, path, 0));
    tell(reading, path, reading->rules->count - before);
    worsen(reading, end_damages(&reading->damages));
    return RESULT_OK;
}

static enum result read_file(void *context, const char *path)
{
    struct reading *reading = context;
    struct input *input;
    enum result result = input_open(&input, path);

    if (result == RESULT_NO_MEMORY)
        return result;
    if (result != RESULT_OK) {
        complain_errno(path, "cannot open");
        worsen(reading, EX_NOINPUT);
        return RESULT_OK;
    }
    result = read_opened(reading, path, input);
    input_close(&input);
    return result;
}

static enum result unreadable(void *context, const char *path, const char *why)
{
    complain(path, "cannot read the directory: %s", why);
    worsen(context, EX_NOINPUT);
    return RESULT_OK;
}

static int failed(enum result result)
{
    if (result == RESULT_INVALID) {
        complain(NULL, "more than %u rules", EVENT_RULES);
        return EX_OSERR;
    }
    return start_failed(result);
}

int rulefiles_read(const struct rulefiles *files, struct event_rules *rules)
{
    struct reading reading = {.files = files, .rules = rules, .in = malloc(sizeof *reading.in)};
    const struct list_files each = {read_file, unreadable, &reading};
    enum result result = reading.in ? event_rules_init(rules) : RESULT_NO_MEMORY;

    for (size_t i = 0; i < files->count && result == RESULT_OK; i++) {
        reading.source = files->paths[i];
        result = list_files(reading.source, &each);
    }
    free(reading.in);
    if (result == RESULT_OK)
        result = event_rules_ready(rules);
    if (result != RESULT_OK)
        return failed(result);
    if (rules->count == 0)
        worsen(&reading, EX_DATAERR);
    return reading.status;
}
