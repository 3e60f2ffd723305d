/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Name caches.
 */
#include "name/namecache.h"
#include "fuzz.h"

static enum result look(void *context, const struct address *address, const struct name_ref *name,
                        bool only_one)
{
    struct name_ref found;

    (void)only_one;
    must(names_find(context, address, 0, &found) && found.length == name->length);
    must(memcmp(found.text, name->text, name->length) == 0);
    must(fuzz_is_word(name->text, name->length));
    return RESULT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = fuzz_file(data, size);
    struct names *names;
    size_t bad_line = 0;
    enum result result;
    char path[32];

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    must(names_init(&names, SIZE_MAX) == RESULT_OK);
    result = namecache_load(path, names, &bad_line);
    must(bad_line > 0 ? result == RESULT_DAMAGED : result == RESULT_OK);
    must(names_each(names, look, names) == RESULT_OK);
    names_destroy(&names);
    close(fd);
    return 0;
}
