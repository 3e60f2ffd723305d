/* SPDX-License-Identifier: Apache-2.0 */
#include "record/told.h"

#include "base/number.h"
#include "flow/communityid.h"
#include "record/put.h"

static void set_end(struct told_end *end, const struct address *address, uint16_t port,
                    struct record_text text)
{
    end->address = *address;
    end->port = port;
    end->text = address->family != 0 ? (struct record_text){NULL, 0} : text;
}

void told_of(struct told *told, const struct record *record, struct record_text src,
             struct record_text dst, struct record_text proto)
{
    set_end(&told->ends[0], &record->src, record->sport, src);
    set_end(&told->ends[1], &record->dst, record->dport, dst);
    told->proto = record->proto;
    told->has_ports = record_has_ports(record);
    told->proto_text = proto;
    told->name_source = record->name_source;
    told->named = record->name.length > 0;
    told->dst = dst;
}

static char *put_text(struct record_text text, char *p)
{
    return text.length > 0 ? put_bytes(p, text.bytes, text.length) : p;
}

static char *put_ip(const struct told_end *end, char *p)
{
    return end->address.family != 0 ? put_quote(put_address(put_quote(p), &end->address)) : p;
}

static char *put_end(const struct told *told, const struct told_end *end, char *p)
{
    if (end->address.family == 0)
        return put_text(end->text, p);
    return put_quote(put_endpoint(put_quote(p), &end->address, told->has_ports, end->port));
}

/* Where the colon before the port is in a value with quotes; NULL: there is none. */
static const char *find_port(struct record_text value)
{
    return value.length > 0 ? memrchr(value.bytes, ':', value.length) : NULL;
}

static char *put_port(const struct told *told, const struct told_end *end, char *p)
{
    const char *colon = find_port(end->text);
    uint64_t port = end->port;

    if (!told->has_ports)
        return p;
    if (end->address.family == 0 &&
        (!colon ||
         !number_count(colon + 1, (size_t)(end->text.bytes + end->text.length - colon) - 2,
                       &port) ||
         port > UINT16_MAX))
        return p;
    return put_unsigned(p, port);
}

/* The name as it stands in dst, without the port. */
static char *put_name(const struct told *told, char *p)
{
    const char *colon = find_port(told->dst);
    size_t length = told->dst.length;

    if (!told->named || length < 2 || (told->has_ports && !colon))
        return p;
    length = told->has_ports ? (size_t)(colon - told->dst.bytes) : length - 1;
    return length > 1 ? put_quote(put_bytes(p, told->dst.bytes, length)) : p;
}

/* That of ICMP is not known: it is of the first packet's type and code. */
static char *put_id(const struct told *told, char *p)
{
    const struct told_end *src = &told->ends[0], *dst = &told->ends[1];
    char text[COMMUNITYID_TEXT];

    if (src->address.family == 0 || src->address.family != dst->address.family ||
        !has_ports(told->proto))
        return p;
    communityid_format(&src->address, &dst->address, told->proto, src->port, dst->port, text);
    return put_quote(put_bytes(put_quote(p), text, sizeof text - 1));
}

char *told_put(const struct told *told, enum record_field field, char *p)
{
    const struct told_end *src = &told->ends[0], *dst = &told->ends[1];

    switch (field) {
    case RECORD_SRC:
        return put_end(told, src, p);
    case RECORD_DST:
        return put_end(told, dst, p);
    case RECORD_NAME_SOURCE:
        return told->name_source != NAME_OTHER
                   ? put_quote(put_name_source(put_quote(p), told->name_source))
                   : p;
    case RECORD_PROTOCOL_INFORMATION:
        return told->has_ports ? put_literal(p, "\"\"") : put_literal(p, "\"ICMP\"");
    case RECORD_PROTO:
        return told->proto == 0 ? put_text(told->proto_text, p) : put_proto(p, told->proto);
    case RECORD_SRC_IP:
        return put_ip(src, p);
    case RECORD_SRC_PORT:
        return src->address.family != 0 ? put_port(told, src, p) : p;
    case RECORD_DST_IP:
        return put_ip(dst, p);
    case RECORD_DST_PORT:
        return put_port(told, dst, p);
    case RECORD_DST_NAME:
        return put_name(told, p);
    case RECORD_COMMUNITY_ID:
        return put_id(told, p);
    default:
        return p;
    }
}

/* The length of the value that an IPv4 end has in src and dst. */
static size_t ipv4_length(const struct told *told, const struct told_end *end)
{
    size_t length = strlen("\"0.0.0.0\"");

    for (unsigned i = 0; i < 4; i++)
        length += (size_t)(end->address.bytes[i] >= 10) + (end->address.bytes[i] >= 100);
    if (told->has_ports)
        length += strlen(":0") + (end->port >= 10) + (end->port >= 100) + (end->port >= 1000) +
                  (end->port >= 10000);
    return length;
}

static bool is_formatted(const struct told *told, enum record_field field, struct record_text value,
                         char *room)
{
    size_t length = (size_t)(told_put(told, field, room) - room);

    return length == value.length && memcmp(room, value.bytes, length) == 0;
}

/*
 * Much of what a record was read from is told by its length: what can stand there in place of the
 * value, with brackets, escapes or zeros before a number, is longer.
 */
bool told_is(const struct told *told, enum record_field field, struct record_text value, char *room)
{
    static const uint8_t sources[] = {[NAME_SESSION] = 9,
                                      [NAME_PASSIVE] = 9,
                                      [NAME_CACHE] = 7,
                                      [NAME_ORIGINAL] = 10,
                                      [NAME_OTHER] = 0};
    const struct told_end *end = &told->ends[field == RECORD_DST];

    switch (field) {
    case RECORD_DST:
        if (told->named && end->address.family != 0)
            break;
        /* fall through */
    case RECORD_SRC:
        if (end->address.family == 0)
            return true;
        if (end->address.family == 4)
            return value.length == ipv4_length(told, end);
        break;
    case RECORD_NAME_SOURCE:
        return value.length == sources[told->name_source];
    case RECORD_PROTOCOL_INFORMATION:
        if (told->has_ports)
            return value.length == strlen("\"\"");
        break;
    case RECORD_PROTO:
        if (told->proto == 0)
            return true;
        break;
    default:
        break;
    }
    return is_formatted(told, field, value, room);
}
