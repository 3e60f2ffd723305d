/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading rows ahead: whatever the rows are, they come as the reader gives them, in their order,
 * and damage and the end in their places. The reader here makes up its rows, and breaks what a row
 * points to before it makes the next one.
 */
#include "../folder.h"
#include "log/rowsahead.h"

#include <errno.h>
#include <pthread.h>

/* More than the batches hold together, so that each is used again. */
#define ROWS 20000

/* Rows with more than a batch has room for, and more names than a name has. */
#define MANY_ADDRESSES 20000u
#define TEXT_MAX 5000u

/* Nobody looks at them, but they make reading ahead worth while. */
static const char bytes_of_log[1 << 17];

/* The log that is made up. */
struct made {
    struct log log;
    uint64_t row;
    uint64_t seed;    /* of the next row */
    enum result last; /* after so many rows */
    int error;
    bool damaged_only;
    pthread_t thread; /* that made the last row */
    char texts[4][TEXT_MAX];
    struct address addresses[MANY_ADDRESSES];
};

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* Another text each time; NULL: none. */
static const char *make_text(struct made *made, int number, size_t most, size_t *length)
{
    *length = next_random(&made->seed) % (most + 1);
    memset(made->texts[number], 'a' + (int)(next_random(&made->seed) % 26), most);
    return *length > 0 ? made->texts[number] : NULL;
}

static void make_connection(struct made *made, struct connection *connection)
{
    memset(connection, 0, sizeof *connection);
    connection->start = (int64_t)made->row;
    connection->point = make_text(made, 0, 40, &connection->point_length);
    connection->uid = make_text(made, 1, CONNECTION_ID_MAX, &connection->uid_length);
    connection->community_id =
        make_text(made, 2, CONNECTION_ID_MAX, &connection->community_id_length);
    connection->service = make_text(made, 3, CONNECTION_SERVICE_MAX, &connection->service_length);
}

static void make_names(struct made *made, struct log_row *row)
{
    bool large = next_random(&made->seed) % 64 == 0;

    row->time = (int64_t)made->row;
    row->name = make_text(made, 0, large ? TEXT_MAX - 1 : 60, &row->name_length);
    row->address_count = 1 + next_random(&made->seed) % (large ? MANY_ADDRESSES : 5);
    row->addresses = made->addresses;
    for (size_t i = 0; i < row->address_count; i++)
        made->addresses[i].words[0] = made->row + i;
}

static enum result next_made(struct log *log, struct log_row *row)
{
    struct made *made = (struct made *)(void *)log;

    made->thread = pthread_self();
    memset(made->texts, '?', sizeof made->texts);
    if (made->row == ROWS) {
        errno = made->error;
        return made->last;
    }
    made->row++;
    if (made->damaged_only || next_random(&made->seed) % 8 == 0) {
        snprintf(log->problem, sizeof log->problem, "line %d: %.*s", (int)made->row,
                 (int)(made->row % 200), "it is wrong");
        return RESULT_DAMAGED;
    }
    memset(log->problem, '?', sizeof log->problem - 1);
    log->counts.connections++;
    row->kind = (int)(next_random(&made->seed) % 3);
    if (row->kind == LOG_CONNECTION) {
        make_connection(made, &row->connection);
    } else if (row->kind == LOG_NAMES) {
        make_names(made, row);
    } else {
        row->uid = make_text(made, 0, CONNECTION_ID_MAX, &row->uid_length);
        row->server.length = (uint8_t)(made->row % HOSTNAME_MAX);
        memset(row->server.text, 's', row->server.length);
    }
    return RESULT_OK;
}

static const struct log_reader made_reader = {.next = next_made};

static bool same_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return !a == !b && a_length == b_length && (!a || memcmp(a, b, a_length) == 0);
}

static bool same_connection(const struct connection *a, const struct connection *b)
{
    return a->start == b->start &&
           same_text(a->point, a->point_length, b->point, b->point_length) &&
           same_text(a->uid, a->uid_length, b->uid, b->uid_length) &&
           same_text(a->community_id, a->community_id_length, b->community_id,
                     b->community_id_length) &&
           same_text(a->service, a->service_length, b->service, b->service_length);
}

