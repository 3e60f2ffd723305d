/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the cells of a line of AWS into a connection: what one side sent to the other within a
 * window of one or ten minutes, as one network interface saw it.
 */
#include "log/vpcread.h"

#include "base/clock.h"
#include "base/number.h"

#include <string.h>

/* What tcp-flags tells of the handshake: it shows ACK only with SYN. */
enum { FLAGS_SYN = 2, FLAGS_SYN_ACK = 18 };

/* True for what stands in a cell without a value; None, where Parquet was made of the lines. */
static bool is_unset(const struct vpc_cell *cell)
{
    return (cell->length == 1 && *cell->text == '-') ||
           (cell->length == 4 && memcmp(cell->text, "None", 4) == 0);
}

/* The cell of a field; NULL if there is none, or nothing in it. */
static const struct vpc_cell *get(const struct vpclog *vpc, enum vpc_field field)
{
    const struct vpc_cell *cell = &vpc->cells[field];

    return cell->text && !is_unset(cell) ? cell : NULL;
}

/* The cell of the field, or the one that goes before it. */
static const struct vpc_cell *get_address(const struct vpclog *vpc, enum vpc_field field,
                                          enum vpc_field packet)
{
    const struct vpc_cell *cell = get(vpc, packet);

    return cell ? cell : get(vpc, field);
}

/* These record what is wrong with their field. */

static enum result take_count(struct vpclog *vpc, enum vpc_field field, const char *name,
                              uint64_t most, uint64_t *count)
{
    const struct vpc_cell *cell = get(vpc, field);

    *count = 0;
    if (!cell || !number_count(cell->text, cell->length, count) || *count > most)
        return log_damaged(&vpc->log, "%s is not a number from 0 to %llu", name,
                           (unsigned long long)most);
    return RESULT_OK;
}

static enum result take_port(struct vpclog *vpc, enum vpc_field field, const char *name,
                             uint16_t *port)
{
    uint64_t value;
    enum result result = take_count(vpc, field, name, UINT16_MAX, &value);

    *port = (uint16_t)value;
    return result;
}

static enum result take_time(struct vpclog *vpc, enum vpc_field field, const char *name,
                             int64_t *time)
{
    const struct vpc_cell *cell = get(vpc, field);
    uint64_t seconds;

    if (!cell || !number_count(cell->text, cell->length, &seconds) ||
        seconds >= (uint64_t)(TIME_END / SECOND))
        return log_damaged(&vpc->log, "%s is not a time from 1970 to 9999, in seconds", name);
    *time = (int64_t)seconds * SECOND;
    return RESULT_OK;
}

static enum result take_address(struct vpclog *vpc, const struct vpc_cell *cell, const char *name,
                                struct address *address)
{
    if (!cell || !address_read(cell->text, cell->length, address))
        return log_damaged(&vpc->log, "%s is not an address", name);
    return RESULT_OK;
}

static enum result take_ends(struct vpclog *vpc, struct connection *connection)
{
    const struct vpc_cell *src = get_address(vpc, VPC_SRCADDR, VPC_PKT_SRCADDR);
    const struct vpc_cell *dst = get_address(vpc, VPC_DSTADDR, VPC_PKT_DSTADDR);
    enum result result = take_address(vpc, src, "srcaddr", &connection->orig);

    if (result == RESULT_OK)
        result = take_address(vpc, dst, "dstaddr", &connection->resp);
    if (result == RESULT_OK && connection->orig.family != connection->resp.family)
        return log_damaged(&vpc->log, "its addresses are of different families");
    if (result == RESULT_OK && has_ports(connection->proto))
        result = take_port(vpc, VPC_SRCPORT, "srcport", &connection->orig_port);
    if (result == RESULT_OK && has_ports(connection->proto))
        result = take_port(vpc, VPC_DSTPORT, "dstport", &connection->resp_port);
    return result;
}

