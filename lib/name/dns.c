/* SPDX-License-Identifier: Apache-2.0 */
#include "name/dns.h"

#include "base/bytes.h"

#include <string.h>

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_SVCB = 64, TYPE_HTTPS = 65, CLASS_IN = 1 };
enum { TYPE_IXFR = 251, TYPE_AXFR = 252 };
enum { SVC_IPV4HINT = 4, SVC_IPV6HINT = 6 };
enum { HEADER = 12, FLAG_RESPONSE = 0x8000, OPCODE = 0x7800 };

/*
 * The most that a name may have: bytes on the wire (RFC 1035 section 3.1), and pointers, as many as
 * labels.
 */
#define WIRE_MAX 255u
#define JUMPS_MAX 127u

/* Pointers have 14 bits: their targets are below this offset. */
#define TARGETS 0x4000u

/* The size of a name, pointers followed; wire 0: unknown. */
struct measure {
    uint8_t wire, jumps;
};

/* A name as text. */
struct name {
    char text[DNS_NAME_TEXT];
    size_t length;
};

/*
 * The state of reading a message. In the first pass, answer is NULL and everything is only checked:
 * each place that names lead through is measured once, however many lead there. The second pass
 * writes out only the names that are reported.
 */
struct reader {
    const uint8_t *message;
    size_t length, at;
    dns_answer_fn *answer;
    void *context;
    struct measure *measures; /* by place, at most TARGETS */
    struct name own;          /* of a record */
    size_t own_at;            /* where it is; the message's end: nowhere */
};

/* The data of a resource record. */
struct rdata {
    uint16_t type;
    size_t at, end;
};

