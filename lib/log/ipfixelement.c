/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Information elements, and templates made of them: which fields matter, and where they are in a
 * record.
 */
#include "base/bytes.h"
#include "log/ipfixread.h"

#include <stdlib.h>
#include <string.h>

/* Enterprises: RFC 5103's for the other direction, and CERT's, whose YAF turns this bit on for it.
 */
enum { IANA = 0, REVERSE = 29305, CERT = 6871, CERT_REVERSE = 0x4000 };

/* Bytes of a field that is not a number. */
enum { NUMBER = 0, IPV4 = 4, IPV6 = 16 };

/* iana.org/assignments/ipfix; numbers below 128 are those of NetFlow 9, too. */
static const struct element {
    uint32_t enterprise;
    uint16_t number;
    uint8_t field; /* enum ipfix_field */
    uint8_t size;  /* exactly; NUMBER: up to 8 */
} elements[] = {
    {IANA, 1, IPFIX_OCTETS, NUMBER},
    {IANA, 2, IPFIX_PACKETS, NUMBER},
    {IANA, 4, IPFIX_PROTO, NUMBER},
    {IANA, 6, IPFIX_FLAGS, NUMBER},
    {IANA, 7, IPFIX_SRC_PORT, NUMBER},
    {IANA, 8, IPFIX_SRC_4, IPV4},
    {IANA, 11, IPFIX_DST_PORT, NUMBER},
    {IANA, 12, IPFIX_DST_4, IPV4},
    {IANA, 21, IPFIX_END_UP, NUMBER},
    {IANA, 22, IPFIX_START_UP, NUMBER},
    {IANA, 23, IPFIX_OUT_OCTETS, NUMBER},
    {IANA, 24, IPFIX_OUT_PACKETS, NUMBER},
    {IANA, 27, IPFIX_SRC_6, IPV6},
    {IANA, 28, IPFIX_DST_6, IPV6},
    {IANA, 32, IPFIX_ICMP_4, NUMBER},
    {IANA, 34, IPFIX_SAMPLING, NUMBER},
    {IANA, 48, IPFIX_SELECTOR, NUMBER},
    {IANA, 50, IPFIX_SAMPLING, NUMBER},
    {IANA, 61, IPFIX_DIRECTION, NUMBER},
    {IANA, 85, IPFIX_OCTETS_TOTAL, NUMBER},
    {IANA, 86, IPFIX_PACKETS_TOTAL, NUMBER},
    {IANA, 139, IPFIX_ICMP_6, NUMBER},
    {IANA, 148, IPFIX_FLOW_ID, NUMBER},
    {IANA, 150, IPFIX_START_S, NUMBER},
    {IANA, 151, IPFIX_END_S, NUMBER},
    {IANA, 152, IPFIX_START_MS, NUMBER},
    {IANA, 153, IPFIX_END_MS, NUMBER},
    {IANA, 154, IPFIX_START_NTP, NUMBER},
    {IANA, 155, IPFIX_END_NTP, NUMBER},
    {IANA, 156, IPFIX_START_NTP, NUMBER},
    {IANA, 157, IPFIX_END_NTP, NUMBER},
    {IANA, 158, IPFIX_START_BEFORE, NUMBER},
    {IANA, 159, IPFIX_END_BEFORE, NUMBER},
    {IANA, 160, IPFIX_INIT_MS, NUMBER},
    {IANA, 161, IPFIX_DURATION_MS, NUMBER},
    {IANA, 162, IPFIX_DURATION_US, NUMBER},
    {IANA, 176, IPFIX_ICMP_TYPE, NUMBER},
    {IANA, 177, IPFIX_ICMP_CODE, NUMBER},
    {IANA, 178, IPFIX_ICMP_TYPE, NUMBER},
    {IANA, 179, IPFIX_ICMP_CODE, NUMBER},
    {IANA, 180, IPFIX_SRC_PORT, NUMBER},
    {IANA, 181, IPFIX_DST_PORT, NUMBER},
    {IANA, 182, IPFIX_SRC_PORT, NUMBER},
    {IANA, 183, IPFIX_DST_PORT, NUMBER},
    {IANA, 231, IPFIX_INITIATOR_OCTETS, NUMBER},
    {IANA, 232, IPFIX_RESPONDER_OCTETS, NUMBER},
    {IANA, 233, IPFIX_EVENT, NUMBER},
    {IANA, 239, IPFIX_WHO, NUMBER},
    {IANA, 298, IPFIX_INITIATOR_PACKETS, NUMBER},
    {IANA, 299, IPFIX_RESPONDER_PACKETS, NUMBER},
    {IANA, 302, IPFIX_SELECTOR, NUMBER},
    {IANA, 305, IPFIX_SAMPLING_TAKE, NUMBER},
    {IANA, 306, IPFIX_SAMPLING_SPACE, NUMBER},
    {IANA, 309, IPFIX_SAMPLING_SIZE, NUMBER},
    {IANA, 310, IPFIX_SAMPLING_OF_ALL, NUMBER},
    {IANA, 323, IPFIX_EVENT_MS, NUMBER},
    {IANA, 352, IPFIX_OCTETS_FRAMES, NUMBER},
    {IANA, 40005, IPFIX_EVENT, NUMBER}, /* Cisco ASA, version 9, before 233 */
    {REVERSE, 1, IPFIX_BACK_OCTETS, NUMBER},
    {REVERSE, 2, IPFIX_BACK_PACKETS, NUMBER},
    {REVERSE, 6, IPFIX_BACK_FLAGS, NUMBER},
    {REVERSE, 85, IPFIX_BACK_OCTETS_TOTAL, NUMBER},
    {REVERSE, 86, IPFIX_BACK_PACKETS_TOTAL, NUMBER},
    {CERT, 14, IPFIX_FIRST_FLAGS, NUMBER},
    {CERT, 15, IPFIX_FLAGS, NUMBER},
    {CERT, 21, IPFIX_BACK_DELAY, NUMBER},
    {CERT, CERT_REVERSE | 14, IPFIX_BACK_FIRST_FLAGS, NUMBER},
    {CERT, CERT_REVERSE | 15, IPFIX_BACK_FLAGS, NUMBER},
};

