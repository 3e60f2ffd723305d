/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the cells of a row into its content: a connection, names of addresses, or the name that a
 * connection asked for.
 */
#include "log/zeekread.h"

#include "base/clock.h"
#include "base/grow.h"
#include "packet/protocols.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

static bool is_marker(const struct cell *cell, const struct marker *marker)
{
    return cell->length == marker->length &&
           (cell->length == 0 || (cell->text[0] == marker->text[0] &&
                                  memcmp(cell->text, marker->text, cell->length) == 0));
}

/* The cell of a field; NULL if missing, unset or empty. */
static const struct cell *get(const struct zeeklog *log, enum zeek_field field)
{
    const struct cell *cell = &log->cells[field];

    if (!cell->text || is_marker(cell, &log->tsv.unset) || is_marker(cell, &log->tsv.empty))
        return NULL;
    return cell;
}

static bool read_port(const struct cell *cell, uint16_t *port)
{
    uint64_t value;

    if (!number_whole(cell->text, cell->length, &value) || value > UINT16_MAX)
        return false;
    *port = (uint16_t)value;
    return true;
}

/* need_ and take_ functions record what is wrong with their field; for take_, it is optional. */

static enum result need(struct zeeklog *log, enum zeek_field field, const char *name,
                        const struct cell **cell)
{
    *cell = get(log, field);
    return *cell ? RESULT_OK : log_damaged(&log->log, "%s is not set", name);
}

static enum result need_time(struct zeeklog *log, int64_t *time)
{
    const struct cell *cell;
    enum result result = need(log, FIELD_TS, "ts", &cell);

    if (result == RESULT_OK && !zeek_time(cell->text, cell->length, time))
        result = log_damaged(&log->log, "ts is not a time from 1970 to 9999");
    return result;
}

static enum result need_address(struct zeeklog *log, enum zeek_field field, const char *name,
                                struct address *address)
{
    const struct cell *cell;
    enum result result = need(log, field, name, &cell);

    if (result == RESULT_OK && !address_read(cell->text, cell->length, address))
        result = log_damaged(&log->log, "%s is not an address", name);
    return result;
}

static enum result need_port(struct zeeklog *log, enum zeek_field field, const char *name,
                             uint16_t *port)
{
    const struct cell *cell;
    enum result result = need(log, field, name, &cell);

    if (result == RESULT_OK && !read_port(cell, port))
        result = log_damaged(&log->log, "%s is not a port from 0 to 65535", name);
    return result;
}

static enum result take_count(struct zeeklog *log, enum zeek_field field, const char *name,
                              uint64_t *count)
{
    const struct cell *cell = get(log, field);

    *count = 0;
    if (cell && !number_whole(cell->text, cell->length, count))
        return log_damaged(&log->log, "%s is not a count of 64 bits", name);
    return RESULT_OK;
}

/* Sets the end from the duration; a negative one, from a clock that was set back, counts as 0. */
static enum result take_duration(struct zeeklog *log, struct connection *connection)
{
    const struct cell *cell = get(log, FIELD_DURATION);
    size_t sign = cell && cell->length > 0 && cell->text[0] == '-';
    int64_t duration = 0;

    if (cell && (!number_seconds(cell->text + sign, cell->length - sign, &duration) ||
                 duration >= TIME_END - connection->start))
        return log_damaged(&log->log, "duration is not a number of seconds");
    connection->last = connection->start + (sign ? 0 : duration);
    return RESULT_OK;
}

/* 0: another protocol. */
static uint8_t protocol(const struct cell *cell)
{
    if (cell->length == 3 && memcmp(cell->text, "tcp", 3) == 0)
        return IPPROTO_TCP;
    if (cell->length == 3 && memcmp(cell->text, "udp", 3) == 0)
        return IPPROTO_UDP;
    if (cell->length == 4 && memcmp(cell->text, "icmp", 4) == 0)
        return IPPROTO_ICMP;
    return 0;
}

/* ICMP has its type in orig_p, and in resp_p its code or the type that answers it. */
static void take_icmp(struct connection *connection)
{
    connection->icmp_known =
        connection->orig_port <= UINT8_MAX && connection->resp_port <= UINT8_MAX;
    connection->icmp_type = (uint8_t)connection->orig_port;
    connection->icmp_code = (uint8_t)connection->resp_port;
    connection->orig_port = connection->resp_port = 0;
    connection->orig_bytes = connection->resp_bytes = 0; /* ICMP has none here */
    if (connection->orig.family == 6)
        connection->proto = IPPROTO_ICMPV6;
}