char *dns_put_byte(char *p, uint8_t byte)
{
    bool plain = byte > ' ' && byte <= '~';

    if (!plain || byte == '\\')
        *p++ = '\\';
    if (plain) {
        *p++ = (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
        return p;
    }
    *p++ = (char)('0' + byte / 100);
    *p++ = (char)('0' + byte / 10 % 10);
    *p++ = (char)('0' + byte % 10);
    return p;
}

/* Skips the name at the reader's place without following pointers. */
static bool skip_name(struct reader *reader)
{
    while (reader->at < reader->length) {
        uint8_t label = reader->message[reader->at];

        if (label >= 0xc0) {
            reader->at += 2;
            return reader->at <= reader->length;
        }
        if (label > 63 || label >= reader->length - reader->at)
            return false;
        reader->at += 1u + label;
        if (label == 0)
            return true;
    }
    return false;
}

static uint16_t pointer_at(const struct reader *reader, size_t at)
{
    return be16(reader->message + at) & 0x3fffu;
}

/* Adds one step of a name, a label or a pointer, to the measure of the rest. False: too long. */
static bool add_step(uint8_t label, struct measure *measure)
{
    if (label >= 0xc0)
        return ++measure->jumps <= JUMPS_MAX;
    if (measure->wire + 1u + label > WIRE_MAX)
        return false;
    measure->wire = (uint8_t)(measure->wire + 1u + label);
    return true;
}

/*
 * Follows a name to its end or to a measured place, then fills in all places on the way. Pointers
 * must point backwards; a loop becomes too long.
 */
static bool measure_name(struct reader *reader, size_t at, struct measure *measure)
{
    size_t way[WIRE_MAX / 2 + JUMPS_MAX + 1];
    unsigned steps = 0;

    *measure = (struct measure){0, 0};
    while (measure->wire == 0) {
        uint8_t label;

        if (at >= reader->length || steps == sizeof way / sizeof *way)
            return false;
        label = reader->message[at];
        if (at < TARGETS && reader->measures[at].wire > 0) {
            *measure = reader->measures[at];
        } else if (label == 0) {
            measure->wire = 1;
        } else if (label >= 0xc0) {
            if (at + 2 > reader->length || pointer_at(reader, at) >= at)
                return false;
            way[steps++] = at;
            at = pointer_at(reader, at);
        } else {
            if (label > 63 || label >= reader->length - at)
                return false;
            way[steps++] = at;
            at += 1u + label;
        }
    }
    while (steps-- > 0) {
        if (!add_step(reader->message[way[steps]], measure))
            return false;
        if (way[steps] < TARGETS)
            reader->measures[way[steps]] = *measure;
    }
    return true;
}

/* Writes a label and returns the end of it. */
static char *put_label(char *p, const uint8_t *bytes, uint8_t length)
{
    for (uint8_t i = 0; i < length; i++) {
        if (bytes[i] == '.')
            *p++ = '\\';
        p = dns_put_byte(p, bytes[i]);
    }
    return p;
}

/* Writes out a measured name, for which the text has space. */
static void copy_name(const struct reader *reader, size_t at, struct name *name)
{
    char *p = name->text;
    uint8_t label;

    while ((label = reader->message[at]) != 0) {
        if (label >= 0xc0) {
            at = pointer_at(reader, at);
            continue;
        }
        if (p > name->text)
            *p++ = '.';
        p = put_label(p, reader->message + at + 1, label);
        at += 1u + label;
    }
    *p = '\0';
    name->length = (size_t)(p - name->text);
}

/* Checks and skips the name at the reader's place. False: not a name. */
static bool pass_name(struct reader *reader)
{
    size_t at = reader->at;
    struct measure measure;

    return skip_name(reader) && (reader->answer || measure_name(reader, at, &measure));
}

/* The name of a record, at that place. */
static const struct name *own_name(struct reader *reader, size_t at)
{
    while (reader->message[at] >= 0xc0)
        at = pointer_at(reader, at);
    if (reader->own_at != at)
        copy_name(reader, at, &reader->own);
    reader->own_at = at;
    return &reader->own;
}

static enum result tell(const struct reader *reader, uint8_t family, const uint8_t *bytes,
                        const struct name *name)
{
    struct address address;

    if (!reader->answer || name->length == 0)
        return RESULT_OK;
    address_set(&address, family, bytes);
    return reader->answer(reader->context, &address, name->text, name->length);
}

/*
 * The address hints of a service binding: priority, target, then parameters (RFC 9460, 2.2).
 * Priority 0 means an alias, whose parameters do not count.
 */
static enum result read_hints(struct reader *reader, const struct rdata *rdata,
                              const struct name *owner)
{
    size_t at;

    reader->at = rdata->at + 2;
    if (rdata->end - rdata->at < 3 || !pass_name(reader) || reader->at > rdata->end)
        return RESULT_DAMAGED;
    if (be16(reader->message + rdata->at) == 0)
        return RESULT_OK;
    for (at = reader->at; at < rdata->end;) {
        uint16_t key, size;
        uint8_t family;
        size_t each;

        if (rdata->end - at < 4)
            return RESULT_DAMAGED;
        key = be16(reader->message + at);
        size = be16(reader->message + at + 2);
        at += 4;
        if (rdata->end - at < size)
            return RESULT_DAMAGED;
        family = key == SVC_IPV4HINT ? 4 : 6;
        each = family == 4 ? 4 : 16;
        if (key == SVC_IPV4HINT || key == SVC_IPV6HINT) {
            if (size == 0 || size % each != 0)
                return RESULT_DAMAGED;
            for (size_t i = 0; i < size; i += each) {
                enum result result = tell(reader, family, reader->message + at + i, owner);

                if (result != RESULT_OK)
                    return result;
            }
        }
        at += size;
    }
    return RESULT_OK;
}

static enum result read_rdata(struct reader *reader, const struct rdata *rdata,
                              const struct name *owner)
{
    size_t size = rdata->end - rdata->at;

    switch (rdata->type) {
    case TYPE_A:
        return size == 4 ? tell(reader, 4, reader->message + rdata->at, owner) : RESULT_DAMAGED;
    case TYPE_AAAA:
        return size == 16 ? tell(reader, 6, reader->message + rdata->at, owner) : RESULT_DAMAGED;
    case TYPE_SVCB:
    case TYPE_HTTPS:
        return read_hints(reader, rdata, owner);
    default:
        return RESULT_OK;
    }
}

static bool has_addresses(uint16_t type)
{
    return type == TYPE_A || type == TYPE_AAAA || type == TYPE_SVCB || type == TYPE_HTTPS;
}

/* One resource record; question: the name that addresses get, NULL for the record's own. */
static enum result read_record(struct reader *reader, const struct name *question)
{
    size_t own = reader->at;
    struct rdata rdata;
    uint16_t class;
    enum result result = RESULT_OK;

    if (!pass_name(reader) || reader->length - reader->at < 10)
        return RESULT_DAMAGED;
    rdata.type = be16(reader->message + reader->at);
    class = be16(reader->message + reader->at + 2);
    rdata.at = reader->at + 10;
    rdata.end = rdata.at + be16(reader->message + reader->at + 8);
    if (rdata.end > reader->length)
        return RESULT_DAMAGED;
    if (class == CLASS_IN && has_addresses(rdata.type)) {
        if (reader->answer && !question)
            question = own_name(reader, own);
        result = read_rdata(reader, &rdata, question);
    }
    reader->at = rdata.end;
    return result;
}

/*
 * The question at the reader's place. *names: addresses in the answer get its name, which they do
 * not in a zone transfer (RFC 5936, RFC 1995).
 */
static enum result read_question(struct reader *reader, struct name *question, bool *names)
{
    size_t at = reader->at;
    uint16_t type;

    if (!pass_name(reader) || reader->length - reader->at < 4)
        return RESULT_DAMAGED;
    type = be16(reader->message + reader->at);
    reader->at += 4;
    *names = type != TYPE_AXFR && type != TYPE_IXFR;
    if (reader->answer)
        copy_name(reader, at, question);
    return RESULT_OK;
}

static enum result read_message(struct reader *reader)
{
    const uint8_t *message = reader->message;
    unsigned answers = be16(message + 6);
    unsigned records = answers + be16(message + 8) + be16(message + 10);
    struct name question;
    bool names = false;
    enum result result = RESULT_OK;

    reader->at = HEADER;
    reader->own_at = reader->length;
    question.length = 0;
    if (be16(message + 4) == 1)
        result = read_question(reader, &question, &names);
    for (unsigned i = 0; i < records && result == RESULT_OK; i++)
        result = read_record(reader, names && i < answers ? &question : NULL);
    return result;
}

enum result dns_read(const uint8_t *message, size_t length, dns_answer_fn *answer, void *context)
{
    struct measure measures[TARGETS];
    struct reader reader;
    enum result result;
    uint16_t flags;

    if (length < HEADER)
        return RESULT_DAMAGED;
    flags = be16(message + 2);
    if (!(flags & FLAG_RESPONSE) || (flags & OPCODE))
        return RESULT_OK;
    if (be16(message + 4) > 1)
        return RESULT_DAMAGED;
    memset(measures, 0, (length < TARGETS ? length : TARGETS) * sizeof *measures);
    reader.message = message;
    reader.length = length;
    reader.answer = NULL;
    reader.context = context;
    reader.measures = measures;
    result = read_message(&reader);
    if (result != RESULT_OK)
        return result;
    reader.answer = answer;
    return read_message(&reader);
}
