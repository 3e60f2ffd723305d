/* SPDX-License-Identifier: Apache-2.0 */
#include "record/extend.h"

#include "flow/communityid.h"
#include "record/put.h"

/* More than the fields take beside the name. */
#define REST_MAX 256u

/* What was put from one place to the other becomes a field. */
static void add_field(struct record_parts *parts, enum record_field field, const char *begin,
                      const char *end)
{
    parts->values[field] = (struct record_text){begin, (size_t)(end - begin)};
}

static bool is_missing(const struct record_parts *parts, enum record_field field)
{
    return parts->values[field].length == 0;
}

static char *add_address(struct record_parts *parts, enum record_field field,
                         const struct address *address, char *p)
{
    char *begin = p;

    if (address->family == 0 || !is_missing(parts, field))
        return p;
    p = put_quote(p);
    p = put_quote(p + address_format(address, p));
    add_field(parts, field, begin, p);
    return p;
}

static char *add_port(struct record_parts *parts, enum record_field field, uint16_t port, char *p)
{
    char *end;

    if (!is_missing(parts, field))
        return p;
    end = put_unsigned(p, port);
    add_field(parts, field, p, end);
    return end;
}

/* The name as it stands in dst, without the port. */
static char *add_name(const struct record *record, struct record_parts *parts, char *p)
{
    struct record_text dst = parts->values[RECORD_DST];
    const char *colon = memrchr(dst.bytes, ':', dst.length);
    char *end;

    if (record->name.length == 0 || !is_missing(parts, RECORD_DST_NAME))
        return p;
    if (record_has_ports(record))
        dst.length = colon ? (size_t)(colon - dst.bytes) : 0;
    else
        dst.length--;
    if (dst.length <= 1)
        return p;
    end = put_quote(put_bytes(p, dst.bytes, dst.length));
    add_field(parts, RECORD_DST_NAME, p, end);
    return end;
}

/* That of ICMP is not known: it is of the first packet's type and code. */
static void add_id(const struct record *record, struct record_parts *parts, char *p)
{
    char text[COMMUNITYID_TEXT], *end;

    if (record->src.family == 0 || record->dst.family != record->src.family ||
        !has_ports(record->proto) || !is_missing(parts, RECORD_COMMUNITY_ID))
        return;
    communityid_format(&record->src, &record->dst, record->proto, record->sport, record->dport,
                       text);
    end = put_quote(put_bytes(put_quote(p), text, strlen(text)));
    add_field(parts, RECORD_COMMUNITY_ID, p, end);
}

enum result record_extend(const struct record *record, struct record_parts *parts,
                          struct text *text)
{
    char *p;

    text->length = 0;
    if (text_reserve(text, REST_MAX + parts->values[RECORD_DST].length) != RESULT_OK)
        return RESULT_NO_MEMORY;
    p = add_address(parts, RECORD_SRC_IP, &record->src, text->bytes);
    p = add_address(parts, RECORD_DST_IP, &record->dst, p);
    if (record_has_ports(record) && record->src.family != 0)
        p = add_port(parts, RECORD_SRC_PORT, record->sport, p);
    if (record_has_ports(record))
        p = add_port(parts, RECORD_DST_PORT, record->dport, p);
    p = add_name(record, parts, p);
    add_id(record, parts, p);
    return RESULT_OK;
}
