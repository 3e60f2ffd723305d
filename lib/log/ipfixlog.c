/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages one after another, from a file or from the datagrams of a capture; and their sets.
 */
#include "base/bytes.h"
#include "base/signature.h"
#include "log/ipfixread.h"
#include "log/nfdump.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sets of templates, and the first number of a set of data. */
enum { TEMPLATES_9 = 0, OPTIONS_9 = 1, TEMPLATES_10 = 2, OPTIONS_10 = 3, DATA = 256, SET_HEAD = 4 };

struct ipfixlog {
    struct log log;
    bool multiply, finished;
    const char *zone;
    struct nfdump *nfdump; /* NULL: not what nfdump prints */
    struct ipfix_memory *memory;
    struct capfile *capfile; /* NULL: the input is a file of messages */
    struct decoder *decoder;
    struct ipfix_head head;        /* of the message that is read */
    const uint8_t *at, *end;       /* its sets that are still to be read */
    struct ipfix_set set;          /* the set of data that is read; template NULL: none */
    struct ipfix_waiting *waiting; /* whose bytes these are; NULL: the message's */
    struct ipfix_rows rows;
    unsigned rows_at;
    struct ipfix_values values;
    struct lookahead in;
};

/* The log is the first member of what was allocated. */
static struct ipfixlog *of_log(struct log *log)
{
    return (struct ipfixlog *)(void *)log;
}

static struct ipfix_memory *of_shared(struct log_shared *shared)
{
    return (struct ipfix_memory *)(void *)shared;
}

__attribute__((format(printf, 2, 3))) static enum result damaged(struct ipfixlog *ipfix,
                                                                 const char *format, ...)
{
    char *problem = ipfix->log.problem;
    int used = snprintf(problem, sizeof ipfix->log.problem,
                        "message %llu: ", (unsigned long long)ipfix->log.line);
    va_list args;

    va_start(args, format);
    vsnprintf(problem + used, sizeof ipfix->log.problem - (size_t)used, format, args);
    va_end(args);
    return RESULT_DAMAGED;
}

/* ---- Sets */

static void open_set(struct ipfixlog *ipfix, const struct ipfix_head *head,
                     const struct ipfix_template *template, const uint8_t *at, const uint8_t *end)
{
    ipfix->set.head = *head;
    ipfix->set.template = template;
    ipfix->set.at = at;
    ipfix->set.end = end;
    ipfix_begin_set(ipfix->memory, &ipfix->set);
}

/* Reads a record of the open set. */
static enum result next_record(struct ipfixlog *ipfix)
{
    struct ipfix_set *set = &ipfix->set;
    size_t used = ipfix_decode(set->template, set->at, set->end, &ipfix->values);

    if (used == 0) { /* what is left is padding */
        set->template = NULL;
        ipfix_done(ipfix->memory, &ipfix->waiting);
        return RESULT_OK;
    }
    set->at += used;
    if (set->template->options) {
        ipfix->log.counts.other_rows++;
        return ipfix_take_options(ipfix->memory, &set->head.exporter, &ipfix->values);
    }
    ipfix->rows_at = 0;
    return ipfix_make_rows(ipfix->memory, set, &ipfix->values, &ipfix->log.counts, ipfix->multiply,
                           &ipfix->rows);
}

static enum result read_data(struct ipfixlog *ipfix, uint16_t number, const uint8_t *at,
                             const uint8_t *end)
{
    const struct ipfix_entry *entry =
        ipfix_recall(ipfix->memory, &ipfix->head.exporter, IPFIX_TEMPLATE, number);

    if (!entry || !entry->template)
        return ipfix_wait(ipfix->memory, &ipfix->head, number, at, (size_t)(end - at));
    open_set(ipfix, &ipfix->head, entry->template, at, end);
    return RESULT_OK;
}

/* Reads the next set of the message. */
static enum result next_set(struct ipfixlog *ipfix)
{
    const struct ipfix_exporter *exporter = &ipfix->head.exporter;
    const uint8_t *at = ipfix->at, *end;
    bool is_9 = exporter->version == 9;
    uint16_t number, length;
    enum result result = RESULT_OK;

