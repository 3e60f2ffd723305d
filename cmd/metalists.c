/* SPDX-License-Identifier: Apache-2.0 */
#include "metalists.h"

#include "base/files.h"
#include "base/grow.h"
#include "base/number.h"
#include "know/lists.h"
#include "listfiles.h"
#include "secflows.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct metasource {
    const char *path;
    enum relevance relevance;
};

/* One reading of all. */
struct reading {
    const struct metalists *lists; /* with what was known before */
    struct known *known;
    char **paths;
    size_t path_count, path_capacity;
    enum relevance relevance;
    struct damages damages;
    struct lookahead *in;
    int status; /* the worst */
};

int metalists_add(struct metalists *lists, const char *path, enum relevance relevance)
{
    struct metasource *grown =
        grow(lists->sources, lists->source_count, &lists->source_capacity, sizeof *grown);

    if (!grown)
        return out_of_memory();
    lists->sources = grown;
    grown[lists->source_count++] = (struct metasource){path, relevance};
    return EX_OK;
}

bool metalists_have(const struct metalists *lists, const char *path)
{
    for (size_t i = 0; i < lists->source_count; i++)
        if (strcmp(lists->sources[i].path, path) == 0)
            return true;
    return false;
}

static void free_paths(char **paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
}

void metalists_destroy(struct metalists *lists)
{
    free(lists->sources);
    free_paths(lists->paths, lists->path_count);
    known_destroy(&lists->known);
}

static void worsen(struct reading *reading, int status)
{
    reading->status = worse_status(reading->status, status);
}

/* Remembers the path of the list that was begun last, if one was. */
static enum result note_path(struct reading *reading, const char *path)
{
    char **grown;

    if (reading->path_count == known_lists(reading->known))
        return RESULT_OK;
    grown = grow(reading->paths, reading->path_count, &reading->path_capacity, sizeof *grown);
    reading->paths = grown ? grown : reading->paths;
    if (!grown || !(grown[reading->path_count] = strdup(path)))
        return RESULT_NO_MEMORY;
    reading->path_count++;
    return RESULT_OK;
}

/* True if a list is the file of that path, or is in the directory of that path. */
static bool is_of(const char *list, const char *path)
{
    size_t length = strlen(path);

    return strncmp(list, path, length) == 0 &&
           (list[length] == '\0' || list[length] == '/' || path[length - 1] == '/');
}

/* Takes what was known of a file or directory before; *any: there was something. */
static enum result keep(struct reading *reading, const char *path, bool *any)
{
    const struct metalists *lists = reading->lists;
    enum result result = RESULT_OK;

    *any = false;
    for (size_t i = 0; i < lists->path_count && result == RESULT_OK; i++) {
        if (!is_of(lists->paths[i], path) || known_forgotten(lists->known, (uint16_t)i))
            continue;
        result = known_copy(reading->known, lists->known, (uint16_t)i);
        if (result == RESULT_OK)
            result = note_path(reading, lists->paths[i]);
        *any = true;
    }
    return result;
}

/* The same after a problem, which has been told. */
static enum result keep_old(struct reading *reading, const char *path)
{
    bool any;
    enum result result = keep(reading, path, &any);

    if (any && result == RESULT_OK)
        complain(path, "what it held before stays in use");
    return result;
}

static void tell_damage(void *context, uint64_t line, const char *problem)
{
    struct reading *reading = context;
    char text[LIST_PROBLEM];

    snprintf(text, sizeof text, "line %" PRIu64 ": %s", line, problem);
    add_damage(&reading->damages, text);
}

/* The name of a file without its directory and what follows the first dot in it. */
static void set_name(const char *path, char name[NAME_MAX + 1])
{
    const char *slash = strrchr(path, '/');

    snprintf(name, NAME_MAX + 1, "%s", slash ? slash + 1 : input_name(path));
    if (name[0] != '\0')
        name[1 + strcspn(name + 1, ".")] = '\0';
}

/* True if nothing came of a list, or if entries are left out that its format does not expect. */
static bool is_odd(const struct list *list)
{
    return (list->entries == 0 && list->rules == 0) || (list->others > 0 && !list->mixed);
}

