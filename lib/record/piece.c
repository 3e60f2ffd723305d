/* SPDX-License-Identifier: Apache-2.0 */
#include "record/piece.h"

#include "base/bytes.h"
#include "base/varint.h"

#include <string.h>

const uint8_t piece_fields[PIECE_FIELDS] = {
    RECORD_SRC,      RECORD_DST,      RECORD_NAME_SOURCE,  RECORD_PROTOCOL_INFORMATION,
    RECORD_PROTO,    RECORD_SRC_IP,   RECORD_SRC_PORT,     RECORD_DST_IP,
    RECORD_DST_PORT, RECORD_DST_NAME, RECORD_COMMUNITY_ID, RECORD_SENSOR,
    RECORD_UID,      RECORD_SERVICE,
};

/* To learn whether a Community ID follows from the rest takes longer than to keep it. */
#define NOT_TOLD (1u << PIECE_COMMUNITY_ID | 1u << PIECE_REST)

/* Marks: two bits are bytes_from, three bits tell about the name. */
#define MARK_SOURCE 1u
#define MARK_BYTES_FROM 1
#define MARK_EXTENDED 8u
#define MARK_NAME 4
#define MARK_MORE 128u /* sampling and joined are there */

/* In place of NAME_ORIGINAL, where there is a name. */
#define NAMED_ORIGINAL 5u

#define START_BYTES sizeof(int64_t)

/*
 * A key: the kind of what follows; the protocol; of each end, the lesser one first, the bytes of
 * its address and its port, or its text behind its length; where the protocol is 0, the text of
 * that.
 */
#define KIND_PORTS 1u
#define KIND_FAMILY 1 /* and two bits for each end: 0, or its number of bytes */
#define PORT_BYTES sizeof(uint16_t)

/* What the numbers of a piece take, and the ends of a key beside their texts. */
#define NUMBERS_MOST (START_BYTES + 3 + 2 * (16 + PORT_BYTES) + (13 + PIECE_TEXTS) * VARINT_MOST)

/* No bytes are NULL, too. */
static char *put(char *p, const void *bytes, size_t length)
{
    if (length > 0)
        memcpy(p, bytes, length);
    return p + length;
}

static char *put_text(char *p, struct record_text text)
{
    return put(varint_put(p, text.length), text.bytes, text.length);
}

static const char *take_text(const char *p, struct record_text *text)
{
    uint64_t length;

    p = varint_take(p, &length);
    *text = (struct record_text){p, (size_t)length};
    return p + length;
}

/* An end of a record. */
struct key_end {
    const struct address *address; /* of family 0: not known, and then the text is the end */
    struct record_text text;
    uint16_t port;
};

/* 0: a text, 1: 4 bytes, 2: 16 bytes. */
static unsigned kind_of(const struct key_end *end)
{
    return end->address->family == 0 ? 0 : end->address->family == 4 ? 1 : 2;
}

static size_t address_bytes(unsigned kind)
{
    return kind == 1 ? 4 : 16;
}

