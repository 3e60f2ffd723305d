/* SPDX-License-Identifier: Apache-2.0 */
#include "log/objects.h"

#include "log/logparts.h"

#include <string.h>

/* How far into an object to look for a list. */
#define HEAD_BYTES 4096u

void log_objects_init(struct log_objects *objects, struct log *log, struct lookahead *in,
                      const char *const *lists)
{
    *objects = (struct log_objects){.log = log, .in = in, .lists = lists};
    log->line = 1;
}

bool log_objects_cut(const struct log_objects *objects)
{
    return (objects->in_array || objects->in_list) && !objects->lost_bracket;
}

/* Moves on by so many bytes, which are in the buffer. */
static void move(struct log_objects *objects, size_t length)
{
    struct lookahead *in = objects->in;
    const uint8_t *p = in->buffer + in->at, *end = p + length;

    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        objects->log->line++;
        p++;
    }
    in->at += length;
}

/*
 * After damage: continues at the next place where an object can begin: the start of a line, of an
 * array there or, if there are arrays, after a comma between objects.
 */
static enum result resume(struct log_objects *objects)
{
    struct lookahead *in = objects->in;
    char before = '\0', last = '\0'; /* the characters skipped, ignoring blanks */

    objects->lost_bracket = true;
    objects->in_list = false;
    while (lookahead_need(in, 1)) {
        char c = (char)in->buffer[in->at];

        if (c == '{' && (last == '\n' || (last == '[' && before == '\n') ||
                         (objects->has_arrays && last == ',' && (before == '}' || before == '\n'))))
            break;
        move(objects, 1);
        if (c != ' ' && c != '\t' && c != '\r') {
            before = last;
            last = c;
        }
    }
    return RESULT_DAMAGED;
}

/* Skips something other than an object: in an array it ends where the next element begins. */
static enum result pass_over(struct log_objects *objects)
{
    static const char ends[] = {',', ']', '{', '\n'};
    struct lookahead *in = objects->in;

    log_damaged(objects->log, "no JSON object where one should begin");
    if (!objects->has_arrays)
        return resume(objects);
    do {
        in->at++;
    } while (lookahead_need(in, 1) && !memchr(ends, in->buffer[in->at], sizeof ends));
    return RESULT_DAMAGED;
}

/*
 * The input ends inside the object at in->at. A last line may be one that is still being written; a
 * single one may be anything.
 */
static enum result cut_short(struct log_objects *objects, size_t left)
{
    struct lookahead *in = objects->in;

    if (objects->has_arrays || objects->log->line < 2 || memchr(in->buffer + in->at, '\n', left)) {
        log_damaged(objects->log, "the input ends inside its JSON object");
        return resume(objects);
    }
    objects->log->counts.unfinished++;
    in->at = in->end;
    return RESULT_END;
}

/* Reads the object at in->at. */
static enum result read_object(struct log_objects *objects, struct json *json)
{
    struct lookahead *in = objects->in;
    enum result result;

    for (;;) {
        size_t left = in->end - in->at;

        result = json_read(json, (const char *)in->buffer + in->at, left, &objects->used);
        if (result != RESULT_END)
            break;
        if (left == LOOKAHEAD_BYTES) {
            log_damaged(objects->log, "its object does not end within %u bytes", LOOKAHEAD_BYTES);
            return resume(objects);
        }
        /* Doubles each time, since the object is read again from its beginning. */
        (void)lookahead_fill(in, left < LOOKAHEAD_BYTES / 2 ? 2 * left : LOOKAHEAD_BYTES);
        if (in->end - in->at == left) {
            if (in->result != RESULT_END)
                return RESULT_END;
            return cut_short(objects, left);
        }
    }
    if (result != RESULT_OK)
        objects->used = 0;
    if (result == RESULT_DAMAGED) {
        log_damaged(objects->log, "not JSON: %s", json_problem(json));
        return resume(objects);
    }
    return result;
}

/* The end of the string that begins at p, past its quote; the end of the text if it is not there.
 */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        p += *p == '\\';
    return p < end ? p + 1 : end;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
        p++;
    return p;
}

static bool is_list(const struct log_objects *objects, const char *key, size_t length)
{
    for (const char *const *list = objects->lists; *list; list++)
        if (strlen(*list) == length && memcmp(*list, key, length) == 0)
            return true;
    return false;
}

/* The first element in the list of the object at p; NULL: it has none, as far as can be seen. */
static const char *find_list(const struct log_objects *objects, const char *p, const char *end)
{
    unsigned depth = 0;

    while (p < end) {
        const char *begin = p;

        if (*p == '{' || *p == '[')
            depth++;
        if ((*p == '}' || *p == ']') && --depth == 0)
            return NULL;
        p = *p == '"' ? skip_string(p, end) : p + 1;
        if (*begin != '"' || depth != 1 || !is_list(objects, begin + 1, (size_t)(p - begin - 2)))
            continue;
        p = skip_blanks(p, end);
        if (p == end || *p != ':')
            continue;
        p = skip_blanks(p + 1, end);
        if (p < end && *p == '[')
            return p + 1;
    }
    return NULL;
}

/* Enters the list of the object at in->at, if it has one. */
static bool enter_list(struct log_objects *objects)
{
    struct lookahead *in = objects->in;
    size_t left = lookahead_need(in, HEAD_BYTES) ? HEAD_BYTES : in->end - in->at;
    const char *text = (const char *)in->buffer + in->at;
    const char *first = find_list(objects, text, text + left);

    if (!first)
        return false;
    move(objects, (size_t)(first - text));
    objects->in_list = objects->has_arrays = true;
    return true;
}

/* Behind a list: skips the rest of the object that it is in. */
static void leave_list(struct log_objects *objects)
{
    struct lookahead *in = objects->in;
    unsigned depth = 1;
    bool in_string = false, escaped = false;

    while (depth > 0 && lookahead_need(in, 1)) {
        char c = (char)in->buffer[in->at];

        if (escaped || (in_string && c == '\\'))
            escaped = !escaped;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            depth++;
        else if (!in_string && (c == '}' || c == ']'))
            depth--;
        move(objects, 1);
    }
    objects->in_list = depth > 0;
}

static void close_array(struct log_objects *objects)
{
    if (objects->in_list)
        leave_list(objects);
    else
        objects->in_array = false;
}

/* Takes one character between objects; false if it does not belong there. */
static bool take_separator(struct log_objects *objects, char c)
{
    switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
        break;
    case '[':
        objects->has_arrays = true;
        objects->in_array |= !objects->in_list;
        break;
    case ',':
    case ']':
        if (!objects->has_arrays)
            return false;
        break;
    default:
        return false;
    }
    move(objects, 1);
    if (c == ']')
        close_array(objects);
    return true;
}

enum result log_next_object(struct log_objects *objects, struct json *json)
{
    struct lookahead *in = objects->in;

    move(objects, objects->used);
    objects->used = 0;
    while (lookahead_need(in, 1)) {
        char c = (char)in->buffer[in->at];

        if (c == '{' && !(objects->lists && !objects->in_list && enter_list(objects)))
            return read_object(objects, json);
        if (c != '{' && !take_separator(objects, c))
            return pass_over(objects);
        objects->log->line += lookahead_empty_lines(in);
    }
    return RESULT_END;
}
