/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void text_destroy(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

enum result text_reserve(struct text *text, size_t more)
{
    size_t capacity = text->capacity ? text->capacity : 256;
    char *bytes;

    if (text->capacity - text->length >= more)
        return RESULT_OK;
    if (more > SIZE_MAX / 2 - text->length)
        return RESULT_NO_MEMORY;
    while (capacity < text->length + more)
        capacity *= 2;
    bytes = realloc(text->bytes, capacity);
    if (!bytes)
        return RESULT_NO_MEMORY;
    text->bytes = bytes;
    text->capacity = capacity;
    return RESULT_OK;
}

enum result text_put(struct text *text, const char *bytes, size_t length)
{
    if (text_reserve(text, length) != RESULT_OK)
        return RESULT_NO_MEMORY;
    if (length > 0)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    return RESULT_OK;
}

enum result text_put_string(struct text *text, const char *string)
{
    return text_put(text, string, strlen(string));
}

enum result text_print(struct text *text, const char *format, ...)
{
    va_list args, again;
    int length;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 ||
        (text->capacity - text->length <= (size_t)length &&
         text_reserve(text, (size_t)length + 1) != RESULT_OK)) { /* and for the NUL, temporarily */
        va_end(again);
        return RESULT_NO_MEMORY;
    }
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
    va_end(again);
    text->length += (size_t)length;
    return RESULT_OK;
}

#define READ_WITHIN 5000 /* milliseconds */

enum result text_read(struct text *text, int fd, size_t most)
{
    struct pollfd in = {.fd = fd, .events = POLLIN};
    enum result result = RESULT_OK;
    char buffer[4096];
    ssize_t got = 1;

    while (result == RESULT_OK && got != 0) {
        /* A FIFO without a writer yet would seem to be at its end. */
        if (poll(&in, 1, READ_WITHIN) == 0) {
            errno = ETIMEDOUT;
            return RESULT_SYSTEM;
        }
        got = read(fd, buffer, sizeof buffer);
        if (got > 0 && (size_t)got > most) {
            errno = EFBIG;
            result = RESULT_SYSTEM;
        } else if (got > 0) {
            most -= (size_t)got;
            result = text_put(text, buffer, (size_t)got);
        } else if (got < 0 && errno != EAGAIN && errno != EINTR) {
            result = RESULT_SYSTEM;
        }
    }
    return result;
}

