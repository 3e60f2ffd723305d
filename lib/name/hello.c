/* SPDX-License-Identifier: Apache-2.0 */
#include "name/hello.h"

#include "base/bytes.h"
#include "base/number.h"
#include "packet/protocols.h"

#include <string.h>
#include <strings.h>

enum { RECORD_HEADER = 5, RECORD_HANDSHAKE = 22, RECORD_MAX = 16384 + 256 };
enum { MESSAGE_HEADER = 4, MESSAGE_CLIENT_HELLO = 1 };
enum { EXTENSION_SERVER_NAME = 0, EXTENSION_ECH = 0xfe0d };
enum { ECH_OUTER = 0, NAME_HOST = 0 };

/* What is left of a message, and of what of it is there: the message may be cut. */
struct part {
    const uint8_t *at;
    size_t there, length;
};

static bool is_name_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

static bool is_label(const char *label, size_t length)
{
    if (length == 0 || length > 63 || label[0] == '-' || label[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_name_character(label[i]))
            return false;
    return true;
}

/* Decimal, or hexadecimal behind 0x: as the last label of a host it makes that an address. */
static bool is_number(const char *label, size_t length)
{
    bool hex = length >= 2 && label[0] == '0' && label[1] == 'x';

    for (size_t i = hex ? 2 : 0; i < length; i++)
        if (!is_digit(label[i]) && !(hex && label[i] >= 'a' && label[i] <= 'f'))
            return false;
    return true;
}

static bool is_host_name(const char *name, size_t length)
{
    const char *end = name + length;

    for (const char *dot; (dot = memchr(name, '.', (size_t)(end - name))); name = dot + 1)
        if (!is_label(name, (size_t)(dot - name)))
            return false;
    return is_label(name, (size_t)(end - name)) && !is_number(name, (size_t)(end - name));
}

bool hello_set_name(struct hello *hello, const char *name, size_t length)
{
    hello->length = 0;
    if (length > 0 && name[length - 1] == '.')
        length--;
    if (length == 0 || length > HELLO_NAME_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        hello->name[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    if (is_host_name(hello->name, length))
        hello->length = (uint8_t)length;
    return hello->length > 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool hello_set_host(struct hello *hello, const char *host, size_t length)
{
    const char *end = host + length, *colon;

    while (host < end && is_blank(*host))
        host++;
    while (end > host && is_blank(end[-1]))
        end--;
    colon = memchr(host, ':', (size_t)(end - host));
    for (const char *p = colon; p && p + 1 < end; p++)
        if (!is_digit(p[1]))
            colon = NULL; /* an IPv6 address, or no host at all */
    return hello_set_name(hello, host, (size_t)((colon ? colon : end) - host));
}

/* Splits off the first bytes of a part, as many as a number says that is size bytes long. */
static enum hello_verdict take_part(struct part *from, unsigned size, struct part *taken)
{
    size_t length = 0;

    if (from->length < size)
        return HELLO_NONE;
    if (from->there < size)
        return HELLO_CUT;
    for (unsigned i = 0; i < size; i++)
        length = length << 8 | from->at[i];
    if (length > from->length - size)
        return HELLO_NONE;
    from->at += size;
    from->there -= size;
    from->length -= size;
    *taken = (struct part){from->at, length < from->there ? length : from->there, length};
    from->at += taken->there;
    from->there -= taken->there;
    from->length -= length;
    return HELLO_WHOLE;
}

/* The first host name of the list; a list that does not parse has none. */
static void read_server_name(struct part extension, struct hello *hello)
{
    struct part list, name;

    if (take_part(&extension, 2, &list) != HELLO_WHOLE)
        return;
    while (list.there > 0) {
        uint8_t type = *list.at++;

        list.there--;
        list.length--;
        if (take_part(&list, 2, &name) != HELLO_WHOLE || name.there < name.length)
            return;
        if (type == NAME_HOST) {
            (void)hello_set_name(hello, (const char *)name.at, name.length);
            return;
        }
    }
}

/* The outer offer: its type, the ids of a KDF and an AEAD, and the config_id (RFC 9849, 5). */
static void read_ech(struct part extension, struct hello *hello)
{
    if (extension.there >= 6 && extension.at[0] == ECH_OUTER) {
        hello->ech = true;
        hello->ech_config = extension.at[5];
    }
}

static enum hello_verdict read_extensions(struct part list, struct hello *hello)
{
    while (list.length > 0) {
        enum hello_verdict verdict;
        struct part extension;
        uint16_t type;

        if (list.length < 4)
            return HELLO_NONE;
        if (list.there < 4)
            return HELLO_CUT;
        type = be16(list.at);
        list = (struct part){list.at + 2, list.there - 2, list.length - 2};
        verdict = take_part(&list, 2, &extension);
        if (verdict != HELLO_WHOLE)
            return verdict;
        if (type == EXTENSION_SERVER_NAME)
            read_server_name(extension, hello);
        else if (type == EXTENSION_ECH)
            read_ech(extension, hello);
        if (extension.there < extension.length)
            return HELLO_CUT;
    }
    return HELLO_WHOLE;
}

/* The body of a ClientHello. Its session id, cipher suites and compression methods say nothing. */
static enum hello_verdict read_client_hello(struct part body, struct hello *hello)
{
    static const unsigned sizes[] = {1, 2, 1};
    enum { VERSION_AND_RANDOM = 34 };
    struct part part;
    enum hello_verdict verdict;

    if (body.length < VERSION_AND_RANDOM)
        return HELLO_NONE;
    if (body.there < VERSION_AND_RANDOM)
        return HELLO_CUT;
    if (body.at[0] != 3)
        return HELLO_NONE;
    body = (struct part){body.at + VERSION_AND_RANDOM, body.there - VERSION_AND_RANDOM,
                         body.length - VERSION_AND_RANDOM};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        verdict = take_part(&body, sizes[i], &part);
        if (verdict != HELLO_WHOLE)
            return verdict;
    }
    if (body.length == 0)
        return HELLO_WHOLE; /* without extensions, as in old clients */
    verdict = take_part(&body, 2, &part);
    return verdict == HELLO_WHOLE ? read_extensions(part, hello) : verdict;
}

static enum hello_verdict judged(struct hello *hello, enum hello_verdict verdict)
{
    hello->cut = verdict == HELLO_CUT;
    return verdict;
}

enum hello_verdict hello_read_message(const uint8_t *bytes, size_t length, struct hello *hello)
{
    struct part message, body;

    *hello = (struct hello){.length = 0};
    if (length < MESSAGE_HEADER)
        return length > 0 && bytes[0] != MESSAGE_CLIENT_HELLO ? HELLO_NONE : HELLO_CUT;
    if (bytes[0] != MESSAGE_CLIENT_HELLO)
        return HELLO_NONE;
    message = (struct part){bytes + 1, length - 1, SIZE_MAX};
    (void)take_part(&message, 3, &body);
    return judged(hello, read_client_hello(body, hello));
}

static bool is_handshake_record(const uint8_t *bytes)
{
    return bytes[0] == RECORD_HANDSHAKE && bytes[1] == 3 && bytes[2] <= 4;
}

/* A message that is spread over records is put together first. */
static enum hello_verdict read_records(const uint8_t *bytes, size_t length, struct hello *hello)
{
    uint8_t message[RECORD_MAX];
    size_t used = 0;

    while (length >= RECORD_HEADER) {
        size_t size = be16(bytes + 3), there = length - RECORD_HEADER;

        if (!is_handshake_record(bytes) || size == 0 || size > RECORD_MAX - used)
            return HELLO_NONE;
        there = size < there ? size : there;
        memcpy(message + used, bytes + RECORD_HEADER, there);
        used += there;
        bytes += RECORD_HEADER + there;
        length -= RECORD_HEADER + there;
        if (used >= MESSAGE_HEADER &&
            used - MESSAGE_HEADER >= ((size_t)message[1] << 16 | be16(message + 2)))
            break;
    }
    return hello_read_message(message, used, hello);
}

static bool is_request(const uint8_t *bytes, size_t length)
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

bool hello_begins(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return false;
    if (bytes[0] == RECORD_HANDSHAKE)
        return length < RECORD_HEADER + 1 ||
               (is_handshake_record(bytes) && bytes[RECORD_HEADER] == MESSAGE_CLIENT_HELLO);
    return bytes[0] >= 'C' && bytes[0] <= 'T' && is_request(bytes, length);
}

/* A method, a path or an asterisk (RFC 9112 section 3.2: to a proxy it is something else), 1.x. */
static bool is_request_line(const char *line, size_t length)
{
    static const char version[] = " HTTP/1.";
    size_t size = sizeof version - 1;
    const char *target = memchr(line, ' ', length);

    return target && length > size + 1 && memcmp(line + length - size - 1, version, size) == 0 &&
           (target[1] == '/' || target[1] == '*');
}

/* Lines end with CRLF, or LF alone (RFC 9112 section 2.2). */
static enum hello_verdict read_request(const char *head, size_t length, struct hello *hello)
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
            (void)hello_set_host(hello, head + 5, size - 5);
            return HELLO_WHOLE;
        }
        first = false;
    }
    return HELLO_CUT;
}

enum hello_verdict hello_read(const uint8_t *bytes, size_t length, struct hello *hello)
{
    *hello = (struct hello){.length = 0};
    if (length == 0)
        return HELLO_CUT;
    if (!hello_begins(bytes, length))
        return HELLO_NONE;
    if (bytes[0] == RECORD_HANDSHAKE)
        return read_records(bytes, length, hello);
    return read_request((const char *)bytes, length, hello);
}
