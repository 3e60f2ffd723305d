/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"
#include "log/logparts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int log_escape(const char *p, const char *end)
{
    int high, low;

    if (end - p < 4 || p[0] != '\\' || p[1] != 'x')
        return -1;
    high = hex_digit(p[2]);
    low = hex_digit(p[3]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}