static int compare_texts(struct record_text a, struct record_text b)
{
    if (a.length != b.length)
        return a.length < b.length ? -1 : 1;
    return memcmp(a.bytes, b.bytes, a.length);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_ends(const struct key_end *a, const struct key_end *b)
{
    const struct address *x = a->address, *y = b->address;
    int order = x->family - y->family;

    if (order == 0 && x->family == 0)
        return compare_texts(a->text, b->text);
    if (order == 0)
        order = compare_numbers(be64(x->bytes), be64(y->bytes));
    if (order == 0)
        order = compare_numbers(be64(x->bytes + 8), be64(y->bytes + 8));
    return order != 0 ? order : a->port - b->port;
}

static char *put_end(char *p, const struct key_end *end)
{
    unsigned kind = kind_of(end);

    if (kind == 0)
        return put_text(p, end->text);
    return put(put(p, end->address->bytes, address_bytes(kind)), &end->port, PORT_BYTES);
}

static char *put_key(char *p, const struct record *record, const struct key_end *low,
                     const struct key_end *high, struct record_text proto)
{
    *p++ = (char)((record_has_ports(record) ? KIND_PORTS : 0) | kind_of(low) << KIND_FAMILY |
                  kind_of(high) << (KIND_FAMILY + 2));
    *p++ = (char)record->proto;
    p = put_end(put_end(p, low), high);
    return record->proto == 0 ? put_text(p, proto) : p;
}

static const char *take_end(const char *p, unsigned kind, struct told_end *end)
{
    end->text = (struct record_text){NULL, 0};
    end->port = 0;
    if (kind == 0) {
        end->address.family = 0;
        return take_text(p, &end->text);
    }
    address_set(&end->address, kind == 1 ? 4 : 6, (const uint8_t *)p);
    p += address_bytes(kind);
    memcpy(&end->port, p, PORT_BYTES);
    return p + PORT_BYTES;
}

/* Field by field: to clear it first takes longer. */
void piece_tell(const struct piece *piece, struct told *told)
{
    const char *p = piece->key.bytes;
    unsigned kind = (unsigned char)*p++;

    told->proto = (uint8_t)*p++;
    told->has_ports = (kind & KIND_PORTS) != 0;
    told->name_source = piece->name_source;
    told->named = piece->named;
    told->proto_text = told->dst = (struct record_text){NULL, 0};
    p = take_end(p, kind >> KIND_FAMILY & 3, &told->ends[piece->source]);
    p = take_end(p, kind >> (KIND_FAMILY + 2) & 3, &told->ends[1 - piece->source]);
    if (told->proto == 0)
        take_text(p, &told->proto_text);
}

static const char *skip_end(const char *p, unsigned kind)
{
    struct record_text text;

    return kind == 0 ? take_text(p, &text) : p + address_bytes(kind) + PORT_BYTES;
}

/* Returns the place behind the key that begins there. */
static const char *skip_key(const char *p)
{
    unsigned kind = (unsigned char)p[0];
    struct record_text text;
    bool has_text = p[1] == 0;

    p = skip_end(p + 2, kind >> KIND_FAMILY & 3);
    p = skip_end(p, kind >> (KIND_FAMILY + 2) & 3);
    return has_text ? take_text(p, &text) : p;
}

int piece_compare_keys(struct record_text a, struct record_text b)
{
    return compare_texts(a, b);
}

int64_t piece_start(const char *bytes)
{
    int64_t start;

    memcpy(&start, bytes, sizeof start);
    return start;
}

static const char *take_number(const char *bytes, uint64_t *number)
{
    return varint_take(bytes + START_BYTES + 1, number);
}

struct record_text piece_key(const char *bytes)
{
    uint64_t number;
    const char *key = take_number(bytes, &number);

    return (struct record_text){key, (size_t)(skip_key(key) - key)};
}

int piece_compare_starts(const char *a, const char *b)
{
    int64_t start = piece_start(a), other = piece_start(b);
    uint64_t number, other_number;

    if (start != other)
        return start < other ? -1 : 1;
    take_number(a, &number);
    take_number(b, &other_number);
    return number < other_number ? -1 : 1;
}

/* What is in front of the key, and what is behind it. */

static bool has_more(const struct piece *piece)
{
    return piece->sampling > 0 || piece->joined > 0;
}

static char *put_begin(char *p, const struct piece *piece)
{
    unsigned name =
        piece->name_source == NAME_ORIGINAL && piece->named ? NAMED_ORIGINAL : piece->name_source;

    p = put(p, &piece->start, START_BYTES);
    *p++ = (char)((piece->source != 0 ? MARK_SOURCE : 0) |
                  (unsigned)piece->bytes_from << MARK_BYTES_FROM |
                  (piece->extended ? MARK_EXTENDED : 0) | name << MARK_NAME |
                  (has_more(piece) ? MARK_MORE : 0));
    return varint_put(p, piece->number);
}

static char *put_counts(char *p, const struct piece *piece)
{
    p = varint_put(p, (uint64_t)(piece->end - piece->start));
    for (unsigned i = 0; i < 2; i++)
        p = varint_put(varint_put(p, piece->packets[i]), piece->bytes[i]);
    return has_more(piece) ? varint_put(varint_put(p, piece->sampling), piece->joined) : p;
}

static const char *take_marks(const char *p, struct piece *piece)
{
    unsigned marks = (unsigned char)*p, name = marks >> MARK_NAME & 7;

    piece->source = (uint8_t)(marks & MARK_SOURCE);
    piece->bytes_from = (uint8_t)(marks >> MARK_BYTES_FROM & 3);
    piece->extended = (marks & MARK_EXTENDED) != 0;
    piece->named = name != NAME_ORIGINAL;
    piece->name_source = name == NAMED_ORIGINAL ? NAME_ORIGINAL : (enum name_source)name;
    piece->sampling = piece->joined = 0;
    return p + 1;
}

void piece_read(const char *bytes, struct piece *piece)
{
    bool more = ((unsigned char)bytes[START_BYTES] & MARK_MORE) != 0;
    uint64_t duration;
    const char *p;

    piece->start = piece_start(bytes);
    p = varint_take(take_marks(bytes + START_BYTES, piece), &piece->number);
    piece->key.bytes = p;
    p = skip_key(p);
    piece->key.length = (size_t)(p - piece->key.bytes);
    p = varint_take(p, &duration);
    piece->end = piece->start + (int64_t)duration;
    for (unsigned i = 0; i < 2; i++)
        p = varint_take(varint_take(p, &piece->packets[i]), &piece->bytes[i]);
    if (more)
        p = varint_take(varint_take(p, &piece->sampling), &piece->joined);
    piece->texts = p;
}

/* Texts. */

static size_t length_of(const struct piece_texts *texts)
{
    size_t length = 0;

    for (uint32_t left = texts->kept; left != 0; left &= left - 1)
        length += texts->values[__builtin_ctz(left)].length;
    return length;
}

static char *put_texts(char *p, const struct piece_texts *texts)
{
    p = varint_put(varint_put(p, texts->told), texts->kept);
    for (uint32_t left = texts->kept; left != 0; left &= left - 1)
        p = put_text(p, texts->values[__builtin_ctz(left)]);
    return p;
}

const char *piece_read_texts(const char *p, struct piece_texts *texts)
{
    uint64_t told, kept;

    p = varint_take(varint_take(p, &told), &kept);
    texts->told = (uint32_t)told;
    texts->kept = (uint32_t)kept;
    for (uint32_t left = texts->kept; left != 0; left &= left - 1)
        p = take_text(p, &texts->values[__builtin_ctz(left)]);
    return p;
}

enum result piece_put(struct text *to, const struct piece *piece, const struct piece_texts *texts)
{
    enum result result = text_reserve(to, NUMBERS_MOST + piece->key.length + length_of(texts));
    char *p;

    if (result != RESULT_OK)
        return result;
    p = put_begin(to->bytes + to->length, piece);
    p = put(p, piece->key.bytes, piece->key.length);
    p = put_texts(put_counts(p, piece), texts);
    to->length = (size_t)(p - to->bytes);
    return RESULT_OK;
}

void piece_get_texts(const struct record_parts *parts, struct piece_texts *texts)
{
    texts->told = texts->kept = 0;
    for (unsigned i = 0; i < PIECE_TEXTS; i++) {
        texts->values[i] = i < PIECE_FIELDS ? parts->values[piece_fields[i]] : parts->rest;
        texts->kept |= (uint32_t)(texts->values[i].length > 0) << i;
    }
}

/* Finds out what of the texts that are there the rest tells, too; room: for one of them. */
static void tell_texts(const struct record *record, struct piece_texts *texts, char *room)
{
    const struct record_text *values = texts->values;
    uint32_t left = texts->kept & ~NOT_TOLD;
    struct told told;

    if (left == 0)
        return;
    told_of(&told, record, values[PIECE_SRC], values[PIECE_DST], values[PIECE_PROTO]);
    for (; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);

        if (told_is(&told, (enum record_field)piece_fields[i], values[i], room))
            texts->told |= 1u << i;
    }
    texts->kept &= ~texts->told;
}

