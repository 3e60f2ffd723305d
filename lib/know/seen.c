/* SPDX-License-Identifier: Apache-2.0 */
#include "know/seen.h"

#include "base/bytes.h"
#include "base/files.h"
#include "know/seenrows.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION 0x53666c77 /* "Sflw" */
#define STORE_VERSION 1
#define BUSY_MILLISECONDS 10000

/*
 * Counters have small numbers inside a store, so that a row is short; own is the store's. Keys are
 * spread evenly, so the rows are their own index.
 */
static const char schema[] =
    "PRAGMA page_size=4096;"
    "BEGIN;"
    "CREATE TABLE counter(number INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE);"
    "CREATE TABLE sample(id INTEGER PRIMARY KEY);"
    "CREATE TABLE seen(key BLOB NOT NULL, counter INTEGER NOT NULL, n INTEGER NOT NULL,"
    " first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(key, counter)) WITHOUT ROWID;"
    "INSERT INTO counter VALUES(0, %lld);"
    "PRAGMA application_id=%d;"
    "PRAGMA user_version=%d;"
    "COMMIT";

enum statement {
    BEGIN,
    BEGIN_ASK,
    COMMIT,
    UNDO,
    ENTER,
    HAS,
    FIND,
    WRITE,
    MERGE,
    NUMBER,
    NEW_NUMBER,
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
    [FIND] = "SELECT given.rowid, seen.key, seen.counter, seen.n, seen.first, seen.last"
             " FROM temp.given CROSS JOIN main.seen ON seen.key=given.key",
    [WRITE] = "REPLACE INTO main.seen SELECT key, counter, n, first, last FROM temp.given",
    [MERGE] = "INSERT INTO main.seen SELECT key, counter, n, first, last FROM temp.given WHERE true"
              " ON CONFLICT(key, counter) DO UPDATE SET"
              " n=max(n,excluded.n),first=min(first,excluded.first),last=max(last,excluded.last)"
              " WHERE excluded.n>n OR excluded.first<first OR excluded.last>last",
    [NUMBER] = "SELECT number FROM counter WHERE id=?1",
    [NEW_NUMBER] = "INSERT INTO counter(id) VALUES(?1)",
    [FORGET] = "DELETE FROM seen WHERE key IN"
               " (SELECT key FROM seen GROUP BY key HAVING max(last)<?1)",
    [ROWS] = "SELECT 0, key, id, n, first, last FROM seen JOIN counter ON number=counter"
             " ORDER BY key",
    [ROWS_SORTED] = "SELECT 0, key, id, n, first, last FROM seen JOIN counter ON number=counter"
                    " ORDER BY key, id",
    [SAMPLES] = "SELECT id FROM sample ORDER BY id",
    [FIGURES] = "SELECT (SELECT count(*) FROM sample), count(DISTINCT key), count(*),"
                " count(DISTINCT counter), max(n), min(first), max(last) FROM seen",
    [OWN] = "SELECT id FROM counter WHERE number=0",
};

/* A counter and its number in the store plus 1; 0: nothing is known. */
struct numbered {
    int64_t counter, number;
};

#define NUMBERS 256u

struct seen {
    sqlite3 *db;
    enum seen_mode mode;
    sqlite3_stmt *prepared[STATEMENTS];
    int64_t own;
    struct numbered numbers[NUMBERS]; /* of counters used lately, by the end of their id */
    struct seen_rows given;
    bool begun;
    enum seen_trouble trouble;
    char problem[200];
};

static void hash(const char *kind, const char *bytes, size_t length, uint8_t digest[32])
{
    struct sha256_ctx sha256;

    sha256_init(&sha256);
    sha256_update(&sha256, strlen(kind), (const uint8_t *)kind);
    sha256_update(&sha256, 1, (const uint8_t *)" ");
    sha256_update(&sha256, length, (const uint8_t *)bytes);
    sha256_digest(&sha256, SHA256_DIGEST_SIZE, digest);
}

