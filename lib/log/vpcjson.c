/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of JSON: what kind each is, by its members, and the rows of Google's flow logs and of
 * Route 53's query log.
 */
#include "log/vpcread.h"

#include "base/grow.h"
#include "base/number.h"
#include "base/timestamp.h"

#include <string.h>

/* Members of a LogEntry; an agent may have put it into a member "json". */
#define GOOGLE(name, id)                                                                           \
    {"jsonPayload." name, id},                                                                     \
    {                                                                                              \
        "json.jsonPayload." name, id                                                               \
    }

static const struct json_key keys[] = {
    {"message", VPC_MESSAGE},
    {"resourceId", VPC_RESOURCE},
    {"targetResourceID", VPC_RESOURCE},
    {"macAddress", VPC_MAC},
    {"properties.flows.flows.mac", VPC_MAC},
    {"properties.flows.flows.flowTuples", VPC_TUPLE},
    {"flowRecords.flows.flowGroups.flowTuples", VPC_TUPLE},
    GOOGLE("connection.src_ip", VPC_SRC_IP),
    GOOGLE("connection.dest_ip", VPC_DEST_IP),
    GOOGLE("connection.src_port", VPC_SRC_PORT),
    GOOGLE("connection.dest_port", VPC_DEST_PORT),
    GOOGLE("connection.protocol", VPC_PROTO),
    GOOGLE("packets_sent", VPC_PACKETS_SENT),
    GOOGLE("bytes_sent", VPC_BYTES_SENT),
    GOOGLE("start_time", VPC_START_TIME),
    GOOGLE("end_time", VPC_END_TIME),
    GOOGLE("reporter", VPC_REPORTER),
    {"query_timestamp", VPC_QUERY_TIME},
    {"query_name", VPC_QUERY_NAME},
    {"answers", VPC_ANSWER},
    {"answers.Rdata", VPC_ANSWER_DATA},
    {"answers.Type", VPC_ANSWER_TYPE},
};

/* What CloudWatch and Event Hubs put around records. */
static const char *const lists[] = {"records", "events", "logEvents", NULL};

enum result vpc_json_init(struct vpclog *vpc)
{
    enum result result = json_init(&vpc->json, keys, sizeof keys / sizeof *keys);

    log_objects_init(&vpc->objects, &vpc->log, &vpc->in, lists);
    return result;
}

/* Takes the members; those that occur again are reached through the reader of JSON. */
static void take_members(struct vpclog *vpc, const struct json *json)
{
    size_t count;
    const struct json_member *members = json_members(json, &count);

    memset(vpc->members, 0, sizeof vpc->members);
    for (size_t i = 0; i < count; i++)
        if (!vpc->members[members[i].id].text && members[i].type != JSON_NULL)
            vpc->members[members[i].id] = (struct vpc_cell){members[i].text, members[i].length};
}

/* ---- Google */

static enum result take_number(struct vpclog *vpc, enum vpc_member member, const char *name,
                               uint64_t most, uint64_t *number)
{
    const struct vpc_cell *cell = &vpc->members[member];

    *number = 0;
    if (cell->text && (!number_count(cell->text, cell->length, number) || *number > most))
        return log_damaged(&vpc->log, "%s is not a number from 0 to %llu", name,
                           (unsigned long long)most);
    return RESULT_OK;
}

static enum result take_port(struct vpclog *vpc, enum vpc_member member, const char *name,
                             uint16_t *port)
{
    uint64_t value;
    enum result result = take_number(vpc, member, name, UINT16_MAX, &value);

    *port = (uint16_t)value;
    return result;
}

static enum result need_address(struct vpclog *vpc, enum vpc_member member, const char *name,
                                struct address *address)
{
    const struct vpc_cell *cell = &vpc->members[member];

    if (!cell->text || !address_read(cell->text, cell->length, address))
        return log_damaged(&vpc->log, "%s is not an address", name);
    return RESULT_OK;
}

static enum result need_time(struct vpclog *vpc, enum vpc_member member, const char *name,
                             int64_t *time)
{
    const struct vpc_cell *cell = &vpc->members[member];

    if (!cell->text || !timestamp_read(cell->text, cell->length, time))
        return log_damaged(&vpc->log, "%s is not a time from 1970 to 9999", name);
    return RESULT_OK;
}

static enum result take_ends(struct vpclog *vpc, struct connection *connection)
{
    enum result result = need_address(vpc, VPC_SRC_IP, "src_ip", &connection->orig);

    if (result == RESULT_OK)
        result = need_address(vpc, VPC_DEST_IP, "dest_ip", &connection->resp);
    if (result == RESULT_OK && connection->orig.family != connection->resp.family)
        return log_damaged(&vpc->log, "its addresses are of different families");
    if (result == RESULT_OK && has_ports(connection->proto))
        result = take_port(vpc, VPC_SRC_PORT, "src_port", &connection->orig_port);
    if (result == RESULT_OK && has_ports(connection->proto))
        result = take_port(vpc, VPC_DEST_PORT, "dest_port", &connection->resp_port);
    return result;
}

static enum result take_counts(struct vpclog *vpc, struct connection *connection)
{
    enum result result = need_time(vpc, VPC_START_TIME, "start_time", &connection->start);

    connection->last = connection->start;
    if (result == RESULT_OK && vpc->members[VPC_END_TIME].text)
        result = need_time(vpc, VPC_END_TIME, "end_time", &connection->last);
    if (connection->last < connection->start)
        connection->last = connection->start;
    if (result == RESULT_OK)
        result = take_number(vpc, VPC_PACKETS_SENT, "packets_sent", UINT64_MAX,
                             &connection->orig_packets);
    if (result == RESULT_OK)
        result =
            take_number(vpc, VPC_BYTES_SENT, "bytes_sent", UINT64_MAX, &connection->orig_bytes);
    return result;
}

