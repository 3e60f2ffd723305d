/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of files that wait to be sent, made to survive crashes of processes and machines.
 *
 * A file is written under a name with a leading dot and locked by its writer. When complete, it is
 * synced and renamed, and the directory is synced. So a name without a dot is always a complete
 * file on disk, and one with a dot but no lock was left by a dead writer.
 *
 * A name is TIME.PID.N.KIND.FILENAME: microseconds since 1970 in 16 digits, so that names sort by
 * age; the process and a counter, so that no two are the same; what the file is; what to call it
 * where it is sent. A Zeek log has a companion that differs in KIND only.
 *
 * Any number of processes may add files at the same time. Sending, removing and rejecting files
 * requires the spool's lock; moving rejected files back and looking do not. What root creates in
 * another user's directory belongs to that user.
 *
 * RESULT_SYSTEM: see errno.
 */
#ifndef SECFLOW_SPOOL_H
#define SECFLOW_SPOOL_H

#include "base/result.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum spool_kind {
    SPOOL_RECORDS, /* Secflows of one sample, one per line */
    SPOOL_PCAP,
    SPOOL_PCAPNG,
    SPOOL_SECFLOW, /* a sample document */
    SPOOL_ZEEK,
    SPOOL_DNS, /* a Zeek dns log, companion of a SPOOL_ZEEK; never listed */
    SPOOL_COPY /* records also stored elsewhere until complete; then SPOOL_RECORDS */
};

/* The word for a kind in file names, and the kind for a word; false if there is none. */
const char *spool_kind_word(enum spool_kind kind);
bool spool_kind_find(const char *word, enum spool_kind *kind);

/*
 * A name under which a file can be sent: no control characters, no slashes, and not ending in
 * ".answer". spool_clean_name makes such a name from any other.
 */
#define SPOOL_FILE_NAME_MAX 180u
bool spool_is_file_name(const char *name);
void spool_clean_name(const char *name, char clean[SPOOL_FILE_NAME_MAX + 1]);

struct spool;

/*
 * Opens the directory, creating it and missing parents with mode 0700. RESULT_INVALID: everyone, or
 * for root any group, can write to it and so add or remove what is sent.
 */
MUST_CHECK enum result spool_init(struct spool **spool, const char *path);

/* Opens an existing directory and creates nothing. */
MUST_CHECK enum result spool_look(struct spool **spool, const char *path);

/* Also releases the lock. */
void spool_destroy(struct spool **spool);

/* A file being written. */
struct spool_file {
    int fd;
    bool renamed;            /* spool_commit has got that far */
    char name[NAME_MAX + 1]; /* in the directory, with its dot */
};

/*
 * Begins a file. With companion, an earlier uncommitted file, it gets the name that goes with it.
 */
MUST_CHECK enum result spool_create(struct spool *spool, enum spool_kind kind,
                                    const char *file_name, const struct spool_file *companion,
                                    struct spool_file *file);

/*
 * Makes the file durable and complete, and closes it. RESULT_SYSTEM: see errno; may be retried.
 * RESULT_UNSYNCED: it can only be discarded.
 */
MUST_CHECK enum result spool_commit(struct spool *spool, struct spool_file *file);

/* Removes the file and closes it. */
void spool_discard(struct spool *spool, struct spool_file *file);

/* Takes the lock. RESULT_END: another process has it. */
MUST_CHECK enum result spool_lock(struct spool *spool);
void spool_unlock(struct spool *spool);

/* The process that has the lock; results as for lock_holder. */
MUST_CHECK enum result spool_holder(const struct spool *spool, pid_t *holder);

/* Bytes of files completed by this process. */
uint64_t spool_committed(const struct spool *spool);

/* A complete file. */
struct spool_entry {
    char name[NAME_MAX + 1];
    enum spool_kind kind;
    int64_t time;     /* when it was begun, microseconds since 1970 */
    uint64_t bytes;   /* including its companion */
    size_t file_name; /* offset of the file name in name */
};

/*
 * The oldest complete file whose name is greater than after. Reads the directory if after is "" or
 * not among the names found the last time. RESULT_END: there is none.
 */
