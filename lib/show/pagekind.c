/* SPDX-License-Identifier: Apache-2.0 */
#include "show/pagekind.h"

#include <string.h>

/* Categories by how their names end; the first that fits. */
static const struct {
    const char *ending;
    enum page_kind kind;
} endings[] = {
    {"Upload", KIND_UPLOAD},
    {"Channel", KIND_OPEN},
    {"keepAlive", KIND_OPEN},
    {"Downloaded", KIND_DOWNLOAD},
    {"DownloadedQuickly", KIND_DOWNLOAD},
    {"DownloadedViaLongSession", KIND_DOWNLOAD},
    {"Query", KIND_LOOKUP},
    {"failedConnection", KIND_UNANSWERED},
    {"unidirectional", KIND_UNANSWERED},
    {"closedSession", KIND_UNANSWERED},
};

enum page_kind page_kind(struct record_text category)
{
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t length = strlen(endings[i].ending);

        if (category.length >= length &&
            memcmp(category.bytes + category.length - length, endings[i].ending, length) == 0)
            return endings[i].kind;
    }
    return KIND_SHORT;
}

const char *page_kind_name(enum page_kind kind)
{
    static const char *const names[KIND_COUNT] = {
        [KIND_DOWNLOAD] = "Downloads",   [KIND_UPLOAD] = "Uploads",
        [KIND_OPEN] = "Held open",       [KIND_SHORT] = "Short or other",
        [KIND_LOOKUP] = "Name look-ups", [KIND_UNANSWERED] = "Unanswered",
    };

    return names[kind];
}