struct seen_key seen_key_of(const char *kind, const char *bytes, size_t length)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct seen_key key;

    hash(kind, bytes, length, digest);
    memcpy(key.bytes, digest, sizeof key.bytes);
    return key;
}

/* Without branches: which digits are letters, nobody can foretell. */
bool seen_hex_read(const char *digits, uint8_t *bytes, size_t length)
{
    static const char all[] = "0123456789abcdef";
    unsigned wrong = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned high = (unsigned char)digits[2 * i], low = (unsigned char)digits[2 * i + 1];
        unsigned x = (high + high / 64 * 9) % 16, y = (low + low / 64 * 9) % 16;

        wrong |= ((high | high / 64 * 32) ^ (unsigned)all[x]) |
                 ((low | low / 64 * 32) ^ (unsigned)all[y]);
        bytes[i] = (uint8_t)(x << 4 | y);
    }
    return wrong == 0;
}

int64_t seen_id_of(const char *kind, const char *bytes, size_t length)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    uint64_t id = 0;

    hash(kind, bytes, length, digest);
    for (size_t i = 0; i < sizeof id; i++)
        id = id << 8 | digest[i];
    return (int64_t)id;
}

enum result seen_init(struct seen **seen)
{
    *seen = calloc(1, sizeof **seen);
    return *seen ? RESULT_OK : RESULT_NO_MEMORY;
}

static void close_store(struct seen *seen)
{
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(seen->prepared[i]);
    sqlite3_close(seen->db);
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
    return seen->trouble;
}

const char *seen_problem(const struct seen *seen)
{
    return seen->problem;
}

int64_t seen_own(const struct seen *seen)
{
    return seen->own;
}

static enum result trouble(struct seen *seen, enum seen_trouble kind, const char *problem)
{
    seen->trouble = kind;
    snprintf(seen->problem, sizeof seen->problem, "%s", problem);
    return RESULT_SYSTEM;
}

/* For a system call. */
static enum result trouble_errno(struct seen *seen, enum seen_trouble kind, const char *what)
{
    char text[160];
    bool denied = errno == EACCES || errno == EPERM || errno == EROFS;

    snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
    return trouble(seen, denied ? SEEN_DENIED : kind, text);
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
        return trouble(seen, SEEN_BUSY, "another process is writing to the store; try again");
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return trouble(seen, SEEN_DENIED,
                       seen->mode == SEEN_ASK
                           ? "the files beside the store cannot be used; ask as the user who counts"
                           : "the store cannot be written; -n only asks");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return trouble(seen, SEEN_FOREIGN, "the store is damaged; use a copy of it");
    case SQLITE_FULL:
        return trouble(seen, SEEN_FAILED, "no space is left on the disk");
    default:
        snprintf(text, sizeof text, "%s%s%s", sqlite3_errmsg(seen->db), error ? ": " : "",
                 error ? strerror(error) : "");
        return trouble(seen, SEEN_FAILED, text);
    }
}

/* The image of an empty store, which the caller frees with sqlite3_free. */
static enum result make_image(struct seen *seen, unsigned char **image, sqlite3_int64 *size)
{
    char sql[sizeof schema + 64];
    int64_t own;
    sqlite3 *db = NULL;
    int code;

    if (getrandom(&own, sizeof own, 0) != (ssize_t)sizeof own)
        return trouble_errno(seen, SEEN_FAILED, "no random number");
    snprintf(sql, sizeof sql, schema, (long long)own, APPLICATION, STORE_VERSION);
    code = sqlite3_open(":memory:", &db);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    *image = code == SQLITE_OK ? sqlite3_serialize(db, "main", size, 0) : NULL;
    sqlite3_close(db);
    if (!*image)
        return RESULT_NO_MEMORY;
    (*image)[18] = (*image)[19] = 2; /* with a write-ahead log */
    return RESULT_OK;
}

static bool write_all(int fd, const unsigned char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t wrote = write(fd, bytes, length);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return false;
        bytes += wrote;
        length -= (size_t)wrote;
    }
    return fsync(fd) == 0;
}

