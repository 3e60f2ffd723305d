/* SPDX-License-Identifier: Apache-2.0 */
#include "log/nfdump.h"

#include "base/json.h"
#include "base/number.h"
#include "base/timestamp.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What texts say; those that are numbers have the field's number. */
enum text_field {
    TEXT_FIRST = IPFIX_FIELDS,
    TEXT_LAST,
    TEXT_SRC,
    TEXT_DST,
    TEXT_PROTO,
    TEXT_FLAGS,
    TEXT_EVENT,
    TEXT_DOMAIN
};

/* In order of nfdump 1.6 and 1.7. */
static const struct json_key keys[] = {
    {"first", TEXT_FIRST},
    {"t_first", TEXT_FIRST},
    {"last", TEXT_LAST},
    {"t_last", TEXT_LAST},
    {"proto", TEXT_PROTO},
    {"src4_addr", TEXT_SRC},
    {"src6_addr", TEXT_SRC},
    {"dst4_addr", TEXT_DST},
    {"dst6_addr", TEXT_DST},
    {"src_port", IPFIX_SRC_PORT},
    {"dst_port", IPFIX_DST_PORT},
    {"icmp_type", IPFIX_ICMP_TYPE},
    {"icmp_code", IPFIX_ICMP_CODE},
    {"in_packets", IPFIX_PACKETS},
    {"in_bytes", IPFIX_OCTETS},
    {"out_packets", IPFIX_BACK_PACKETS},
    {"out_bytes", IPFIX_BACK_OCTETS},
    {"tcp_flags", TEXT_FLAGS},
    {"event_id", TEXT_EVENT},
    {"export_sysid", TEXT_DOMAIN},
};

static const struct json_key columns[] = {
    {"ts", TEXT_FIRST},
    {"te", TEXT_LAST},
    {"sa", TEXT_SRC},
    {"da", TEXT_DST},
    {"sp", IPFIX_SRC_PORT},
    {"dp", IPFIX_DST_PORT},
    {"pr", TEXT_PROTO},
    {"flg", TEXT_FLAGS},
    {"ipkt", IPFIX_PACKETS},
    {"ibyt", IPFIX_OCTETS},
    {"opkt", IPFIX_BACK_PACKETS},
    {"obyt", IPFIX_BACK_OCTETS},
    {"exid", TEXT_DOMAIN},
};

#define KEY_COUNT (sizeof keys / sizeof *keys)
#define COLUMN_COUNT (sizeof columns / sizeof *columns)
#define COLUMNS_MOST 128u

struct nfdump {
    struct lookahead *in;
    const char *zone;
    struct json *json; /* NULL: CSV */
    uint8_t fields[COLUMNS_MOST];
    size_t count;   /* of the columns */
    uint64_t flows; /* read so far */
    bool over;      /* what follows is a summary */
    char problem[200];
};

/* A flow while its texts are read. */
struct reading {
    struct ipfix_values *values;
    const char *zone, *wrong; /* wrong: a field that is malformed; NULL: none */
    int64_t last;
    uint32_t domain;
};

bool nfdump_begins(const uint8_t *bytes, size_t length)
{
    static const char csv[] = "ts,te,td,", json[] = "\"in_packets\"";

    if (length >= sizeof csv - 1 && memcmp(bytes, csv, sizeof csv - 1) == 0)
        return true;
    return length > 0 && (*bytes == '[' || *bytes == '{') &&
           memmem(bytes, length, json, sizeof json - 1);
}

enum result nfdump_init(struct nfdump **nfdump, struct lookahead *in, const char *zone)
{
    struct nfdump *new = calloc(1, sizeof *new);
    enum result result = new ? RESULT_OK : RESULT_NO_MEMORY;

    if (result == RESULT_OK && in->buffer[in->at] != 't')
        result = json_init(&new->json, keys, KEY_COUNT);
    if (result != RESULT_OK) {
        free(new);
        return result;
    }
    new->in = in;
    new->zone = zone ? zone : "Z";
    *nfdump = new;
    return RESULT_OK;
}

void nfdump_destroy(struct nfdump **nfdump)
{
    if (*nfdump) {
        json_destroy(&(*nfdump)->json);
        free(*nfdump);
        *nfdump = NULL;
    }
}

const char *nfdump_problem(const struct nfdump *nfdump)
{
    return nfdump->problem;
}

static enum result damaged(struct nfdump *nfdump, const char *what, const char *more)
{
    snprintf(nfdump->problem, sizeof nfdump->problem, "flow %llu: %s%s",
             (unsigned long long)nfdump->flows, what, more);
    return RESULT_DAMAGED;
}

