/* SPDX-License-Identifier: Apache-2.0 */
#include "know/seen.h"

#include "know/seenfile.h"
#include "know/seenrows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum statement {
    BEGIN,
    BEGIN_ASK,
    COMMIT,
    UNDO,
    ENTER,
    HAS,
    FIND,
    ADD,
    ALONE,
    WRITE,
    MERGE,
    NUMBER,
    NEW_NUMBER,
    NEWEST,
    FORGET,
    ROWS,
    ROWS_SORTED,
    SAMPLES,
    FIGURES,
    OWN,
    STATEMENTS
};

static const char *const statements[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [BEGIN_ASK] = "BEGIN",
    [COMMIT] = "COMMIT",
    [UNDO] = "ROLLBACK",
    [ENTER] = "INSERT OR IGNORE INTO sample VALUES(?1)",
    [HAS] = "SELECT 1 FROM sample WHERE id=?1",
    [FIND] = "SELECT given.rowid, seen.high, seen.low, seen.counter, seen.n, seen.first, seen.last"
             " FROM temp.given CROSS JOIN main.seen ON seen.high=given.high AND seen.low=given.low",
    [ADD] = "INSERT INTO main.seen SELECT high, low, counter, n, first, last FROM temp.given"
            " WHERE true ON CONFLICT(high, low, counter) DO UPDATE SET n=min(n+excluded.n,?1),"
            "first=min(first,excluded.first),last=max(last,excluded.last)"
            " WHERE tell(high, low, n, first, last)",
    [ALONE] = "SELECT max(number)=0 FROM counter",
    [WRITE] = "REPLACE INTO main.seen SELECT high, low, counter, n, first, last FROM temp.given",
    [MERGE] =
        "INSERT INTO main.seen SELECT high, low, counter, n, first, last FROM temp.given WHERE true"
        " ON CONFLICT(high, low, counter) DO UPDATE SET"
        " n=max(n,excluded.n),first=min(first,excluded.first),last=max(last,excluded.last)"
        " WHERE excluded.n>n OR excluded.first<first OR excluded.last>last",
    [NUMBER] = "SELECT number FROM counter WHERE id=?1",
    [NEW_NUMBER] = "INSERT INTO counter(id) VALUES(?1)",
    [NEWEST] = "SELECT max(last) FROM seen WHERE last<=?1",
    [FORGET] = "DELETE FROM seen WHERE (high, low) IN"
               " (SELECT high, low FROM seen WHERE high>=?2 AND high<=?3"
               " GROUP BY high, low HAVING max(last)<?1)",
    [ROWS] = "SELECT 0, high, low, id, n, first, last FROM seen JOIN counter ON number=counter"
             " ORDER BY high, low",
    [ROWS_SORTED] =
        "SELECT 0, high, low, id, n, first, last FROM seen JOIN counter ON number=counter"
        " ORDER BY high, low, id",
    [SAMPLES] = "SELECT id FROM sample ORDER BY id",
    [FIGURES] = "SELECT (SELECT count(*) FROM sample),"
                " (SELECT count(*) FROM (SELECT DISTINCT high, low FROM seen)), count(*),"
                " count(DISTINCT counter), max(n), min(first), max(last) FROM seen",
    [OWN] = "SELECT id FROM counter WHERE number=0",
};

/* A counter and its number in the store plus 1; 0: nothing is known. */
struct numbered {
    int64_t counter, number;
};

#define NUMBERS 256u

typedef enum result take_fn(void *context, size_t key, const struct seen_row *row);

/* Who is told of the rows that others are added to, and what it said; the given row that is next.
 */
struct telling {
    take_fn *take;
    void *context;
    size_t at;
    enum result result;
};

struct seen {
    sqlite3 *db; /* NULL: it is not there yet */
    const char *path;
    enum seen_mode mode;
    sqlite3_stmt *prepared[STATEMENTS];
    int64_t own;
    struct numbered numbers[NUMBERS]; /* of counters used lately, by the end of their id */
    struct seen_rows given;
    struct telling telling;
    bool begun;
    struct seen_failure failure;
};

