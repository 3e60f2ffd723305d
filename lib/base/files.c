/* SPDX-License-Identifier: Apache-2.0 */
#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void files_close(int fd)
{
    int saved = errno;

    close(fd);
    errno = saved;
}

enum result files_each(int folder, enum result (*each)(void *context, const char *name),
                       void *context)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    enum result result = RESULT_OK;
    struct dirent *dirent;
    int saved;

    if (!listing) {
        if (fd >= 0)
            files_close(fd);
        return RESULT_SYSTEM;
    }
    while (result == RESULT_OK) {
        errno = 0;
        dirent = readdir(listing);
        if (!dirent)
            break;
        result = each(context, dirent->d_name);
    }
    if (result == RESULT_OK && errno != 0)
        result = RESULT_SYSTEM;
    saved = errno;
    closedir(listing);
    errno = saved;
    return result;
}

int files_open(int folder, const char *name, int flags)
{
    int fd = openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat stat = {0};

    if (fd < 0 || (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode)))
        return fd;
    close(fd);
    errno = S_ISDIR(stat.st_mode) ? EISDIR : ENOTSUP;
    return -1;
}

/* Not all systems can, nor all file systems. */
static int rename_at_once(int folder, const char *from, const char *to)
{
#ifdef HAVE_RENAMEAT2
    return renameat2(folder, from, folder, to, RENAME_NOREPLACE);
#else
    (void)folder, (void)from, (void)to;
    errno = ENOSYS;
    return -1;
#endif
}

int files_rename_new(int folder, const char *from, const char *to)
{
    if (rename_at_once(folder, from, to) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    return linkat(folder, from, folder, to, 0) == 0 ? unlinkat(folder, from, 0) : -1;
}

bool files_write(int fd, const void *bytes, size_t length)
{
    const char *p = bytes;

    while (length > 0) {
        ssize_t wrote = write(fd, p, length);

        if (wrote < 0 && errno != EINTR)
            return false;
        p += wrote > 0 ? wrote : 0;
        length -= wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

bool files_copy(int from, off_t start, int to)
{
    char buffer[32 * 1024];
    ssize_t got;

    while ((got = pread(from, buffer, sizeof buffer, start)) > 0) {
        if (!files_write(to, buffer, (size_t)got))
            return false;
        start += got;
    }
    return got == 0;
}

off_t files_whole_lines(int fd)
{
    char buffer[32 * 1024];
    off_t offset = 0, whole = 0;
    const char *nul = NULL, *newline;
    ssize_t got;

    while (!nul && (got = pread(fd, buffer, sizeof buffer, offset)) != 0) {
        if (got < 0)
            return -1;
        nul = memchr(buffer, '\0', (size_t)got);
        newline = memrchr(buffer, '\n', nul ? (size_t)(nul - buffer) : (size_t)got);
        if (newline)
            whole = offset + (newline + 1 - buffer);
        offset += got;
    }
    return whole;
}