/* IPFIX_NONE: a field that is not needed, or whose length is not its own. */
static enum ipfix_field find_field(uint32_t enterprise, uint16_t number, uint16_t length)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        const struct element *element = &elements[i];

        if (element->number != number || element->enterprise != enterprise)
            continue;
        if (length == IPFIX_VARIABLE || length == element->size ||
            (element->size == NUMBER && length > 0 && length <= 8))
            return (enum ipfix_field)element->field;
        return IPFIX_NONE;
    }
    return IPFIX_NONE;
}

/* A template while it is compiled. */
struct compiler {
    struct ipfix_template *template;
    uint32_t skip; /* bytes since the last step */
};

static void add_step(struct compiler *compiler, uint16_t length, enum ipfix_field field)
{
    struct ipfix_template *template = compiler->template;

    template->steps[template->count++] =
        (struct ipfix_step){(uint16_t)compiler->skip, length, (uint8_t)field};
    compiler->skip = 0;
    if (field != IPFIX_NONE)
        template->has |= IPFIX_BIT(field);
}

/* Adds a field; of several that mean the same, the first one counts. */
static void add_field(struct compiler *compiler, uint16_t length, enum ipfix_field field)
{
    struct ipfix_template *template = compiler->template;

    if (field != IPFIX_NONE && template->has & IPFIX_BIT(field))
        field = IPFIX_NONE;
    template->shortest += length == IPFIX_VARIABLE ? 1 : length;
    if (length == IPFIX_VARIABLE || field != IPFIX_NONE) {
        template->variable |= length == IPFIX_VARIABLE;
        add_step(compiler, length, field);
        return;
    }
    if (compiler->skip + length > UINT16_MAX)
        add_step(compiler, 0, IPFIX_NONE);
    compiler->skip += length;
}

/* Reads one field's specification; NULL: it does not end. */
static const uint8_t *read_field(struct compiler *compiler, const uint8_t *spec, const uint8_t *end,
                                 const struct ipfix_kind_of *kind, bool scope)
{
    bool of_enterprise;
    uint32_t enterprise = IANA;
    uint16_t number, length;

    if (end - spec < 4)
        return NULL;
    number = be16(spec);
    length = be16(spec + 2);
    spec += 4;
    of_enterprise = kind->version == 10 && number & 0x8000;
    if (of_enterprise) {
        if (end - spec < 4)
            return NULL;
        enterprise = be32(spec);
        number &= 0x7fff;
        spec += 4;
    }
    /* The scopes of version 9 have numbers of their own. */
    add_field(compiler, length,
              scope && kind->version == 9 ? IPFIX_NONE : find_field(enterprise, number, length));
    return spec;
}