    if (ipfix->end - at < SET_HEAD) {
        ipfix->at = ipfix->end;
        return RESULT_OK;
    }
    number = be16(at);
    length = be16(at + 2);
    end = at + length;
    if (number == 0 && length == 0) { /* zeros fill the message up */
        ipfix->at = ipfix->end;
        return RESULT_OK;
    }
    if (length < SET_HEAD || length > ipfix->end - at) {
        ipfix->at = ipfix->end;
        return damaged(ipfix, "set %u has an impossible length", number);
    }
    ipfix->at = end;
    at += SET_HEAD;
    if (number >= DATA)
        return read_data(ipfix, number, at, end);
    if (number == (is_9 ? TEMPLATES_9 : TEMPLATES_10) || number == (is_9 ? OPTIONS_9 : OPTIONS_10))
        result = ipfix_read_templates(ipfix->memory, exporter,
                                      number == (is_9 ? OPTIONS_9 : OPTIONS_10), at, end);
    return result == RESULT_DAMAGED ? damaged(ipfix, "set %u has a broken template", number)
                                    : result;
}

/* Opens data that have waited; they are counted now. False: there are none. */
static bool next_waiting(struct ipfixlog *ipfix)
{
    const struct ipfix_entry *entry;

    while ((ipfix->waiting = ipfix_take_ready(ipfix->memory))) {
        struct ipfix_waiting *waiting = ipfix->waiting;

        entry =
            ipfix_recall(ipfix->memory, &waiting->head.exporter, IPFIX_TEMPLATE, waiting->number);
        if (entry && entry->template) {
            waiting->head.seen = ipfix->head.seen;
            open_set(ipfix, &waiting->head, entry->template, waiting->bytes,
                     waiting->bytes + waiting->length);
            return true;
        }
        ipfix_done(ipfix->memory, &ipfix->waiting);
    }
    return false;
}

/* ---- Messages */

/* Begins a message that looks right and is whole. */
static void begin_message(struct ipfixlog *ipfix, const uint8_t *bytes, size_t length)
{
    size_t head = ipfix_read_head(bytes, &ipfix->head);

    ipfix_make_room(ipfix->memory);
    ipfix->log.line++;
    ipfix->at = bytes + head;
    ipfix->end = bytes + length;
    if (ipfix->head.exporter.version != 5)
        return;
    open_set(ipfix, &ipfix->head, ipfix->memory->version_5, ipfix->at, ipfix->end);
    ipfix->at = ipfix->end;
}

/* The length of a datagram's message; 0: it is none. Zeros may follow that of version 9. */
static size_t datagram_length(const uint8_t *bytes, size_t length)
{
    size_t whole = length;

    if (length < IPFIX_HEAD_BYTES - 4 || !ipfix_looks_right(bytes, length))
        return 0;
    if (be16(bytes) == 5)
        whole = 24 + (size_t)48 * be16(bytes + 2);
    else if (be16(bytes) == 10)
        whole = be16(bytes + 2);
    return whole <= length ? whole : 0;
}

static void tell_damage(struct ipfixlog *ipfix)
{
    snprintf(ipfix->log.problem, sizeof ipfix->log.problem, "%s", capfile_problem(ipfix->capfile));
}

static enum result next_datagram(struct ipfixlog *ipfix)
{
    struct frame frame;
    struct packet packet;
    enum result result = capfile_next(ipfix->capfile, &frame);
    size_t length;

    if (result == RESULT_DAMAGED)
        tell_damage(ipfix);
    if (result != RESULT_OK) {
        ipfix->finished = result != RESULT_DAMAGED;
        return result;
    }
    if (decoder_packet(ipfix->decoder, &frame, &packet) != PACKET_OK ||
        packet.proto != IPPROTO_UDP || packet.is_fragment) {
        ipfix->log.counts.other_rows++;
        return RESULT_OK;
    }
    length = datagram_length(packet.payload, packet.captured);
    if (length == 0) {
        ipfix->log.counts.other_rows++;
        return RESULT_OK;
    }
    memcpy(ipfix->head.exporter.address, packet.src.bytes, 16);
    ipfix->head.exporter.family = packet.src.family;
    ipfix->head.exporter.port = packet.sport;
    begin_message(ipfix, packet.payload, length);
    ipfix->head.seen = ipfix->set.head.seen = packet.time;
    return RESULT_OK;
}

static enum result ended(struct ipfixlog *ipfix)
{
    ipfix->finished = true;
    return ipfix->in.result == RESULT_END ? RESULT_END : log_cannot_read(&ipfix->log, &ipfix->in);
}

/* Skips to the next place that looks like a message. */
static enum result resume(struct ipfixlog *ipfix)
{
    struct lookahead *in = &ipfix->in;
    uint64_t from = lookahead_offset(in);

