/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of files that wait to be sent, made to survive what happens to processes and machines.
 *
 * A file is written under a name that begins with a dot, and locked by its writer; when it is
 * complete it is synced, gets its name, and the folder is synced. So a name without a dot is always
 * a complete file on disk, and one with a dot and without a lock was left by a writer that died.
 *
 * TIME.PID.N.KIND.FILENAME is such a name: microseconds since 1970 in 16 digits, so that names sort
 * by age; the process and a count, so that no two are the same; what the file is; what it is to be
 * called where it is sent. A Zeek log has a companion of the same name, but for the kind.
 *
 * Any number of processes may add files, at the same time. Whoever sends or removes files, or
 * rejects them, must hold the spool's lock. To move back what was rejected, or only to look, takes
 * none. What root makes in a folder of another user belongs to that user.
 *
 * RESULT_SYSTEM: errno says why.
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
    SPOOL_RECORDS, /* Secflows of one sample, a line each */
    SPOOL_PCAP,
    SPOOL_PCAPNG,
    SPOOL_SECFLOW, /* a sample document */
    SPOOL_ZEEK,
    SPOOL_DNS, /* Zeek's dns log, the companion of a SPOOL_ZEEK; never listed */
    SPOOL_COPY /* records that are elsewhere, too, until it is complete; a SPOOL_RECORDS then */
};

/* The word for a kind in file names, and its kind; false where there is none. */
const char *spool_kind_word(enum spool_kind kind);
bool spool_kind_find(const char *word, enum spool_kind *kind);

/*
 * What a file can be called where it is sent: no control characters or slashes, and no end of
 * ".answer". spool_clean_name makes such a name of any other.
 */
#define SPOOL_FILE_NAME_MAX 180u
bool spool_is_file_name(const char *name);
void spool_clean_name(const char *name, char clean[SPOOL_FILE_NAME_MAX + 1]);

struct spool;

/*
 * Opens the folder, which is made with mode 0700 where it is missing, with those above it.
 * RESULT_INVALID: everyone can write to it, or a group where this process is root's, and so add and
 * take away what is sent.
 */
MUST_CHECK enum result spool_init(struct spool **spool, const char *path);

/* Opens a folder that is there, and makes nothing. */
MUST_CHECK enum result spool_look(struct spool **spool, const char *path);

/* Gives up the lock, too. */
void spool_destroy(struct spool **spool);

/* A file being written. */
struct spool_file {
    int fd;
    bool renamed;            /* spool_commit has come so far */
    char name[NAME_MAX + 1]; /* in the folder, with its dot */
};

/*
 * Begins a file. With companion, an earlier one that is not committed, it gets the name that goes
 * with that.
 */
MUST_CHECK enum result spool_create(struct spool *spool, enum spool_kind kind,
                                    const char *file_name, const struct spool_file *companion,
                                    struct spool_file *file);

/*
 * Makes the file durable and complete, and closes it. RESULT_SYSTEM: errno says why, and it can be
 * tried again. RESULT_UNSYNCED: it can only be discarded.
 */
MUST_CHECK enum result spool_commit(struct spool *spool, struct spool_file *file);

/* Removes the file, and closes it. */
void spool_discard(struct spool *spool, struct spool_file *file);

/* Whether errno says that there is no room, for now. */
bool spool_is_full(int error);

/* Takes the lock; RESULT_END: another process has it. */
MUST_CHECK enum result spool_lock(struct spool *spool);
void spool_unlock(struct spool *spool);

/* Which process has the lock, as lockholder.h has it. */
MUST_CHECK enum result spool_holder(const struct spool *spool, pid_t *holder);

/* Bytes of the files that this process has completed. */
uint64_t spool_committed(const struct spool *spool);

/* A complete file. */
struct spool_entry {
    char name[NAME_MAX + 1];
    enum spool_kind kind;
    int64_t time;     /* when it was begun, microseconds since 1970 */
    uint64_t bytes;   /* with its companion */
    size_t file_name; /* where it begins in name */
};

