/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a dns event to the names that it gives to addresses.
 *
 *   version 1  one event per record, in rrname, rrtype and rdata; the question is in the query
 *              event with the same flow_id and id (Suricata 4.0 and before; the default until 4.1)
 *   version 2  the question in rrname; records in answers, or only their data in grouped
 *   version 3  the question in queries, and also authorities and additionals (Suricata 8)
 *
 * Addresses in answers get the name of the question, those in later sections their own.
 */
#include "log/everead.h"

#include "base/grow.h"
#include "base/number.h"
#include "packet/protocols.h"

#include <string.h>

/* A record being read. */
struct dns_record {
    struct eve_text name, type, data;
    bool begun, glue;
};

static bool is_address(const struct eve_text *type, const struct eve_text *data,
                       struct address *address)
{
    return type->text && data->text && (eve_is(type, "A") || eve_is(type, "AAAA")) &&
           address_read(data->text, data->length, address);
}

static enum result add_answer(struct evelog *eve, const struct address *address)
{
    struct address *grown =
        grow(eve->answers, eve->answer_count, &eve->answer_capacity, sizeof *grown);

    if (!grown)
        return RESULT_NO_MEMORY;
    eve->answers = grown;
    eve->answers[eve->answer_count++] = *address;
    return RESULT_OK;
}

static enum result add_glue(struct evelog *eve, const struct eve_text *name,
                            const struct address *address)
{
    struct eve_glue *grown = grow(eve->glue, eve->glue_count, &eve->glue_capacity, sizeof *grown);

    if (!grown)
        return RESULT_NO_MEMORY;
    eve->glue = grown;
    eve->glue[eve->glue_count++] = (struct eve_glue){*name, *address};
    return RESULT_OK;
}

/* The record is read. */
static enum result end_record(struct evelog *eve, struct dns_record *record)
{
    struct address address;
    enum result result = RESULT_OK;

    if (record->begun && is_address(&record->type, &record->data, &address))
        result = record->glue ? add_glue(eve, &record->name, &address) : add_answer(eve, &address);
    *record = (struct dns_record){.begun = false};
    return result;
}

static void take_part(struct dns_record *record, const struct json_member *member)
{
    const struct eve_text text = {member->text, member->length};

    if (member->type != JSON_STRING)
        return;
    if (member->id == EVE_ANSWER_TYPE || member->id == EVE_GLUE_TYPE)
        record->type = text;
    else if (member->id == EVE_ANSWER_DATA || member->id == EVE_GLUE_DATA)
        record->data = text;
    else if (member->id == EVE_GLUE_NAME)
        record->name = text;
}

/* Reads the records of all sections. */
static enum result take_records(struct evelog *eve)
{
    struct dns_record record = {.begun = false};
    enum result result = RESULT_OK;
    size_t count;
    const struct json_member *members = json_members(eve->json[EVE_DNS], &count);

    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        if (members[i].id == EVE_ANSWER || members[i].id == EVE_GLUE) {
            result = end_record(eve, &record);
            record = (struct dns_record){.begun = true, .glue = members[i].id == EVE_GLUE};
        } else {
            take_part(&record, &members[i]);
        }
    }
    return result == RESULT_OK ? end_record(eve, &record) : result;
}

/* Reads the addresses of an event that has them only in groups by their type. */
static enum result take_groups(struct evelog *eve)
{
    struct address address;
    enum result result = RESULT_OK;
    size_t count;
    const struct json_member *members = json_members(eve->json[EVE_DNS], &count);

    for (size_t i = 0; i < count && result == RESULT_OK; i++)
        if (members[i].id == EVE_GROUPED && members[i].element && members[i].type == JSON_STRING &&
            address_read(members[i].text, members[i].length, &address))
            result = add_answer(eve, &address);
    return result;
}

/* The queried name; of several questions, which nobody sends, the first. */
static struct eve_text find_question(const struct evelog *eve)
{
    struct eve_text question = {NULL, 0};
    size_t count;
    const struct json_member *members = json_members(eve->json[EVE_DNS], &count);

    if (eve_get(eve, EVE_RRNAME))
        return eve->fields[EVE_RRNAME];
    for (size_t i = 0; i < count && !question.text; i++)
        if (members[i].id == EVE_QUERY_NAME && members[i].type == JSON_STRING)
            question = (struct eve_text){members[i].text, members[i].length};
    return question;
}

/* The place for the question of that transaction; NULL: it has no ids. */
static struct eve_query *find_query(const struct evelog *eve, uint64_t *flow_id, uint64_t *id)
{
    const struct eve_text *flow = eve_get(eve, EVE_FLOW_ID), *number = eve_get(eve, EVE_DNS_ID);

