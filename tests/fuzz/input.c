/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files, compressed or not, read in large pieces and in small ones: the results must be equal.
 */
#include "base/input.h"
#include "fuzz.h"

enum { MOST = 1 << 18 }; /* a small file may hold gigabytes */

/* Reads in pieces of that size. Returns a checksum of everything. */
static enum result read_all(int fd, size_t piece, uint64_t *sum)
{
    static uint8_t buffer[1 << 16];
    struct input *input;
    enum result result;
    size_t got, total = 0;

    *sum = 0;
    must(input_open_fd(&input, fd) == RESULT_OK);
    while (total < MOST && (result = input_read(input, buffer, piece, &got)) == RESULT_OK) {
        must(got > 0 && got <= piece);
        total += got;
        for (size_t i = 0; i < got; i++)
            *sum = *sum * 31 + buffer[i];
    }
    must(result != RESULT_DAMAGED || input_problem(input)[0] != '\0');
    input_close(&input);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t large, small;
    enum result result = read_all(fuzz_file(data, size), 1 << 16, &large);
    enum result other = read_all(fuzz_file(data, size), 61, &small);

    must(result != RESULT_SYSTEM && other != RESULT_SYSTEM);
    must(result != RESULT_END || other != RESULT_END || large == small);
    return 0;
}