enum result seen_init(struct seen **seen)
{
    *seen = calloc(1, sizeof **seen);
    return *seen ? RESULT_OK : RESULT_NO_MEMORY;
}

static void close_store(struct seen *seen)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(seen->prepared[i]);
        seen->prepared[i] = NULL;
    }
    sqlite3_close(seen->db);
    seen->db = NULL;
}

void seen_destroy(struct seen **seen)
{
    if (*seen) {
        seen_undo(*seen);
        close_store(*seen);
        free(*seen);
        *seen = NULL;
    }
}

enum seen_trouble seen_trouble(const struct seen *seen)
{
    return seen->failure.trouble;
}

const char *seen_problem(const struct seen *seen)
{
    return seen->failure.problem;
}

int64_t seen_own(const struct seen *seen)
{
    return seen->own;
}

static enum result damaged(struct seen *seen)
{
    return seenfile_fail(&seen->failure, SEEN_FOREIGN, "the store is damaged; use a copy of it");
}

/* For a call of SQLite. */
static enum result failed(struct seen *seen, int code)
{
    int error = sqlite3_system_errno(seen->db);
    char text[160];

    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return RESULT_NO_MEMORY;
    case SQLITE_BUSY:
        return seenfile_fail(&seen->failure, SEEN_BUSY,
                             "another process is writing to the store; try again");
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return seenfile_fail(
            &seen->failure, SEEN_DENIED,
            seen->mode == SEEN_ASK
                ? "the files beside the store cannot be used; ask as the user who counts"
                : "the store cannot be written; -n only asks");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return damaged(seen);
    case SQLITE_FULL:
        return seenfile_fail(&seen->failure, SEEN_FAILED, "no space is left on the disk");
    default:
        snprintf(text, sizeof text, "%s%s%s", sqlite3_errmsg(seen->db), error ? ": " : "",
                 error ? strerror(error) : "");
        return seenfile_fail(&seen->failure, SEEN_FAILED, text);
    }
}

/* The statement, ready to be bound; NULL: see result. */
static sqlite3_stmt *use(struct seen *seen, enum statement which, enum result *result)
{
    sqlite3_stmt **statement = &seen->prepared[which];
    int code = SQLITE_OK;

    if (!*statement)
        code = sqlite3_prepare_v3(seen->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT,
                                  statement, NULL);
    *result = code == SQLITE_OK ? RESULT_OK : failed(seen, code);
    return code == SQLITE_OK ? *statement : NULL;
}

/* After the last step of a statement. */
static enum result end(struct seen *seen, sqlite3_stmt *statement, int code)
{
    enum result result = code == SQLITE_DONE || code == SQLITE_ROW ? RESULT_OK : failed(seen, code);

    sqlite3_reset(statement);
    return result;
}

/* Runs a statement without rows. */
static enum result run(struct seen *seen, enum statement which)
{
    enum result result;
    sqlite3_stmt *statement = use(seen, which, &result);

    return statement ? end(seen, statement, sqlite3_step(statement)) : result;
}

static enum result read_own(struct seen *seen)
{
    enum result result;
    sqlite3_stmt *statement = use(seen, OWN, &result);
    int code;

    if (!statement)
        return result;
    code = sqlite3_step(statement);
    if (code == SQLITE_DONE)
        result = damaged(seen);
    else if (code == SQLITE_ROW)
        seen->own = sqlite3_column_int64(statement, 0);
    if (result == RESULT_OK)
        return end(seen, statement, code);
    sqlite3_reset(statement);
    return result;
}

static void tell(sqlite3_context *context, int count, sqlite3_value **values);

/* What statements use beside the tables of the store. */
static int attach(struct seen *seen)
{
    int code = sqlite3_create_function(seen->db, "tell", 5, SQLITE_UTF8 | SQLITE_DIRECTONLY, seen,
                                       tell, NULL, NULL);

    return code == SQLITE_OK ? seenrows_attach(seen->db, &seen->given) : code;
}

/* Opens the file, which is there. */
static enum result open_file(struct seen *seen)
{
    enum result result = seenfile_check(seen->path, &seen->failure);
    int code;

