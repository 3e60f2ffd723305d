/* SPDX-License-Identifier: Apache-2.0 */
#include "show/visible.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

/* Room for a character, each of whose bytes can become four, and a final NUL. */
#define PIECE_BYTES (4 * 4 + 1)

/* A character as it is shown. */
struct piece {
    char bytes[PIECE_BYTES];
    size_t columns;
};

static wchar_t code_of(const char *bytes, size_t length)
{
    const unsigned char *p = (const unsigned char *)bytes;
    uint32_t code = length == 1 ? *p : *p & (0x7fu >> length);

    for (size_t i = 1; i < length; i++)
        code = code << 6 | (p[i] & 0x3f);
    return (wchar_t)code;
}

/* The columns of a character, of that many bytes; 0: it is not to be shown as it is. */
static size_t columns_of(const char *bytes, size_t length, bool utf8)
{
    char escaped[PIECE_BYTES];
    int width;

    if (length == 1)
        return *bytes >= ' ' && *bytes < 0x7f;
    if (length == 0 || !utf8)
        return 0;
    /* Whatever the C library takes for printable. */
    text_escape(bytes, length, escaped, sizeof escaped);
    width = memcmp(escaped, bytes, length) == 0 ? wcwidth(code_of(bytes, length)) : 0;
    return width > 0 ? (size_t)width : 0;
}

static void escape(struct piece *piece, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        piece->columns +=
            (size_t)snprintf(piece->bytes + piece->columns, sizeof piece->bytes - piece->columns,
                             "\\x%02x", (unsigned char)bytes[i]);
}

/* Cuts off the first character. False: there is none. */
static bool next_piece(struct record_text *rest, bool utf8, struct piece *piece)
{
    size_t character = rest->length > 0 ? text_character(rest->bytes, rest->length) : 0;
    size_t length = character > 0 ? character : 1;

    if (rest->length == 0)
        return false;
    piece->columns = columns_of(rest->bytes, character, utf8);
    if (piece->columns > 0) {
        memcpy(piece->bytes, rest->bytes, length);
        piece->bytes[length] = '\0';
    } else {
        escape(piece, rest->bytes, length);
    }
    rest->bytes += length;
    rest->length -= length;
    return true;
}

size_t visible_width(struct record_text shown, bool utf8)
{
    struct piece piece;
    size_t columns = 0;

    while (next_piece(&shown, utf8, &piece))
        columns += piece.columns;
    return columns;
}

/* Adds as many characters as fit, and tells the columns that they take. */
static enum result put_head(struct text *text, struct record_text shown, bool utf8, size_t columns,
                            size_t *used)
{
    struct piece piece;
    enum result result = RESULT_OK;

    *used = 0;
    while (result == RESULT_OK && next_piece(&shown, utf8, &piece) &&
           *used + piece.columns <= columns) {
        result = text_put_string(text, piece.bytes);
        *used += piece.columns;
    }
    return result;
}

/* What is left of a text of that width when so many columns of its end fit. */
static struct record_text tail_of(struct record_text shown, bool utf8, size_t width, size_t columns)
{
    struct piece piece;

    while (width > columns && next_piece(&shown, utf8, &piece))
        width -= piece.columns;
    return shown;
}

enum result visible_put(struct text *text, struct record_text shown, bool utf8, size_t columns,
                        enum visible_cut cut, size_t *used)
{
    const char *mark = utf8 ? "\xe2\x80\xa6" : "..";
    size_t width = visible_width(shown, utf8), mark_width = utf8 ? 1 : 2, tail, more;
    enum result result;

    if (width <= columns || columns <= mark_width)
        return put_head(text, shown, utf8, columns, used);
    tail = cut == VISIBLE_MIDDLE ? (columns - mark_width) * 2 / 3 : 0;
    result = put_head(text, shown, utf8, columns - mark_width - tail, used);
    if (result == RESULT_OK)
        result = text_put_string(text, mark);
    if (result == RESULT_OK)
        result = put_head(text, tail_of(shown, utf8, width, tail), utf8, tail, &more);
    if (result == RESULT_OK)
        *used += mark_width + more;
    return result;
}
