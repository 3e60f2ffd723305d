/* SPDX-License-Identifier: Apache-2.0 */
#include "stores.h"

#include "base/clock.h"
#include "base/number.h"
#include "base/output.h"
#include "record/put.h"
#include "secflows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A store is young below either: then nearly everything is new to it. */
#define YOUNG_SAMPLES 100
#define YOUNG_DAYS 7

int stores_complain(const char *path, const struct seen *seen, bool quiet)
{
    static const int statuses[] = {
        [SEEN_MISSING] = EX_NOINPUT, [SEEN_FOREIGN] = EX_DATAERR, [SEEN_BUSY] = EX_TEMPFAIL,
        [SEEN_DENIED] = EX_NOPERM,   [SEEN_FAILED] = EX_IOERR,
    };

    if (!quiet)
        complain(path, "%s", seen_problem(seen));
    return statuses[seen_trouble(seen)];
}

/* The status for a result, after a message unless it is RESULT_OK. */
static int status_of(const char *path, const struct seen *seen, enum result result)
{
    switch (result) {
    case RESULT_OK:
        return EX_OK;
    case RESULT_NO_MEMORY:
        return out_of_memory();
    default:
        return stores_complain(path, seen, false);
    }
}

int stores_open(struct seen **seen, const char *path, enum seen_mode mode)
{
    if (seen_init(seen) != RESULT_OK)
        return out_of_memory();
    return status_of(path, *seen, seen_open(*seen, path, mode));
}

enum result stores_forget(const char *path, struct seen *seen, int64_t age, uint64_t *forgotten,
                          int *status)
{
    int64_t newest, rows = 0;
    enum result result = seen_is_there(seen) ? seen_begin(seen) : RESULT_END;

    if (result == RESULT_OK)
        result = seen_newest(seen, clock_wall() / SECOND, &newest);
    if (result == RESULT_OK)
        result = seen_forget(seen, newest - age / SECOND, &rows);
    if (result == RESULT_OK)
        result = seen_commit(seen);
    if (result == RESULT_OK)
        *forgotten += (uint64_t)rows;
    if (result == RESULT_SYSTEM) {
        seen_undo(seen);
        *status = final_status(*status, stores_complain(path, seen, false));
    }
    return result == RESULT_NO_MEMORY ? result : RESULT_OK;
}

void stores_tell_young(const char *path, struct seen *seen)
{
    struct seen_figures figures;
    int64_t samples, days;

    if (seen_figures(seen, &figures) != RESULT_OK)
        return;
    samples = figures.samples > figures.most ? figures.samples : figures.most;
    days = (figures.last - figures.first) / DAY_SECONDS;
    if (samples < YOUNG_SAMPLES || days < YOUNG_DAYS)
        complain(path,
                 "the store is young: %" PRId64 " samples of %" PRId64
                 " days; what is new to it need not be rare before %d samples and %d days",
                 samples, days, YOUNG_SAMPLES, YOUNG_DAYS);
}

/* Rows on their way into a store. */
struct merging {
    struct seen *seen;
    size_t count;
    struct seen_row rows[1024];
};

static enum result flush_rows(struct merging *merging)
{
    size_t count = merging->count;

    merging->count = 0;
    return count > 0 ? seen_merge(merging->seen, merging->rows, count) : RESULT_OK;
}

static enum result merge_row(void *context, const struct seen_row *row)
{
    struct merging *merging = context;
    enum result result = RESULT_OK;

    if (merging->count == sizeof merging->rows / sizeof *merging->rows)
        result = flush_rows(merging);
    if (result != RESULT_OK)
        return result;
    merging->rows[merging->count] = *row;
    return seen_number(merging->seen, row->counter, true, &merging->rows[merging->count++].counter);
}

static enum result merge_sample(void *context, int64_t sample)
{
    struct merging *merging = context;
    bool is_new;

    return seen_enter(merging->seen, sample, &is_new);
}

/* Ends a transaction: with all that was merged if the result was RESULT_OK, else with nothing. */
static enum result end_merging(struct merging *merging, enum result result)
{
    if (result == RESULT_OK)
        result = flush_rows(merging);
    if (result == RESULT_OK)
        result = seen_commit(merging->seen);
    if (result != RESULT_OK)
        seen_undo(merging->seen);
    merging->count = 0;
    return result;
}

/* True if both paths are one file: merged into itself a store stays what it is. */
static bool is_same_file(const char *a, const char *b)
{
    struct stat stat_a, stat_b;

    return stat(a, &stat_a) == 0 && stat(b, &stat_b) == 0 && stat_a.st_dev == stat_b.st_dev &&
           stat_a.st_ino == stat_b.st_ino;
}

/* Each store is merged wholly or not at all. */
static int merge_store(const char *path, struct merging *merging, const char *other_path)
{
    struct seen *other = NULL;
    enum result result = RESULT_OK;
    int status = EX_OK;

    if (is_same_file(path, other_path))
        return EX_OK;
    status = stores_open(&other, other_path, SEEN_ASK);
    if (status == EX_OK && (result = seen_begin(merging->seen)) == RESULT_OK)
        result = end_merging(merging, seen_each(other, false, merge_row, merge_sample, merging));
    if (result == RESULT_SYSTEM && *seen_problem(other))
        status = stores_complain(other_path, other, false);
    else if (result != RESULT_OK)
        status = status_of(path, merging->seen, result);
    seen_destroy(&other);
    return status;
}