    if (result != RESULT_OK)
        return result;
    code = seenfile_open(seen->path, seen->mode, &seen->db);
    if (!seen->db)
        return RESULT_NO_MEMORY;
    if (code == SQLITE_OK)
        code = attach(seen);
    result = code == SQLITE_OK ? read_own(seen) : failed(seen, code);
    if (result != RESULT_OK)
        close_store(seen);
    return result;
}

static bool is_missing(const char *path)
{
    struct stat stat_of;

    return lstat(path, &stat_of) < 0 && errno == ENOENT;
}

enum result seen_open(struct seen *seen, const char *path, enum seen_mode mode)
{
    seen->path = path;
    seen->mode = mode;
    return mode == SEEN_CREATE && is_missing(path) ? seenfile_check_new(path, &seen->failure)
                                                   : open_file(seen);
}

bool seen_is_there(const struct seen *seen)
{
    return seen->db != NULL;
}

/* Others may have made it meanwhile, or have taken it away again. */
static enum result make(struct seen *seen)
{
    enum result result =
        is_missing(seen->path) ? seenfile_create(seen->path, &seen->failure) : RESULT_OK;

    return result == RESULT_OK ? open_file(seen) : result;
}

enum result seen_begin(struct seen *seen)
{
    enum result result = seen->db ? RESULT_OK : make(seen);

    if (result == RESULT_OK)
        result = run(seen, seen->mode == SEEN_ASK ? BEGIN_ASK : BEGIN);
    seen->begun = result == RESULT_OK;
    return result;
}

enum result seen_commit(struct seen *seen)
{
    enum result result = run(seen, COMMIT);

    seen->begun = seen->begun && result != RESULT_OK;
    return result;
}

void seen_undo(struct seen *seen)
{
    if (seen->begun && !sqlite3_get_autocommit(seen->db)) {
        enum result result = run(seen, UNDO); /* fails only where nothing is left to undo */

        (void)result;
    }
    seen->begun = false;
    memset(seen->numbers, 0, sizeof seen->numbers); /* these may be undone, too */
}

enum result seen_enter(struct seen *seen, int64_t sample, bool *isnew)
{
    enum result result;
    sqlite3_stmt *statement = use(seen, ENTER, &result);

    if (!statement)
        return result;
    sqlite3_bind_int64(statement, 1, sample);
    result = end(seen, statement, sqlite3_step(statement));
    *isnew = result == RESULT_OK && sqlite3_changes(seen->db) > 0;
    return result;
}

enum result seen_has(struct seen *seen, int64_t sample, bool *has)
{
    enum result result;
    sqlite3_stmt *statement = use(seen, HAS, &result);
    int code;

    if (!statement)
        return result;
    sqlite3_bind_int64(statement, 1, sample);
    code = sqlite3_step(statement);
    *has = code == SQLITE_ROW;
    return end(seen, statement, code);
}

/* The number of a counter in the store; -1: it has none. */
static enum result find_number(struct seen *seen, int64_t counter, int64_t *number)
{
    struct numbered *known = &seen->numbers[(uint64_t)counter % NUMBERS];
    enum result result = RESULT_OK;
    sqlite3_stmt *statement;
    int code;

    *number = known->number - 1;
    if (known->number != 0 && known->counter == counter)
        return RESULT_OK;
    *number = -1;
    statement = use(seen, NUMBER, &result);
    if (!statement)
        return result;
    sqlite3_bind_int64(statement, 1, counter);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *number = sqlite3_column_int64(statement, 0);
        *known = (struct numbered){counter, *number + 1};
    }
    return end(seen, statement, code);
}

enum result seen_number(struct seen *seen, int64_t counter, bool make, int64_t *number)
{
    enum result result = find_number(seen, counter, number);
    sqlite3_stmt *statement;

    if (result != RESULT_OK || *number >= 0 || !make)
        return result;
    statement = use(seen, NEW_NUMBER, &result);
    if (!statement)
        return result;
    sqlite3_bind_int64(statement, 1, counter);
    result = end(seen, statement, sqlite3_step(statement));
    return result == RESULT_OK ? find_number(seen, counter, number) : result;
}