/* All but what is behind the counts, field by field, as above. */
static void set_piece(struct piece *piece, const struct record *record, unsigned source,
                      uint64_t number)
{
    piece->start = record_start(record);
    piece->end = piece->start + record->duration;
    piece->packets[source] = record->src_packets;
    piece->bytes[source] = record->src_bytes;
    piece->packets[1 - source] = record->dst_packets;
    piece->bytes[1 - source] = record->dst_bytes;
    piece->number = number;
    piece->sampling = record->sampling;
    piece->joined = 0;
    piece->source = (uint8_t)source;
    piece->bytes_from = (uint8_t)record->bytes_from;
    piece->extended = record->extended;
    piece->named = record->name.length > 0;
    piece->name_source = record->name_source;
}

enum result piece_put_record(struct text *to, const struct record *record,
                             struct piece_texts *texts, uint64_t number)
{
    const struct record_text *values = texts->values;
    const struct key_end src = {&record->src, values[PIECE_SRC], record->sport};
    const struct key_end dst = {&record->dst, values[PIECE_DST], record->dport};
    unsigned source = compare_ends(&src, &dst) > 0;
    struct piece piece;
    size_t ends = src.text.length + dst.text.length + values[PIECE_PROTO].length;
    char *p;

    /* The key may have src, dst and proto; and there is room for one value that is told. */
    if (text_reserve(to, NUMBERS_MOST + TOLD_MOST + 2 * ends + length_of(texts)) != RESULT_OK)
        return RESULT_NO_MEMORY;
    set_piece(&piece, record, source, number);
    tell_texts(record, texts, to->bytes + to->length);
    p = put_begin(to->bytes + to->length, &piece);
    p = put_key(p, record, source == 0 ? &src : &dst, source == 0 ? &dst : &src,
                values[PIECE_PROTO]);
    p = put_texts(put_counts(p, &piece), texts);
    to->length = (size_t)(p - to->bytes);
    return RESULT_OK;
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