size_t text_character_begun(const char *bytes, size_t left)
{
    const unsigned char *p = (const unsigned char *)bytes;
    unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
    size_t length = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;

    if (length == 1)
        return 1;
    if (*p < 0xc2 || *p > 0xf4)
        return 0;
    if (*p == 0xe0)
        low = 0xa0;
    else if (*p == 0xed)
        high = 0x9f;
    else if (*p == 0xf0)
        low = 0x90;
    else if (*p == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < length && i < left; i++) {
        if (p[i] < low || p[i] > high)
            return 0;
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

size_t text_character(const char *bytes, size_t left)
{
    size_t length = text_character_begun(bytes, left);

    return length <= left ? length : 0;
}

size_t text_cut(const char *bytes, size_t length, size_t most)
{
    if (length <= most)
        return length;
    while (most > 0 && ((unsigned char)bytes[most] & 0xc0) == 0x80)
        most--;
    return most;
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* True for characters that change the direction of a line: U+202A to U+202E, U+2066 to U+2069. */
static bool turns(const unsigned char *p, size_t length)
{
    return length == 3 && *p == 0xe2 &&
           ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
            (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

/* C0, DEL, C1 (two bytes in UTF-8), and characters that reorder a line. */
static bool is_control(const unsigned char *p, size_t length)
{
    if (length == 1)
        return *p < ' ' || *p == 0x7f;
    return (length == 2 && *p == 0xc2 && p[1] < 0xa0) || turns(p, length);
}

/* The code point of a character of one to three bytes. */
static unsigned code_of(const unsigned char *p, size_t length)
{
    if (length == 1)
        return *p;
    return length == 2 ? (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu)
                       : (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
}

static enum result put_character(struct text *text, const char *p, size_t length)
{
    if (length == 0)
        return text_put_string(text, "\xef\xbf\xbd");
    if (*p == '"' || *p == '\\')
        return text_print(text, "\\%c", *p);
    if (is_control((const unsigned char *)p, length))
        return text_print(text, "\\u%04x", code_of((const unsigned char *)p, length));
    return text_put(text, p, length);
}

enum result text_put_json(struct text *text, const char *bytes, size_t length)
{
    enum result result = text_put(text, "\"", 1);
    size_t at = 0;

    while (at < length && result == RESULT_OK) {
        size_t plain = at;

        while (plain < length && is_plain((unsigned char)bytes[plain]))
            plain++;
        result = text_put(text, bytes + at, plain - at);
        at = plain;
        if (at < length && result == RESULT_OK) {
            size_t character = text_character(bytes + at, length - at);

            result = put_character(text, bytes + at, character);
            at += character > 0 ? character : 1;
        }
    }
    return result == RESULT_OK ? text_put(text, "\"", 1) : result;
}

/* The length of an escape for this ASCII character; 0: it is not one. */
static size_t escape_length(const char *p, size_t left, char c)
{
    char digits[5];

    if (left < 2 || p[0] != '\\' || p[1] != 'u')
        return left >= 2 && p[0] == '\\' && p[1] == c ? 2 : 0;
    snprintf(digits, sizeof digits, "%04x", (unsigned char)c);
    return left >= TEXT_ESCAPE_MAX && (unsigned char)c < 0x80 && strncasecmp(p + 2, digits, 4) == 0
               ? TEXT_ESCAPE_MAX
               : 0;
}

/* How many bytes at a place match these bytes, literally or escaped; 0: no match. */
static size_t match(const char *at, size_t left, const char *bytes, size_t length)
{
    size_t used = 0;

    if (left >= length && memcmp(at, bytes, length) == 0)
        return length;
    for (size_t i = 0; i < length; i++) {
        size_t escape = escape_length(at + used, left - used, bytes[i]);

        if (escape == 0 && (used == left || at[used] != bytes[i]))
            return 0;
        used += escape > 0 ? escape : 1;
    }
    return used;
}

enum result text_replace(struct text *text, const char *bytes, size_t length, const char *other)
{
    struct text replaced = {0};
    enum result result = RESULT_OK;
    size_t done = 0, at = 0;

    while (at < text->length && result == RESULT_OK) {
        size_t found = match(text->bytes + at, text->length - at, bytes, length);

        if (found > 0) {
            result = text_put(&replaced, text->bytes + done, at - done);
            if (result == RESULT_OK)
                result = text_put_string(&replaced, other);
            done = at + found;
        }
        at += found > 0 ? found : 1;
    }
    if (result == RESULT_OK && done > 0)
        result = text_put(&replaced, text->bytes + done, text->length - done);
    if (result != RESULT_OK || done == 0) {
        text_destroy(&replaced);
        return result;
    }
    text_destroy(text);
    *text = replaced;
    return RESULT_OK;
}

void text_escape(const char *bytes, size_t length, char *escaped, size_t room)
{
    const unsigned char *p = (const unsigned char *)bytes, *end = p + length;
    char one[4 * 4 + 1];

    while (p < end) {
        size_t bad = text_character((const char *)p, (size_t)(end - p)) == 0;
        size_t character = bad ? 1 : text_character((const char *)p, (size_t)(end - p)), put = 0;

        if (bad || is_control(p, character))
            for (size_t i = 0; i < character; i++)
                put += (size_t)snprintf(one + put, sizeof one - put, "\\x%02x", p[i]);
        else
            put = (size_t)snprintf(one, sizeof one, "%.*s", (int)character, (const char *)p);
        if (put >= room)
            break;
        memcpy(escaped, one, put);
        escaped += put;
        room -= put;
        p += character;
    }
    *escaped = '\0';
}

bool text_ends_in(const char *bytes, size_t length, const char *ending)
{
    size_t wanted = strlen(ending);

    return length > wanted && memcmp(bytes + length - wanted, ending, wanted) == 0;
}
