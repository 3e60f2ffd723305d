/* SPDX-License-Identifier: Apache-2.0 */
#include "log/rowsahead.h"

#include "base/relay.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/*
 * One batch that the caller works on, one that is being filled, and some for uneven progress. With
 * fewer rows in each, waking threads costs more than they gain.
 */
#define BATCHES 4
#define BATCH_ROWS 2048
#define BATCH_TEXT (256u * 1024)

struct progress_then {
    uint64_t done, size, count;
};

struct entry {
    enum result result;  /* of the reader */
    struct log_row row;  /* RESULT_OK; what it points to is the batch's */
    const char *problem; /* RESULT_DAMAGED */
};

struct batch {
    size_t count;
    int error; /* errno after the last entry */
    struct progress_then progress;
    struct entry entries[BATCH_ROWS];
    size_t used; /* of the text */
    _Alignas(struct address) char text[BATCH_TEXT];
    char *large; /* for the last entry, if the text has no room for it */
};

struct rowsahead {
    const struct log_reader *reader;
    struct log *log;
    struct input *input;
    struct relay *relay; /* while not NULL, its thread has the log and its input */
    struct batch *batches;
    struct log_row row; /* without a thread; keeps what changes away from what the thread reads */
    bool alone;         /* there is no thread, nor will be */
    const struct batch *batch; /* that the caller works on; NULL: none */
    size_t at;                 /* the next of its entries */
};

enum result rowsahead_init(struct rowsahead **rows, const struct log_reader *reader,
                           struct log *log, struct input *input)
{
    struct rowsahead *new = calloc(1, sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    new->reader = reader;
    new->log = log;
    new->input = input;
    *rows = new;
    return RESULT_OK;
}

/* The bytes that the row points to. */
static size_t texts_length(const struct log_row *row)
{
    const struct connection *connection = &row->connection;

    if (row->kind == LOG_CONNECTION)
        return connection->point_length + connection->community_id_length + connection->uid_length +
               connection->service_length;
    if (row->kind == LOG_SESSION)
        return row->uid_length;
    return row->name_length + row->address_count * sizeof *row->addresses;
}

static void keep(char **out, const char **text, size_t length)
{
    if (length == 0)
        return;
    memcpy(*out, *text, length);
    *text = *out;
    *out += length;
}

/* Copies them to out. */
static void keep_texts(struct log_row *row, char *out)
{
    struct connection *connection = &row->connection;

    if (row->kind == LOG_CONNECTION) {
        keep(&out, &connection->point, connection->point_length);
        keep(&out, &connection->community_id, connection->community_id_length);
        keep(&out, &connection->uid, connection->uid_length);
        keep(&out, &connection->service, connection->service_length);
    } else if (row->kind == LOG_SESSION) {
        keep(&out, &row->uid, row->uid_length);
    } else {
        size_t bytes = row->address_count * sizeof *row->addresses;

        memcpy(out, row->addresses, bytes);
        row->addresses = (const struct address *)(void *)out;
        out += bytes;
        keep(&out, &row->name, row->name_length);
    }
}

/* So many bytes of the batch's text, aligned for addresses. NULL: there is no memory. */
static char *take_text(struct batch *batch, size_t length)
{
    const size_t align = _Alignof(struct address);
    char *text = batch->text + batch->used;

    if (length > BATCH_TEXT - batch->used)
        return batch->large = malloc(length);
    batch->used += (length + align - 1) / align * align;
    return text;
}

/* Reads the next entry of the batch. False: it is the last one, of the batch or of the log. */
static bool read_entry(struct rowsahead *rows, struct batch *batch)
{
    struct entry *entry = &batch->entries[batch->count++];
    size_t length;
    char *text;

    entry->result = rows->reader->next(rows->log, &entry->row);
    batch->error = errno;
    if (entry->result != RESULT_OK && entry->result != RESULT_DAMAGED)
        return false;
    length =
        entry->result == RESULT_OK ? texts_length(&entry->row) : strlen(rows->log->problem) + 1;
    text = take_text(batch, length);
    if (!text)
        entry->result = RESULT_NO_MEMORY;
    else if (entry->result == RESULT_OK)
        keep_texts(&entry->row, text);
    else
        entry->problem = memcpy(text, rows->log->problem, length);
    return batch->count < BATCH_ROWS && batch->large == NULL && text;
}

static bool is_last(const struct entry *entry)
{
    return entry->result != RESULT_OK && entry->result != RESULT_DAMAGED;
}

static void note_progress(const struct rowsahead *rows, struct progress_then *progress)
{
    const struct log_counts *counts = &rows->log->counts;

    input_progress(rows->input, &progress->done, &progress->size);
    progress->count = counts->connections + counts->names + counts->sessions;
}

/* The thread. */
static void run(void *context)
{
    struct rowsahead *rows = context;
    bool last = false;
    size_t slot;

    while (!last && relay_room(rows->relay, &slot)) {
        struct batch *batch = &rows->batches[slot];

        free(batch->large);
        batch->large = NULL;
        batch->count = batch->used = 0;
        while (read_entry(rows, batch))
            ;
        note_progress(rows, &batch->progress);
        last = is_last(&batch->entries[batch->count - 1]);
        relay_put(rows->relay, slot);
    }
}

/* Starts the thread if the input has one by now. */
static bool start(struct rowsahead *rows)
{
    if (rows->alone || !input_reads_ahead(rows->input))
        return false;
    rows->batches = malloc(BATCHES * sizeof *rows->batches);
    for (size_t i = 0; i < BATCHES && rows->batches; i++)
        rows->batches[i].large = NULL;
    rows->alone = !rows->batches || relay_init(&rows->relay, BATCHES, run, rows) != RESULT_OK;
    return rows->relay;
}

void rowsahead_destroy(struct rowsahead **rows)
{
    struct rowsahead *old = *rows;

    if (!old)
        return;
    relay_destroy(&old->relay);
    for (size_t i = 0; i < BATCHES && old->batches; i++)
        free(old->batches[i].large);
    free(old->batches);
    free(old);
    *rows = NULL;
}

/* Begins to fetch a connection from where the thread has left it: the cache of another core. */
static void fetch(const struct batch *batch, size_t at)
{
    if (at >= batch->count)
        return;
    for (size_t i = 0; i < offsetof(struct entry, row.time); i += 64)
        __builtin_prefetch((const char *)&batch->entries[at] + i);
}

enum result rowsahead_next(struct rowsahead *rows, const struct log_row **row)
{
    const struct entry *entry;
    size_t slot;

    if (!rows->relay && !start(rows)) {
        *row = &rows->row;
        return rows->reader->next(rows->log, &rows->row);
    }
    if (!rows->batch || rows->at == rows->batch->count) {
        if (rows->batch)
            relay_return(rows->relay);
        if (!relay_take(rows->relay, &slot))
            return RESULT_END; /* not before the destruction */
        rows->batch = &rows->batches[slot];
        rows->at = 0;
    }
    entry = &rows->batch->entries[rows->at++];
    fetch(rows->batch, rows->at + 1);
    *row = &entry->row;
    if (is_last(entry))
        errno = rows->batch->error;
    return entry->result;
}

const char *rowsahead_problem(const struct rowsahead *rows)
{
    return rows->batch ? rows->batch->entries[rows->at - 1].problem : rows->log->problem;
}

void rowsahead_progress(const struct rowsahead *rows, uint64_t *done, uint64_t *size,
                        uint64_t *count)
{
    struct progress_then now;

    if (rows->batch)
        now = rows->batch->progress;
    else
        note_progress(rows, &now);
    *done = now.done;
    *size = now.size;
    *count = now.count;
}
