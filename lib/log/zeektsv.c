/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zeek's TSV logs: header lines, which may occur again later, and lines of cells.
 */
#include "log/zeekread.h"

#include "base/bytes.h"
#include "base/grow.h"

#include <string.h>

/* Decodes \xNN in a header's value; false if it does not fit. */
static bool unescape(const char *p, const char *end, char *out, size_t room, size_t *length)
{
    for (*length = 0; p < end; ++*length) {
        int byte = log_escape(p, end);

        if (*length == room)
            return false;
        out[*length] = byte < 0 ? *p : (char)byte;
        p += byte < 0 ? 1 : 4;
    }
    return true;
}

static enum result set_character(struct zeeklog *log, const char *what, const char *p,
                                 const char *end, char *character)
{
    size_t length;

    if (!unescape(p, end, character, 1, &length) || length != 1)
        return log_damaged(&log->log, "%s is not one character, which alone is read here", what);
    return RESULT_OK;
}

static enum result set_marker(struct zeeklog *log, const char *what, const char *p, const char *end,
                              struct marker *marker)
{
    if (!unescape(p, end, marker->text, MARKER_MAX, &marker->length)) {
        marker->length = SIZE_MAX;
        return log_damaged(&log->log, "%s is too long", what);
    }
    return RESULT_OK;
}

static void set_path(struct tsv_state *tsv, const char *p, const char *end)
{
    tsv->path.text = tsv->path_text;
    if (!unescape(p, end, tsv->path_text, sizeof tsv->path_text, &tsv->path.length))
        tsv->path.length = sizeof tsv->path_text; /* cut off: not one of the known ones */
}

/* Sets the values that hold until a header changes them. */
static void reset_header(struct tsv_state *tsv)
{
    tsv->separator = '\t';
    tsv->set_separator = ',';
    tsv->empty = (struct marker){"(empty)", 7};
    tsv->unset = (struct marker){"-", 1};
    tsv->path.text = NULL;
    tsv->kind = KIND_NONE;
    tsv->plain = false;
    tsv->count = 0;
}

static uint8_t find_field(const char *p, const char *end)
{
    return json_find_key(zeek_fields, zeek_field_count, p, (size_t)(end - p));
}

static enum result add_column(struct tsv_state *tsv, uint8_t field)
{
    uint8_t *grown = grow(tsv->columns, tsv->count, &tsv->capacity, sizeof *grown);

    if (!grown)
        return RESULT_NO_MEMORY;
    tsv->columns = grown;
    tsv->columns[tsv->count++] = field;
    return RESULT_OK;
}

/* The names of the columns. If a field occurs twice, the first counts. */
static enum result set_fields(struct zeeklog *log, const char *p, const char *end)
{
    struct tsv_state *tsv = &log->tsv;
    uint32_t fields = 0;
    const char *lacks;

    memset(log->cells, 0, sizeof log->cells);
    tsv->count = 0;
    for (;;) {
        const char *next = memchr(p, tsv->separator, (size_t)(end - p));
        uint8_t field = find_field(p, next ? next : end);

        if (fields & UINT32_C(1) << field)
            field = FIELD_NONE;
        fields |= UINT32_C(1) << field;
        if (add_column(tsv, field) != RESULT_OK)
            return RESULT_NO_MEMORY;
        if (!next)
            break;
        p = next + 1;
    }
    tsv->kind = zeek_kind(log, &tsv->path, fields);
    lacks = tsv->kind == KIND_OTHER ? NULL : zeek_lacks(tsv->kind, fields);
    if (!lacks)
        return RESULT_OK;
    tsv->kind = KIND_OTHER;
    return log_damaged(&log->log, "the field %s is missing, so nothing can be read", lacks);
}

static bool begins(const char *p, const char *end, const char *word, size_t length)
{
    return (size_t)(end - p) > length && memcmp(p, word, length) == 0;
}

/*
 * Reads a line that begins with #, if it matters. A value begins one character after its keyword.
 */
static enum result read_header(struct zeeklog *log, const char *p, const char *end)
{
    struct tsv_state *tsv = &log->tsv;

    if (begins(p, end, "#separator", 10)) {
        reset_header(tsv);
        return set_character(log, "#separator", p + 11, end, &tsv->separator);
    }
    if (begins(p, end, "#set_separator", 14))
        return set_character(log, "#set_separator", p + 15, end, &tsv->set_separator);
    if (begins(p, end, "#empty_field", 12))
        return set_marker(log, "#empty_field", p + 13, end, &tsv->empty);
    if (begins(p, end, "#unset_field", 12))
        return set_marker(log, "#unset_field", p + 13, end, &tsv->unset);
    if (begins(p, end, "#path", 5))
        set_path(tsv, p + 6, end);
    if (begins(p, end, "#fields", 7))
        return set_fields(log, p + 8, end);
    return RESULT_OK;
}

