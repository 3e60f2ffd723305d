/* SPDX-License-Identifier: Apache-2.0 */
#include "record/written.h"

#include "record/take.h"

/* The rest of a string, after its opening quote, which is part of the value. */
static inline const char *take_value(const char *p, const char *line, const char *end,
                                     struct record_text *value)
{
    const char *after = take_text(p, line, end);

    if (after)
        *value = (struct record_text){p - 1, (size_t)(after - p + 1)};
    return after;
}

/* The fields up to trafficDate; counts and times are not kept as they stand in the line. */
static inline const char *take_first(const char *line, const char *end, struct record *record,
                                     struct record_text *values)
{
    const char *p = TAKE(line, end, "{\"src\":\"");

    p = take_value(p, line, end, &values[PIECE_SRC]);
    p = TAKE(p, end, ",\"dst\":\"");
    p = take_value(p, line, end, &values[PIECE_DST]);
    p = TAKE(p, end, ",\"destinationNameSource\":\"");
    p = take_value(p, line, end, &values[PIECE_NAME_SOURCE]);
    p = take_whole(TAKE(p, end, ",\"srcPkts\":"), end, &record->src_packets);
    p = take_whole(TAKE(p, end, ",\"srcBytes\":"), end, &record->src_bytes);
    p = take_whole(TAKE(p, end, ",\"dstPkts\":"), end, &record->dst_packets);
    p = take_whole(TAKE(p, end, ",\"dstBytes\":"), end, &record->dst_bytes);
    p = take_seconds(TAKE(p, end, ",\"relativeStart\":"), end, &record->relative_start);
    p = TAKE(p, end, ",\"protocolInformation\":\"");
    p = take_value(p, line, end, &values[PIECE_PROTOCOL_INFORMATION]);
    p = take_seconds(TAKE(p, end, ",\"duration\":"), end, &record->duration);
    p = take_seconds(TAKE(p, end, ",\"trafficDate\":\""), end, &record->traffic_date);
    return TAKE(p, end, "\"");
}

/* Those behind it, any of which may be missing; some are not kept as texts. */
enum { BYTES_FROM = PIECE_TEXTS, SAMPLING, START, WINDOW_START, VALUES };

#define OTHERS (VALUES - PIECE_TEXTS)

struct later {
    const char *before;
    uint8_t length, text;
};

#define LATER(before, text)                                                                        \
    {                                                                                              \
        before, sizeof(before) - 1, text                                                           \
    }

static const struct later later[] = {
    LATER(",\"proto\":", PIECE_PROTO),
    LATER(",\"sensor\":", PIECE_SENSOR),
    LATER(",\"bytesFrom\":", BYTES_FROM),
    LATER(",\"sampling\":", SAMPLING),
    LATER(",\"start\":", START),
    LATER(",\"windowStart\":", WINDOW_START),
    LATER(",\"srcIp\":", PIECE_SRC_IP),
    LATER(",\"srcPort\":", PIECE_SRC_PORT),
    LATER(",\"dstIp\":", PIECE_DST_IP),
    LATER(",\"dstPort\":", PIECE_DST_PORT),
    LATER(",\"dstName\":", PIECE_DST_NAME),
    LATER(",\"communityId\":", PIECE_COMMUNITY_ID),
    LATER(",\"uid\":", PIECE_UID),
    LATER(",\"service\":", PIECE_SERVICE),
};

#define LATER_FIELDS (sizeof later / sizeof *later)

/* A string without escapes, or digits. */
static const char *take_any(const char *p, const char *line, const char *end,
                            struct record_text *value)
{
    const char *raw = p;

    if (*p == '"')
        return take_value(p + 1, line, end, value);
    while (p < end && is_digit(*p))
        p++;
    if (p == raw || (*raw == '0' && p > raw + 1))
        return NULL;
    *value = (struct record_text){raw, (size_t)(p - raw)};
    return p;
}

/* True if they end the line; sets the bits of those that are there. */
static bool take_later(const char *p, const char *line, const char *end, struct record_text *values,
                       struct record_text others[OTHERS], uint32_t *there)
{
    size_t i = 0;

    while (p && end - p > 1) {
        const char *value = NULL;
        unsigned text;

        while (i < LATER_FIELDS && !value) {
            value = take_literal(p, end, later[i].before, later[i].length);
            i++;
        }
        if (!value || value == end)
            return false;
        text = later[i - 1].text;
        p = take_any(value, line, end,
                     text < PIECE_TEXTS ? &values[text] : &others[text - PIECE_TEXTS]);
        *there |= 1u << text;
    }
    return p && p < end && *p == '}';
}

/* What stands in the quotes; nothing, where there are none. */
static inline struct record_text text_of(struct record_text value)
{
    return value.length > 2 && *value.bytes == '"'
               ? (struct record_text){value.bytes + 1, value.length - 2}
               : (struct record_text){NULL, 0};
}

#define IS(value, literal)                                                                         \
    ((value).length == sizeof(literal) - 1 &&                                                      \
     take_same((value).bytes, literal, sizeof(literal) - 1))

static bool read_name_source(struct record_text value, enum name_source *source)
{
    if (IS(value, "\"original\""))
        *source = NAME_ORIGINAL;
    else if (IS(value, "\"passive\""))
        *source = NAME_PASSIVE;
    else if (IS(value, "\"cache\""))
        *source = NAME_CACHE;
    else if (IS(value, "\"session\""))
        *source = NAME_SESSION;
    else
        return false;
    return true;
}