/* Another process may do the same at the same time: the first of both is kept. */
static enum result create(struct seen *seen, const char *path)
{
    char name[4096];
    unsigned char *image = NULL;
    sqlite3_int64 size;
    enum result result;
    int fd;

    if (snprintf(name, sizeof name, "%s.XXXXXX", path) >= (int)sizeof name)
        return trouble(seen, SEEN_MISSING, "its name is too long");
    result = make_image(seen, &image, &size);
    if (result != RESULT_OK)
        return result;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0 && write_all(fd, image, (size_t)size) &&
        files_rename_new(AT_FDCWD, name, path) == 0)
        name[0] = '\0';
    else if (fd < 0 || errno != EEXIST)
        result = trouble_errno(seen, SEEN_FAILED, "cannot create the store");
    sqlite3_free(image);
    if (fd >= 0) {
        close(fd);
        if (name[0] != '\0')
            unlink(name);
    }
    return result;
}

/* True if there is a log with something in it: then the file alone does not say how long it is. */
static bool has_log(const char *path)
{
    char name[4096];
    struct stat stat_log;

    return snprintf(name, sizeof name, "%s-wal", path) < (int)sizeof name &&
           stat(name, &stat_log) == 0 && stat_log.st_size > 0;
}

#define HEADER_BYTES 100u

/* SQLite would change what is not ours: it takes over the logs of any database, for instance. */
static enum result check_header(struct seen *seen, const uint8_t *header, size_t got, off_t size,
                                const char *path)
{
    uint32_t page, application, version;
    char text[160];

    if (got < HEADER_BYTES || memcmp(header, "SQLite format 3", 16) != 0)
        return trouble(seen, SEEN_FOREIGN, "not a store of flowseen");
    page = (uint32_t)header[16] << 8 | header[17];
    version = be32(header + 60);
    application = be32(header + 68);
    if (application != APPLICATION)
        return trouble(seen, SEEN_FOREIGN,
                       "not a store of flowseen, but the database of another program");
    if (version != STORE_VERSION) {
        snprintf(text, sizeof text,
                 "a store of version %u; this flowseen knows version %d: use the one that made it",
                 version, STORE_VERSION);
        return trouble(seen, SEEN_FOREIGN, text);
    }
    if ((uint64_t)size < (uint64_t)page * be32(header + 28) && !has_log(path))
        return trouble(seen, SEEN_FOREIGN, "the store is cut off; use a copy of it");
    return RESULT_OK;
}

static enum result look_at(struct seen *seen, const char *path)
{
    uint8_t header[HEADER_BYTES];
    struct stat stat_store;
    enum result result;
    ssize_t got;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == ELOOP)
        return trouble(seen, SEEN_FOREIGN, "it is a symbolic link; name the store itself");
    if (fd < 0)
        return trouble_errno(seen, SEEN_MISSING, "cannot open the store");
    if (fstat(fd, &stat_store) < 0 || !S_ISREG(stat_store.st_mode)) {
        result = trouble(seen, SEEN_FOREIGN, "not a store of flowseen: it is not a regular file");
    } else {
        got = pread(fd, header, sizeof header, 0);
        result = check_header(seen, header, got < 0 ? 0 : (size_t)got, stat_store.st_size, path);
    }
    close(fd);
    return result;
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
        result = trouble(seen, SEEN_FOREIGN, "the store is damaged; use a copy of it");
    else if (code == SQLITE_ROW)
        seen->own = sqlite3_column_int64(statement, 0);
    if (result == RESULT_OK)
        return end(seen, statement, code);
    sqlite3_reset(statement);
    return result;
}

/* True if the files that SQLite uses beside a store are neither there nor can be made. */
static bool is_alone(const char *path)
{
    const char *slash = strrchr(path, '/');
    char name[4096];
    int length = slash == path ? 1 : slash ? (int)(slash - path) : 0;

    if (snprintf(name, sizeof name, "%s-wal", path) >= (int)sizeof name || access(name, F_OK) == 0)
        return false;
    snprintf(name, sizeof name, "%.*s", length, path);
    return access(length > 0 ? name : ".", W_OK) < 0;
}