    p = varint_take(p, &start);
    naming->start = (int64_t)start;
    return varint_take(p, &naming->number);
}

struct naming piece_naming(const struct piece *piece)
{
    struct naming naming = {piece->start, piece->number};
    struct piece_texts texts;

    if (piece->joined > 0)
        piece_take_naming(piece_read_texts(piece->texts, &texts), &naming);
    return naming;
}

const char *piece_take_original(const char *p, struct original *original, int64_t before)
{
    uint64_t start, duration;

    p = varint_take(p, &start);
    p = varint_take(p, &duration);
    original->start = before + (int64_t)start;
    original->end = original->start + (int64_t)duration;
    for (unsigned i = 0; i < 2; i++) {
        p = varint_take(p, &original->packets[i]);
        p = varint_take(p, &original->bytes[i]);
    }
    return p;
}

enum result piece_put_naming(struct text *to, const struct naming *naming)
{
    char numbers[2 * VARINT_MOST];
    char *p = varint_put(varint_put(numbers, (uint64_t)naming->start), naming->number);

    return text_put(to, numbers, (size_t)(p - numbers));
}

enum result piece_put_original(struct text *to, const struct original *original, int64_t before)
{
    char numbers[6 * VARINT_MOST], *p = numbers;

    p = varint_put(p, (uint64_t)(original->start - before));
    p = varint_put(p, (uint64_t)(original->end - original->start));
    for (unsigned i = 0; i < 2; i++) {
        p = varint_put(p, original->packets[i]);
        p = varint_put(p, original->bytes[i]);
    }
    return text_put(to, numbers, (size_t)(p - numbers));
}