/* What one side sent; both machines report it if both are in the network. */
static enum result make_google(struct vpclog *vpc, struct log_row *row, bool *useful)
{
    const struct vpc_cell *reporter = &vpc->members[VPC_REPORTER];
    struct connection *connection = &row->connection;
    uint64_t protocol;
    enum result result = take_number(vpc, VPC_PROTO, "protocol", UINT8_MAX, &protocol);

    if (result != RESULT_OK)
        return result;
    row->kind = LOG_CONNECTION;
    *connection = (struct connection){.proto = vpc_protocol(protocol), .half = true};
    if (connection->proto == 0) {
        vpc->log.counts.connections++;
        vpc->log.counts.other_protocols++;
        return RESULT_OK;
    }
    result = take_ends(vpc, connection);
    if (result == RESULT_OK)
        result = take_counts(vpc, connection);
    if (result != RESULT_OK)
        return result;
    if (!has_ports(connection->proto))
        connection->orig_bytes = 0;
    connection->point = reporter->length > 0 ? reporter->text : NULL;
    connection->point_length = reporter->length;
    vpc->log.counts.connections++;
    *useful = true;
    return RESULT_OK;
}

/* ---- Route 53 */

static bool is_type(const struct json_member *type, const char *name)
{
    return type->type == JSON_STRING && type->length == strlen(name) &&
           memcmp(type->text, name, type->length) == 0;
}

static enum result add_answer(struct vpclog *vpc, const struct json_member *data,
                              const struct json_member *type)
{
    struct address address, *grown;

    if (!data || !type || (!is_type(type, "A") && !is_type(type, "AAAA")) ||
        !address_read(data->text, data->length, &address))
        return RESULT_OK;
    grown = grow(vpc->answers, vpc->answer_count, &vpc->answer_capacity, sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    vpc->answers = grown;
    vpc->answers[vpc->answer_count++] = address;
    return RESULT_OK;
}

static enum result take_answers(struct vpclog *vpc, const struct json *json)
{
    const struct json_member *data = NULL, *type = NULL;
    enum result result = RESULT_OK;
    size_t count;
    const struct json_member *members = json_members(json, &count);

    vpc->answer_count = 0;
    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        if (members[i].id == VPC_ANSWER_DATA) {
            data = &members[i];
        } else if (members[i].id == VPC_ANSWER_TYPE) {
            type = &members[i];
        } else if (members[i].id == VPC_ANSWER) {
            result = add_answer(vpc, data, type);
            data = type = NULL;
        }
    }
    return result == RESULT_OK ? add_answer(vpc, data, type) : result;
}

static enum result make_names(struct vpclog *vpc, const struct json *json, struct log_row *row,
                              bool *useful)
{
    const struct vpc_cell *name = &vpc->members[VPC_QUERY_NAME];
    enum result result = need_time(vpc, VPC_QUERY_TIME, "query_timestamp", &row->time);

    if (result == RESULT_OK)
        result = take_answers(vpc, json);
    if (result != RESULT_OK)
        return result;
    vpc->log.counts.names++;
    row->kind = LOG_NAMES;
    row->name = vpc->name;
    row->addresses = vpc->answers;
    row->address_count = vpc->answer_count;
    *useful = vpc->answer_count > 0 && name->text &&
              log_put_name(name->text, name->length, false, vpc->name, &row->name_length);
    return RESULT_OK;
}

/* ---- All */

static enum result make_row(struct vpclog *vpc, const struct json *json, struct log_row *row,
                            bool *useful)
{
    vpc->settled = true;
    if (vpc->members[VPC_TUPLE].text) {
        vpc_begin_tuples(vpc, json);
        return RESULT_OK;
    }
    if (vpc->members[VPC_SRC_IP].text)
        return make_google(vpc, row, useful);
    if (vpc->members[VPC_QUERY_TIME].text)
        return make_names(vpc, json, row, useful);
    vpc->settled = false;
    vpc->log.counts.other_rows++;
    return RESULT_OK;
}

enum result vpc_read_object(struct vpclog *vpc, const char *text, const char *end,
                            struct log_row *row, bool *useful)
{
    enum result result = RESULT_OK;
    size_t used;

    if (!vpc->message)
        result = json_init(&vpc->message, keys, sizeof keys / sizeof *keys);
    if (result == RESULT_OK)
        result = json_read(vpc->message, text, (size_t)(end - text), &used);
    if (result == RESULT_DAMAGED)
        return log_damaged(&vpc->log, "not JSON: %s", json_problem(vpc->message));
    if (result == RESULT_END)
        return log_damaged(&vpc->log, "its JSON object does not end");
    if (result != RESULT_OK)
        return result;
    take_members(vpc, vpc->message);
    return make_row(vpc, vpc->message, row, useful);
}

enum result vpc_read_json(struct vpclog *vpc, struct log_row *row, bool *useful)
{
    const struct vpc_cell *message = &vpc->members[VPC_MESSAGE];
    enum result result = log_next_object(&vpc->objects, vpc->json);

    if (result == RESULT_END)
        return vpc_ended(vpc);
    if (result != RESULT_OK)
        return result;
    take_members(vpc, vpc->json);
    return message->text
               ? vpc_read_line(vpc, message->text, message->text + message->length, row, useful)
               : make_row(vpc, vpc->json, row, useful);
}
