/* SPDX-License-Identifier: Apache-2.0 */
#include "know/seenfile.h"

#include "base/bytes.h"
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION 0x53666c77 /* "Sflw" */
#define STORE_VERSION 2
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
    "CREATE TABLE seen(high INTEGER NOT NULL, low INTEGER NOT NULL, counter INTEGER NOT NULL,"
    " n INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(high, low, "
    "counter)) WITHOUT ROWID;"
    "INSERT INTO counter VALUES(0, %lld);"
    "PRAGMA application_id=%d;"
    "PRAGMA user_version=%d;"
    "COMMIT";

enum result seenfile_fail(struct seen_failure *failure, enum seen_trouble trouble,
                          const char *problem)
{
    failure->trouble = trouble;
    snprintf(failure->problem, sizeof failure->problem, "%s", problem);
    return RESULT_SYSTEM;
}

/* For a system call. */
static enum result fail_errno(struct seen_failure *failure, enum seen_trouble trouble,
                              const char *what)
{
    char text[160];
    bool denied = errno == EACCES || errno == EPERM || errno == EROFS;

    snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
    return seenfile_fail(failure, denied ? SEEN_DENIED : trouble, text);
}

/* The image of an empty store, which the caller frees with sqlite3_free. */
static enum result make_image(struct seen_failure *failure, unsigned char **image,
                              sqlite3_int64 *size)
{
    char sql[sizeof schema + 64];
    int64_t own;
    sqlite3 *db = NULL;
    int code;

    if (getrandom(&own, sizeof own, 0) != (ssize_t)sizeof own)
        return fail_errno(failure, SEEN_FAILED, "no random number");
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

/* True if files can be made beside that path; otherwise errno says why. */
static bool can_make(const char *path)
{
    const char *slash = strrchr(path, '/');
    char name[4096];
    int length = slash == path ? 1 : slash ? (int)(slash - path) : 0;

    snprintf(name, sizeof name, "%.*s", length, path);
    return access(length > 0 ? name : ".", W_OK) == 0;
}

enum result seenfile_check_new(const char *path, struct seen_failure *failure)
{
    return can_make(path) ? RESULT_OK : fail_errno(failure, SEEN_FAILED, "cannot create the store");
}

/* Another process may do the same at the same time: the first of both is kept. */
enum result seenfile_create(const char *path, struct seen_failure *failure)
{
    char name[4096];
    unsigned char *image = NULL;
    sqlite3_int64 size;
    enum result result;
    int fd;

    if (snprintf(name, sizeof name, "%s.XXXXXX", path) >= (int)sizeof name)
        return seenfile_fail(failure, SEEN_MISSING, "its name is too long");
    result = make_image(failure, &image, &size);
    if (result != RESULT_OK)
        return result;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0 && files_write(fd, image, (size_t)size) && fsync(fd) == 0 &&
        files_rename_new(AT_FDCWD, name, path) == 0)
        name[0] = '\0';
    else if (fd < 0 || errno != EEXIST)
        result = fail_errno(failure, SEEN_FAILED, "cannot create the store");
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
static enum result check_header(struct seen_failure *failure, const uint8_t *header, size_t got,
                                off_t size, const char *path)
{
    uint32_t page, application, version;
    char text[160];

    if (got < HEADER_BYTES || memcmp(header, "SQLite format 3", 16) != 0)
        return seenfile_fail(failure, SEEN_FOREIGN, "not a store of flowseen");
    page = (uint32_t)header[16] << 8 | header[17];
    version = be32(header + 60);
    application = be32(header + 68);
    if (application != APPLICATION)
        return seenfile_fail(failure, SEEN_FOREIGN,
                             "not a store of flowseen, but the database of another program");
    if (version != STORE_VERSION) {
        snprintf(text, sizeof text,
                 "a store of version %u; this flowseen knows version %d: use the one that made it",
                 version, STORE_VERSION);
        return seenfile_fail(failure, SEEN_FOREIGN, text);
    }
    if ((uint64_t)size < (uint64_t)page * be32(header + 28) && !has_log(path))
        return seenfile_fail(failure, SEEN_FOREIGN, "the store is cut off; use a copy of it");
    return RESULT_OK;
}

enum result seenfile_check(const char *path, struct seen_failure *failure)
{
    uint8_t header[HEADER_BYTES];
    struct stat stat_store;
    enum result result;
    ssize_t got;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == ELOOP)
        return seenfile_fail(failure, SEEN_FOREIGN, "it is a symbolic link; name the store itself");
    if (fd < 0)
        return fail_errno(failure, SEEN_MISSING, "cannot open the store");
    if (fstat(fd, &stat_store) < 0 || !S_ISREG(stat_store.st_mode)) {
        result = seenfile_fail(failure, SEEN_FOREIGN,
                               "not a store of flowseen: it is not a regular file");
    } else {
        got = pread(fd, header, sizeof header, 0);
        result = check_header(failure, header, got < 0 ? 0 : (size_t)got, stat_store.st_size, path);
    }
    close(fd);
    return result;
}

/* True if the files that SQLite uses beside a store are neither there nor can be made. */
static bool is_alone(const char *path)
{
    char name[4096];

    return snprintf(name, sizeof name, "%s-wal", path) < (int)sizeof name &&
           access(name, F_OK) < 0 && !can_make(path);
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

int seenfile_open(const char *path, enum seen_mode mode, sqlite3 **db)
{
    int flags = mode == SEEN_ASK ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    char uri[3 * 4096 + 32];
    int code;

    if (mode == SEEN_ASK && is_alone(path)) {
        put_uri(path, uri, sizeof uri);
        path = uri;
        flags |= SQLITE_OPEN_URI;
    }
    code = sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_extended_result_codes(*db, 1);
    sqlite3_busy_timeout(*db, BUSY_MILLISECONDS);
    /* Names in a hostile store run nothing, and its cells are checked. */
    code = sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(*db,
                            "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
                            "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384;"
                            "PRAGMA temp_store=MEMORY",
                            NULL, NULL, NULL);
    return code;
}
