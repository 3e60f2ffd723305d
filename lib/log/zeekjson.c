/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zeek's JSON logs: one object per line, or arrays, which may span lines or be on one.
 */
#include "log/zeekread.h"

#include <string.h>

/* Fills the cells; *fields: those that are present. */
static enum result take_members(struct zeeklog *log, uint32_t *fields)
{
    size_t count;
    const struct json_member *members = json_members(log->json, &count);

    memset(log->cells, 0, sizeof log->cells);
    log->answer_count = 0;
    *fields = 0;
    for (size_t i = 0; i < count; i++) {
        const struct json_member *member = &members[i];

        *fields |= UINT32_C(1) << member->id;
        if (member->element) {
            if (member->id == FIELD_ANSWERS && member->type == JSON_STRING &&
                zeek_add_answer(log, member->text, member->length) != RESULT_OK)
                return RESULT_NO_MEMORY;
        } else if (member->type != JSON_NULL && member->type != JSON_CONTAINER &&
                   !log->cells[member->id].text) {
            log->cells[member->id] = (struct cell){member->text, member->length};
        }
    }
    return RESULT_OK;
}

static enum result read_row(struct zeeklog *log, struct log_row *row, bool *useful)
{
    uint32_t fields;
    enum result result = take_members(log, &fields);

    if (result != RESULT_OK)
        return result;
    return zeek_make_row(log, zeek_kind(log, &log->cells[FIELD_PATH], fields), row, useful);
}

static void count_lines(struct zeeklog *log, size_t length)
{
    const uint8_t *p = log->in.buffer + log->in.at, *end = p + length;

    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        log->log.line++;
        p++;
    }
}

/*
 * After damage: continues at the next place where an object can begin: the start of a line, of an
 * array there or, if there are arrays, after a comma between objects.
 */
static enum result resume(struct zeeklog *log)
{
    struct lookahead *in = &log->in;
    char before = '\0', last = '\0'; /* the characters skipped, ignoring blanks */

    log->lost_bracket = true;
    while (lookahead_need(in, 1)) {
        char c = (char)in->buffer[in->at];

        if (c == '{' && (last == '\n' || (last == '[' && before == '\n') ||
                         (log->has_arrays && last == ',' && (before == '}' || before == '\n'))))
            break;
        in->at++;
        log->log.line += c == '\n';
        if (c != ' ' && c != '\t' && c != '\r') {
            before = last;
            last = c;
        }
    }
    return RESULT_DAMAGED;
}

/* Skips something other than an object: in an array it ends where the next element begins. */
static enum result pass_over(struct zeeklog *log)
{
    static const char ends[] = {',', ']', '{', '\n'};
    struct lookahead *in = &log->in;

    log_damaged(&log->log, "no JSON object where one should begin");
    if (!log->has_arrays)
        return resume(log);
    do {
        in->at++;
    } while (lookahead_need(in, 1) && !memchr(ends, in->buffer[in->at], sizeof ends));
    return RESULT_DAMAGED;
}

/* Reads the object at in->at and moves past it. */
static enum result read_object(struct zeeklog *log, struct log_row *row, bool *useful)
{
    struct lookahead *in = &log->in;
    enum result result;
    size_t used;

    for (;;) {
        size_t left = in->end - in->at;

        result = json_read(log->json, (const char *)in->buffer + in->at, left, &used);
        if (result != RESULT_END)
            break;
        if (left == LOOKAHEAD_BYTES) {
            log_damaged(&log->log, "its object does not end within %u bytes", LOOKAHEAD_BYTES);
            return resume(log);
        }
        /* Doubles each time, since the object is read again from its beginning. */
        (void)lookahead_fill(in, left < LOOKAHEAD_BYTES / 2 ? 2 * left : LOOKAHEAD_BYTES);
        if (in->end - in->at == left) {
            if (in->result != RESULT_END)
                return zeek_ended(log);
            log_damaged(&log->log, "the input ends inside its JSON object");
            return resume(log);
        }
    }
    if (result == RESULT_DAMAGED) {
        log_damaged(&log->log, "not JSON: %s", json_problem(log->json));
        return resume(log);
    }
    if (result == RESULT_OK) {
        result = read_row(log, row, useful);
        count_lines(log, used);
        in->at += used;
    }
    return result;
}

/* Takes one character between objects; false if it does not belong there. */
static bool take_separator(struct zeeklog *log, char c)
{
    switch (c) {
    case '\n':
        log->log.line++;
        return true;
    case ' ':
    case '\t':
    case '\r':
        return true;
    case '[':
        log->has_arrays = log->in_array = true;
        return true;
    case ']':
        log->in_array = false;
        return log->has_arrays;
    case ',':
        return log->has_arrays;
    default:
        return false;
    }
}

static enum result next_object(struct zeeklog *log, struct log_row *row, bool *useful)
{
    struct lookahead *in = &log->in;

    while (lookahead_need(in, 1)) {
        char c = (char)in->buffer[in->at];

        if (c == '{')
            return read_object(log, row, useful);
        if (!take_separator(log, c))
            return pass_over(log);
        in->at++;
        log->log.line += lookahead_empty_lines(in);
    }
    return zeek_ended(log);
}

enum result zeek_json_init(struct zeeklog *log)
{
    log->tsv.set_separator = ',';                             /* for answers in a single string */
    log->tsv.empty.length = log->tsv.unset.length = SIZE_MAX; /* they match nothing */
    log->log.line = 1;
    log->next = next_object;
    return json_init(&log->json, zeek_fields, zeek_field_count);
}
