/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands between the code under test and some system calls. A test can count them, make them fail,
 * and do just before one what another process might do then; and it can set the clocks.
 */
#ifndef SECFLOW_TESTS_CALLS_H
#define SECFLOW_TESTS_CALLS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum call {
    CALL_FLOCK,
    CALL_FSYNC,
    CALL_PREAD,
    CALL_PWRITE,
    CALL_READ,
    CALL_RENAME,
    CALL_WRITE,
    CALLS
};

/* How many were made; which of them fail: bit 0 stands for the first; and why. */
static unsigned calls_made[CALLS], calls_failing[CALLS];
static int call_error;

/* Called once, before the next such call, with its first argument. */
static void (*before_call[CALLS])(int fd);

/* What the clocks show, in microseconds; 0: the time. Each reading adds the step afterwards. */
static int64_t shown_wall, shown_monotonic, shown_step;

/* From now on counts anew; those of the mask fail. */
static inline void let_fail(enum call call, unsigned mask, int error)
{
    memset(calls_made, 0, sizeof calls_made);
    memset(calls_failing, 0, sizeof calls_failing);
    calls_failing[call] = mask;
    call_error = error;
}

static bool call_fails(enum call call, int fd)
{
    void (*before)(int) = before_call[call];
    unsigned number = calls_made[call]++;

    before_call[call] = NULL;
    if (before)
        before(fd);
    if (number >= 32 || (calls_failing[call] >> number & 1) == 0)
        return false;
    errno = call_error;
    return true;
}

int flock(int fd, int operation)
{
    return call_fails(CALL_FLOCK, fd) ? -1 : (int)syscall(SYS_flock, fd, operation);
}

int fsync(int fd)
{
    return call_fails(CALL_FSYNC, fd) ? -1 : fdatasync(fd);
}

ssize_t pread(int fd, void *bytes, size_t length, off_t offset)
{
    struct iovec all = {bytes, length};

    return call_fails(CALL_PREAD, fd) ? -1 : preadv(fd, &all, 1, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    struct iovec all = {(void *)(uintptr_t)bytes, length};

    return call_fails(CALL_PWRITE, fd) ? -1 : pwritev(fd, &all, 1, offset);
}

ssize_t read(int fd, void *bytes, size_t length)
{
    struct iovec all = {bytes, length};

    return call_fails(CALL_READ, fd) ? -1 : readv(fd, &all, 1);
}

int renameat2(int from, const char *name, int to, const char *new, unsigned flags)
{
    return call_fails(CALL_RENAME, from) ? -1
                                         : (int)syscall(SYS_renameat2, from, name, to, new, flags);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    return call_fails(CALL_WRITE, fd) ? -1 : (ssize_t)syscall(SYS_write, fd, bytes, length);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int64_t *shown = clock == CLOCK_REALTIME ? &shown_wall : &shown_monotonic;

    if (*shown == 0)
        return (int)syscall(SYS_clock_gettime, clock, time);
    time->tv_sec = (time_t)(*shown / 1000000);
    time->tv_nsec = (long)(*shown % 1000000 * 1000);
    *shown += shown_step;
    return 0;
}

#endif