MUST_CHECK enum result spool_next(struct spool *spool, const char *after,
                                  struct spool_entry *entry);

/* Opens an entry, or its companion, which may not exist. Returns a descriptor, or -1. */
int spool_open_entry(struct spool *spool, const struct spool_entry *entry);
int spool_open_companion(struct spool *spool, const struct spool_entry *entry);

MUST_CHECK enum result spool_remove(struct spool *spool, const struct spool_entry *entry);

/* Moves an entry to the subdirectory "rejected", with the reason beside it as NAME.answer. */
MUST_CHECK enum result spool_reject(struct spool *spool, const struct spool_entry *entry,
                                    const char *reason, size_t length);

/*
 * The subdirectory of rejected entries, for spool_next and spool_open_answer; destroy it before the
 * spool. RESULT_END: there is none.
 */
MUST_CHECK enum result spool_open_rejected(const struct spool *spool, struct spool **rejected);

/* Opens the reason of such an entry. Returns a descriptor, or -1. */
int spool_open_answer(struct spool *rejected, const struct spool_entry *entry);

struct spool_retried {
    uint64_t moved;
    uint64_t kept; /* not moved, since a file of that name waits */
};

/*
 * Moves all rejected entries back to be sent; another process may be sending meanwhile. Whenever
 * this one ends, each entry is whole in one of the two directories. Adds to *retried.
 */
MUST_CHECK enum result spool_retry(struct spool *spool, struct spool_retried *retried);

/*
 * A part of an entry of records is its end, from the start of some line on; the rest stays. Finds
 * the start of a part of up to `most` bytes, or of the last line if that is longer. If most is 0,
 * finds 0: the whole entry.
 */
MUST_CHECK enum result spool_find_part(int fd, uint64_t most, uint64_t *start);

/*
 * Removes a part, or sets it aside like spool_reject. start is not 0: a part is never the whole
 * entry.
 */
MUST_CHECK enum result spool_remove_part(struct spool *spool, const struct spool_entry *entry,
                                         uint64_t start);
MUST_CHECK enum result spool_reject_part(struct spool *spool, const struct spool_entry *entry,
                                         uint64_t start, const char *reason, size_t length);

/*
 * Completes what dead writers left: of records, the whole lines up to the first NUL, since a
 * machine crash leaves NULs in place of bytes that had not reached the disk. Removes files without
 * a whole line, and those of other kinds. *count is how many were completed. Repairs a move to
 * "rejected" that a dead process left half done.
 */
MUST_CHECK enum result spool_recover(struct spool *spool, size_t *count);

/* How many rejected and how many waiting entries were deleted. */
struct spool_trimmed {
    uint64_t rejected, waiting;
};

/*
 * Deletes entries begun before that time, but none dated before CLOCK_LEAST. Adds to *trimmed.
 * spared: the name of an entry to keep, since it is being sent; NULL: none.
 */
MUST_CHECK enum result spool_trim_age(struct spool *spool, int64_t before, const char *spared,
                                      struct spool_trimmed *trimmed);

/*
 * Deletes rejected entries, then waiting ones, the oldest first, until the files of the spool
 * including rejected ones have at most that many bytes. Keeps what is being written, and spared as
 * above.
 */
MUST_CHECK enum result spool_trim_bytes(struct spool *spool, uint64_t most, const char *spared,
                                        struct spool_trimmed *trimmed);

/* The number of complete files, and their bytes. */
MUST_CHECK enum result spool_total(struct spool *spool, size_t *count, uint64_t *bytes);

struct spool_part {
    uint64_t samples, bytes; /* including companions */
    int64_t oldest;          /* when it was begun; 0: no samples */
};

/* Everything in a spool. writing: incomplete files, whether or not their writers live. */
struct spool_survey {
    struct spool_part waiting, writing, rejected;
    uint64_t bytes; /* including all else that spool_trim_bytes counts */
};

MUST_CHECK enum result spool_look_over(struct spool *spool, struct spool_survey *survey);

#endif
