/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the fields of a flow or netflow event into a connection, and those of tls, quic and http
 * into the name asked for.
 */
#include "log/everead.h"

#include "base/number.h"
#include "base/timestamp.h"

#include <string.h>

enum { VLAN_TAG = 4 };

/* The most VLAN tags of a frame; Suricata knows three. */
#define TAGS_MOST 16u

bool eve_is(const struct eve_text *text, const char *word)
{
    return text->length == strlen(word) && memcmp(text->text, word, text->length) == 0;
}

void eve_take_fields(struct evelog *eve, enum eve_kind kind)
{
    size_t count;
    const struct json_member *members = json_members(eve->json[kind], &count);

    memset(eve->fields, 0, sizeof eve->fields);
    eve->vlans = 0;
    for (size_t i = 0; i < count; i++) {
        const struct json_member *member = &members[i];

        if (member->type == JSON_NULL || member->type == JSON_CONTAINER)
            continue;
        eve->vlans += member->id == EVE_VLAN;
        if (!member->element && !eve->fields[member->id].text)
            eve->fields[member->id] = (struct eve_text){member->text, member->length};
    }
}

enum result eve_need(struct evelog *eve, enum eve_field field, const char *name,
                     const struct eve_text **text)
{
    *text = eve_get(eve, field);
    return *text ? RESULT_OK : log_damaged(&eve->log, "%s is not set", name);
}

enum result eve_need_time(struct evelog *eve, enum eve_field field, const char *name, int64_t *time)
{
    const struct eve_text *text;
    enum result result = eve_need(eve, field, name, &text);

    if (result == RESULT_OK && !timestamp_read(text->text, text->length, time))
        result = log_damaged(&eve->log, "%s is not a time from 1970 to 9999", name);
    return result;
}

enum result eve_take_port(struct evelog *eve, enum eve_field field, const char *name,
                          uint16_t *port)
{
    const struct eve_text *text = eve_get(eve, field);
    uint64_t value = 0;

    if (text && (!number_count(text->text, text->length, &value) || value > UINT16_MAX))
        return log_damaged(&eve->log, "%s is not a port from 0 to 65535", name);
    *port = (uint16_t)value;
    return RESULT_OK;
}

static enum result need_address(struct evelog *eve, enum eve_field field, const char *name,
                                struct address *address)
{
    const struct eve_text *text;
    enum result result = eve_need(eve, field, name, &text);

    if (result == RESULT_OK && !address_read(text->text, text->length, address))
        result = log_damaged(&eve->log, "%s is not an address", name);
    return result;
}

static enum result need_port(struct evelog *eve, enum eve_field field, const char *name,
                             uint16_t *port)
{
    const struct eve_text *text;
    enum result result = eve_need(eve, field, name, &text);

    return result == RESULT_OK ? eve_take_port(eve, field, name, port) : result;
}

static enum result take_count(struct evelog *eve, enum eve_field field, const char *name,
                              uint64_t *count)
{
    const struct eve_text *text = eve_get(eve, field);

    *count = 0;
    if (text && !number_count(text->text, text->length, count))
        return log_damaged(&eve->log, "%s is not a count of 64 bits", name);
    return RESULT_OK;
}

/* 0: another protocol. Suricata uses the names of /etc/protocols. */
static uint8_t protocol(const struct eve_text *name)
{
    static const struct {
        const char *name;
        size_t length;
        uint8_t number;
    } protocols[] = {
        {"TCP", 3, IPPROTO_TCP},          {"UDP", 3, IPPROTO_UDP},       {"ICMP", 4, IPPROTO_ICMP},
        {"IPv6-ICMP", 9, IPPROTO_ICMPV6}, {"ICMPv6", 6, IPPROTO_ICMPV6},
    };

    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (name->length == protocols[i].length &&
            strncasecmp(name->text, protocols[i].name, name->length) == 0)
            return protocols[i].number;
    return 0;
}

