/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads of messages, and sets of templates.
 */
#include "base/bytes.h"
#include "log/ipfixread.h"

#include <stdlib.h>

#define SECOND INT64_C(1000000)

enum { HEAD_5 = 24, RECORD_5 = 48, RECORDS_5 = 30, HEAD_9 = 20, HEAD_10 = 16, SET_HEAD = 4 };

bool ipfix_looks_right(const uint8_t *bytes, size_t length)
{
    if (length < HEAD_10)
        return false;
    switch (be16(bytes)) {
    case 5:
        return be16(bytes + 2) >= 1 && be16(bytes + 2) <= RECORDS_5;
    case 9:
        /* A first set of templates or data, or nothing. */
        return length < HEAD_9 + SET_HEAD ||
               (be16(bytes + HEAD_9 + 2) >= SET_HEAD &&
                (be16(bytes + HEAD_9) <= 1 || be16(bytes + HEAD_9) >= 256));
    case 10:
        return be16(bytes + 2) >= HEAD_10;
    default:
        return false;
    }
}

size_t ipfix_read_head(const uint8_t *bytes, struct ipfix_head *head)
{
    struct ipfix_exporter *exporter = &head->exporter;

    exporter->version = (uint8_t)be16(bytes);
    head->uptime = head->sampling = 0;
    switch (exporter->version) {
    case 5:
        head->uptime = be32(bytes + 4);
        head->exported = be32(bytes + 8) * SECOND + be32(bytes + 12) / 1000;
        exporter->domain = be16(bytes + 20);
        head->sampling = be16(bytes + 22) & 0x3fff;
        if (head->sampling == 1)
            head->sampling = 0;
        return HEAD_5;
    case 9:
        head->uptime = be32(bytes + 4);
        head->exported = be32(bytes + 8) * SECOND;
        exporter->domain = be32(bytes + 16);
        return HEAD_9;
    default:
        head->exported = be32(bytes + 4) * SECOND;
        exporter->domain = be32(bytes + 12);
        return HEAD_10;
    }
}

/* A template's head: its number, and of what its specification consists; NULL: it does not end. */
static const uint8_t *read_template_head(const uint8_t *at, const uint8_t *end, uint16_t *number,
                                         struct ipfix_kind_of *kind)
{
    size_t size =
        kind->options && (kind->version == 9 || (end - at >= 4 && be16(at + 2) > 0)) ? 6 : 4;

    if ((size_t)(end - at) < size)
        return NULL;
    *number = be16(at);
    kind->fields = be16(at + 2);
    kind->scopes = 0;
    if (size == 6 && kind->version == 9) { /* these count bytes */
        kind->scopes = be16(at + 2) / 4;
        kind->fields = (uint16_t)(kind->scopes + be16(at + 4) / 4);
    } else if (size == 6) {
        kind->scopes = be16(at + 4);
    }
    return at + size;
}

/* Zeros fill a set up. */
static bool is_padding(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at == 0)
        at++;
    return at == end;
}

enum result ipfix_read_templates(struct ipfix_memory *memory, const struct ipfix_exporter *exporter,
                                 bool options, const uint8_t *at, const uint8_t *end)
{
    struct ipfix_kind_of kind = {.version = exporter->version, .options = options};

    while (end - at >= 4 && !is_padding(at, end)) {
        struct ipfix_template *template = NULL;
        enum result result = RESULT_OK;
        uint16_t number;
        size_t used = 0;

        at = read_template_head(at, end, &number, &kind);
        if (!at || (number < 256 && kind.fields > 0))
            return RESULT_DAMAGED;
        if (kind.fields > 0)
            result = ipfix_compile(&template, at, end, &kind, &used);
        if (result == RESULT_OK && number >= 256)
            result = ipfix_define(memory, exporter, number, template);
        if (result != RESULT_OK)
            return result;
        at += used;
    }
    return RESULT_OK;
}