static bool read_proto(struct record_text value, uint8_t *proto)
{
    if (IS(value, "\"tcp\""))
        *proto = IPPROTO_TCP;
    else if (IS(value, "\"udp\""))
        *proto = IPPROTO_UDP;
    else if (IS(value, "\"icmp\""))
        *proto = IPPROTO_ICMP;
    else if (IS(value, "\"icmp6\""))
        *proto = IPPROTO_ICMPV6;
    else if (value.length == 0)
        *proto = 0;
    else
        return false;
    return true;
}

/* Cuts off the port after the last colon, which stands among the last eight bytes. */
static inline bool cut_port(struct record_text *end, uint16_t *port)
{
    uint64_t word, colons;
    unsigned at, digits;

    if (end->length <= 8)
        return false;
    word = le64((const uint8_t *)end->bytes + end->length - 8);
    colons = bytes_equal(word, ':');
    if (colons == 0)
        return false;
    at = (63 - (unsigned)__builtin_clzll(colons)) / 8;
    digits = 7 - at;
    if (digits == 0 || digits > 5)
        return false;
    word = (word ^ BYTES_EACH * '0') >> (at + 1) * 8;
    if (bytes_above_9(word) || (digits > 1 && (word & 0xff) == 0))
        return false;
    word = number_eight(word << (at + 1) * 8);
    end->length -= digits + 1;
    *port = (uint16_t)word;
    return word <= UINT16_MAX;
}

/* Without the brackets that an IPv6 address has in front of a port. */
static bool read_host(struct record_text host, struct address *address)
{
    if (host.length > 2 && *host.bytes == '[' && host.bytes[host.length - 1] == ']')
        host = (struct record_text){host.bytes + 1, host.length - 2};
    return address_read(host.bytes, host.length, address);
}

/* The ends. told: gets the bits of the texts that follow from them. */

static bool read_src(struct record_text value, bool ports, struct record *record, uint32_t *told)
{
    struct record_text host = text_of(value);

    record->sport = 0;
    if (host.length == 0 || (ports && !cut_port(&host, &record->sport)) ||
        !read_host(host, &record->src))
        return false;
    if (record->src.family == 4 && *host.bytes != '[')
        *told |= 1u << PIECE_SRC;
    return true;
}

static bool read_dst(struct record_text value, struct record_text ip, bool ports,
                     struct record *record, uint32_t *told)
{
    struct record_text host = text_of(value);

    record->dport = 0;
    record->name = (struct record_text){NULL, 0};
    if (host.length == 0 || (ports && !cut_port(&host, &record->dport)))
        return false;
    if (record->name_source == NAME_ORIGINAL && read_host(host, &record->dst)) {
        if (record->dst.family == 4 && *host.bytes != '[')
            *told |= 1u << PIECE_DST;
        return true;
    }
    record->name = host;
    if (ip.length == 0 || !address_read(ip.bytes, ip.length, &record->dst)) {
        record->dst = (struct address){.family = 0};
        *told |= 1u << PIECE_DST;
    }
    return true;
}

static bool read_origin(const struct record_text others[OTHERS], uint32_t there,
                        struct record *record)
{
    struct record_text from = others[BYTES_FROM - PIECE_TEXTS];
    struct record_text sampling = others[SAMPLING - PIECE_TEXTS];

    record->bytes_from = BYTES_EXACT;
    record->sampling = 0;
    if (there >> BYTES_FROM & 1 && IS(from, "\"ip\""))
        record->bytes_from = BYTES_FROM_IP;
    if (there >> BYTES_FROM & 1 && IS(from, "\"frame\""))
        record->bytes_from = BYTES_FROM_FRAME;
    return !(there >> SAMPLING & 1) ||
           number_count(sampling.bytes, sampling.length, &record->sampling);
}

bool written_read(const char *line, size_t length, struct record *record, struct piece_texts *texts)
{
    const struct record_text none = {NULL, 0};
    const char *end = line + length;
    struct record_text *values = texts->values, others[OTHERS];
    uint32_t there = 1u << PIECE_SRC | 1u << PIECE_DST | 1u << PIECE_NAME_SOURCE |
                     1u << PIECE_PROTOCOL_INFORMATION;
    uint32_t told = 1u << PIECE_NAME_SOURCE | 1u << PIECE_PROTO;
    bool ports;

    values[PIECE_PROTO] = none;
    if (!take_later(take_first(line, end, record, values), line, end, values, others, &there) ||
        !read_name_source(values[PIECE_NAME_SOURCE], &record->name_source) ||
        !read_proto(values[PIECE_PROTO], &record->proto))
        return false;
    record->protocol_information = text_of(values[PIECE_PROTOCOL_INFORMATION]);
    record->extended = there >> START & 1;
    ports = record_has_ports(record);
    if (ports)
        told |= 1u << PIECE_PROTOCOL_INFORMATION;
    if (!read_src(values[PIECE_SRC], ports, record, &told) ||
        !read_dst(values[PIECE_DST],
                  there >> PIECE_DST_IP & 1 ? text_of(values[PIECE_DST_IP]) : none, ports, record,
                  &told) ||
        !read_origin(others, there, record))
        return false;
    there &= (1u << PIECE_TEXTS) - 1;
    texts->told = there & told;
    texts->kept = there & ~told;
    return true;
}
