/* SPDX-License-Identifier: Apache-2.0 */
#include "name/httprequest.h"

#include "packet/protocols.h"

#include <string.h>
#include <strings.h>

static bool is_method(const uint8_t *bytes, size_t length)
{
#define METHOD(method) method,
    static const char *const methods[] = {HTTP_METHODS(METHOD)};
#undef METHOD

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        size_t size = strlen(methods[i]);

        if (memcmp(bytes, methods[i], size < length ? size : length) == 0)
            return true;
    }
    return false;
}

bool httprequest_begins(const uint8_t *bytes, size_t length)
{
    return length > 0 && bytes[0] >= 'C' && bytes[0] <= 'T' && is_method(bytes, length);
}

/* A method, a path or an asterisk (anything else is for a proxy: RFC 9112 section 3.2), 1.x. */
static bool is_request_line(const char *line, size_t length)
{
    static const char version[] = " HTTP/1.";
    size_t size = sizeof version - 1;
    const char *target = memchr(line, ' ', length);

    return target && length > size + 1 && memcmp(line + length - size - 1, version, size) == 0 &&
           (target[1] == '/' || target[1] == '*');
}

/* Lines end in CRLF or a single LF (RFC 9112 section 2.2). */
static enum hello_verdict read_head(const char *head, size_t length, struct hostname *name)
{
    const char *end = head + length, *line_end;
    bool first = true;

    for (; (line_end = memchr(head, '\n', (size_t)(end - head))); head = line_end + 1) {
        size_t size = (size_t)(line_end - head);

        if (size > 0 && head[size - 1] == '\r')
            size--;
        if (first && !is_request_line(head, size))
            return HELLO_NONE;
        if (size == 0)
            return HELLO_WHOLE;
        if (!first && size > 5 && strncasecmp(head, "host:", 5) == 0) {
            (void)hostname_set_host(name, head + 5, size - 5);
            return HELLO_WHOLE;
        }
        first = false;
    }
    return HELLO_CUT;
}

enum hello_verdict httprequest_read(const uint8_t *bytes, size_t length, struct hello *hello)
{
    *hello = (struct hello){.cut = false};
    if (length == 0)
        return HELLO_CUT;
    if (!httprequest_begins(bytes, length))
        return HELLO_NONE;
    return read_head((const char *)bytes, length, &hello->name);
}