    if (!eve->queries || !flow || !number || !number_count(flow->text, flow->length, flow_id) ||
        !number_count(number->text, number->length, id))
        return NULL;
    return &eve->queries[((*flow_id ^ *id << 32) * UINT64_C(0x9e3779b97f4a7c15) >> 32) %
                         EVE_QUERIES];
}

/* Remembers a question, perhaps in place of another, whose answers then keep their own name. */
static enum result remember_query(struct evelog *eve)
{
    struct eve_text question = find_question(eve);
    struct eve_query *query;
    uint64_t flow_id, id;

    if (!eve->queries)
        eve->queries = calloc(EVE_QUERIES, sizeof *eve->queries);
    if (!eve->queries)
        return RESULT_NO_MEMORY;
    query = find_query(eve, &flow_id, &id);
    if (!query || !question.text || question.length > sizeof query->name)
        return RESULT_OK;
    query->flow_id = flow_id;
    query->id = id;
    query->length = question.length;
    memcpy(query->name, question.text, question.length);
    return RESULT_OK;
}

/* The queried name of an event of version 1. */
static struct eve_text recall_query(const struct evelog *eve)
{
    uint64_t flow_id, id;
    const struct eve_query *query = find_query(eve, &flow_id, &id);

    if (query && query->length > 0 && query->flow_id == flow_id && query->id == id)
        return (struct eve_text){query->name, query->length};
    return find_question(eve);
}

/* Fills in the answers and the glue. */
static enum result take_names(struct evelog *eve, struct eve_text *question)
{
    struct address address;
    enum result result;

    *question = find_question(eve);
    if (eve_get(eve, EVE_RDATA)) {
        *question = recall_query(eve);
        return is_address(&eve->fields[EVE_RRTYPE], &eve->fields[EVE_RDATA], &address)
                   ? add_answer(eve, &address)
                   : RESULT_OK;
    }
    result = take_records(eve);
    return result == RESULT_OK && eve->answer_count == 0 ? take_groups(eve) : result;
}

/* Only DNS on port 53 gives names, if the event has ports. */
static enum result check_ports(struct evelog *eve, bool *is_dns)
{
    uint16_t src = 0, dest = 0;
    enum result result = eve_take_port(eve, EVE_SRC_PORT, "src_port", &src);

    if (result == RESULT_OK)
        result = eve_take_port(eve, EVE_DEST_PORT, "dest_port", &dest);
    *is_dns = src == PORT_DNS || dest == PORT_DNS ||
              (!eve_get(eve, EVE_SRC_PORT) && !eve_get(eve, EVE_DEST_PORT));
    return result;
}

static void tell(struct evelog *eve, const struct eve_text *name, const struct address *addresses,
                 size_t count, struct log_row *row, bool *useful)
{
    row->kind = LOG_NAMES;
    row->time = eve->time;
    row->name = eve->name;
    row->addresses = addresses;
    row->address_count = count;
    *useful = count > 0 && name->text &&
              log_put_name(name->text, name->length, false, eve->name, &row->name_length);
}

enum result eve_make_names(struct evelog *eve, struct log_row *row, bool *useful)
{
    const struct eve_text *type = eve_get(eve, EVE_DNS_TYPE);
    const struct eve_text *version = eve_get(eve, EVE_DNS_VERSION);
    struct eve_text question;
    bool is_dns = false;
    enum result result = eve_need_time(eve, EVE_TIMESTAMP, "timestamp", &eve->time);

    eve->answer_count = eve->glue_count = eve->glue_at = 0;
    if (result == RESULT_OK)
        result = check_ports(eve, &is_dns);
    if (result != RESULT_OK)
        return result;
    eve->log.counts.names++;
    eve->log.counts.other_ports += !is_dns;
    if (!is_dns || !type)
        return RESULT_OK;
    if (eve_is(type, "query"))
        return !version || eve_is(version, "1") ? remember_query(eve) : RESULT_OK;
    if (!eve_is(type, "answer") && !eve_is(type, "response"))
        return RESULT_OK;
    result = take_names(eve, &question);
    if (result == RESULT_OK)
        tell(eve, &question, eve->answers, eve->answer_count, row, useful);
    return result;
}

void eve_next_names(struct evelog *eve, struct log_row *row, bool *useful)
{
    const struct eve_glue *glue = &eve->glue[eve->glue_at++];

    tell(eve, &glue->name, &glue->address, 1, row, useful);
}