/* True if the flags, two hexadecimal digits, include SYN. */
static bool shows_syn(const struct evelog *eve, enum eve_field field)
{
    static const char with_syn[] = "2367abefABEF";
    const struct eve_text *text = eve_get(eve, field);

    return text && text->length > 0 &&
           memchr(with_syn, text->text[text->length - 1], sizeof with_syn - 1);
}

static enum result take_ends(struct evelog *eve, struct connection *connection)
{
    enum result result = need_address(eve, EVE_SRC_IP, "src_ip", &connection->orig);

    if (result == RESULT_OK)
        result = need_address(eve, EVE_DEST_IP, "dest_ip", &connection->resp);
    if (result == RESULT_OK && connection->orig.family != connection->resp.family)
        return log_damaged(&eve->log, "its addresses are of different families");
    if (result == RESULT_OK && has_ports(connection->proto))
        result = need_port(eve, EVE_SRC_PORT, "src_port", &connection->orig_port);
    if (result == RESULT_OK && has_ports(connection->proto))
        result = need_port(eve, EVE_DEST_PORT, "dest_port", &connection->resp_port);
    return result;
}

static enum result take_times(struct evelog *eve, struct connection *connection)
{
    enum result result = eve_need_time(eve, EVE_START, "start", &connection->start);

    connection->last = connection->start;
    if (result == RESULT_OK && eve_get(eve, EVE_END))
        result = eve_need_time(eve, EVE_END, "end", &connection->last);
    if (connection->last < connection->start)
        connection->last = connection->start;
    return result;
}

static enum result take_counts(struct evelog *eve, enum eve_kind kind,
                               struct connection *connection)
{
    bool both = kind == EVE_FLOW;
    enum result result = take_count(eve, EVE_PKTS_TOSERVER, both ? "pkts_toserver" : "pkts",
                                    &connection->orig_packets);

    if (result == RESULT_OK)
        result = take_count(eve, EVE_BYTES_TOSERVER, both ? "bytes_toserver" : "bytes",
                            &connection->orig_bytes);
    if (result == RESULT_OK)
        result = take_count(eve, EVE_PKTS_TOCLIENT, "pkts_toclient", &connection->resp_packets);
    if (result == RESULT_OK)
        result = take_count(eve, EVE_BYTES_TOCLIENT, "bytes_toclient", &connection->resp_bytes);
    return result;
}

/* A frame header of 0 means that bytes count from the IP packet on. AF_PACKET strips tags. */
static void take_layer(const struct evelog *eve, struct connection *connection)
{
    unsigned tags = eve_get(eve, EVE_IN_IFACE) ? 0 : eve->vlans;

    if (eve->options.frame_header == 0) {
        connection->bytes_from = BYTES_FROM_IP;
        return;
    }
    if (tags > TAGS_MOST)
        tags = 0;
    connection->bytes_from = BYTES_FROM_FRAME;
    connection->frame_header = (uint8_t)(eve->options.frame_header + VLAN_TAG * tags);
}

static void take_flags(const struct evelog *eve, struct connection *connection)
{
    if (connection->proto != IPPROTO_TCP)
        return;
    connection->orig_syn = shows_syn(eve, EVE_FLAGS_TOSERVER);
    connection->resp_syn = shows_syn(eve, EVE_FLAGS_TOCLIENT);
    if (connection->orig_syn || connection->resp_syn)
        connection->opener = OPENER_ORIG;
}

static void take_icmp(const struct evelog *eve, struct connection *connection)
{
    const struct eve_text *type = eve_get(eve, EVE_ICMP_TYPE), *code = eve_get(eve, EVE_ICMP_CODE);
    uint64_t numbers[2];

    if (has_ports(connection->proto) || !type || !code ||
        !number_count(type->text, type->length, &numbers[0]) || numbers[0] > UINT8_MAX ||
        !number_count(code->text, code->length, &numbers[1]) || numbers[1] > UINT8_MAX)
        return;
    connection->icmp_known = true;
    connection->icmp_type = (uint8_t)numbers[0];
    connection->icmp_code = (uint8_t)numbers[1];
}