    do {
        in->at++;
        (void)lookahead_need(in, IPFIX_HEAD_BYTES);
    } while (in->at < in->end && !ipfix_looks_right(in->buffer + in->at, in->end - in->at));
    snprintf(ipfix->log.problem, sizeof ipfix->log.problem,
             "after message %llu: not a message; %llu bytes skipped",
             (unsigned long long)ipfix->log.line,
             (unsigned long long)(lookahead_offset(in) - from));
    return RESULT_DAMAGED;
}

/* The length of a message of version 9: up to where the next one, or nothing, follows its sets. */
static size_t length_of_9(struct lookahead *in)
{
    size_t length = 20;

    while (lookahead_need(in, length + SET_HEAD)) {
        const uint8_t *set = in->buffer + in->at + length;
        uint16_t number = be16(set), bytes = be16(set + 2);

        if ((number > OPTIONS_9 && number < DATA) || bytes < SET_HEAD ||
            length + bytes > IPFIX_MESSAGE_MOST)
            break;
        if (!lookahead_need(in, length + bytes))
            return length + bytes;
        length += bytes;
    }
    return length;
}

static size_t message_length(struct lookahead *in)
{
    const uint8_t *head = in->buffer + in->at;

    if (be16(head) == 9)
        return length_of_9(in);
    return be16(head) == 5 ? 24 + (size_t)48 * be16(head + 2) : be16(head + 2);
}

/* Zeros fill a datagram up; a version begins with one. */
static void skip_zeros(struct lookahead *in)
{
    while (lookahead_need(in, 2) && in->buffer[in->at] == 0 && in->buffer[in->at + 1] == 0)
        in->at++;
}

static enum result next_in_file(struct ipfixlog *ipfix)
{
    struct lookahead *in = &ipfix->in;
    size_t length;

    skip_zeros(in);
    if (!lookahead_need(in, IPFIX_HEAD_BYTES) && in->result != RESULT_END)
        return ended(ipfix);
    if (in->end - in->at < 16) {
        ipfix->log.counts.unfinished += in->end - in->at > 1;
        return ended(ipfix);
    }
    if (!ipfix_looks_right(in->buffer + in->at, in->end - in->at))
        return resume(ipfix);
    length = message_length(in);
    if (!lookahead_need(in, length)) {
        ipfix->log.counts.unfinished++;
        return ended(ipfix);
    }
    begin_message(ipfix, in->buffer + in->at, length);
    in->at += length;
    ipfix->head.seen = ipfix->set.head.seen = ipfix->head.exported;
    return RESULT_OK;
}

/* A flow that nfdump printed. */
static enum result next_printed(struct ipfixlog *ipfix)
{
    struct ipfix_set *set = &ipfix->set;
    int64_t last;
    enum result result =
        nfdump_next(ipfix->nfdump, &ipfix->values, &last, &set->head.exporter.domain);

    if (result == RESULT_END)
        return ended(ipfix);
    if (result == RESULT_DAMAGED)
        snprintf(ipfix->log.problem, sizeof ipfix->log.problem, "%s",
                 nfdump_problem(ipfix->nfdump));
    if (result != RESULT_OK)
        return result;
    set->head.exporter.version = 10;
    set->head.exported = set->head.seen = last;
    ipfix->log.counts.zoneless += !ipfix->zone;
    ipfix->rows_at = 0;
    return ipfix_make_rows(ipfix->memory, set, &ipfix->values, &ipfix->log.counts, ipfix->multiply,
                           &ipfix->rows);
}

static enum result next_message(struct ipfixlog *ipfix)
{
    if (ipfix->nfdump)
        return next_printed(ipfix);
    return ipfix->capfile ? next_datagram(ipfix) : next_in_file(ipfix);
}

static enum result advance(struct ipfixlog *ipfix)
{
    if (ipfix->set.template)
        return next_record(ipfix);
    if (ipfix->at < ipfix->end)
        return next_set(ipfix);
    if (next_waiting(ipfix))
        return RESULT_OK;
    return ipfix->finished ? RESULT_END : next_message(ipfix);
}

static enum result next_row(struct log *log, struct log_row *row)
{
    struct ipfixlog *ipfix = of_log(log);
    enum result result = RESULT_OK;

    while (result == RESULT_OK && ipfix->rows_at >= ipfix->rows.count)
        result = advance(ipfix);
    if (result != RESULT_OK)
        return result;
    row->kind = LOG_CONNECTION;
    row->connection = ipfix->rows.connections[ipfix->rows_at++];
    return RESULT_OK;
}

