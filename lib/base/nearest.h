/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The word that was probably meant, where one was mistyped.
 */
#ifndef SECFLOW_NEAREST_H
#define SECFLOW_NEAREST_H

#include <stddef.h>

/* Longer words than this are near to none. */
#define NEAREST_MOST 64u

/* How many letters of a text of that length may be wrong. */
#define NEAREST_THIRD(length) (((length) + 2) / 3)

/*
 * The nearest of the words to a text, of several the first; NULL: none is within that many letters.
 * Case does not matter.
 */
const char *nearest_word(const char *text, size_t length, const char *const *words, size_t count,
                         size_t letters);

#endif
