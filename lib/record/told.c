/* SPDX-License-Identifier: Apache-2.0 */
#include "record/told.h"

#include "base/number.h"
#include "flow/communityid.h"
#include "record/put.h"

static struct told_end end_of(const struct address *address, uint16_t port, struct record_text text)
{
    return address->family != 0 ? (struct told_end){.address = *address, .port = port}
                                : (struct told_end){.text = text};
}

struct told told_of(const struct record *record, const struct record_parts *parts)
{
    const struct record_text *values = parts->values;

    return (struct told){
        .ends = {end_of(&record->src, record->sport, values[RECORD_SRC]),
                 end_of(&record->dst, record->dport, values[RECORD_DST])},
        .proto = record->proto,
        .has_ports = record_has_ports(record),
        .proto_text = values[RECORD_PROTO],
        .name_source = record->name_source,
        .named = record->name.length > 0,
        .dst = values[RECORD_DST],
    };
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

static char *put_proto(const struct told *told, char *p)
{
    switch (told->proto) {
    case IPPROTO_TCP:
        return put_literal(p, "\"tcp\"");
    case IPPROTO_UDP:
        return put_literal(p, "\"udp\"");
    case IPPROTO_ICMP:
        return put_literal(p, "\"icmp\"");
    case IPPROTO_ICMPV6:
        return put_literal(p, "\"icmp6\"");
    default:
        return put_text(told->proto_text, p);
    }
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
        return put_proto(told, p);
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