static enum result take_counts(struct vpclog *vpc, struct connection *connection)
{
    enum result result =
        take_count(vpc, VPC_PACKETS, "packets", UINT64_MAX, &connection->orig_packets);

    if (result == RESULT_OK)
        result = take_count(vpc, VPC_BYTES, "bytes", UINT64_MAX, &connection->orig_bytes);
    if (result == RESULT_OK)
        result = take_time(vpc, VPC_START, "start", &connection->start);
    connection->last = connection->start;
    if (result == RESULT_OK && get(vpc, VPC_END))
        result = take_time(vpc, VPC_END, "end", &connection->last);
    if (connection->last < connection->start)
        connection->last = connection->start;
    return result;
}

/* The same line, as what the other side received. */
static void turn(struct connection *connection)
{
    struct address address = connection->orig;
    uint16_t port = connection->orig_port;

    connection->orig = connection->resp;
    connection->resp = address;
    connection->orig_port = connection->resp_port;
    connection->resp_port = port;
    connection->resp_packets = connection->orig_packets;
    connection->resp_bytes = connection->orig_bytes;
    connection->orig_packets = connection->orig_bytes = 0;
}

/* SYN with ACK answers a SYN: the line is turned, so that its orig is the one that opened. */
static enum result take_flags(struct vpclog *vpc, struct connection *connection)
{
    uint64_t flags;
    enum result result;

    if (connection->proto != IPPROTO_TCP || !get(vpc, VPC_TCP_FLAGS))
        return RESULT_OK;
    result = take_count(vpc, VPC_TCP_FLAGS, "tcp-flags", UINT16_MAX, &flags);
    if (result != RESULT_OK || !(flags & FLAGS_SYN))
        return result;
    connection->opener = OPENER_ORIG;
    connection->orig_syn = true;
    if ((flags & FLAGS_SYN_ACK) == FLAGS_SYN_ACK) {
        turn(connection);
        connection->resp_syn = true;
    }
    return RESULT_OK;
}

uint8_t vpc_protocol(uint64_t number)
{
    switch (number) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        return (uint8_t)number;
    default:
        return 0;
    }
}

/* A line without addresses says why: there was no traffic, or records of it were lost. */
static void count_empty(struct vpclog *vpc)
{
    const struct vpc_cell *status = get(vpc, VPC_STATUS);

    if (status && status->length == 8 && memcmp(status->text, "SKIPDATA", 8) == 0)
        vpc->log.counts.lost++;
    else
        vpc->log.counts.empty++;
}

static void take_point(const struct vpclog *vpc, struct connection *connection)
{
    const struct vpc_cell *cell = get(vpc, VPC_INTERFACE);

    connection->point = cell ? cell->text : NULL;
    connection->point_length = cell ? cell->length : 0;
}

enum result vpc_make_connection(struct vpclog *vpc, struct log_row *row, bool *useful)
{
    struct connection *connection = &row->connection;
    uint64_t protocol;
    enum result result;

    if (!get(vpc, VPC_PROTOCOL) && !get_address(vpc, VPC_SRCADDR, VPC_PKT_SRCADDR)) {
        count_empty(vpc);
        return RESULT_OK;
    }
    result = take_count(vpc, VPC_PROTOCOL, "protocol", UINT8_MAX, &protocol);
    if (result != RESULT_OK)
        return result;
    row->kind = LOG_CONNECTION;
    *connection = (struct connection){
        .proto = vpc_protocol(protocol), .bytes_from = BYTES_FROM_IP, .half = true};
    if (connection->proto == 0) {
        vpc->log.counts.connections++;
        vpc->log.counts.other_protocols++;
        return RESULT_OK;
    }
    result = take_ends(vpc, connection);
    if (result == RESULT_OK)
        result = take_counts(vpc, connection);
    if (result == RESULT_OK)
        result = take_flags(vpc, connection);
    if (result != RESULT_OK)
        return result;
    take_point(vpc, connection);
    vpc->log.counts.connections++;
    *useful = true;
    return RESULT_OK;
}