static void take_word(const struct evelog *eve, enum eve_field field, size_t most,
                      const char **text, size_t *length)
{
    const struct eve_text *word = eve_get(eve, field);

    if (!word || !log_is_word(word->text, word->length, most))
        return;
    *text = word->text;
    *length = word->length;
}

static void take_words(const struct evelog *eve, struct connection *connection)
{
    const struct eve_text *service = eve_get(eve, EVE_APP_PROTO);

    take_word(eve, EVE_COMMUNITY_ID, CONNECTION_ID_MAX, &connection->community_id,
              &connection->community_id_length);
    take_word(eve, EVE_FLOW_ID, CONNECTION_ID_MAX, &connection->uid, &connection->uid_length);
    if (service && !eve_is(service, "failed") && !eve_is(service, "unknown"))
        take_word(eve, EVE_APP_PROTO, CONNECTION_SERVICE_MAX, &connection->service,
                  &connection->service_length);
}

static void put_point(struct evelog *eve, enum eve_field field, size_t *length)
{
    const struct eve_text *text = eve_get(eve, field);
    size_t room = EVE_POINT_MAX / 3, put = text && text->length < room ? text->length : 0;

    if (put > 0)
        memcpy(eve->point + *length, text->text, put);
    *length += put;
    eve->point[(*length)++] = ' ';
}

/* The point of observation: the sensor, the interface, and the kind of events. */
static void take_point(struct evelog *eve, enum eve_kind kind, struct connection *connection)
{
    size_t length = 0;

    if (kind == EVE_FLOW && !eve_get(eve, EVE_HOST) && !eve_get(eve, EVE_IN_IFACE))
        return;
    put_point(eve, EVE_HOST, &length);
    put_point(eve, EVE_IN_IFACE, &length);
    eve->point[length++] = kind == EVE_FLOW ? 'f' : 'n';
    connection->point = eve->point;
    connection->point_length = length;
}

enum result eve_make_connection(struct evelog *eve, enum eve_kind kind, struct log_row *row,
                                bool *useful)
{
    struct connection *connection = &row->connection;
    const struct eve_text *proto;
    enum result result = eve_need(eve, EVE_PROTO, "proto", &proto);

    if (result != RESULT_OK)
        return result;
    row->kind = LOG_CONNECTION;
    *connection = (struct connection){.proto = protocol(proto), .either = kind == EVE_NETFLOW};
    if (connection->proto == 0) {
        eve->log.counts.connections++;
        eve->log.counts.other_protocols++;
        return RESULT_OK;
    }
    result = take_ends(eve, connection);
    if (result == RESULT_OK)
        result = take_times(eve, connection);
    if (result == RESULT_OK)
        result = take_counts(eve, kind, connection);
    if (result != RESULT_OK)
        return result;
    take_layer(eve, connection);
    take_flags(eve, connection);
    take_icmp(eve, connection);
    if (eve->options.words)
        take_words(eve, connection);
    take_point(eve, kind, connection);
    eve->log.counts.connections++;
    *useful = true;
    return RESULT_OK;
}

/* True for a request to a proxy, whose host is not the other end. */
static bool is_to_proxy(const struct evelog *eve)
{
    const struct eve_text *method = eve_get(eve, EVE_METHOD), *url = eve_get(eve, EVE_URL);

    return (method && eve_is(method, "CONNECT")) ||
           (url && url->length > 7 && strncasecmp(url->text, "http://", 7) == 0);
}

void eve_make_session(struct evelog *eve, struct log_row *row, bool *useful)
{
    const struct eve_text *uid = eve_get(eve, EVE_FLOW_ID), *name = eve_get(eve, EVE_NAME);

    eve->log.counts.sessions++;
    if (!uid || !name || !log_is_word(uid->text, uid->length, CONNECTION_ID_MAX) ||
        is_to_proxy(eve))
        return;
    memset(&row->server, 0, sizeof row->server);
    row->kind = LOG_SESSION;
    row->uid = uid->text;
    row->uid_length = uid->length;
    *useful = hostname_set_host(&row->server, name->text, name->length);
}
