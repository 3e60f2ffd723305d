/* SPDX-License-Identifier: Apache-2.0 */
#include "keeping.h"

#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int keeping_check(const struct keeping *keeping)
{
    if (keeping->path && keeping->path[0] == '\0')
        return usage_error("-w: '' is not a directory");
    if (!keeping->path && (keeping->age > 0 || keeping->bytes > 0))
        return usage_error("%s needs -w DIR, the directory whose files it removes",
                           keeping->age > 0 ? "--keep" : "--keep-bytes");
    return EX_OK;
}

static int status_of(int error)
{
    return error == EACCES || error == EPERM || error == EROFS ? EX_NOPERM : EX_IOERR;
}

/* Gives the directory that root has just created to the user, but not anything that replaced it. */
static bool give(const struct keeping *keeping)
{
    const struct passwd *passwd = getpwnam(keeping->user);
    int fd = open(keeping->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool given = fd >= 0 && (!passwd || fchown(fd, passwd->pw_uid, passwd->pw_gid) == 0);
    int saved = errno;

    if (fd >= 0)
        close(fd);
    errno = saved;
    return given; /* an unknown user is reported later */
}

int keeping_make(struct keeping *keeping, const char *user)
{
    int error;

    if (!keeping->path)
        return EX_OK;
    keeping->user = geteuid() == 0 ? user : NULL;
    if (mkdir(keeping->path, 0750) < 0) {
        if (errno == EEXIST)
            return EX_OK;
        error = errno;
        complain(keeping->path, "cannot make the directory: %s%s", strerror(error),
                 error == ENOENT ? "; make its parent first" : "");
        return status_of(error);
    }
    if (keeping->user && !give(keeping)) {
        error = errno;
        complain(keeping->path, "cannot give the directory to %s: %s", user, strerror(error));
        return status_of(error);
    }
    return EX_OK;
}

int keeping_open(struct keeping *keeping, const char *interface)
{
    const struct windows_options options = {.folder = keeping->path,
                                            .interface = interface,
                                            .keep = keeping->age,
                                            .keep_bytes = keeping->bytes};
    enum result result = keeping->path ? windows_init(&keeping->windows, &options) : RESULT_OK;
    int error = errno;

    if (result == RESULT_OK)
        return EX_OK;
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    if (error == EACCES && keeping->user)
        complain(keeping->path,
                 "%s, the user that root becomes, cannot write there: chown %s the directory, let "
                 "%s into its parents, or name another user with -Z",
                 keeping->user, keeping->user, keeping->user);
    else
        complain(keeping->path, "cannot write there: %s%s", strerror(error),
                 error == EACCES ? "; the user who runs flowcap must be able to" : "");
    return status_of(error);
}

void keeping_close(struct keeping *keeping)
{
    windows_destroy(&keeping->windows);
}

static void tell_trouble(struct keeping *keeping, int trouble)
{
    if (trouble == keeping->trouble)
        return;
    if (trouble != 0)
        complain(keeping->path,
                 "cannot write: %s; will retry, and windows wait in memory until then",
                 strerror(trouble));
    else
        complain(keeping->path, "windows are written again");
    keeping->trouble = trouble;
}

/* Reported once, since more removals will follow. */
static void tell_removed(const struct keeping *keeping, uint64_t count, const char *why, bool *told)
{
    if (count == 0 || *told)
        return;
    complain(keeping->path, "%" PRIu64 " window%s removed, %s; from now on they are only counted",
             count, count == 1 ? " was" : "s were", why);
    *told = true;
}

int keeping_look(struct keeping *keeping, const struct outbox_counts *counts)
{
    const struct windows_counts *windows = &counts->windows;

    if (!keeping->path)
        return EX_OK;
    tell_trouble(keeping, counts->trouble);
    tell_removed(keeping, windows->removed_age, "older than --keep", &keeping->told_age);
    tell_removed(keeping, windows->removed_bytes, "more than --keep-bytes", &keeping->told_bytes);
    if (windows->recovered > 0 && !keeping->told_recovered)
        complain(keeping->path,
                 "%" PRIu64 " window%s completed that a process which ended early had begun",
                 windows->recovered, windows->recovered == 1 ? " was" : "s were");
    keeping->told_recovered = windows->recovered > 0;
    if (windows->remove_error != keeping->remove_error)
        complain(keeping->path, "cannot remove the oldest windows: %s",
                 strerror(windows->remove_error));
    keeping->remove_error = windows->remove_error;
    if (windows->unsynced > keeping->unsynced)
        complain(keeping->path,
                 "%" PRIu64 " window%s be synced: %s; nobody knows what of %s is on disk",
                 windows->unsynced, windows->unsynced == 1 ? " could not" : "s could not",
                 strerror(windows->sync_error), windows->unsynced == 1 ? "it" : "them");
    keeping->unsynced = windows->unsynced;
    return windows->unsynced > 0 ? EX_IOERR : EX_OK;
}

int keeping_gave_up(const struct keeping *keeping, const struct outbox_counts *counts)
{
    complain(keeping->path, "cannot write: %s; the last windows are lost",
             strerror(counts->trouble));
    return EX_IOERR;
}

void keeping_tell(const struct keeping *keeping, const struct outbox_counts *counts,
                  char text[KEEPING_TEXT])
{
    const struct windows_counts *windows = &counts->windows;

    text[0] = '\0';
    if (keeping->path)
        snprintf(
            text, KEEPING_TEXT,
            "; directory: %" PRIu64 " windows written, %" PRIu64 " removed, %" PRIu64 " not synced",
            windows->written, windows->removed_age + windows->removed_bytes, windows->unsynced);
}