/* ---- Opening */

static enum result not_a_log(struct ipfixlog *ipfix, const char *what)
{
    ipfix->finished = true;
    snprintf(ipfix->log.problem, sizeof ipfix->log.problem, "not NetFlow or IPFIX: it is %s", what);
    return RESULT_DAMAGED;
}

static bool is_capture(const uint8_t *bytes, size_t length)
{
    static const char magics[][5] = {"\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d",
                                     "\x4d\x3c\xb2\xa1", "\xa1\xb2\xcd\x34", "\x34\xcd\xb2\xa1",
                                     "\x0a\x0d\x0d\x0a"};

    for (size_t i = 0; i < sizeof magics / sizeof *magics && length >= 4; i++)
        if (memcmp(bytes, magics[i], 4) == 0)
            return true;
    return false;
}

static enum result open_capture(struct ipfixlog *ipfix)
{
    enum result result = decoder_init(&ipfix->decoder, true);

    if (result == RESULT_OK)
        result = capfile_continue(&ipfix->capfile, &ipfix->in);
    if (result == RESULT_DAMAGED)
        tell_damage(ipfix);
    return result;
}

/* Begins with a head or a time, as flows do that nfdump prints for people, or without their head.
 */
static bool is_text_of_nfdump(const uint8_t *bytes, size_t length)
{
    static const char head[] = "Date first seen";
    static const uint8_t time[] = "0000-00-00 00:00:00";
    size_t i = 0;

    if (length >= strlen(head) && memcmp(bytes, head, strlen(head)) == 0)
        return true;
    while (i < length && time[i] != '\0' &&
           (time[i] == '0' ? bytes[i] >= '0' && bytes[i] <= '9' : bytes[i] == time[i]))
        i++;
    return time[i] == '\0';
}

static enum result begin(struct ipfixlog *ipfix)
{
    struct lookahead *in = &ipfix->in;
    char known[SIGNATURE_TEXT];

    if (!lookahead_need(in, 1))
        return in->result == RESULT_END ? RESULT_OK : ended(ipfix);
    (void)lookahead_need(in, IPFIX_HEAD_BYTES);
    if (is_capture(in->buffer, in->end))
        return open_capture(ipfix);
    if (ipfix_looks_right(in->buffer, in->end))
        return RESULT_OK;
    (void)lookahead_need(in, 4096);
    if (nfdump_begins(in->buffer, in->end))
        return nfdump_init(&ipfix->nfdump, in, ipfix->zone);
    if (signature_tell(in->buffer, in->end, SIGNATURE_NETFLOW, "ipfix2flow", known))
        return not_a_log(ipfix, known);
    if (is_text_of_nfdump(in->buffer, in->end))
        return not_a_log(ipfix,
                         "text; if nfdump printed it, use its -o json, or -o csv without -q");
    return not_a_log(ipfix, "of another kind");
}

static enum result open_log(struct log **log, struct input *input,
                            const struct log_options *options)
{
    struct ipfixlog *new = malloc(sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    memset(new, 0, offsetof(struct ipfixlog, in));
    new->multiply = options->multiply;
    new->zone = options->zone;
    new->memory = of_shared(options->shared);
    lookahead_init(&new->in, input);
    *log = &new->log;
    return begin(new);
}

static void close_log(struct log **log)
{
    if (*log) {
        struct ipfixlog *ipfix = of_log(*log);

        ipfix_done(ipfix->memory, &ipfix->waiting);
        nfdump_destroy(&ipfix->nfdump);
        capfile_close(&ipfix->capfile);
        decoder_destroy(&ipfix->decoder);
        free(ipfix);
        *log = NULL;
    }
}

static enum result share(struct log_shared **shared, const struct log_options *options)
{
    struct ipfix_memory *memory = NULL;
    enum result result = ipfix_memory_init(&memory, options->memory);

    *shared = (struct log_shared *)(void *)memory;
    return result;
}

static void unshare(struct log_shared **shared, struct log_counts *counts)
{
    struct ipfix_memory *memory = of_shared(*shared);

    if (memory) {
        counts->untold += memory->forgotten;
        for (const struct ipfix_waiting *waiting = memory->oldest; waiting; waiting = waiting->next)
            counts->untold++;
    }
    ipfix_memory_destroy(&memory);
    *shared = NULL;
}

const struct log_reader ipfix_reader = {
    .open = open_log, .next = next_row, .close = close_log, .share = share, .unshare = unshare};