static void tell(const struct reading *reading, const char *path, const struct list *list)
{
    char entries[NUMBER_GROUPED], others[NUMBER_GROUPED];

    if (reading->lists->quiet || (!reading->lists->verbose && !is_odd(list)))
        return;
    number_grouped(entries, list->entries);
    number_grouped(others, list->others);
    complain(path, "%s: %s %s%s%s%s", list->format, list->entries > 0 ? entries : "no",
             list->entries == 1 ? "entry" : "entries", list->others > 0 ? ", and " : "",
             list->others > 0 ? others : "",
             list->others > 0 ? " left out that flows tell nothing of, such as URLs and hashes"
                              : "");
}

static enum result read_opened(struct reading *reading, const char *path, struct input *input)
{
    char name[NAME_MAX + 1];
    struct list list = {
        .name = name, .relevance = reading->relevance, .damaged = tell_damage, .context = reading};
    size_t before = known_lists(reading->known);
    enum result result;
    int ended;
    bool good;

    set_name(path, name);
    reading->damages = (struct damages){.path = path};
    lookahead_init(reading->in, input);
    result = lists_read(reading->known, reading->in, &list);
    if (result != RESULT_OK && result != RESULT_DAMAGED)
        return result;
    ended = input_ended(reading->in, path, 0);
    worsen(reading, ended);
    good = ended == EX_OK;
    if (good && result == RESULT_DAMAGED)
        complain(path, "%s", list.problem);
    if (result == RESULT_DAMAGED)
        worsen(reading, EX_DATAERR);
    else if (good)
        tell(reading, path, &list);
    worsen(reading, end_damages(&reading->damages));
    good = good && result == RESULT_OK;
    result = note_path(reading, path);
    if (!good && known_lists(reading->known) > before && reading->lists->known)
        known_forget(reading->known, list.number);
    return good || result != RESULT_OK ? result : keep_old(reading, path);
}

static enum result read_file(void *context, const char *path)
{
    struct reading *reading = context;
    struct input *input;
    enum result result = input_open(&input, path);
    bool any;

    if (result == RESULT_NO_MEMORY)
        return result;
    if (result != RESULT_OK) {
        complain_errno(path, "cannot open");
        worsen(reading, EX_NOINPUT);
        return keep_old(reading, path);
    }
    result = !input_is_regular(input) && reading->lists->known ? keep(reading, path, &any)
                                                               : read_opened(reading, path, input);
    input_close(&input);
    return result;
}

static enum result unreadable(void *context, const char *path, const char *why)
{
    struct reading *reading = context;

    complain(path, "cannot read the directory: %s", why);
    worsen(reading, EX_NOINPUT);
    return keep_old(reading, path);
}

static int failed(enum result result)
{
    if (result == RESULT_INVALID) {
        complain(NULL, "more than %u lists; put some of them into one file", KNOWN_LISTS);
        return EX_OSERR;
    }
    return start_failed(result);
}

int metalists_read(struct metalists *lists)
{
    struct reading reading = {.lists = lists, .in = malloc(sizeof *reading.in)};
    const struct list_files files = {read_file, unreadable, &reading};
    enum result result = reading.in ? known_init(&reading.known) : RESULT_NO_MEMORY;

    for (size_t i = 0; i < lists->source_count && result == RESULT_OK; i++) {
        reading.relevance = lists->sources[i].relevance;
        result = list_files(lists->sources[i].path, &files);
    }
    free(reading.in);
    if (result == RESULT_OK)
        result = known_ready(reading.known);
    if (result != RESULT_OK) {
        free_paths(reading.paths, reading.path_count);
        known_destroy(&reading.known);
        return failed(result);
    }
    if (known_dropped(reading.known) > 0 && !lists->quiet)
        complain(NULL,
                 "%" PRIu64 " entries are left out: what one name or address has may come "
                 "from %u entries at most",
                 known_dropped(reading.known), KNOWN_FACTS);
    free_paths(lists->paths, lists->path_count);
    known_destroy(&lists->known);
    lists->known = reading.known;
    lists->paths = reading.paths;
    lists->path_count = reading.path_count;
    return reading.status;
}
