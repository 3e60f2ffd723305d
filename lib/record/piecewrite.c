/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/communityid.h"
#include "record/merge.h"
#include "record/put.h"

/* More than a line takes beside the texts of its parts. */
#define REST_MAX 1024u

/*
 * A field whose value stands as it was in a line, and those that are reckoned; before: the name,
 * with what is around it.
 */
#define put_value(p, before, value) put_raw((p), (before), sizeof(before) - 1, (value))
#define put_count(p, before, count) put_unsigned(put_literal((p), (before)), (count))
#define put_time(p, before, time) put_seconds(put_literal((p), (before)), (time))

static inline char *put_raw(char *p, const char *before, size_t length, struct record_text value)
{
    return value.length > 0 ? put_bytes(put_bytes(p, before, length), value.bytes, value.length)
                            : p;
}

/* The fields up to proto. */
static char *put_first(char *p, const struct merged *flow, int64_t traffic_date)
{
    const struct record_text *values = flow->parts.values;

    p = put_value(p, "{\"src\":", values[RECORD_SRC]);
    p = put_value(p, ",\"dst\":", values[RECORD_DST]);
    p = put_value(p, ",\"destinationNameSource\":", values[RECORD_NAME_SOURCE]);
    p = put_count(p, ",\"srcPkts\":", flow->packets[0]);
    p = put_count(p, ",\"srcBytes\":", flow->bytes[0]);
    p = put_count(p, ",\"dstPkts\":", flow->packets[1]);
    p = put_count(p, ",\"dstBytes\":", flow->bytes[1]);
    p = put_time(p, ",\"relativeStart\":", flow->start - traffic_date);
    p = put_value(p, ",\"protocolInformation\":", values[RECORD_PROTOCOL_INFORMATION]);
    p = put_time(p, ",\"duration\":", flow->end - flow->start);
    p = put_quote(put_date(put_literal(p, ",\"trafficDate\":\""), traffic_date));
    return put_value(p, ",\"proto\":", values[RECORD_PROTO]);
}

static char *put_origin(char *p, const struct merged *flow)
{
    p = put_value(p, ",\"sensor\":", flow->parts.values[RECORD_SENSOR]);
    if (flow->bytes_from == BYTES_FROM_IP)
        p = put_literal(p, ",\"bytesFrom\":\"ip\"");
    if (flow->bytes_from == BYTES_FROM_FRAME)
        p = put_literal(p, ",\"bytesFrom\":\"frame\"");
    return flow->sampling > 0 ? put_count(p, ",\"sampling\":", flow->sampling) : p;
}

static char *put_extension(char *p, const struct merged *flow)
{
    const struct record_text *values = flow->parts.values;

    if (flow->extended)
        p = put_quote(put_timestamp(put_literal(p, ",\"start\":\""), flow->start));
    p = put_value(p, ",\"srcIp\":", values[RECORD_SRC_IP]);
    p = put_value(p, ",\"srcPort\":", values[RECORD_SRC_PORT]);
    p = put_value(p, ",\"dstIp\":", values[RECORD_DST_IP]);
    p = put_value(p, ",\"dstPort\":", values[RECORD_DST_PORT]);
    p = put_value(p, ",\"dstName\":", values[RECORD_DST_NAME]);
    p = put_value(p, ",\"communityId\":", values[RECORD_COMMUNITY_ID]);
    p = put_value(p, ",\"uid\":", values[RECORD_UID]);
    return put_value(p, ",\"service\":", values[RECORD_SERVICE]);
}

/* The most that a line takes. */
static size_t most_bytes(const struct record_parts *parts)
{
    size_t bytes = REST_MAX + parts->rest.length;

    for (size_t i = 0; i < RECORD_FIELDS; i++)
        bytes += parts->values[i].length;
    return bytes;
}

enum result merge_put(struct text *line, const struct merged *flow, int64_t traffic_date)
{
    enum result result = text_reserve(line, most_bytes(&flow->parts));
    char *p;

    if (result != RESULT_OK)
        return result;
    p = put_origin(put_first(line->bytes, flow, traffic_date), flow);
    p = put_extension(p, flow);
    p = put_value(p, ",", flow->parts.rest);
    p = put_literal(p, "}\n");
    line->length = (size_t)(p - line->bytes);
    return RESULT_OK;
}
