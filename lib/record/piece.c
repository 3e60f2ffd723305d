/* SPDX-License-Identifier: Apache-2.0 */
#include "record/piece.h"

#include <string.h>

const uint8_t piece_fields[PIECE_FIELDS] = {
    RECORD_SRC,    RECORD_DST,      RECORD_NAME_SOURCE, RECORD_PROTOCOL_INFORMATION,
    RECORD_PROTO,  RECORD_SENSOR,   RECORD_SRC_IP,      RECORD_SRC_PORT,
    RECORD_DST_IP, RECORD_DST_PORT, RECORD_DST_NAME,    RECORD_COMMUNITY_ID,
    RECORD_UID,    RECORD_SERVICE,
};

/* Numbers of few bytes: seven bits each, the lowest first, the top bit where more follow. */
#define NUMBER_MOST 10u

static char *put_number(char *p, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *p++ = (char)(number | 0x80);
    *p++ = (char)number;
    return p;
}

static const char *take_number(const char *p, uint64_t *number)
{
    *number = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint64_t byte = (unsigned char)*p++;

        *number |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return p;
    }
}

/*
 * A key: the family of both addresses, the protocol, and of each end, the lesser one first, the
 * bytes of its address and port; or 0 for the family, the texts of the ends, each behind its
 * length, and that of the protocol.
 */
#define END_MOST (sizeof(uint32_t) + 16 + 2)

struct end {
    const void *bytes;
    size_t length;
    uint16_t port;
};

static bool has_addresses(const struct record *record, const struct record_parts *parts)
{
    return record->src.family != 0 && record->src.family == record->dst.family &&
           (record->proto != 0 || parts->values[RECORD_PROTO].length == 0);
}

static int compare_ends(const struct end *a, const struct end *b)
{
    size_t least = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->bytes, b->bytes, least);

    if (order == 0 && a->length != b->length)
        order = a->length < b->length ? -1 : 1;
    return order != 0 ? order : a->port - b->port;
}

/* No bytes are NULL, too. */
static char *put(char *p, const void *bytes, size_t length)
{
    if (length > 0)
        memcpy(p, bytes, length);
    return p + length;
}

static char *put_end(char *p, const struct end *end, bool address)
{
    uint32_t length = (uint32_t)end->length;

    if (!address)
        return put(put(p, &length, sizeof length), end->bytes, length);
    return put(put(p, end->bytes, length), &end->port, sizeof end->port);
}

/* Returns the place behind; *source: which end is src. */
static char *put_key(char *p, const struct record *record, const struct record_parts *parts,
                     uint8_t *source)
{
    bool addresses = has_addresses(record, parts);
    size_t length = record->src.family == 4 ? 4 : 16;
    const struct record_text *values = parts->values;
    struct end ends[2] = {{record->src.bytes, length, record->sport},
                          {record->dst.bytes, length, record->dport}};

    if (!addresses) {
        ends[0] = (struct end){values[RECORD_SRC].bytes, values[RECORD_SRC].length, 0};
        ends[1] = (struct end){values[RECORD_DST].bytes, values[RECORD_DST].length, 0};
    }
    *source = compare_ends(&ends[0], &ends[1]) > 0;
    *p++ = addresses ? (char)record->src.family : 0;
    *p++ = (char)record->proto;
    *p++ = (char)record_has_ports(record);
    p = put_end(p, &ends[*source], addresses);
    p = put_end(p, &ends[1 - *source], addresses);
    return addresses ? p : put(p, values[RECORD_PROTO].bytes, values[RECORD_PROTO].length);
}

#define KEY_HEAD 3

uint8_t piece_proto(const struct piece *piece)
{
    return (uint8_t)piece_key(piece)[1];
}

void piece_end(const struct piece *piece, unsigned end, struct address *address, uint16_t *port)
{
    const char *key = piece_key(piece), *p = key + KEY_HEAD;
    size_t length = *key == 4 ? 4 : 16;

    address->family = 0;
    *port = 0;
    if (*key == 0)
        return;
    p += end * (length + sizeof *port);
    address_set(address, (uint8_t)*key, (const uint8_t *)p);
    memcpy(port, p + length, sizeof *port);
}

int piece_compare_keys(const struct piece *a, const struct piece *b)
{
    if (a->key_length != b->key_length)
        return a->key_length < b->key_length ? -1 : 1;
    return memcmp(piece_key(a), piece_key(b), a->key_length);
}

/* Texts. */

