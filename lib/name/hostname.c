/* SPDX-License-Identifier: Apache-2.0 */
#include "name/hostname.h"

#include "base/number.h"

#include <string.h>

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

/* Decimal, or hexadecimal after 0x: as the last label, it makes a host an address. */
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

bool hostname_set(struct hostname *name, const char *text, size_t length)
{
    name->length = 0;
    if (length > 0 && text[length - 1] == '.')
        length--;
    if (length == 0 || length > HOSTNAME_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        name->text[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    if (is_host_name(name->text, length))
        name->length = (uint8_t)length;
    return name->length > 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool hostname_set_host(struct hostname *name, const char *host, size_t length)
{
    const char *end = host + length, *colon;

    while (host < end && is_blank(*host))
        host++;
    while (end > host && is_blank(end[-1]))
        end--;
    colon = memchr(host, ':', (size_t)(end - host));
    for (const char *p = colon; p && p + 1 < end; p++)
        if (!is_digit(p[1]))
            colon = NULL; /* an IPv6 address, or not a host at all */
    return hostname_set(name, host, (size_t)((colon ? colon : end) - host));
}
