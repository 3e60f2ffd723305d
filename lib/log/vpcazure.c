/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Azure's flow tuples: texts of cells between commas, each a piece of a conversation.
 *
 *   groups, version 1    time,src,dst,sport,dport,T|U,I|O,A|D
 *   groups, version 2    the same and B|C|E, then four counts, which may be empty
 *   networks, version 4  time,src,dst,sport,dport,protocol,I|O,B|C|E|D,encryption and four counts
 *
 * Times are seconds in the former and milliseconds in the latter. The counts are packets and bytes
 * of the source, then of the destination, since the tuple before.
 */
#include "log/vpcread.h"

#include "base/clock.h"
#include "base/number.h"

#include <string.h>

enum {
    CELL_TIME,
    CELL_SRC,
    CELL_DST,
    CELL_SPORT,
    CELL_DPORT,
    CELL_PROTO,
    CELLS_LEAST = 8,
    CELL_COUNTS = 9,
    CELLS = 13
};

/* Bytes are those of frames on Ethernet. */
#define LINK_HEADER 14

struct tuple {
    struct vpc_cell cells[CELLS];
    size_t count;
};

/* Adds a part to the point, as far as there is space. */
static void put_point(struct vpclog *vpc, const char *text, size_t length)
{
    size_t room = VPC_POINT_MAX - vpc->point_length;

    length = length < room ? length : room;
    if (length > 0)
        memcpy(vpc->point + vpc->point_length, text, length);
    vpc->point_length += length;
}

/*
 * The network interface that what follows is about. Another resource, such as the group of its
 * subnet, may log the same flows.
 */
static void take_interface(struct vpclog *vpc, const char *mac, size_t length)
{
    const struct vpc_cell *resource = &vpc->members[VPC_RESOURCE];

    vpc->point_length = 0;
    put_point(vpc, mac, length);
    put_point(vpc, resource->text, resource->length);
}

void vpc_begin_tuples(struct vpclog *vpc, const struct json *json)
{
    const struct vpc_cell *mac = &vpc->members[VPC_MAC];

    vpc->tuples = json_members(json, &vpc->tuple_count);
    vpc->tuple_at = 0;
    take_interface(vpc, mac->text, mac->length);
}

static bool split(const char *p, const char *end, struct tuple *tuple)
{
    for (tuple->count = 0; tuple->count < CELLS; tuple->count++) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end;

        tuple->cells[tuple->count] = (struct vpc_cell){p, (size_t)(stop - p)};
        if (!comma)
            return ++tuple->count >= CELLS_LEAST;
        p = comma + 1;
    }
    return false;
}

/* A cell that is a number; if it may be empty, that is 0. */
static bool read_number(const struct tuple *tuple, size_t cell, bool may_be_empty, uint64_t most,
                        uint64_t *number)
{
    const struct vpc_cell *text = &tuple->cells[cell];

    *number = 0;
    if (text->length == 0)
        return may_be_empty;
    return number_count(text->text, text->length, number) && *number <= most;
}

/* Groups have a letter, and know no other protocols; networks have the number. */
static bool read_protocol(const struct tuple *tuple, uint64_t *protocol, int64_t *unit)
{
    const struct vpc_cell *text = &tuple->cells[CELL_PROTO];

    *unit = SECOND;
    *protocol = IPPROTO_TCP;
    if (text->length == 1 && *text->text == 'T')
        return true;
    *protocol = IPPROTO_UDP;
    if (text->length == 1 && *text->text == 'U')
        return true;
    *unit = SECOND / 1000;
    return read_number(tuple, CELL_PROTO, false, UINT8_MAX, protocol);
}

static bool read_time(const struct tuple *tuple, int64_t unit, int64_t *time)
{
    uint64_t value;

    if (!read_number(tuple, CELL_TIME, false, (uint64_t)((TIME_END - 1) / unit), &value))
        return false;
    *time = (int64_t)value * unit;
    return true;
}

static bool read_ends(const struct tuple *tuple, struct connection *connection)
{
    const struct vpc_cell *src = &tuple->cells[CELL_SRC], *dst = &tuple->cells[CELL_DST];
    bool ports = has_ports(connection->proto);
    uint64_t sport, dport;

    if (!address_read(src->text, src->length, &connection->orig) ||
        !address_read(dst->text, dst->length, &connection->resp) ||
        connection->orig.family != connection->resp.family ||
        !read_number(tuple, CELL_SPORT, !ports, UINT16_MAX, &sport) ||
        !read_number(tuple, CELL_DPORT, !ports, UINT16_MAX, &dport))
        return false;
    connection->orig_port = (uint16_t)(ports ? sport : 0);
    connection->resp_port = (uint16_t)(ports ? dport : 0);
    return true;
}

static bool read_counts(const struct tuple *tuple, struct connection *connection)
{
    if (tuple->count < CELLS)
        return true;
    return read_number(tuple, CELL_COUNTS, true, UINT64_MAX, &connection->orig_packets) &&
           read_number(tuple, CELL_COUNTS + 1, true, UINT64_MAX, &connection->orig_bytes) &&
           read_number(tuple, CELL_COUNTS + 2, true, UINT64_MAX, &connection->resp_packets) &&
           read_number(tuple, CELL_COUNTS + 3, true, UINT64_MAX, &connection->resp_bytes);
}

/* Which side opened the conversation is known: the source of its tuples. */
static bool read_tuple(const struct vpclog *vpc, const struct tuple *tuple,
                       struct connection *connection)
{
    uint64_t protocol;
    int64_t unit;

    if (!read_protocol(tuple, &protocol, &unit))
        return false;
    *connection = (struct connection){
        .proto = vpc_protocol(protocol),
        .opener = OPENER_ORIG,
        .bytes_from = BYTES_FROM_FRAME,
        .frame_header = LINK_HEADER,
        .point = vpc->point_length > 0 ? vpc->point : NULL,
        .point_length = vpc->point_length,
    };
    if (!read_time(tuple, unit, &connection->start) || !read_counts(tuple, connection))
        return false;
    connection->last = connection->start;
    return connection->proto == 0 || read_ends(tuple, connection);
}

enum result vpc_next_tuple(struct vpclog *vpc, struct log_row *row, bool *useful)
{
    const struct json_member *member = &vpc->tuples[vpc->tuple_at++];
    struct tuple tuple;

    if (member->id == VPC_MAC && member->type == JSON_STRING)
        take_interface(vpc, member->text, member->length);
    if (member->id != VPC_TUPLE || member->type == JSON_CONTAINER)
        return RESULT_OK;
    if (member->type != JSON_STRING ||
        !split(member->text, member->text + member->length, &tuple) ||
        !read_tuple(vpc, &tuple, &row->connection))
        return log_damaged(&vpc->log, "a flow tuple is malformed");
    row->kind = LOG_CONNECTION;
    vpc->log.counts.connections++;
    *useful = row->connection.proto != 0;
    vpc->log.counts.other_protocols += !*useful;
    return RESULT_OK;
}