/* ---- Texts */

static void set_number(struct reading *reading, enum ipfix_field field, uint64_t number)
{
    reading->values->number[field] = number;
    reading->values->has |= IPFIX_BIT(field);
}

static bool read_time(struct reading *reading, const char *text, size_t length, bool end)
{
    char whole[48];
    int64_t time;

    if (length < 19 || length > 32)
        return false;
    memcpy(whole, text, length);
    whole[10] = 'T';
    if (!timestamp_read(whole, length, &time)) {
        size_t zone = strlen(reading->zone);

        memcpy(whole + length, reading->zone, zone);
        if (!timestamp_read(whole, length + zone, &time))
            return false;
    }
    set_number(reading, end ? IPFIX_END_MS : IPFIX_START_MS, (uint64_t)time / 1000);
    if (end)
        reading->last = time;
    return true;
}

static bool read_address(struct reading *reading, const char *text, size_t length, bool dst)
{
    struct address address;

    if (!address_read(text, length, &address))
        return false;
    if (address.family == 6) {
        memcpy(dst ? reading->values->dst : reading->values->src, address.bytes, 16);
        reading->values->has |= IPFIX_BIT(dst ? IPFIX_DST_6 : IPFIX_SRC_6);
        return true;
    }
    set_number(reading, dst ? IPFIX_DST_4 : IPFIX_SRC_4,
               (uint64_t)address.bytes[0] << 24 | (uint64_t)address.bytes[1] << 16 |
                   (uint64_t)address.bytes[2] << 8 | address.bytes[3]);
    return true;
}

/* A number, or a name as nfdump writes it; other names are those of other protocols. */
static void read_proto(struct reading *reading, const char *text, size_t length)
{
    static const struct json_key names[] = {{"TCP", IPPROTO_TCP},
                                            {"UDP", IPPROTO_UDP},
                                            {"ICMP", IPPROTO_ICMP},
                                            {"ICMP6", IPPROTO_ICMPV6}};
    uint64_t number;

    if (!number_count(text, length, &number))
        number = json_find_key(names, sizeof names / sizeof *names, text, length);
    set_number(reading, IPFIX_PROTO, number);
}

static void read_flags(struct reading *reading, const char *text, size_t length)
{
    set_number(reading, IPFIX_FLAGS,
               (memchr(text, 'S', length) ? TCP_SYN : 0u) |
                   (memchr(text, 'A', length) ? TCP_ACK : 0u));
}

/* False: the text is malformed. */
static bool read_text(struct reading *reading, uint8_t field, const char *text, size_t length)
{
    uint64_t number;

    switch (field) {
    case TEXT_FIRST:
    case TEXT_LAST:
        return read_time(reading, text, length, field == TEXT_LAST);
    case TEXT_SRC:
    case TEXT_DST:
        return read_address(reading, text, length, field == TEXT_DST);
    case TEXT_PROTO:
        read_proto(reading, text, length);
        return true;
    case TEXT_FLAGS:
        read_flags(reading, text, length);
        return true;
    case TEXT_EVENT:
        if (number_count(text, length, &number))
            set_number(reading, IPFIX_EVENT, number);
        return true;
    case TEXT_DOMAIN:
        reading->domain = number_count(text, length, &number) ? (uint32_t)number : 0;
        return true;
    default:
        if (!number_count(text, length, &number))
            return false;
        set_number(reading, (enum ipfix_field)field, number);
        return true;
    }
}

static const char *name_of(const struct json_key *names, size_t count, uint8_t field)
{
    while (count > 1 && names->id != field) {
        names++;
        count--;
    }
    return names->name;
}

/* ---- JSON */

/* Skips what is between objects. */
static void skip_between(struct lookahead *in)
{
    while (lookahead_need(in, 1) &&
           (isspace(in->buffer[in->at]) || memchr("[,]", in->buffer[in->at], 3)))
        in->at++;
}

/* After something that is not an object: skips to where the next one may begin. */
static void skip_object(struct lookahead *in)
{
    /* in->at stays on the byte before, which reading on would give up. */
    while (lookahead_need(in, 3) && !(in->buffer[in->at + 1] == '{' && in->buffer[in->at] != ':'))
        in->at++;
    in->at = in->end - in->at < 3 ? in->end : in->at + 1;
}

static enum result read_object(struct nfdump *nfdump)
{
    struct lookahead *in = nfdump->in;
    size_t size = in->end - in->at, used = 0;
    enum result result;