enum result ipfix_compile(struct ipfix_template **template, const uint8_t *spec, const uint8_t *end,
                          const struct ipfix_kind_of *kind, size_t *used)
{
    const size_t size = sizeof(struct ipfix_step);
    const uint8_t *at = spec;
    struct compiler compiler = {.skip = 0};

    if ((size_t)(end - spec) / 4 < kind->fields)
        return RESULT_DAMAGED;
    /* A field can give two steps, and bytes at the end one more. */
    compiler.template = calloc(1, sizeof **template + (2 * (size_t)kind->fields + 1) * size);
    if (!compiler.template)
        return RESULT_NO_MEMORY;
    for (unsigned i = 0; i < kind->fields && at; i++)
        at = read_field(&compiler, at, end, kind, i < kind->scopes);
    if (at && compiler.skip > 0)
        add_step(&compiler, 0, IPFIX_NONE);
    if (!at || compiler.template->shortest == 0) {
        free(compiler.template);
        return RESULT_DAMAGED;
    }
    compiler.template->options = kind->options;
    *used = (size_t)(at - spec);
    *template = realloc(compiler.template, sizeof **template + compiler.template->count * size);
    if (!*template)
        *template = compiler.template;
    return RESULT_OK;
}

enum result ipfix_version_5(struct ipfix_template **template)
{
    /* Number and length of each field; 0 stands for those that are not needed. */
    static const uint8_t spec[] = {0, 8, 0, 4,  0, 12, 0, 4,  0, 0, 0, 8, 0, 2, 0, 4,  0, 1,
                                   0, 4, 0, 22, 0, 4,  0, 21, 0, 4, 0, 7, 0, 2, 0, 11, 0, 2,
                                   0, 0, 0, 1,  0, 6,  0, 1,  0, 4, 0, 1, 0, 0, 0, 9};
    const struct ipfix_kind_of kind = {.fields = sizeof spec / 4, .version = 9};
    size_t used;

    return ipfix_compile(template, spec, spec + sizeof spec, &kind, &used);
}

static inline uint64_t load(const uint8_t *p, size_t length)
{
    uint64_t number = 0;

    switch (length) {
    case 1:
        return *p;
    case 2:
        return be16(p);
    case 4:
        return be32(p);
    case 8:
        return be64(p);
    default:
        for (size_t i = 0; i < length; i++)
            number = number << 8 | p[i];
        return number;
    }
}

static inline void take_field(struct ipfix_values *values, uint8_t field, const uint8_t *p,
                              size_t length)
{
    if (field == IPFIX_SRC_6)
        memcpy(values->src, p, 16);
    else if (field == IPFIX_DST_6)
        memcpy(values->dst, p, 16);
    else if (field != IPFIX_NONE)
        values->number[field] = load(p, length);
}

/* Takes a field whose length is in front of it; one of a wrong length is 0. */
static void take_variable(struct ipfix_values *values, uint8_t field, const uint8_t *p,
                          size_t length)
{
    static const uint8_t zero[16];
    bool is_6 = field == IPFIX_SRC_6 || field == IPFIX_DST_6;

    if (is_6 ? length == 16 : length <= 8)
        take_field(values, field, p, length);
    else
        take_field(values, field, zero, 8);
}

/* RFC 7011 section 7: one byte, or 255 and two bytes. NULL: it does not end. */
static const uint8_t *read_length(const uint8_t *p, const uint8_t *end, size_t *length)
{
    if (end - p < 1)
        return NULL;
    *length = *p++;
    if (*length < 255)
        return p;
    if (end - p < 2)
        return NULL;
    *length = be16(p);
    return p + 2;
}

static size_t decode_variable(const struct ipfix_template *template, const uint8_t *record,
                              const uint8_t *end, struct ipfix_values *values)
{
    const uint8_t *p = record;

    for (unsigned i = 0; i < template->count; i++) {
        const struct ipfix_step *step = &template->steps[i];
        size_t length = step->length;

        if (end - p < step->skip)
            return 0;
        p += step->skip;
        if (step->length == IPFIX_VARIABLE)
            p = read_length(p, end, &length);
        if (!p || (size_t)(end - p) < length)
            return 0;
        if (step->length == IPFIX_VARIABLE)
            take_variable(values, step->field, p, length);
        else
            take_field(values, step->field, p, length);
        p += length;
    }
    return (size_t)(p - record);
}

size_t ipfix_decode(const struct ipfix_template *template, const uint8_t *record,
                    const uint8_t *end, struct ipfix_values *values)
{
    const uint8_t *p = record;

    if ((size_t)(end - record) < template->shortest)
        return 0;
    values->has = template->has;
    if (template->variable)
        return decode_variable(template, record, end, values);
    for (unsigned i = 0; i < template->count; i++) {
        const struct ipfix_step *step = &template->steps[i];

        p += step->skip;
        take_field(values, step->field, p, step->length);
        p += step->length;
    }
    return template->shortest;
}
