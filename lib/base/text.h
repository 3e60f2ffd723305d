/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that grows as it is put together, and JSON strings (RFC 8259) in it.
 */
#ifndef SECFLOW_TEXT_H
#define SECFLOW_TEXT_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty one. */
struct text {
    char *bytes; /* no final NUL */
    size_t length, capacity;
};

void text_destroy(struct text *text);

/* They add to the text, or answer RESULT_NO_MEMORY. */
MUST_CHECK enum result text_put(struct text *text, const char *bytes, size_t length);
MUST_CHECK enum result text_put_string(struct text *text, const char *string);
__attribute__((format(printf, 2, 3))) MUST_CHECK enum result text_print(struct text *text,
                                                                        const char *format, ...);

/*
 * Adds what can be read from a descriptor that does not block: a small file, which may be a pipe,
 * but neither without an end nor without a writer. RESULT_SYSTEM: errno says why; EFBIG: there are
 * more than most bytes; ETIMEDOUT: nothing came for 5 seconds.
 */
MUST_CHECK enum result text_read(struct text *text, int fd, size_t most);

/*
 * The length of the UTF-8 character (RFC 3629) that the bytes begin with, of which there is at
 * least one; 0 where they begin with none.
 */
size_t text_character(const char *bytes, size_t left);

/* The same, but more than there are where all of them are the beginning of one. */
size_t text_character_begun(const char *bytes, size_t left);

/* Bytes of the longest escape that stands for one of ASCII in a JSON string. */
#define TEXT_ESCAPE_MAX 6u

/* As a JSON string, in quotes. Bytes that are no UTF-8 become U+FFFD. */
MUST_CHECK enum result text_put_json(struct text *text, const char *bytes, size_t length);

/*
 * Puts other bytes in the place of some, wherever they stand, as they are or with any of them that
 * are ASCII escaped as in a JSON string (RFC 8259), as / may be there; length is not 0.
 */
MUST_CHECK enum result text_replace(struct text *text, const char *bytes, size_t length,
                                    const char *other);

/*
 * For people: control characters, which a terminal would obey, and bytes that are no UTF-8 become
 * \xNN. As much of it as there is room for, on a whole character and with a final NUL.
 */
void text_escape(const char *bytes, size_t length, char *escaped, size_t room);

/* Whether bytes end with that, and there are more of them. */
bool text_ends_in(const char *bytes, size_t length, const char *ending);

#endif
