/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the unit tests: checks that print the Test Anything Protocol, and wire bytes from
 * readable text. A failed check prints its place, what it got and what it wanted.
 */
#ifndef SECFLOW_TAP_H
#define SECFLOW_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count, tap_failures;

/* The last arguments describe the check, as for printf. Returns true if the check held. */
#define ok(condition, ...) tap_ok((condition), __FILE__, __LINE__, #condition, __VA_ARGS__)
#define is_int(got, want, ...)                                                                     \
    tap_is_int((int64_t)(got), (int64_t)(want), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...) tap_is_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 2, 0))) static inline bool tap_line(bool held, const char *format,
                                                                  va_list args)
{
    printf("%s %d - ", held ? "ok" : "not ok", ++tap_count);
    vprintf(format, args);
    putchar('\n');
    if (!held)
        tap_failures++;
    return held;
}

__attribute__((format(printf, 5, 6))) static inline bool
tap_ok(bool held, const char *file, int line, const char *condition, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tap_line(held, format, args);
    va_end(args);
    if (!held)
        printf("# %s:%d: %s\n", file, line, condition);
    return held;
}

__attribute__((format(printf, 5, 6))) static inline bool
tap_is_int(int64_t got, int64_t want, const char *file, int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tap_line(got == want, format, args);
    va_end(args);
    if (got != want)
        printf("# %s:%d\n#  got: %lld\n# want: %lld\n", file, line, (long long)got,
               (long long)want);
    return got == want;
}

__attribute__((format(printf, 5, 6))) static inline bool
tap_is_str(const char *got, const char *want, const char *file, int line, const char *format, ...)
{
    bool held = strcmp(got, want) == 0;
    va_list args;

    va_start(args, format);
    tap_line(held, format, args);
    va_end(args);
    if (!held)
        printf("# %s:%d\n#  got: %s\n# want: %s\n", file, line, got, want);
    return held;
}

/* The plan, at the end; returns the exit status. */
static inline int done(void)
{
    printf("1..%d\n", tap_count);
    if (tap_failures > 0)
        printf("# %d of %d failed\n", tap_failures, tap_count);
    return tap_failures > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Ends a test that cannot go on because its own setup failed. */
static inline void need(bool condition, const char *what)
{
    if (!condition) {
        printf("Bail out! %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static inline unsigned tap_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

    need(at, "bad hexadecimal digit");
    return (unsigned)(at - digits);
}

/* Wire bytes from hexadecimal text; blanks are ignored, and 'quoted' text stands for itself. */
static inline size_t unhex(const char *text, uint8_t *bytes, size_t room)
{
    size_t length = 0;

    while (*text) {
        if (*text == ' ' || *text == '\n') {
            text++;
            continue;
        }
        need(length < room, "too many bytes");
        if (*text != '\'') {
            bytes[length++] = (uint8_t)(tap_digit(text[0]) << 4 | tap_digit(text[1]));
            text += 2;
            continue;
        }
        for (text++; *text != '\''; text++) {
            need(*text && length < room, "bad quoted text");
            bytes[length++] = (uint8_t)*text;
        }
        text++;
    }
    return length;
}

/*
 * A copy that ends where its memory does, so that AddressSanitizer catches reads beyond; the caller
 * frees it.
 */
static inline uint8_t *exact_copy(const void *bytes, size_t length)
{
    uint8_t *copy = calloc(1, length > 0 ? length : 1);

    need(copy, "no memory");
    if (length > 0)
        memcpy(copy, bytes, length);
    return length > 0 ? copy : copy + 1;
}

static inline void exact_free(uint8_t *copy, size_t length)
{
    free(length > 0 ? copy : copy - 1);
}

#endif