enum result seen_newest(struct seen *seen, int64_t now, int64_t *newest)
{
    enum result result;
    sqlite3_stmt *statement = use(seen, NEWEST, &result);
    int code;

    if (!statement)
        return result;
    sqlite3_bind_int64(statement, 1, now);
    code = sqlite3_step(statement);
    *newest = code == SQLITE_ROW && sqlite3_column_type(statement, 0) == SQLITE_INTEGER
                  ? sqlite3_column_int64(statement, 0)
                  : -1;
    return end(seen, statement, code);
}

/* SQLite holds the keys to forget in memory: it gets them by parts of the store. */
#define PARTS 64
#define PART_KEYS (INT64_C(1) << 58) /* by the first half of a key, from the least number on */

static enum result forget_part(struct seen *seen, int64_t before, int64_t part)
{
    int64_t from = (part - PARTS / 2) * PART_KEYS;
    enum result result;
    sqlite3_stmt *statement = use(seen, FORGET, &result);

    if (!statement)
        return result;
    sqlite3_bind_int64(statement, 1, before);
    sqlite3_bind_int64(statement, 2, from);
    sqlite3_bind_int64(statement, 3, from + (PART_KEYS - 1));
    return end(seen, statement, sqlite3_step(statement));
}

enum result seen_forget(struct seen *seen, int64_t before, int64_t *rows)
{
    enum result result = RESULT_OK;

    *rows = 0;
    for (int64_t part = 0; part < PARTS && result == RESULT_OK; part++) {
        result = forget_part(seen, before, part);
        if (result == RESULT_OK)
            *rows += sqlite3_changes(seen->db);
    }
    return result;
}

/* False if no flowseen has written the row. */
static bool is_right(const struct seen_row *row)
{
    return row->count >= 1 && row->count <= SEEN_COUNT_MOST && row->first >= 0 &&
           row->last >= row->first && row->last <= SEEN_TIME_MOST;
}

/* The same of a row that it reads. */
static bool read_row(sqlite3_stmt *from, struct seen_row *row)
{
    row->key.high = sqlite3_column_int64(from, 1);
    row->key.low = sqlite3_column_int64(from, 2);
    row->counter = sqlite3_column_int64(from, 3);
    row->count = sqlite3_column_int64(from, 4);
    row->first = sqlite3_column_int64(from, 5);
    row->last = sqlite3_column_int64(from, 6);
    return is_right(row);
}

/* The rows of a statement: the place of a key, of `keys`, in order; then what read_row reads. */
static enum result each_row(struct seen *seen, enum statement which, size_t keys, take_fn *take,
                            void *context)
{
    enum result result;
    sqlite3_stmt *statement = use(seen, which, &result);
    struct seen_row row;
    int64_t least = 0, key;
    int code = SQLITE_DONE;

    while (statement && result == RESULT_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        key = sqlite3_column_int64(statement, 0);
        result = key >= least && key < (int64_t)keys && read_row(statement, &row)
                     ? take(context, (size_t)key, &row)
                     : damaged(seen);
        least = key;
    }
    if (statement && result == RESULT_OK)
        return end(seen, statement, code);
    sqlite3_reset(statement);
    return result;
}

enum result seen_find(struct seen *seen, const struct seen_row *keys, size_t count, take_fn *take,
                      void *context)
{
    seen->given = (struct seen_rows){keys, count};
    return each_row(seen, FIND, count, take, context);
}

static enum result give(struct seen *seen, enum statement which, const struct seen_row *rows,
                        size_t count)
{
    seen->given = (struct seen_rows){rows, count};
    return run(seen, which);
}

enum result seen_write(struct seen *seen, const struct seen_row *rows, size_t count)
{
    return give(seen, WRITE, rows, count);
}

