/* SPDX-License-Identifier: Apache-2.0 */
#include "show/html.h"

#include "base/number.h"
#include "show/units.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void html_begin(struct html *html, struct output *output)
{
    *html = (struct html){.output = output, .result = RESULT_OK};
}

/* Notes what a call gave. */
static void note(struct html *html, enum result result)
{
    html->result = result;
    html->error = errno;
}

enum result html_end(struct html *html)
{
    if (html->result == RESULT_OK)
        note(html, output_flush(html->output));
    errno = html->error;
    return html->result;
}

static void put(struct html *html, const char *bytes, size_t length)
{
    if (html->result == RESULT_OK)
        note(html, output_put(html->output, bytes, length));
}

void html_put(struct html *html, const char *markup)
{
    put(html, markup, strlen(markup));
}

void html_print(struct html *html, const char *format, ...)
{
    char markup[HTML_PRINT + 1];
    va_list args;

    va_start(args, format);
    vsnprintf(markup, sizeof markup, format, args);
    va_end(args);
    html_put(html, markup);
}

void html_count(struct html *html, uint64_t count)
{
    char text[NUMBER_GROUPED];

    html_put(html, number_grouped(text, count));
}

void html_bytes(struct html *html, uint64_t bytes)
{
    char text[UNITS_TEXT];

    html_put(html, units_bytes(text, bytes));
}

void html_duration(struct html *html, int64_t microseconds)
{
    char text[UNITS_TEXT];

    html_put(html, units_duration(text, microseconds));
}

/* What stands for a character that HTML gives a meaning; NULL: it has none. */
static const char *reference(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Text in which nothing is to be escaped but for HTML. */
static void put_references(struct html *html, const char *text, size_t length)
{
    const char *end = text + length, *plain = text;

    for (; text < end; text++) {
        const char *other = reference(*text);

        if (!other)
            continue;
        put(html, plain, (size_t)(text - plain));
        html_put(html, other);
        plain = text + 1;
    }
    put(html, plain, (size_t)(end - plain));
}

void html_text(struct html *html, struct record_text text)
{
    char escaped[HTML_TEXT_MOST + 1];

    text_escape(text.bytes, text.length, escaped, sizeof escaped);
    put_references(html, escaped, strlen(escaped));
}

/* How many bytes the first characters of a text take: all of it, where there are no more. */
static size_t first_characters(const char *text, size_t length, unsigned most)
{
    size_t used = 0;

    while (used < length && most-- > 0)
        used += text_character(text + used, length - used);
    return used;
}

static bool has_punycode(const char *name)
{
    for (bool begins = true; *name; begins = *name == '.', name++)
        if (begins && strncasecmp(name, "xn--", 4) == 0)
            return true;
    return false;
}

void html_name(struct html *html, struct record_text name)
{
    char escaped[HTML_TEXT_MOST + 1];
    size_t length, shown;

    text_escape(name.bytes, name.length, escaped, sizeof escaped);
    length = strlen(escaped);
    shown = first_characters(escaped, length, HTML_NAME_MOST);
    if (shown < length) {
        html_put(html, "<span title=\"");
        put_references(html, escaped, length);
        html_put(html, "\">");
    }
    put_references(html, escaped, shown);
    if (shown < length)
        html_put(html, "\xe2\x80\xa6</span>");
    if (has_punycode(escaped))
        html_put(html,
                 " <span class=mark title=\"Internationalized: the letters that it stands for may "
                 "look like others\">IDN</span>");
}
