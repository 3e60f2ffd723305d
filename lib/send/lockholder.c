/* SPDX-License-Identifier: Apache-2.0 */
#include "send/lockholder.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/*
 * True if stat reports another device than /proc/locks: on btrfs each subvolume seems to be a
 * device of its own.
 */
static bool hides_device(int fd)
{
    struct statfs statfs;

    return fstatfs(fd, &statfs) == 0 && (uint32_t)statfs.f_type == BTRFS_SUPER_MAGIC;
}

/* proc_locks(5): "1: FLOCK ADVISORY WRITE 1234 08:01:5678 0 EOF", the device in hexadecimal. */
enum result lock_holder(int fd, pid_t *holder)
{
    unsigned device_major, device_minor;
    bool any_device = hides_device(fd);
    enum result result = RESULT_END;
    struct stat stat;
    uint64_t inode;
    char line[256];
    int process;
    FILE *locks;

    if (fstat(fd, &stat) < 0 || !(locks = fopen("/proc/locks", "re")))
        return RESULT_SYSTEM;
    while (result == RESULT_END && fgets(line, sizeof line, locks)) {
        /* The kernel's numbers fit. NOLINTNEXTLINE(cert-err34-c) */
        if (sscanf(line, "%*d: FLOCK %*s WRITE %d %x:%x:%" SCNu64, &process, &device_major,
                   &device_minor, &inode) != 4 ||
            inode != stat.st_ino ||
            (!any_device && makedev(device_major, device_minor) != stat.st_dev))
            continue;
        *holder = process;
        result = RESULT_OK;
    }
    if (ferror(locks))
        result = RESULT_SYSTEM;
    fclose(locks);
    return result;
}
