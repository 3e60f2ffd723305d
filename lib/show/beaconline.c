/* SPDX-License-Identifier: Apache-2.0 */
#include "record/put.h"
#include "show/beacon.h"

#include <inttypes.h>

/* Room for a time, or for seconds. */
#define TIME_MOST 64

static enum result put_text(struct text *text, const char *before, struct record_text value)
{
    enum result result = text_put_string(text, before);

    return result == RESULT_OK ? text_put_json(text, value.bytes, value.length) : result;
}

static enum result put_thousandths(struct text *text, const char *field, uint32_t number)
{
    return text_print(text, ",\"%s\":%" PRIu32 ".%03" PRIu32, field, number / 1000, number % 1000);
}

static enum result put_time(struct text *text, const char *field, int64_t time)
{
    char date[TIME_MOST];

    return text_print(text, ",\"%s\":\"%.*s\"", field, (int)(put_timestamp(date, time) - date),
                      date);
}

static enum result put_duration(struct text *text, const char *field, int64_t duration)
{
    char seconds[TIME_MOST];

    return text_print(text, ",\"%s\":%.*s", field, (int)(put_seconds(seconds, duration) - seconds),
                      seconds);
}

static enum result put_pair(struct text *text, const struct beacon *beacon)
{
    enum result result = put_text(text, "{\"src\":", beacon->src);

    if (result == RESULT_OK)
        result = put_text(text, ",\"dst\":", beacon->dst);
    if (result == RESULT_OK)
        result = text_print(text, ",\"flows\":%" PRIu64 ",\"hosts\":%" PRIu32, beacon->flows,
                            beacon->hosts);
    if (result == RESULT_OK)
        result = put_thousandths(text, "prevalence", beacon->prevalence);
    return result;
}

static enum result put_amounts(struct text *text, const struct beacon *beacon)
{
    enum result result = put_time(text, "start", beacon->start);

    if (result == RESULT_OK)
        result = put_time(text, "end", beacon->end);
    if (result == RESULT_OK)
        result = put_duration(text, "totalDuration", beacon->total);
    if (result == RESULT_OK)
        result = put_duration(text, "longestDuration", beacon->longest);
    if (result == RESULT_OK)
        result = text_print(text, ",\"srcBytes\":%" PRIu64 ",\"dstBytes\":%" PRIu64, beacon->sent,
                            beacon->received);
    return result;
}

static enum result put_score(struct text *text, const struct score *score)
{
    enum result result = put_duration(text, "interval", score->interval);

    if (result == RESULT_OK)
        result = put_duration(text, "jitter", score->jitter);
    if (result == RESULT_OK)
        result = put_thousandths(text, "beaconScore", score->all);
    if (result == RESULT_OK)
        result = put_thousandths(text, "timingScore", score->timing);
    if (result == RESULT_OK)
        result = put_thousandths(text, "sizeScore", score->size);
    if (result == RESULT_OK)
        result = put_thousandths(text, "histogramScore", score->histogram);
    if (result == RESULT_OK)
        result = put_thousandths(text, "durationScore", score->duration);
    return result;
}

static enum result put_when(struct text *text, const struct beacon *beacon)
{
    enum result result = put_time(text, "whenStart", beacon->when_start);

    if (result == RESULT_OK)
        result = put_time(text, "whenEnd", beacon->when_end);
    for (size_t i = 0; i < SCORE_PARTS && result == RESULT_OK; i++)
        result = text_print(text, "%s%" PRIu64, i == 0 ? ",\"when\":[" : ",", beacon->when[i]);
    return result == RESULT_OK ? text_put_string(text, "]}\n") : result;
}

enum result beacon_put(struct text *text, const struct beacon *beacon)
{
    enum result result = put_pair(text, beacon);

    if (result == RESULT_OK)
        result = put_amounts(text, beacon);
    if (result == RESULT_OK && beacon->scored)
        result = put_score(text, &beacon->score);
    if (result == RESULT_OK && beacon->long_score > 0)
        result = put_thousandths(text, "longScore", beacon->long_score);
    if (result == RESULT_OK && beacon->strobe)
        result = text_put_string(text, ",\"strobe\":true");
    return result == RESULT_OK ? put_when(text, beacon) : result;
}