static int merge_stores(const char *path, struct seen *seen, char **paths, size_t count)
{
    struct merging *merging = calloc(1, sizeof *merging);
    int status = EX_OK;

    if (!merging)
        return out_of_memory();
    merging->seen = seen;
    for (size_t i = 0; i < count; i++)
        status = final_status(status, merge_store(path, merging, paths[i]));
    free(merging);
    return status;
}

static enum result put_row(void *context, const struct seen_row *row)
{
    char line[SEENLINE_MOST];
    size_t length = seenline_row(line, row);

    return output_put(context, line, length) == RESULT_OK ? RESULT_OK : RESULT_END;
}

static enum result put_sample(void *context, int64_t sample)
{
    char line[SEENLINE_MOST];
    size_t length = seenline_sample(line, sample);

    return output_put(context, line, length) == RESULT_OK ? RESULT_OK : RESULT_END;
}

/* RESULT_END: standard output accepts no more. */
static int export_store(const char *path, struct seen *seen)
{
    struct output *output = malloc(sizeof *output);
    enum result result;
    int status;

    if (!output)
        return out_of_memory();
    output_init(output, STDOUT_FILENO);
    result = seen_begin(seen); /* one state of the store, while others write */
    if (result == RESULT_OK)
        result = seen_each(seen, true, put_row, put_sample, output);
    if (result == RESULT_OK && output_flush(output) != RESULT_OK)
        result = RESULT_END;
    status = result == RESULT_END ? output_failed(RESULT_SYSTEM) : status_of(path, seen, result);
    free(output);
    return close_output(status);
}

struct import {
    struct merging merging;
    struct json *json;
    struct lookahead in;
    struct damages damages;
    uint64_t number;
    bool begun; /* a line was good: there is something to merge */
};

static enum result import_line(struct import *import, const char *text, size_t length)
{
    char message[240];
    const char *problem;
    struct seenline line;
    enum result result = seenline_read(import->json, text, length, &line, &problem);

    if (result == RESULT_DAMAGED) {
        snprintf(message, sizeof message, "line %" PRIu64 ": not a line of flowseen -X: %s",
                 import->number, problem);
        add_damage(&import->damages, message);
        return RESULT_OK;
    }
    if (result == RESULT_OK && !import->begun)
        result = seen_begin(import->merging.seen);
    if (result != RESULT_OK)
        return result;
    import->begun = true;
    return line.is_sample ? merge_sample(&import->merging, line.sample)
                          : merge_row(&import->merging, &line.row);
}

/* RESULT_END: all lines were read. */
static enum result import_lines(struct import *import)
{
    enum result result;
    const char *text;
    size_t length;

    while ((result = lookahead_line(&import->in, &text, &length)) == RESULT_OK ||
           result == RESULT_DAMAGED) {
        import->number++;
        if (result == RESULT_DAMAGED)
            add_damage(&import->damages, "a line does not end within 1 MiB");
        else if (length > 0 && (result = import_line(import, text, length)) != RESULT_OK)
            return result;
    }
    return result;
}

/* All lines of a file that can be read are merged in one transaction. */
static int import_file(struct import *import, const char *store, const char *path)
{
    struct input *input;
    enum result result = input_open(&input, path);
    int status = EX_OK;

    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    if (result != RESULT_OK) {
        complain_errno(path, "cannot open");
        return EX_NOINPUT;
    }
    lookahead_init(&import->in, input);
    import->damages = (struct damages){.path = path};
    import->number = 0;
    import->begun = false;
    result = import_lines(import);
    result = result == RESULT_END ? RESULT_OK : result;
    if (import->begun)
        result = end_merging(&import->merging, result);
    status = status_of(store, import->merging.seen, result);
    status = final_status(status, input_ended(&import->in, path, 0));
    input_close(&input);
    return final_status(status, end_damages(&import->damages));
}

static int import_files(const char *store, struct seen *seen, char **paths, size_t count)
{
    struct import *import = calloc(1, sizeof *import);
    int status = EX_OK;

    if (!import)
        return out_of_memory();
    import->merging.seen = seen;
    if (seenline_reader(&import->json) != RESULT_OK)
        status = out_of_memory();
    tell_inputs(paths, count, "lines of flowseen -X");
    for (size_t i = 0; i < count && status != EX_OSERR; i++)
        status = final_status(status, import_file(import, store, paths[i]));
    json_destroy(&import->json);
    free(import);
    return status;
}

static void print_figure(const char *name, int64_t number)
{
    char text[NUMBER_GROUPED];

    printf("%-12s%s\n", name, number_grouped(text, (uint64_t)number));
}

static void print_time(const char *name, int64_t seconds)
{
    char text[40];

    if (seconds >= 0) {
        *put_second(text, seconds) = '\0';
        printf("%-12s%s\n", name, text);
    }
}

static int list_store(const char *path, struct seen *seen)
{
    struct seen_figures figures;
    struct stat stat_store;
    enum result result = seen_figures(seen, &figures);

    if (result != RESULT_OK)
        return status_of(path, seen, result);
    print_figure("samples", figures.samples);
    print_figure("keys", figures.keys);
    print_figure("rows", figures.rows);
    print_figure("counters", figures.counters);
    print_time("first", figures.first);
    print_time("last", figures.last);
    if (stat(path, &stat_store) == 0)
        print_figure("bytes", stat_store.st_size);
    return close_output(EX_OK);
}

int stores_do(enum store_task task, const char *path, struct seen *seen, char **paths, size_t count)
{
    switch (task) {
    case STORE_MERGE:
        return merge_stores(path, seen, paths, count);
    case STORE_EXPORT:
        return export_store(path, seen);
    case STORE_IMPORT:
        return import_files(path, seen, paths, count);
    default:
        return list_store(path, seen);
    }
}
