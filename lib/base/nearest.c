/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <string.h>

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * How many letters must be inserted, deleted or replaced to turn one into the other (Levenshtein).
 * Where they are more than `most`, any number above it, as soon as that is clear.
 */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length, size_t most)
{
    size_t row[NEAREST_MOST + 1];

    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0], least = i;

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t above = row[j];

            row[j] = smallest(above + 1, row[j - 1] + 1,
                              diagonal + (lower(a[i - 1]) != lower(b[j - 1])));
            diagonal = above;
            least = row[j] < least ? row[j] : least;
        }
        if (least > most)
            return least;
    }
    return row[b_length];
}

const char *nearest_word(const char *text, size_t length, const char *const *words, size_t count,
                         size_t letters)
{
    const char *nearest = NULL;
    size_t best = letters + 1;

    for (size_t i = 0; i < count && length <= NEAREST_MOST; i++) {
        size_t word = strlen(words[i]);
        size_t more = word > length ? word - length : length - word, away;

        if (word > NEAREST_MOST || more >= best)
            continue;
        away = distance(text, length, words[i], word, best - 1);
        if (away < best) {
            nearest = words[i];
            best = away;
        }
    }
    return nearest;
}
