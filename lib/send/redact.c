/* SPDX-License-Identifier: Apache-2.0 */
#include "send/redact.h"

#include <string.h>

/* Shorter values in a query, such as "1" or "main", occur in any text. */
#define VALUE_LEAST 8

/* Replaces one secret and updates the longest length; each character may be escaped. */
static enum result hide(struct text *text, const char *secret, size_t length, size_t *longest)
{
    if (length == 0)
        return RESULT_OK;
    if (length * TEXT_ESCAPE_MAX > *longest)
        *longest = length * TEXT_ESCAPE_MAX;
    return text_replace(text, secret, length, "***");
}

/* The query as a whole, then each of its values: name=value&name=value. */
static enum result hide_query(struct text *text, const char *url, size_t *longest)
{
    const char *query = strchr(url, '?');
    size_t length = query ? strcspn(query + 1, "#") : 0;
    enum result result = hide(text, query ? query + 1 : "", length, longest);

    for (const char *p = query ? query + 1 : ""; length > 0 && result == RESULT_OK;) {
        size_t pair = strcspn(p, "&#");
        const char *value = memchr(p, '=', pair);
        size_t value_length = value ? pair - (size_t)(++value - p) : 0;

        if (value_length >= VALUE_LEAST)
            result = hide(text, value, value_length, longest);
        if (p[pair] != '&')
            break;
        p += pair + 1;
    }
    return result;
}

enum result redact(struct text *text, const char *const *secrets, const char *url, bool cut_off)
{
    size_t longest = 1;
    enum result result = hide_query(text, url, &longest);

    for (; secrets && *secrets && result == RESULT_OK; secrets++)
        result = hide(text, *secrets, strlen(*secrets), &longest);
    if (cut_off)
        text->length -= longest - 1 < text->length ? longest - 1 : text->length;
    return result;
}
