/* SPDX-License-Identifier: Apache-2.0 */
#include "know/activity.h"

#include "record/label.h"

#include <string.h>

const char *const activity_words[ACTIVITY_COUNT] = {
    [ACTIVITY_IMPACT] = "Impact",
    [ACTIVITY_MALICIOUS] = "Malicious Activity",
    [ACTIVITY_SUSPICIOUS] = "Suspicious Activity",
    [ACTIVITY_VECTOR] = "Attack Vector",
    [ACTIVITY_COMMON] = "Common Activity",
};

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
        return activity_words[ACTIVITY_COMMON];
    for (size_t i = 0; i < sizeof dull / sizeof *dull; i++)
        if (strcmp(category, dull[i]) == 0)
            return NULL;
    return activity_words[ACTIVITY_SUSPICIOUS];
}

const char *activity_of(const struct match *match, const struct record *record)
{
    bool impact = has_tag(match, "\"impact:");

    if (match->relevance == RELEVANCE_BAD && !impact)
        return activity_words[ACTIVITY_MALICIOUS];
    if (has_tag(match, "\"vector:"))
        return activity_words[ACTIVITY_VECTOR];
    if (impact)
        return activity_words[ACTIVITY_IMPACT];
    if (match->specific || match->relevance != RELEVANCE_NONE)
        return activity_words[ACTIVITY_COMMON];
    return activity_of_count(record);
}

const char *activity_graver(const char *activity, struct record_text told)
{
    for (size_t i = 0; i < ACTIVITY_COUNT; i++)
        if (activity == activity_words[i] || record_text_is(told, activity_words[i]))
            return activity_words[i];
    return activity;
}