    while ((result = json_read(nfdump->json, (const char *)in->buffer + in->at, size, &used)) ==
               RESULT_END &&
           size < LOOKAHEAD_BYTES && lookahead_need(in, size + 1))
        size = in->end - in->at;
    if (result == RESULT_OK)
        in->at += used;
    else if (result == RESULT_END)
        in->at = in->end;
    return result;
}

static enum result next_object(struct nfdump *nfdump, struct reading *reading)
{
    const struct json_member *members;
    enum result result;
    size_t count;

    skip_between(nfdump->in);
    if (nfdump->in->at == nfdump->in->end)
        return RESULT_END;
    nfdump->flows++;
    result = read_object(nfdump);
    if (result == RESULT_DAMAGED) {
        result = damaged(nfdump, "not JSON: ", json_problem(nfdump->json));
        skip_object(nfdump->in);
    }
    if (result != RESULT_OK)
        return result == RESULT_END ? damaged(nfdump, "its JSON object does not end", "") : result;
    members = json_members(nfdump->json, &count);
    for (size_t i = 0; i < count; i++)
        if (members[i].type != JSON_NULL && members[i].type != JSON_CONTAINER &&
            !read_text(reading, members[i].id, members[i].text, members[i].length))
            reading->wrong = name_of(keys, KEY_COUNT, members[i].id);
    return RESULT_OK;
}

/* ---- CSV */

/* Takes the next cell of a line, without blanks around it. */
static const char *next_cell(const char **at, const char *end, size_t *length)
{
    const char *cell = *at, *comma = memchr(cell, ',', (size_t)(end - cell));
    const char *stop = comma ? comma : end;

    *at = comma ? comma + 1 : NULL;
    while (cell < stop && *cell == ' ')
        cell++;
    while (stop > cell && isspace((unsigned char)stop[-1]))
        stop--;
    *length = (size_t)(stop - cell);
    return cell;
}

static void read_header(struct nfdump *nfdump, const char *line, const char *end)
{
    for (nfdump->count = 0; line && nfdump->count < COLUMNS_MOST;) {
        size_t length;
        const char *cell = next_cell(&line, end, &length);

        nfdump->fields[nfdump->count++] = json_find_key(columns, COLUMN_COUNT, cell, length);
    }
}

static void read_cells(struct nfdump *nfdump, struct reading *reading, const char *line,
                       const char *end)
{
    for (size_t i = 0; line && i < nfdump->count; i++) {
        size_t length;
        const char *cell = next_cell(&line, end, &length);

        if (nfdump->fields[i] != 0 && !read_text(reading, nfdump->fields[i], cell, length))
            reading->wrong = name_of(columns, COLUMN_COUNT, nfdump->fields[i]);
    }
}

static enum result next_line(struct nfdump *nfdump, struct reading *reading)
{
    const char *line;
    size_t length;
    enum result result;

    for (;;) {
        result = nfdump->over ? RESULT_END : lookahead_line(nfdump->in, &line, &length);
        if (result == RESULT_DAMAGED)
            return damaged(nfdump, "its line does not end", "");
        if (result != RESULT_OK)
            return result;
        if (length >= 3 && memcmp(line, "ts,", 3) == 0) {
            read_header(nfdump, line, line + length);
        } else if (length >= 7 && memcmp(line, "Summary", 7) == 0) {
            nfdump->over = true;
        } else if (length > 0) {
            nfdump->flows++;
            read_cells(nfdump, reading, line, line + length);
            return RESULT_OK;
        }
    }
}

enum result nfdump_next(struct nfdump *nfdump, struct ipfix_values *values, int64_t *last,
                        uint32_t *domain)
{
    const uint64_t needed = IPFIX_BIT(IPFIX_START_MS) | IPFIX_BIT(IPFIX_PROTO);
    struct reading reading = {.values = values, .zone = nfdump->zone, .last = INT64_MIN};
    enum result result;

    values->has = 0;
    result = nfdump->json ? next_object(nfdump, &reading) : next_line(nfdump, &reading);
    if (result != RESULT_OK)
        return result;
    if (reading.wrong)
        return damaged(nfdump, "malformed: ", reading.wrong);
    if ((values->has & needed) != needed)
        return damaged(nfdump, "it has no time or no protocol", "");
    *last =
        reading.last != INT64_MIN ? reading.last : (int64_t)values->number[IPFIX_START_MS] * 1000;
    *domain = reading.domain;
    return RESULT_OK;
}
