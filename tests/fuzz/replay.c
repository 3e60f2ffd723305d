/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replaces a fuzzer: runs the entry on each line of its corpus, bytes in hexadecimal.
 */
#include "../tap.h"

#include <libgen.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    const char *srcdir = getenv("srcdir"), *name = basename(argv[0]);
    char path[4096], *line = NULL;
    size_t capacity = 0, inputs = 0;
    ssize_t length;
    FILE *corpus;

    (void)argc;
    snprintf(path, sizeof path, "%s/tests/fuzz/%s.corpus", srcdir ? srcdir : ".", name);
    corpus = fopen(path, "r");
    need(corpus, path);
    for (; (length = getline(&line, &capacity, corpus)) > 0; inputs++) {
        size_t size = (size_t)length / 2;
        uint8_t *bytes = exact_copy(line, size); /* of that size; its content follows */

        line[length - 1] = '\0';
        need(unhex(line, bytes, size) == size, "a line is no hexadecimal text");
        printf("# %s:%zu\n", path,
               inputs + 1); /* the last line printed shows which input crashed */
        fflush(stdout);
        LLVMFuzzerTestOneInput(bytes, size);
        exact_free(bytes, size);
    }
    free(line);
    fclose(corpus);
    ok(inputs > 0, "%zu inputs of %s", inputs, name);
    return done();
}
