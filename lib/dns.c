#include "dns.h"

#include "bytes.h"

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_SVCB = 64, TYPE_HTTPS = 65, CLASS_IN = 1 };
enum { SVC_IPV4HINT = 4, SVC_IPV6HINT = 6 };
enum { HEADER = 12, FLAG_RESPONSE = 0x8000, OPCODE = 0x7800 };

/* Pointers that one name may follow: it has no more labels than this. */
#define JUMPS_MAX 127u

/* A message that is read; answer is NULL on the first way through, which only checks. */
struct reader {
    const uint8_t *message;
    size_t length, at;
    dns_answer_fn *answer;
    void *context;
};

/* A name as text. */
struct name {
    char text[DNS_NAME_TEXT];
    size_t length;
};

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

static void append_byte(struct name *name, uint8_t byte)
{
    char *end = name->text + name->length;

    if (byte == '.')
        *end++ = '\\';
    name->length = (size_t)(dns_put_byte(end, byte) - name->text);
}

/*
 * Reads the name at the reader's place and moves behind it. A pointer must point backwards from
 * where the reading of this stretch began, so there is no loop; 255 bytes are the most (RFC 1035
 * section 3.1), so the text always has room.
 */
static bool read_name(struct reader *reader, struct name *name)
{
    size_t at = reader->at, stretch = reader->at, wire = 0;
    unsigned jumps = 0;

    name->length = 0;
    while (at < reader->length) {
        uint8_t label = reader->message[at];

        if (label >= 0xc0) {
            size_t target;

            if (at + 2 > reader->length)
                return false;
            target = be16(reader->message + at) & 0x3fffu;
            if (target >= stretch || jumps == JUMPS_MAX)
                return false;
            if (jumps++ == 0)
                reader->at = at + 2;
            at = stretch = target;
            continue;
        }
        wire += 1u + label;
        if (label > 63 || wire > 255 || label >= reader->length - at)
            return false;
        at++;
        if (label == 0) {
            if (jumps == 0)
                reader->at = at;
            name->text[name->length] = '\0';
            return true;
        }
        if (name->length > 0)
            name->text[name->length++] = '.';
        for (uint8_t i = 0; i < label; i++)
            append_byte(name, reader->message[at++]);
    }
    return false;
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

/* The address hints of a service binding: priority, target, then parameters (RFC 9460, 2.2). */
static enum result read_hints(struct reader *reader, const struct rdata *rdata,
                              const struct name *owner)
{
    struct name target;
    size_t at;

    reader->at = rdata->at + 2;
    if (rdata->end - rdata->at < 3 || !read_name(reader, &target) || reader->at > rdata->end)
        return RESULT_DAMAGED;
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

/* One resource record; question: the name that addresses get, NULL for the record's own. */
static enum result read_record(struct reader *reader, const struct name *question)
{
    struct name own;
    struct rdata rdata;
    uint16_t class;
    enum result result = RESULT_OK;

    if (!read_name(reader, &own) || reader->length - reader->at < 10)
        return RESULT_DAMAGED;
    rdata.type = be16(reader->message + reader->at);
    class = be16(reader->message + reader->at + 2);
    rdata.at = reader->at + 10;
    rdata.end = rdata.at + be16(reader->message + reader->at + 8);
    if (rdata.end > reader->length)
        return RESULT_DAMAGED;
    if (class == CLASS_IN)
        result = read_rdata(reader, &rdata, question ? question : &own);
    reader->at = rdata.end;
    return result;
}

static enum result read_message(struct reader *reader)
{
    const uint8_t *message = reader->message;
    unsigned questions = be16(message + 4), answers = be16(message + 6);
    unsigned records = answers + be16(message + 8) + be16(message + 10);
    struct name question;

    reader->at = HEADER;
    if (questions == 1) {
        if (!read_name(reader, &question) || reader->length - reader->at < 4)
            return RESULT_DAMAGED;
        reader->at += 4;
    }
    for (unsigned i = 0; i < records; i++) {
        bool named_by_question = i < answers && questions == 1;
        enum result result = read_record(reader, named_by_question ? &question : NULL);

        if (result != RESULT_OK)
            return result;
    }
    return RESULT_OK;
}

enum result dns_read(const uint8_t *message, size_t length, dns_answer_fn *answer, void *context)
{
    struct reader reader = {.message = message, .length = length, .context = context};
    enum result result;
    uint16_t flags;

    if (length < HEADER)
        return RESULT_DAMAGED;
    flags = be16(message + 2);
    if (!(flags & FLAG_RESPONSE) || (flags & OPCODE))
        return RESULT_OK;
    if (be16(message + 4) > 1)
        return RESULT_DAMAGED;
    result = read_message(&reader);
    if (result != RESULT_OK)
        return result;
    reader.answer = answer;
    return read_message(&reader);
}