static bool begins_with_time(const struct zeeklog *log, const char *p, const char *end)
{
    return end - p > 2 && p[0] == 't' && p[1] == 's' && p[2] == log->tsv.separator;
}

/*
 * Zeek's filter option tsv=T: the first line is just the names, which may occur again in
 * concatenated logs. A header has all names that a conn or dns log needs, which no queried name can
 * forge within a row, and does not begin with a digit, as nearly every row does. In the other logs,
 * strangers control enough of a row to forge a header, but not its time, which must come first.
 */
static bool is_plain_header(const struct zeeklog *log, const char *p, const char *end)
{
    const char *line = p;
    uint32_t fields = 0;
    enum zeek_kind kind;

    if (is_digit(*p))
        return false;
    while (p < end) {
        const char *next = memchr(p, log->tsv.separator, (size_t)(end - p));

        fields |= UINT32_C(1) << find_field(p, next ? next : end);
        p = next ? next + 1 : end;
    }
    kind = zeek_kind_of_fields(fields);
    if ((kind == KIND_TLS || kind == KIND_HTTP) && !begins_with_time(log, line, end))
        return false;
    return kind != KIND_OTHER && !zeek_lacks(kind, fields);
}

/* Splits a line into the cells; false if their number differs from the header's. */
static bool split_line(struct zeeklog *log, const char *p, const char *end)
{
    const uint8_t *columns = log->tsv.columns;
    size_t left = log->tsv.count, part;
    const char *start = p;

    for (; p < end; p += part) {
        part = end - p < 64 ? (size_t)(end - p) : 64;
        for (uint64_t found = bytes_find((const uint8_t *)p, part, log->tsv.separator); found;
             found &= found - 1) {
            const char *at = p + __builtin_ctzll(found);

            if (--left == 0)
                return false;
            log->cells[*columns++] = (struct cell){start, (size_t)(at - start)};
            start = at + 1;
        }
    }
    log->cells[*columns] = (struct cell){start, (size_t)(end - start)};
    return left == 1;
}

static enum result read_line(struct zeeklog *log, const char *p, const char *end,
                             struct log_row *row, bool *useful)
{
    struct tsv_state *tsv = &log->tsv;

    if (p < end && end[-1] == '\r')
        end--;
    if (p == end)
        return RESULT_OK;
    if (*p == '#')
        return read_header(log, p, end);
    if ((tsv->kind == KIND_NONE || tsv->plain) && is_plain_header(log, p, end)) {
        tsv->plain = true;
        return set_fields(log, p, end);
    }
    if (tsv->kind == KIND_NONE) {
        tsv->kind = KIND_OTHER;
        log->settled = true;
        return log_damaged(&log->log, "no #fields line stands before it; was the header cut off?");
    }
    if (tsv->kind != KIND_OTHER && !split_line(log, p, end))
        return log_damaged(&log->log, "it has not the %zu cells that #fields names", tsv->count);
    log->answer_count = 0;
    return zeek_make_row(log, tsv->kind, row, useful);
}

/* True if the line that was read last is still being written: it has no newline. */
static bool is_unended(const struct lookahead *in)
{
    return in->result == RESULT_END && in->at == in->end && in->buffer[in->end - 1] != '\n';
}

static enum result next_line(struct zeeklog *log, struct log_row *row, bool *useful)
{
    const char *line;
    size_t length;
    bool is_row;
    enum result result = lookahead_line(&log->in, &line, &length);

    if (result == RESULT_END)
        return zeek_ended(log);
    log->log.line++;
    if (result == RESULT_DAMAGED)
        return log_damaged(&log->log, "it does not end within %u bytes", LOOKAHEAD_BYTES);
    if (length == 0)
        log->log.line += lookahead_empty_lines(&log->in);
    is_row = length > 0 && log->tsv.kind != KIND_NONE && *line != '#';
    result = length == 0 ? RESULT_OK : read_line(log, line, line + length, row, useful);
    if (result == RESULT_DAMAGED && is_row && is_unended(&log->in)) {
        log->log.counts.unfinished++;
        return RESULT_OK;
    }
    return result;
}

enum result zeek_tsv_init(struct zeeklog *log)
{
    reset_header(&log->tsv);
    log->next = next_line;
    return RESULT_OK;
}
