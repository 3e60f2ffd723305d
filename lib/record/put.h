/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a line, put where there is room for them: each function writes at p and returns the
 * place behind.
 */
#ifndef SECFLOW_PUT_H
#define SECFLOW_PUT_H

#include "base/bytes.h"
#include "base/calendar.h"
#include "record/record.h"

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const char two_digits[] =
    "00010203040506070809101112131415161718192021222324252627282930313233"
    "34353637383940414243444546474849505152535455565758596061626364656667"
    "6869707172737475767778798081828384858687888990919293949596979899";

#define DIGITS_MOST 20 /* of 64 bits */

static inline char *put_bytes(char *p, const char *bytes, size_t length)
{
    memcpy(p, bytes, length);
    return p + length;
}

#define put_literal(p, literal) put_bytes((p), (literal), sizeof(literal) - 1)

/*
 * The eight digits of a number below 10^8, the first in the lowest byte: fours of them are divided
 * at once, and then pairs. Nothing foretells how many digits a number has, so there is no loop.
 */
static inline uint64_t eight_digits(uint32_t value)
{
    uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x7f0000007f);
    uint64_t pairs = hundreds | (fours - hundreds * 100) << 16;
    uint64_t tens = (pairs * 103 >> 10) & UINT64_C(0xf000f000f000f);

    return tens | (pairs - tens * 10) << 8;
}

/* Puts them without the first so many; what else it writes behind is of no use. */
static inline char *put_digits(char *p, uint64_t digits, int without)
{
    uint64_t text = htole64((digits | UINT64_C(0x3030303030303030)) >> without * 8);

    memcpy(p, &text, sizeof text);
    return p + 8 - without;
}

/* A number that is not 0. */
static inline char *put_short(char *p, uint32_t value)
{
    uint64_t digits = eight_digits(value);

    return put_digits(p, digits, __builtin_ctzll(digits) / 8);
}

static inline char *put_long(char *p, uint64_t value)
{
    const uint32_t most = 100000000;
    uint64_t high = value / most;

    if (high == 0)
        return put_short(p, (uint32_t)value);
    if (high >= most) {
        p = put_short(p, (uint32_t)(high / most));
        p = put_digits(p, eight_digits((uint32_t)(high % most)), 0);
    } else {
        p = put_short(p, (uint32_t)high);
    }
    return put_digits(p, eight_digits((uint32_t)(value % most)), 0);
}

/* There must be room for DIGITS_MOST bytes. */
static inline char *put_unsigned(char *p, uint64_t value)
{
    if (value >= 10)
        return put_long(p, value);
    *p = (char)('0' + value);
    return p + 1;
}

static inline char *put_six_digits(char *p, uint32_t value)
{
    memcpy(p, two_digits + value / 10000 * 2, 2);
    memcpy(p + 2, two_digits + value / 100 % 100 * 2, 2);
    memcpy(p + 4, two_digits + value % 100 * 2, 2);
    return p + 6;
}

/* The eight hexadecimal digits of four bytes: each becomes two of a word's bytes, a digit each. */
static inline char *put_hex(char *p, const uint8_t bytes[4])
{
    uint64_t word = le32(bytes), letters;

    word = (word | word << 16) & UINT64_C(0xffff0000ffff);
    word = (word | word << 8) & UINT64_C(0xff00ff00ff00ff);
    word = (word >> 4 | word << 8) & BYTES_EACH * 0xf;
    letters = (word + BYTES_EACH * 6) >> 4 & BYTES_EACH;
    word = htole64(word + BYTES_EACH * '0' + letters * ('a' - '9' - 1));
    memcpy(p, &word, sizeof word);
    return p + 8;
}

/* Seconds with six decimals, as trafficDate has them. */
static inline char *put_date(char *p, int64_t microseconds)
{
    p = put_unsigned(p, (uint64_t)microseconds / 1000000);
    *p++ = '.';
    return put_six_digits(p, (uint32_t)((uint64_t)microseconds % 1000000));
}

/* Seconds with up to six decimals: no zeros at the end beyond the first decimal. */
static inline char *put_seconds(char *p, int64_t microseconds)
{
    p = put_date(p, microseconds);
    for (int i = 0; i < 5 && p[-1] == '0'; i++)
        p--;
    return p;
}

static inline char *put_two(char *p, int value)
{
    return put_bytes(p, two_digits + value * 2, 2);
}

static inline char *put_date_time(char *p, int64_t seconds)
{
    struct date date = calendar_date(seconds / DAY_SECONDS);
    int second = (int)(seconds % DAY_SECONDS);

    p = put_two(p, date.year / 100);
    p = put_two(p, date.year % 100);
    *p++ = '-';
    p = put_two(p, date.month);
    *p++ = '-';
    p = put_two(p, date.day);
    *p++ = 'T';
    p = put_two(p, second / 3600);
    *p++ = ':';
    p = put_two(p, second / 60 % 60);
    *p++ = ':';
    return put_two(p, second % 60);
}

/* RFC 3339, UTC, whole seconds. Readers take no time outside of the years 1970 to 9999. */
static inline char *put_second(char *p, int64_t seconds)
{
    p = put_date_time(p, seconds);
    *p++ = 'Z';
    return p;
}

/* The same with microseconds. */
static inline char *put_timestamp(char *p, int64_t microseconds)
{
    p = put_date_time(p, microseconds / 1000000);
    *p++ = '.';
    p = put_six_digits(p, (uint32_t)(microseconds % 1000000));
    *p++ = 'Z';
    return p;
}

/* What follows needs room for as much as the longest address, or word, takes. */

static inline char *put_address(char *p, const struct address *address)
{
    return p + address_format(address, p); /* its NUL is overwritten */
}

/* An address, and where there are ports, its port; IPv6 is then in brackets. */
static inline char *put_endpoint(char *p, const struct address *address, bool has_ports,
                                 uint16_t port)
{
    bool brackets = address->family == 6 && has_ports;

    if (brackets)
        *p++ = '[';
    p = put_address(p, address);
    if (brackets)
        *p++ = ']';
    if (!has_ports)
        return p;
    *p++ = ':';
    return put_unsigned(p, port);
}

static inline char *put_name_source(char *p, enum name_source source)
{
    switch (source) {
    case NAME_SESSION:
        return put_literal(p, "session");
    case NAME_PASSIVE:
        return put_literal(p, "passive");
    case NAME_CACHE:
        return put_literal(p, "cache");
    case NAME_ORIGINAL:
    case NAME_OTHER:
        break;
    }
    return put_literal(p, "original");
}

static inline char *put_quote(char *p)
{
    *p++ = '"';
    return p;
}

/* A protocol that has a word (struct record), in quotes. */
static inline char *put_proto(char *p, uint8_t proto)
{
    switch (proto) {
    case IPPROTO_TCP:
        return put_literal(p, "\"tcp\"");
    case IPPROTO_UDP:
        return put_literal(p, "\"udp\"");
    case IPPROTO_ICMP:
        return put_literal(p, "\"icmp\"");
    default:
        return put_literal(p, "\"icmp6\"");
    }
}

/* The fields, if they are known, that say how counts came about. */
static inline char *put_measured(char *p, enum bytes_from bytes_from, uint64_t sampling)
{
    if (bytes_from == BYTES_FROM_IP)
        p = put_literal(p, ",\"bytesFrom\":\"ip\"");
    if (bytes_from == BYTES_FROM_FRAME)
        p = put_literal(p, ",\"bytesFrom\":\"frame\"");
    return sampling > 0 ? put_unsigned(put_literal(p, ",\"sampling\":"), sampling) : p;
}

#endif