static bool same_row(const struct log_row *a, const struct log_row *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == LOG_CONNECTION)
        return same_connection(&a->connection, &b->connection);
    if (a->kind == LOG_SESSION)
        return same_text(a->uid, a->uid_length, b->uid, b->uid_length) &&
               same_text(a->server.text, a->server.length, b->server.text, b->server.length);
    return a->time == b->time && same_text(a->name, a->name_length, b->name, b->name_length) &&
           a->address_count == b->address_count &&
           memcmp(a->addresses, b->addresses, a->address_count * sizeof *a->addresses) == 0;
}

/* An input that a thread reads ahead. */
static struct input *open_ahead(void)
{
    struct input *input = NULL;
    char bytes[64];
    size_t got;

    need(input_open(&input, path_of("log")) == RESULT_OK, "input_open");
    need(!input_reads_ahead(input), "it reads ahead early");
    input_read_ahead(input, 64);
    need(input_read(input, bytes, sizeof bytes, &got) == RESULT_OK, "input_read");
    need(input_start_ahead(input) && input_reads_ahead(input), "it does not read ahead");
    return input;
}

/*
 * Reads the first rows, and compares them with what the reader gives. Returns the last result, with
 * its errno.
 */
static enum result read_rows(struct rowsahead *rows, struct made *want, uint64_t most,
                             uint64_t *wrong)
{
    const struct log_row *row;
    struct log_row wanted;
    enum result result = RESULT_OK, should;
    uint64_t done, size, count, useful = 0;
    int error = 0;

    while (most-- > 0 && (result == RESULT_OK || result == RESULT_DAMAGED)) {
        errno = 0;
        result = rowsahead_next(rows, &row);
        error = errno;
        should = next_made(&want->log, &wanted);
        useful += result == RESULT_OK;
        rowsahead_progress(rows, &done, &size, &count);
        *wrong += result != should || count < useful || size != sizeof bytes_of_log || done > size;
        if (result == RESULT_OK)
            *wrong += !same_row(row, &wanted);
        if (result == RESULT_DAMAGED)
            *wrong += strcmp(rowsahead_problem(rows), want->log.problem) != 0;
    }
    errno = error;
    return result;
}

static struct made *make(uint64_t seed, enum result last, int error)
{
    struct made *made = calloc(1, sizeof *made);

    need(made, "no memory");
    made->seed = seed;
    made->last = last;
    made->error = error;
    made->thread = pthread_self();
    return made;
}

/* Reads so many rows of a log that ends that way, with a thread or without. */
static void try(const char *what, struct made *log, uint64_t most, bool ahead)
{
    struct made *want = make(log->seed, log->last, log->error);
    struct input *input = NULL;
    struct rowsahead *rows = NULL;
    uint64_t wrong = 0;
    enum result result;
    int error;

    want->damaged_only = log->damaged_only;
    if (ahead)
        input = open_ahead();
    else
        need(input_open(&input, path_of("log")) == RESULT_OK, "input_open");
    need(rowsahead_init(&rows, &made_reader, &log->log, input) == RESULT_OK, "rowsahead_init");
    result = read_rows(rows, want, most, &wrong);
    error = errno;
    rowsahead_destroy(&rows);
    is_int(wrong, 0, "%s: rows, damage and counts", what);
    if (most > ROWS)
        ok(result == log->last && error == log->error, "%s: the end", what);
    ok(!pthread_equal(log->thread, pthread_self()) == ahead, "%s: who reads", what);
    ok(most > ROWS ? log->row == ROWS : log->row >= most, "%s: what was read", what);
    input_close(&input);
    free(want);
    free(log);
}

int main(void)
{
    struct made *log;

    make_folder("test_rowsahead");
    put_file(path_of("log"), bytes_of_log, sizeof bytes_of_log);
    try("no thread", make(1, RESULT_END, 0), ROWS + 1, false);
    try("a thread", make(1, RESULT_END, 0), ROWS + 1, true);
    try("a stop", make(2, RESULT_SYSTEM, ECANCELED), ROWS + 1, true);
    try("no memory", make(3, RESULT_NO_MEMORY, ENOMEM), ROWS + 1, true);
    log = make(4, RESULT_END, 0);
    log->damaged_only = true;
    try("only damage", log, ROWS + 1, true);
    try("given up at once", make(5, RESULT_END, 0), 1, true);
    try("given up later", make(6, RESULT_END, 0), ROWS / 2, true);
    remove_folder();
    return done();
}
