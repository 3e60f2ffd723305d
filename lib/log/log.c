/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"
#include "log/logparts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* DNS names have at most 255 bytes on the wire (RFC 1035 section 2.3.4). */
#define QUERY_MAX 255

enum result log_damaged(struct log *log, const char *format, ...)
{
    int used =
        snprintf(log->problem, sizeof log->problem, "line %llu: ", (unsigned long long)log->line);
    va_list args;

    va_start(args, format);
    vsnprintf(log->problem + used, sizeof log->problem - (size_t)used, format, args);
    va_end(args);
    return RESULT_DAMAGED;
}

enum result log_cannot_read(struct log *log, const struct lookahead *in)
{
    errno = in->error;
    if (in->result == RESULT_DAMAGED && log->line > 0)
        snprintf(log->problem, sizeof log->problem, "after line %llu: %s",
                 (unsigned long long)log->line, input_problem(in->input));
    else if (in->result == RESULT_DAMAGED)
        snprintf(log->problem, sizeof log->problem, "%s", input_problem(in->input));
    return in->result;
}

bool log_is_word(const char *text, size_t length, size_t most)
{
    if (length == 0 || length > most || (length == 1 && *text == '-'))
        return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
            return false;
    return true;
}

int log_escape(const char *p, const char *end)
{
    unsigned high, low;

    if (end - p < 4 || p[0] != '\\' || p[1] != 'x')
        return -1;
    high = hex_value(p[2]);
    low = hex_value(p[3]);
    return high > 15 || low > 15 ? -1 : (int)(high << 4 | low);
}

/* Decodes one byte of a name; returns the number of characters used. */
static size_t read_byte(const char *p, const char *end, bool doubled, uint8_t *byte)
{
    int escaped = log_escape(p, end);

    *byte = (uint8_t)(escaped < 0 ? *p : escaped);
    if (escaped >= 0)
        return 4;
    return doubled && end - p >= 2 && p[0] == '\\' && p[1] == '\\' ? 2 : 1;
}

bool log_put_name(const char *text, size_t length, bool doubled, char name[DNS_NAME_TEXT],
                  size_t *name_length)
{
    const char *p = text, *end = p + length;
    char *out = name;
    uint8_t byte = 0;

    for (size_t count = 0; p < end; count++) {
        if (count == QUERY_MAX)
            return false;
        p += read_byte(p, end, doubled, &byte);
        out = dns_put_byte(out, byte);
    }
    if (byte == '.')
        out--;
    *name_length = (size_t)(out - name);
    return *name_length > 0;
}
