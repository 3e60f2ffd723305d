/* SPDX-License-Identifier: Apache-2.0 */
#include "know/indicator.h"

#include "base/number.h"
#include "name/hostname.h"
#include "record/put.h"

#include <idn2.h>
#include <stdio.h>
#include <string.h>

/* The longest text that can be a name: each letter of an international one takes more bytes. */
#define NAME_MOST 1024u

static bool is_ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

static bool set_ascii_name(struct known_key *key, const char *text, size_t length)
{
    struct hostname name;

    if (!hostname_set(&name, text, length))
        return false;
    key->kind = KNOWN_NAME;
    key->length = name.length;
    memcpy(key->bytes, name.text, name.length);
    return true;
}

static bool set_name(struct known_key *key, const char *text, size_t length)
{
    char copy[NAME_MOST + 1], *ascii = NULL;
    bool set;

    if (set_ascii_name(key, text, length))
        return true;
    if (length > NAME_MOST || memchr(text, '\0', length) || is_ascii(text, length))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    set = idn2_to_ascii_8z(copy, &ascii, IDN2_NONTRANSITIONAL) == IDN2_OK &&
          set_ascii_name(key, ascii, strlen(ascii));
    idn2_free(ascii);
    return set;
}

/* Digests of files, and what else is no name but would pass for one. */
static bool is_hash(const char *text, size_t length)
{
    if (length != 32 && length != 40 && length != 64 && length != 96 && length != 128)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_digit(text[i]) && !((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'f'))
            return false;
    return true;
}

static bool read_port(const char *text, size_t length, uint16_t *port)
{
    uint64_t number;

    if (!number_count(text, length, &number) || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

static enum indicator read_network(const char *text, const char *slash, const char *end,
                                   struct known_key *key)
{
    struct address address;
    uint64_t bits;

    if (!address_read(text, (size_t)(slash - text), &address))
        return INDICATOR_OTHER; /* a URL without its scheme */
    if (!number_count(slash + 1, (size_t)(end - slash - 1), &bits) ||
        bits > (address.family == 4 ? 32 : 128))
        return INDICATOR_BAD;
    if (bits == (address.family == 4 ? 32 : 128))
        known_key_address(key, &address);
    else
        known_key_network(key, &address, (uint8_t)bits);
    return INDICATOR_OK;
}

/* A host and, behind its last colon, a port; hosts of IPv6 stand in brackets. */
static enum indicator read_endpoint(const char *text, const char *colon, const char *end,
                                    struct known_key *key)
{
    size_t length = (size_t)(colon - text);
    struct address address;
    uint16_t port;

    if (!read_port(colon + 1, (size_t)(end - colon - 1), &port))
        return INDICATOR_BAD;
    if (length >= 2 && *text == '[' && colon[-1] == ']') {
        if (!address_read(text + 1, length - 2, &address) || address.family != 6)
            return INDICATOR_BAD;
        known_key_address_port(key, &address, port);
    } else if (address_read(text, length, &address)) {
        known_key_address_port(key, &address, port);
    } else if (set_name(key, text, length)) {
        char *end_of_name = key->bytes + key->length;

        key->kind = KNOWN_NAME_PORT;
        *end_of_name = ':';
        key->length = (uint16_t)(put_unsigned(end_of_name + 1, port) - key->bytes);
    } else {
        return INDICATOR_BAD;
    }
    return INDICATOR_OK;
}

/* A name and all names below it. */
static enum indicator read_all_below(const char *text, size_t length, struct known_key *key,
                                     enum known_scope *scope)
{
    *scope = KNOWN_ALL;
    return set_name(key, text, length) ? INDICATOR_OK : INDICATOR_BAD;
}

/* Anything but a name in ASCII, which most entries are. */
static enum indicator read_other(const char *text, size_t length, struct known_key *key,
                                 enum known_scope *scope)
{
    const char *end = text + length, *slash = memchr(text, '/', length);
    const char *colon = memrchr(text, ':', length);
    struct address address;
    uint16_t port;

    if (length > 0 && *text == '.')
        return read_all_below(text + 1, length - 1, key, scope);
    if (length > 1 && text[0] == '*' && text[1] == '.')
        return read_all_below(text + 2, length - 2, key, scope);
    if (memchr(text, '@', length) || memmem(text, length, "://", 3))
        return INDICATOR_OTHER;
    if (slash)
        return read_network(text, slash, end, key);
    if (address_read(text, length, &address)) {
        known_key_address(key, &address);
        return INDICATOR_OK;
    }
    if (colon && colon == text && read_port(text + 1, length - 1, &port)) {
        known_key_port(key, port);
        return INDICATOR_OK;
    }
    if (colon)
        return read_endpoint(text, colon, end, key);
    return set_name(key, text, length) ? INDICATOR_OK : INDICATOR_BAD;
}

enum indicator indicator_read(const char *text, size_t length, struct known_key *key,
                              enum known_scope *scope)
{
    if (is_hash(text, length))
        return INDICATOR_OTHER;
    return set_ascii_name(key, text, length) ? INDICATOR_OK : read_other(text, length, key, scope);
}

void indicator_libidn2(char text[LIBRARY_TEXT])
{
    snprintf(text, LIBRARY_TEXT, "libidn2 %s", idn2_check_version(NULL));
}
