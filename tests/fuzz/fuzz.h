/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the fuzz entries. An entry takes any bytes, as libFuzzer passes them; it must not
 * crash, and its assertions about the results must hold.
 */
#ifndef SECFLOW_FUZZ_H
#define SECFLOW_FUZZ_H

#include "base/hash.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run if an assertion does not hold. */
#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: must: %s\n", __FILE__, __LINE__, #condition);                  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Replaces the kernel's: hash tables get a fixed seed, so that equal inputs run equally. */
ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
    (void)flags;
    memset(buffer, 0x5a, length);
    return (ssize_t)length;
}

/* A file in memory with those bytes, rewound. */
static inline int fuzz_file(const void *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    must(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

/* The rest of an input that has several parts. */
struct fuzz {
    const uint8_t *at;
    size_t left;
};

/* Takes a number of that many bytes; missing bytes are 0. */
static inline unsigned fuzz_number(struct fuzz *fuzz, unsigned size)
{
    unsigned number = 0;

    for (; size > 0; size--) {
        number = number << 8 | (fuzz->left > 0 ? *fuzz->at++ : 0);
        fuzz->left -= fuzz->left > 0;
    }
    return number;
}

/* At most *size bytes in memory of their own, guarded by AddressSanitizer; the caller frees it. */
static inline uint8_t *fuzz_bytes(struct fuzz *fuzz, size_t *size)
{
    uint8_t *copy;

    if (*size > fuzz->left)
        *size = fuzz->left;
    copy = malloc(*size);
    must(copy || *size == 0);
    if (*size > 0)
        memcpy(copy, fuzz->at, *size);
    fuzz->at += *size;
    fuzz->left -= *size;
    return copy;
}

/* True for printable ASCII without spaces. */
static inline bool fuzz_is_word(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return length > 0;
}

#endif
