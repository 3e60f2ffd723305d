/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys and ids of a store (seen.h): the beginnings of hashes (SHA-256).
 */
#ifndef SECFLOW_SEENKEY_H
#define SECFLOW_SEENKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEN_KEY_BYTES 16u

/* Its first and its last eight bytes, as in a store: SQLite compares integers faster than bytes. */
struct seen_key {
    int64_t high, low;
};

/* Of so many bytes. */
struct seen_key seen_key_read(const uint8_t bytes[SEEN_KEY_BYTES]);

/* A key that begins with the words of what it stands for, so that no two kinds share one. */
struct seen_key seen_key_of(const char *kind, const char *bytes, size_t length);

/* The same in 8 bytes, for counters and samples. */
int64_t seen_id_of(const char *kind, const char *bytes, size_t length);

/* Reads so many bytes, of two hexadecimal digits each. False: they are not. */
bool seen_hex_read(const char *digits, uint8_t *bytes, size_t length);

#endif
