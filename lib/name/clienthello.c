/* SPDX-License-Identifier: Apache-2.0 */
#include "name/clienthello.h"

#include "base/bytes.h"

#include <string.h>

enum { RECORD_HEADER = 5, RECORD_HANDSHAKE = 22, RECORD_MAX = 16384 + 256 };
enum { MESSAGE_HEADER = 4, MESSAGE_CLIENT_HELLO = 1 };
enum { EXTENSION_SERVER_NAME = 0, EXTENSION_ECH = 0xfe0d };
enum { ECH_OUTER = 0, NAME_HOST = 0 };

/* The rest of a message: its length, and the bytes that are there, which may be fewer. */
struct part {
    const uint8_t *at;
    size_t there, length;
};

/* Splits off the start of a part, whose length is in its first `size` bytes. */
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

/* The first host name of the list; none if the list does not parse. */
static void read_server_name(struct part extension, struct hostname *host)
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
            (void)hostname_set(host, (const char *)name.at, name.length);
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
            read_server_name(extension, &hello->name);
        else if (type == EXTENSION_ECH)
            read_ech(extension, hello);
        if (extension.there < extension.length)
            return HELLO_CUT;
    }
    return HELLO_WHOLE;
}

/* The body of a ClientHello. Session id, cipher suites and compression methods are skipped. */
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
        return HELLO_WHOLE; /* no extensions, as from old clients */
    verdict = take_part(&body, 2, &part);
    return verdict == HELLO_WHOLE ? read_extensions(part, hello) : verdict;
}

static enum hello_verdict judged(struct hello *hello, enum hello_verdict verdict)
{
    hello->cut = verdict == HELLO_CUT;
    return verdict;
}

enum hello_verdict clienthello_read_message(const uint8_t *bytes, size_t length,
                                            struct hello *hello)
{
    struct part message, body = {NULL, 0, 0};

    *hello = (struct hello){.cut = false};
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

/* Joins a message that is spread over records before reading it. */
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
    return clienthello_read_message(message, used, hello);
}

bool clienthello_begins(const uint8_t *bytes, size_t length)
{
    if (length == 0 || bytes[0] != RECORD_HANDSHAKE)
        return false;
    return length < RECORD_HEADER + 1 ||
           (is_handshake_record(bytes) && bytes[RECORD_HEADER] == MESSAGE_CLIENT_HELLO);
}

enum hello_verdict clienthello_read(const uint8_t *bytes, size_t length, struct hello *hello)
{
    *hello = (struct hello){.cut = false};
    if (length == 0)
        return HELLO_CUT;
    return clienthello_begins(bytes, length) ? read_records(bytes, length, hello) : HELLO_NONE;
}