/*
 * The oldest complete file whose name is greater than after. The folder is read for it where after
 * is "", or outside of what was found the last time. RESULT_END: there is none.
 */
MUST_CHECK enum result spool_next(struct spool *spool, const char *after,
                                  struct spool_entry *entry);

/* Opens an entry, or the companion of one: a descriptor, or -1. There need not be a companion. */
int spool_open_entry(struct spool *spool, const struct spool_entry *entry);
int spool_open_companion(struct spool *spool, const struct spool_entry *entry);

MUST_CHECK enum result spool_remove(struct spool *spool, const struct spool_entry *entry);

/* Moves an entry to the folder rejected, with the reason beside it as NAME.answer. */
MUST_CHECK enum result spool_reject(struct spool *spool, const struct spool_entry *entry,
                                    const char *reason, size_t length);

/*
 * The folder of what was rejected, to be read with spool_next and spool_open_answer, and destroyed
 * before the spool. RESULT_END: there is none.
 */
MUST_CHECK enum result spool_open_rejected(const struct spool *spool, struct spool **rejected);

/* Opens the reason of such an entry: a descriptor, or -1. */
int spool_open_answer(struct spool *rejected, const struct spool_entry *entry);

struct spool_retried {
    uint64_t moved;
    uint64_t kept; /* for a file of the same name waits */
};

/*
 * Moves all that was rejected back, to be sent, while another process may be sending: whenever this
 * one ends, each entry is whole in one of the two folders. Adds to *retried.
 */
MUST_CHECK enum result spool_retry(struct spool *spool, struct spool_retried *retried);

/*
 * A part of an entry of records is its end from some place on, where a line begins; its other half
 * stays as it is. Finds the place of one of up to most bytes, or of the last line where that is
 * longer; 0, which is all of it, where most is 0.
 */
MUST_CHECK enum result spool_find_part(int fd, uint64_t most, uint64_t *start);

/* Removes a part, or puts it aside as spool_reject does. Not all of an entry: start is not 0. */
MUST_CHECK enum result spool_remove_part(struct spool *spool, const struct spool_entry *entry,
                                         uint64_t start);
MUST_CHECK enum result spool_reject_part(struct spool *spool, const struct spool_entry *entry,
                                         uint64_t start, const char *reason, size_t length);

/*
 * Completes what writers that died have left: of records, the whole lines of it up to the first
 * NUL, for those are what a machine that stopped leaves of bytes that had not come to the disk.
 * What has no whole line, and files that are not SPOOL_RECORDS, are removed. *count is how many
 * were completed. What a process that died has left of moving something aside is put right.
 */
MUST_CHECK enum result spool_recover(struct spool *spool, size_t *count);

/* What was deleted: entries that were put aside, entries that waited. */
struct spool_trimmed {
    uint64_t rejected, waiting;
};

/*
 * Deletes what was begun before that time, and not before CLOCK_LEAST. Adds to *trimmed.
 * spared: the name of an entry that stays, since it is being sent; NULL: none.
 */
MUST_CHECK enum result spool_trim_age(struct spool *spool, int64_t before, const char *spared,
                                      struct spool_trimmed *trimmed);

/*
 * Deletes until all files of the spool, with what was put aside, have so many bytes at most: first
 * of what was put aside, then of what waits, the oldest first. What is being written stays, and
 * what is spared, as above.
 */
MUST_CHECK enum result spool_trim_bytes(struct spool *spool, uint64_t most, const char *spared,
                                        struct spool_trimmed *trimmed);

/* How many complete files there are, and their bytes. */
MUST_CHECK enum result spool_total(struct spool *spool, size_t *count, uint64_t *bytes);

struct spool_part {
    uint64_t samples, bytes; /* with companions */
    int64_t oldest;          /* when it was begun; 0: there are no samples */
};

/* All that lies in a spool: writing is what is not complete, whether its writer lives or not. */
struct spool_survey {
    struct spool_part waiting, writing, rejected;
    uint64_t bytes; /* with all else that spool_trim_bytes counts */
};

MUST_CHECK enum result spool_look_over(struct spool *spool, struct spool_survey *survey);

#endif