size_t piece_most(const struct record_parts *parts)
{
    const struct record_text *values = parts->values;
    size_t texts = parts->rest.length, ends = 2 * END_MOST + values[RECORD_SRC].length +
                                              values[RECORD_DST].length +
                                              values[RECORD_PROTO].length;

    for (size_t i = 0; i < PIECE_FIELDS; i++)
        texts += values[piece_fields[i]].length;
    return sizeof(struct piece) + KEY_HEAD + ends + texts + PIECE_TEXTS * NUMBER_MOST;
}

static char *put_text(char *p, struct record_text text)
{
    p = put_number(p, text.length);
    return put(p, text.bytes, text.length);
}

static uint8_t rank_name(const struct record *record)
{
    if (record->name.length == 0 || record->name_source == NAME_ORIGINAL)
        return 0;
    return record->name_source == NAME_SESSION ? 2 : 1;
}

size_t piece_put(char *room, const struct record *record, const struct record_parts *parts,
                 uint64_t number)
{
    struct piece piece = {
        .start = record_start(record),
        .end = record_start(record) + record->duration,
        .number = number,
        .sampling = record->sampling,
        .bytes_from = (uint8_t)record->bytes_from,
        .extended = record->extended,
        .name_rank = rank_name(record),
    };
    char *key = room + sizeof piece, *p = put_key(key, record, parts, &piece.source);
    unsigned src = piece.source, dst = 1 - src;

    piece.key_length = (uint32_t)(p - key);
    piece.packets[src] = record->src_packets;
    piece.bytes[src] = record->src_bytes;
    piece.packets[dst] = record->dst_packets;
    piece.bytes[dst] = record->dst_bytes;
    memcpy(room, &piece, sizeof piece);
    for (size_t i = 0; i < PIECE_FIELDS; i++)
        p = put_text(p, parts->values[piece_fields[i]]);
    p = put_text(p, parts->rest);
    return (size_t)(p - room);
}

const char *piece_texts(const struct piece *piece, struct record_text texts[PIECE_TEXTS])
{
    const char *p = piece_key(piece) + piece->key_length;

    for (size_t i = 0; i < PIECE_TEXTS; i++) {
        uint64_t length;

        p = take_number(p, &length);
        texts[i] = (struct record_text){p, (size_t)length};
        p += length;
    }
    return p;
}

enum result piece_put_texts(struct text *to, const struct record_text texts[PIECE_TEXTS])
{
    enum result result = RESULT_OK;
    char number[NUMBER_MOST];

    for (size_t i = 0; i < PIECE_TEXTS && result == RESULT_OK; i++) {
        result = text_put(to, number, (size_t)(put_number(number, texts[i].length) - number));
        if (result == RESULT_OK)
            result = text_put(to, texts[i].bytes, texts[i].length);
    }
    return result;
}

/* Originals. */

struct original piece_original(const struct piece *piece)
{
    return (struct original){piece->start,
                             piece->end,
                             {piece->packets[0], piece->packets[1]},
                             {piece->bytes[0], piece->bytes[1]}};
}

const char *piece_take_naming(const char *p, struct naming *naming)
{
    uint64_t start;

    p = take_number(p, &start);
    naming->start = (int64_t)start;
    return take_number(p, &naming->number);
}

struct naming piece_naming(const struct piece *piece)
{
    struct naming naming = {piece->start, piece->number};
    struct record_text texts[PIECE_TEXTS];

    if (piece->joined > 0)
        piece_take_naming(piece_texts(piece, texts), &naming);
    return naming;
}

const char *piece_take_original(const char *p, struct original *original, int64_t before)
{
    uint64_t start, duration;

    p = take_number(p, &start);
    p = take_number(p, &duration);
    original->start = before + (int64_t)start;
    original->end = original->start + (int64_t)duration;
    for (unsigned i = 0; i < 2; i++) {
        p = take_number(p, &original->packets[i]);
        p = take_number(p, &original->bytes[i]);
    }
    return p;
}

enum result piece_put_naming(struct text *to, const struct naming *naming)
{
    char numbers[2 * NUMBER_MOST];
    char *p = put_number(put_number(numbers, (uint64_t)naming->start), naming->number);

    return text_put(to, numbers, (size_t)(p - numbers));
}

enum result piece_put_original(struct text *to, const struct original *original, int64_t before)
{
    char numbers[6 * NUMBER_MOST], *p = numbers;

    p = put_number(p, (uint64_t)(original->start - before));
    p = put_number(p, (uint64_t)(original->end - original->start));
    for (unsigned i = 0; i < 2; i++) {
        p = put_number(p, original->packets[i]);
        p = put_number(p, original->bytes[i]);
    }
    return text_put(to, numbers, (size_t)(p - numbers));
}
