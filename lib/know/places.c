/* SPDX-License-Identifier: Apache-2.0 */
#include "know/places.h"

#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

struct places {
    MMDB_s database;
};

/*
 * The library maps the file. Were it cut off later, as cp does that writes a new one over it, its
 * pages would be gone, and reading one would end the process. So what is mapped is a copy.
 */
static int copy(const char *path)
{
    int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), to = -1, saved;
    ssize_t got = -1;
    struct stat stat;

    if (from >= 0 && fstat(from, &stat) == 0) {
        /* A FIFO may never have a writer, and a device may never end. */
        if (!S_ISREG(stat.st_mode))
            errno = S_ISDIR(stat.st_mode) ? EISDIR : ENOTSUP;
        else
            to = memfd_create("secflow-places", MFD_CLOEXEC);
    }
    if (to >= 0)
        while ((got = sendfile(to, from, NULL, 1 << 24)) > 0)
            ;
    saved = errno;
    if (from >= 0)
        files_close(from);
    if (to >= 0 && got < 0) {
        files_close(to);
        to = -1;
    }
    errno = saved;
    return to;
}

static enum result open_copy(struct places *places, int fd)
{
    char path[64];
    int status;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    status = MMDB_open(path, MMDB_MODE_MMAP, &places->database);
    if (status == MMDB_OUT_OF_MEMORY_ERROR)
        return RESULT_NO_MEMORY;
    if (status == MMDB_FILE_OPEN_ERROR)
        return RESULT_SYSTEM;
    return status == MMDB_SUCCESS ? RESULT_OK : RESULT_DAMAGED;
}

enum result places_open(struct places **places, const char *path)
{
    struct places *new = calloc(1, sizeof *new);
    enum result result = new ? RESULT_OK : RESULT_NO_MEMORY;
    int fd = new ? copy(path) : -1;

    if (new)
        result = fd >= 0 ? open_copy(new, fd) : RESULT_SYSTEM;
    if (fd >= 0)
        files_close(fd);
    if (result != RESULT_OK) {
        int saved = errno;

        free(new);
        errno = saved;
        return result;
    }
    *places = new;
    return RESULT_OK;
}

void places_close(struct places **places)
{
    if (*places)
        MMDB_close(&(*places)->database);
    free(*places);
    *places = NULL;
}

static void set_text(struct record_text *text, MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s data;

    if (text->length == 0 && MMDB_aget_value(entry, &data, path) == MMDB_SUCCESS && data.has_data &&
        data.type == MMDB_DATA_TYPE_UTF8_STRING)
        *text = (struct record_text){data.utf8_string, data.data_size};
}

static void set_number(uint64_t *number, MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s data;

    if (*number == 0 && MMDB_aget_value(entry, &data, path) == MMDB_SUCCESS && data.has_data &&
        data.type == MMDB_DATA_TYPE_UINT32)
        *number = data.uint32;
}

void places_find(struct places *places, const struct address *address, struct place *place)
{
    static const char *const country[] = {"country", "iso_code", NULL};
    static const char *const asn[] = {"autonomous_system_number", NULL};
    static const char *const org[] = {"autonomous_system_organization", NULL};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    MMDB_lookup_result_s found;
    int error;

    memcpy(&v4.sin_addr, address->bytes, 4);
    memcpy(&v6.sin6_addr, address->bytes, 16);
    found = MMDB_lookup_sockaddr(
        &places->database,
        address->family == 4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6, &error);
    if (error != MMDB_SUCCESS || !found.found_entry)
        return;
    set_text(&place->country, &found.entry, country);
    set_text(&place->as_org, &found.entry, org);
    set_number(&place->asn, &found.entry, asn);
}

void places_libmaxminddb(char text[LIBRARY_TEXT])
{
    snprintf(text, LIBRARY_TEXT, "libmaxminddb %s", MMDB_lib_version());
}