/* The SQL function of ADD: tells of a row as it was. Rows come in the order of those given. */
static void tell(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct seen *seen = sqlite3_user_data(context);
    struct telling *telling = &seen->telling;
    const struct seen_row row = {
        {sqlite3_value_int64(values[0]), sqlite3_value_int64(values[1])},
        0,
        sqlite3_value_int64(values[2]),
        sqlite3_value_int64(values[3]),
        sqlite3_value_int64(values[4]),
    };

    (void)count;
    while (telling->at < seen->given.count &&
           memcmp(&seen->given.rows[telling->at].key, &row.key, sizeof row.key) != 0)
        telling->at++;
    telling->result = telling->at < seen->given.count && is_right(&row)
                          ? telling->take(telling->context, telling->at, &row)
                          : RESULT_DAMAGED;
    if (telling->result == RESULT_OK)
        sqlite3_result_int(context, 1);
    else
        sqlite3_result_error(context, "stopped", -1);
}

enum result seen_alone(struct seen *seen, bool *alone)
{
    enum result result;
    sqlite3_stmt *statement = use(seen, ALONE, &result);
    int code;

    if (!statement)
        return result;
    code = sqlite3_step(statement);
    *alone = code == SQLITE_ROW && sqlite3_column_int(statement, 0);
    return end(seen, statement, code);
}

enum result seen_add(struct seen *seen, const struct seen_row *rows, size_t count, take_fn *take,
                     void *context)
{
    enum result result;
    sqlite3_stmt *statement = use(seen, ADD, &result);

    if (!statement)
        return result;
    sqlite3_bind_int64(statement, 1, SEEN_COUNT_MOST);
    seen->telling = (struct telling){.take = take, .context = context, .result = RESULT_OK};
    result = give(seen, ADD, rows, count);
    if (seen->telling.result == RESULT_DAMAGED)
        return damaged(seen);
    return seen->telling.result == RESULT_OK ? result : seen->telling.result;
}

enum result seen_merge(struct seen *seen, const struct seen_row *rows, size_t count)
{
    return give(seen, MERGE, rows, count);
}

struct each {
    enum result (*row)(void *context, const struct seen_row *row);
    void *context;
};

static enum result take_each(void *context, size_t key, const struct seen_row *row)
{
    const struct each *each = context;

    (void)key;
    return each->row(each->context, row);
}

static enum result each_sample(struct seen *seen,
                               enum result (*each)(void *context, int64_t sample), void *context)
{
    enum result result;
    sqlite3_stmt *statement = use(seen, SAMPLES, &result);
    int code = SQLITE_DONE;

    while (statement && result == RESULT_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        result = each(context, sqlite3_column_int64(statement, 0));
    if (statement && result == RESULT_OK)
        return end(seen, statement, code);
    sqlite3_reset(statement);
    return result;
}

enum result seen_each(struct seen *seen, bool sorted,
                      enum result (*row)(void *context, const struct seen_row *row),
                      enum result (*sample)(void *context, int64_t sample), void *context)
{
    struct each each = {row, context};
    enum result result = each_row(seen, sorted ? ROWS_SORTED : ROWS, 1, take_each, &each);

    return result == RESULT_OK ? each_sample(seen, sample, context) : result;
}

enum result seen_figures(struct seen *seen, struct seen_figures *figures)
{
    enum result result = RESULT_OK;
    sqlite3_stmt *statement = seen->db ? use(seen, FIGURES, &result) : NULL;
    int code;

    *figures = (struct seen_figures){.first = -1, .last = -1};
    if (!statement)
        return result;
    code = sqlite3_step(statement);
    *figures = (struct seen_figures){
        .samples = sqlite3_column_int64(statement, 0),
        .keys = sqlite3_column_int64(statement, 1),
        .rows = sqlite3_column_int64(statement, 2),
        .counters = sqlite3_column_int64(statement, 3),
        .most = sqlite3_column_int64(statement, 4),
        .first = sqlite3_column_int64(statement, 5),
        .last = sqlite3_column_int64(statement, 6),
    };
    result = end(seen, statement, code);
    if (figures->rows == 0)
        figures->first = figures->last = -1;
    else if (figures->first < 0 || figures->last < figures->first || figures->last > SEEN_TIME_MOST)
        return damaged(seen);
    return result;
}

void seen_sqlite(char text[LIBRARY_TEXT])
{
    snprintf(text, LIBRARY_TEXT, "sqlite3 %s", sqlite3_libversion());
}
