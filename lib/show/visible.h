/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of strangers on a terminal: how many columns they take, and as much of them as fits.
 *
 * What a terminal might obey, or would not show in a column of its own, becomes \xNN: control
 * characters, what turns the direction of a line, combining characters and others without a width,
 * and bytes that are no UTF-8. Without UTF-8 so does all that is not ASCII.
 */
#ifndef SECFLOW_VISIBLE_H
#define SECFLOW_VISIBLE_H

#include "base/text.h"
#include "record/record.h"

/* Where what does not fit is cut out, of which a mark tells. */
enum visible_cut {
    VISIBLE_MIDDLE, /* a third of what is left stands in front of it: of names the end says more */
    VISIBLE_END
};

/* utf8: the locale of the process, LC_CTYPE, is one of UTF-8, by which widths are known. */
size_t visible_width(struct record_text shown, bool utf8);

/* Adds as much as fits in so many columns, and tells how many of them are used. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result visible_put(struct text *text, struct record_text shown, bool utf8,
                                   size_t columns, enum visible_cut cut, size_t *used);

#endif