/* The URI (RFC 3986) of a store that nobody changes meanwhile. */
static void put_uri(const char *path, char *uri, size_t room)
{
    size_t used = (size_t)snprintf(uri, room, "file:");

    for (; *path && used < room; path++)
        used += (size_t)snprintf(uri + used, room - used, "%%%02x", (unsigned char)*path);
    if (used < room)
        snprintf(uri + used, room - used, "?immutable=1");
}

static int connect_store(struct seen *seen, const char *path)
{
    int flags = seen->mode == SEEN_ASK ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    char uri[3 * 4096 + 32];
    int code;

    if (seen->mode == SEEN_ASK && is_alone(path)) {
        put_uri(path, uri, sizeof uri);
        path = uri;
        flags |= SQLITE_OPEN_URI;
    }
    code = sqlite3_open_v2(path, &seen->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_extended_result_codes(seen->db, 1);
    sqlite3_busy_timeout(seen->db, BUSY_MILLISECONDS);
    /* Names in a hostile store run nothing, and its cells are checked. */
    code = sqlite3_db_config(seen->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(seen->db,
                            "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
                            "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384;"
                            "PRAGMA temp_store=MEMORY",
                            NULL, NULL, NULL);
    return code == SQLITE_OK ? seenrows_attach(seen->db, &seen->given) : code;
}

enum result seen_open(struct seen *seen, const char *path, enum seen_mode mode)
{
    enum result result = RESULT_OK;
    int code;

    seen->mode = mode;
    if (mode == SEEN_CREATE && access(path, F_OK) < 0 && errno == ENOENT)
        result = create(seen, path);
    if (result == RESULT_OK)
        result = look_at(seen, path);
    if (result != RESULT_OK)
        return result;
    code = connect_store(seen, path);
    if (!seen->db)
        return RESULT_NO_MEMORY;
    return code == SQLITE_OK ? read_own(seen) : failed(seen, code);
}

enum result seen_begin(struct seen *seen)
{
    enum result result = run(seen, seen->mode == SEEN_ASK ? BEGIN_ASK : BEGIN);

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

enum result seen_forget(struct seen *seen, int64_t before, int64_t *rows)
{
    enum result result;
    sqlite3_stmt *statement = use(seen, FORGET, &result);

    if (!statement)
        return result;
    sqlite3_bind_int64(statement, 1, before);
    result = end(seen, statement, sqlite3_step(statement));
    *rows = result == RESULT_OK ? sqlite3_changes(seen->db) : 0;
    return result;
}

/* False if no flowseen has written the row. */
static bool read_row(sqlite3_stmt *from, struct seen_row *row)
{
    const void *key = sqlite3_column_blob(from, 1);

    if (!key || sqlite3_column_bytes(from, 1) != (int)SEEN_KEY_BYTES)
        return false;
    memcpy(row->key.bytes, key, SEEN_KEY_BYTES);
    row->counter = sqlite3_column_int64(from, 2);
    row->count = sqlite3_column_int64(from, 3);
    row->first = sqlite3_column_int64(from, 4);
    row->last = sqlite3_column_int64(from, 5);
    return row->count >= 1 && row->count <= SEEN_COUNT_MOST && row->first >= 0 &&
           row->last >= row->first && row->last <= SEEN_TIME_MOST;
}

typedef enum result take_fn(void *context, size_t key, const struct seen_row *row);

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
                     : trouble(seen, SEEN_FOREIGN, "the store is damaged; use a copy of it");
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
    enum result result;
    sqlite3_stmt *statement = use(seen, FIGURES, &result);
    int code;

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
    if (figures->rows == 0)
        figures->first = figures->last = -1;
    return end(seen, statement, code);
}

void seen_sqlite(char text[LIBRARY_TEXT])
{
    snprintf(text, LIBRARY_TEXT, "sqlite3 %s", sqlite3_libversion());
}
