/* SPDX-License-Identifier: Apache-2.0 */
#include "know/activity.h"

#include "record/label.h"

#include <string.h>

static bool has_tag(const struct match *match, const char *prefix)
{
    size_t length = strlen(prefix);

    for (size_t i = 0; i < match->tag_count; i++)
        if (match->tags[i].length > length && memcmp(match->tags[i].bytes, prefix, length) == 0)
            return true;
    return false;
}

/* What a behavior that nothing else is known of is by how often it was seen. */
static const char *activity_of_count(const struct record *record)
{
    /* Never worth a look just for being rare. */
    static const char *const dull[] = {"failedConnection", "dnsQuery", "dotsQuery",
                                       "tlsNegotiationOnly", "closedSession"};
    const char *category = label_category(record);

    if (record->known->flow_id_count == 0)
        return NULL;
    if (record->known->flow_id_count >= ACTIVITY_COMMON_SAMPLES ||
        strcmp(category, "keepAlive") == 0)
        return "Common Activity";
    for (size_t i = 0; i < sizeof dull / sizeof *dull; i++)
        if (strcmp(category, dull[i]) == 0)
            return NULL;
    return "Suspicious Activity";
}

const char *activity_of(const struct match *match, const struct record *record)
{
    bool impact = has_tag(match, "\"impact:");

    if (match->relevance == RELEVANCE_BAD && !impact)
        return "Malicious Activity";
    if (has_tag(match, "\"vector:"))
        return "Attack Vector";
    if (impact)
        return "Impact";
    if (match->specific || match->relevance != RELEVANCE_NONE)
        return "Common Activity";
    return activity_of_count(record);
}

const char *activity_graver(const char *activity, struct record_text told)
{
    static const char *const words[] = {"Impact", "Malicious Activity", "Suspicious Activity",
                                        "Attack Vector", "Common Activity"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((activity && strcmp(words[i], activity) == 0) || record_text_is(told, words[i]))
            return words[i];
    return activity;
}