/*
 * The handshake in history: S, a SYN of the originator; h, the answer to one; H, such an answer by
 * the originator.
 */
static enum opener find_opener(const struct cell *history)
{
    if (!history)
        return OPENER_UNKNOWN;
    if (memchr(history->text, 'S', history->length) || memchr(history->text, 'h', history->length))
        return OPENER_ORIG;
    return memchr(history->text, 'H', history->length) ? OPENER_RESP : OPENER_UNKNOWN;
}

/* The cell of a field that is passed on unchanged; NULL if it is not a word. */
static const struct cell *get_word(const struct zeeklog *log, enum zeek_field field, size_t most)
{
    const struct cell *cell = get(log, field);

    return cell && log_is_word(cell->text, cell->length, most) ? cell : NULL;
}

static void take_word(const struct zeeklog *log, enum zeek_field field, size_t most,
                      const char **text, size_t *length)
{
    const struct cell *word = get_word(log, field, most);

    *text = word ? word->text : NULL;
    *length = word ? word->length : 0;
}

static void take_words(const struct zeeklog *log, struct connection *connection)
{
    take_word(log, FIELD_COMMUNITY_ID, CONNECTION_ID_MAX, &connection->community_id,
              &connection->community_id_length);
    take_word(log, FIELD_UID, CONNECTION_ID_MAX, &connection->uid, &connection->uid_length);
    take_word(log, FIELD_SERVICE, CONNECTION_SERVICE_MAX, &connection->service,
              &connection->service_length);
}

static enum result take_counts(struct zeeklog *log, struct connection *connection)
{
    enum result result = take_duration(log, connection);

    if (result == RESULT_OK)
        result = take_count(log, FIELD_ORIG_BYTES, "orig_bytes", &connection->orig_bytes);
    if (result == RESULT_OK)
        result = take_count(log, FIELD_RESP_BYTES, "resp_bytes", &connection->resp_bytes);
    if (result == RESULT_OK)
        result = take_count(log, FIELD_ORIG_PKTS, "orig_pkts", &connection->orig_packets);
    if (result == RESULT_OK)
        result = take_count(log, FIELD_RESP_PKTS, "resp_pkts", &connection->resp_packets);
    return result;
}

static enum result make_connection(struct zeeklog *log, struct connection *connection, bool *useful)
{
    const struct cell *proto;
    enum result result = need(log, FIELD_PROTO, "proto", &proto);

    if (result != RESULT_OK)
        return result;
    *connection = (struct connection){.proto = protocol(proto)};
    if (connection->proto == 0) {
        log->log.counts.connections++;
        log->log.counts.other_protocols++;
        return RESULT_OK;
    }
    result = need_time(log, &connection->start);
    if (result == RESULT_OK)
        result = need_address(log, FIELD_ORIG_H, "id.orig_h", &connection->orig);
    if (result == RESULT_OK)
        result = need_address(log, FIELD_RESP_H, "id.resp_h", &connection->resp);
    if (result == RESULT_OK && connection->orig.family != connection->resp.family)
        result = log_damaged(&log->log, "its addresses are of different families");
    if (result == RESULT_OK)
        result = need_port(log, FIELD_ORIG_P, "id.orig_p", &connection->orig_port);
    if (result == RESULT_OK)
        result = need_port(log, FIELD_RESP_P, "id.resp_p", &connection->resp_port);
    if (result == RESULT_OK)
        result = take_counts(log, connection);
    if (result != RESULT_OK)
        return result;
    if (connection->proto == IPPROTO_TCP)
        connection->opener = (uint8_t)find_opener(get(log, FIELD_HISTORY));
    else if (connection->proto == IPPROTO_ICMP)
        take_icmp(connection);
    if (log->words)
        take_words(log, connection);
    log->log.counts.connections++;
    *useful = true;
    return RESULT_OK;
}

enum result zeek_add_answer(struct zeeklog *log, const char *text, size_t length)
{
    struct address address, *grown;

