/* SPDX-License-Identifier: Apache-2.0 */
#include "record/piece.h"
#include "record/put.h"

/* More than a line takes beside the texts that are kept, and the name, which may occur twice. */
#define REST_MAX (1024u + PIECE_FIELDS * TOLD_MOST)

/* A piece that becomes a line. */
struct writing {
    const struct piece *piece;
    struct piece_texts texts;
    struct told told;
    uint32_t wanted; /* texts that are kept, or told if the rest tells them */
};

/*
 * A field whose value is kept or told, and those that are reckoned; before: the name, with what is
 * around it.
 */
#define put_field(p, before, writing, index)                                                       \
    put_value((p), (before), sizeof(before) - 1, (writing), (index))
#define put_count(p, before, count) put_unsigned(put_literal((p), (before)), (count))
#define put_time(p, before, time) put_seconds(put_literal((p), (before)), (time))

static inline __attribute__((always_inline)) char *
put_value(char *p, const char *before, size_t length, const struct writing *writing, unsigned index)
{
    const struct record_text *value = &writing->texts.values[index];
    char *begin, *end;

    if (!(writing->wanted >> index & 1))
        return p;
    begin = put_bytes(p, before, length);
    if (writing->texts.kept >> index & 1)
        return put_bytes(begin, value->bytes, value->length);
    end = told_put(&writing->told, (enum record_field)piece_fields[index], begin);
    return end == begin ? p : end;
}

/* The fields up to proto. */
static char *put_first(char *p, struct writing *writing, int64_t traffic_date)
{
    const struct piece *piece = writing->piece;
    unsigned src = piece->source, dst = 1u - src;
    char *value;

    p = put_field(p, "{\"src\":", writing, PIECE_SRC);
    value = p + strlen(",\"dst\":");
    p = put_field(p, ",\"dst\":", writing, PIECE_DST);
    writing->told.dst = (struct record_text){value, (size_t)(p - value)};
    p = put_field(p, ",\"destinationNameSource\":", writing, PIECE_NAME_SOURCE);
    p = put_count(p, ",\"srcPkts\":", piece->packets[src]);
    p = put_count(p, ",\"srcBytes\":", piece->bytes[src]);
    p = put_count(p, ",\"dstPkts\":", piece->packets[dst]);
    p = put_count(p, ",\"dstBytes\":", piece->bytes[dst]);
    p = put_time(p, ",\"relativeStart\":", piece->start - traffic_date);
    p = put_field(p, ",\"protocolInformation\":", writing, PIECE_PROTOCOL_INFORMATION);
    p = put_time(p, ",\"duration\":", piece->end - piece->start);
    p = put_quote(put_date(put_literal(p, ",\"trafficDate\":\""), traffic_date));
    return put_field(p, ",\"proto\":", writing, PIECE_PROTO);
}

static char *put_extension(char *p, const struct writing *writing, bool extended)
{
    if (extended)
        p = put_quote(put_timestamp(put_literal(p, ",\"start\":\""), writing->piece->start));
    p = put_field(p, ",\"srcIp\":", writing, PIECE_SRC_IP);
    p = put_field(p, ",\"srcPort\":", writing, PIECE_SRC_PORT);
    p = put_field(p, ",\"dstIp\":", writing, PIECE_DST_IP);
    p = put_field(p, ",\"dstPort\":", writing, PIECE_DST_PORT);
    p = put_field(p, ",\"dstName\":", writing, PIECE_DST_NAME);
    p = put_field(p, ",\"communityId\":", writing, PIECE_COMMUNITY_ID);
    p = put_field(p, ",\"uid\":", writing, PIECE_UID);
    return put_field(p, ",\"service\":", writing, PIECE_SERVICE);
}

/* The most that a line takes: a name may occur twice. */
static size_t most_bytes(const struct writing *writing)
{
    size_t bytes = REST_MAX + 2 * writing->piece->key.length;

    for (uint32_t left = writing->texts.kept; left != 0; left &= left - 1)
        bytes += 2 * writing->texts.values[__builtin_ctz(left)].length;
    return bytes;
}

enum result piece_put_line(struct text *to, const struct piece *piece, bool extend,
                           int64_t traffic_date)
{
    struct writing writing;
    char *p;

    writing.piece = piece;
    piece_read_texts(piece->texts, &writing.texts);
    piece_tell(piece, &writing.told);
    writing.wanted = writing.texts.kept | writing.texts.told | (extend ? PIECE_EXTENDED_TEXTS : 0);
    if (text_reserve(to, most_bytes(&writing)) != RESULT_OK)
        return RESULT_NO_MEMORY;
    p = put_first(to->bytes + to->length, &writing, traffic_date);
    p = put_field(p, ",\"sensor\":", &writing, PIECE_SENSOR);
    p = put_measured(p, piece->bytes_from, piece->sampling);
    if ((writing.wanted & ~PIECE_FIRST_TEXTS) != 0 || piece->extended || extend)
        p = put_extension(p, &writing, piece->extended || extend);
    if (writing.texts.kept >> PIECE_REST & 1)
        p = put_bytes(put_literal(p, ","), writing.texts.values[PIECE_REST].bytes,
                      writing.texts.values[PIECE_REST].length);
    p = put_literal(p, "}\n");
    to->length = (size_t)(p - to->bytes);
    return RESULT_OK;
}
