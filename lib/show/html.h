/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTML, written piece by piece (https://html.spec.whatwg.org/). What comes from records is
 * hostile: it stands in a page only as text, in which nothing steers what displays it.
 *
 * Functions that write return nothing: after the first failure nothing is written any more, and
 * html_end tells of it.
 */
#ifndef SECFLOW_HTML_H
#define SECFLOW_HTML_H

#include "base/output.h"
#include "base/text.h"
#include "record/record.h"

struct html {
    struct output *output;
    enum result result;
    int error; /* errno, of RESULT_SYSTEM */
};

void html_begin(struct html *html, struct output *output);

/* Flushes the output. RESULT_SYSTEM: errno says why it cannot be written. */
MUST_CHECK enum result html_end(struct html *html);

/* Markup as it is. */
void html_put(struct html *html, const char *markup);

/* Short markup, at most HTML_PRINT bytes of it, and nothing of a stranger's. */
#define HTML_PRINT 512u
__attribute__((format(printf, 2, 3))) void html_print(struct html *html, const char *format, ...);

/* Counts and amounts as people read them (number.h, units.h). */
void html_count(struct html *html, uint64_t count);
void html_bytes(struct html *html, uint64_t bytes);
void html_duration(struct html *html, int64_t microseconds);

/* The most that html_text shows of a text, in bytes, and html_name in characters. */
#define HTML_TEXT_MOST 4096u
#define HTML_NAME_MOST 80u

/*
 * Text: what HTML gives a meaning is escaped as a character reference, control characters and what
 * turns the direction of writing as \xNN, and what is not UTF-8 likewise.
 */
void html_text(struct html *html, struct record_text text);

/*
 * Text that may be long, of which the beginning is shown, and the whole of it as a title. One with
 * a label that begins with xn--, which stands for letters that may look like others, is marked.
 */
void html_name(struct html *html, struct record_text name);

#endif