    if (!address_read(text, length, &address))
        return RESULT_OK;
    grown = grow(log->answers, log->answer_count, &log->answer_capacity, sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    log->answers = grown;
    log->answers[log->answer_count++] = address;
    return RESULT_OK;
}

/* In TSV, all answers are in one cell. */
static enum result split_answers(struct zeeklog *log, const struct cell *cell)
{
    const char *p = cell->text, *end = p + cell->length;
    enum result result = RESULT_OK;

    while (p < end && result == RESULT_OK) {
        const char *next = memchr(p, log->tsv.set_separator, (size_t)(end - p));

        if (!next)
            next = end;
        result = zeek_add_answer(log, p, (size_t)(next - p));
        p = next + 1;
    }
    return result;
}

/* Writes the query's name; Zeek has \\ for a backslash in TSV. False: not a name. */
static bool make_name(struct zeeklog *log, const struct cell *query, struct log_row *row)
{
    row->name = log->name;
    return log_put_name(query->text, query->length, !log->json, log->name, &row->name_length);
}

/* Only DNS on port 53 gives names, if the log has ports. */
static enum result check_ports(struct zeeklog *log, bool *is_dns)
{
    bool has_orig = get(log, FIELD_ORIG_P), has_resp = get(log, FIELD_RESP_P);
    uint16_t orig = 0, resp = 0;
    enum result result = RESULT_OK;

    if (has_orig)
        result = need_port(log, FIELD_ORIG_P, "id.orig_p", &orig);
    if (result == RESULT_OK && has_resp)
        result = need_port(log, FIELD_RESP_P, "id.resp_p", &resp);
    *is_dns = (!has_orig && !has_resp) || orig == PORT_DNS || resp == PORT_DNS;
    return result;
}

static enum result make_lookup(struct zeeklog *log, struct log_row *row, bool *useful)
{
    const struct cell *query = get(log, FIELD_QUERY), *answers = get(log, FIELD_ANSWERS);
    bool is_dns = false;
    enum result result = need_time(log, &row->time);

    if (result == RESULT_OK)
        result = check_ports(log, &is_dns);
    if (result == RESULT_OK && answers)
        result = split_answers(log, answers);
    if (result != RESULT_OK)
        return result;
    log->log.counts.names++;
    log->log.counts.other_ports += !is_dns;
    row->addresses = log->answers;
    row->address_count = log->answer_count;
    *useful = is_dns && query && log->answer_count > 0 && make_name(log, query, row);
    return RESULT_OK;
}

/* True for a request to a proxy, whose host is not the other end. */
static bool is_to_proxy(const struct zeeklog *log)
{
    const struct cell *method = get(log, FIELD_METHOD), *uri = get(log, FIELD_URI);

    return (method && method->length == 7 && memcmp(method->text, "CONNECT", 7) == 0) ||
           (uri && uri->length > 7 && strncasecmp(uri->text, "http://", 7) == 0);
}

static enum result make_session(struct zeeklog *log, enum zeek_kind kind, struct log_row *row,
                                bool *useful)
{
    const struct cell *uid = get_word(log, FIELD_UID, CONNECTION_ID_MAX);
    const struct cell *name = get(log, kind == KIND_TLS ? FIELD_SERVER_NAME : FIELD_HOST);

    log->log.counts.sessions++;
    if (!uid || !name || is_to_proxy(log))
        return RESULT_OK;
    memset(&row->server, 0, sizeof row->server);
    row->uid = uid->text;
    row->uid_length = uid->length;
    *useful = kind == KIND_TLS ? hostname_set(&row->server, name->text, name->length)
                               : hostname_set_host(&row->server, name->text, name->length);
    return RESULT_OK;
}

enum result zeek_make_row(struct zeeklog *log, enum zeek_kind kind, struct log_row *row,
                          bool *useful)
{
    *useful = false;
    if (kind == KIND_CONN) {
        row->kind = LOG_CONNECTION;
        return make_connection(log, &row->connection, useful);
    }
    if (kind == KIND_DNS) {
        row->kind = LOG_NAMES;
        return make_lookup(log, row, useful);
    }
    if (kind == KIND_TLS || kind == KIND_HTTP) {
        row->kind = LOG_SESSION;
        return make_session(log, kind, row, useful);
    }
    log->log.counts.other_rows++;
    return RESULT_OK;
}
