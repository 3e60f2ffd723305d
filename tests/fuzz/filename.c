/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File names for samples, and names of files in a spool.
 */
#include "fuzz.h"
#include "send/spool.h"

#include <fcntl.h>
#include <sys/stat.h>

static char path[] = "/tmp/fuzz-filename.XXXXXX";
static int folder;
static struct spool *spool;

static void finish(void)
{
    spool_destroy(&spool);
    rmdir(path);
}

static void begin(void)
{
    must(mkdtemp(path) && atexit(finish) == 0 && spool_init(&spool, path) == RESULT_OK);
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(folder >= 0);
}

/* Creates a file of that name, which may be taken for one of the spool's. */
static void look_for(const char *name)
{
    struct spool_entry entry;
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return;
    close(fd);
    if (spool_next(spool, "", &entry) == RESULT_OK) {
        must(strcmp(entry.name, name) == 0 && entry.time >= 0);
        must(entry.file_name > 0 && entry.name[entry.file_name - 1] == '.');
        must(spool_next(spool, entry.name, &entry) == RESULT_END);
    }
    must(unlinkat(folder, name, 0) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *name = strndup((const char *)data, size), clean[SPOOL_FILE_NAME_MAX + 1];

    must(name);
    if (!spool)
        begin();
    spool_clean_name(name, clean);
    must(spool_is_file_name(clean));
    must(!spool_is_file_name(name) || strcmp(name, clean) == 0);
    if (!strchr(name, '/'))
        look_for(name);
    free(name);
    return 0;
}
