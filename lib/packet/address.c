/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/address.h"

#include "base/bytes.h"
#include "base/number.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

int address_compare(const struct address *a, const struct address *b)
{
    if (a->family != b->family)
        return a->family - b->family;
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* Each octet with a dot behind it, in four characters. */
static const char octets[] =
    "0.  1.  2.  3.  4.  5.  6.  7.  8.  9.  10. 11. 12. 13. 14. 15. 16. 17. 18. 19. "
    "20. 21. 22. 23. 24. 25. 26. 27. 28. 29. 30. 31. 32. 33. 34. 35. 36. 37. 38. 39. "
    "40. 41. 42. 43. 44. 45. 46. 47. 48. 49. 50. 51. 52. 53. 54. 55. 56. 57. 58. 59. "
    "60. 61. 62. 63. 64. 65. 66. 67. 68. 69. 70. 71. 72. 73. 74. 75. 76. 77. 78. 79. "
    "80. 81. 82. 83. 84. 85. 86. 87. 88. 89. 90. 91. 92. 93. 94. 95. 96. 97. 98. 99. "
    "100.101.102.103.104.105.106.107.108.109.110.111.112.113.114.115.116.117.118.119."
    "120.121.122.123.124.125.126.127.128.129.130.131.132.133.134.135.136.137.138.139."
    "140.141.142.143.144.145.146.147.148.149.150.151.152.153.154.155.156.157.158.159."
    "160.161.162.163.164.165.166.167.168.169.170.171.172.173.174.175.176.177.178.179."
    "180.181.182.183.184.185.186.187.188.189.190.191.192.193.194.195.196.197.198.199."
    "200.201.202.203.204.205.206.207.208.209.210.211.212.213.214.215.216.217.218.219."
    "220.221.222.223.224.225.226.227.228.229.230.231.232.233.234.235.236.237.238.239."
    "240.241.242.243.244.245.246.247.248.249.250.251.252.253.254.255.";

static char *format_ipv4(char *p, const uint8_t *bytes)
{
    for (int i = 0; i < 4; i++) {
        memcpy(p, octets + (size_t)bytes[i] * 4, 4);
        p += 2 + (bytes[i] >= 10) + (bytes[i] >= 100);
    }
    return p - 1;
}

static char *format_group(char *p, unsigned group)
{
    static const char digits[] = "0123456789abcdef";

    for (int shift = 12; shift >= 0; shift -= 4)
        if (group >> shift != 0 || shift == 0)
            *p++ = digits[group >> shift & 15];
    return p;
}

/* Finds the longest run of at least two zero groups, the first if equal; length 0: none. */
static int longest_zeros(const uint8_t *bytes, int *start)
{
    int best = 1, run = 0;

    for (int i = 0; i < 8; i++) {
        run = be16(bytes + 2 * i) == 0 ? run + 1 : 0;
        if (run > best) {
            best = run;
            *start = i + 1 - run;
        }
    }
    return best > 1 ? best : 0;
}

static char *format_ipv6(char *p, const uint8_t *bytes)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    int start = 8, zeros = longest_zeros(bytes, &start);

    if (memcmp(bytes, mapped, sizeof mapped) == 0) {
        memcpy(p, "::ffff:", 7);
        return format_ipv4(p + 7, bytes + 12);
    }
    for (int i = 0; i < 8; i++) {
        if (i == start) {
            *p++ = ':';
            i += zeros - 1;
            if (i == 7)
                *p++ = ':';
            continue;
        }
        if (i > 0)
            *p++ = ':';
        p = format_group(p, be16(bytes + 2 * i));
    }
    return p;
}

size_t address_format(const struct address *address, char text[ADDRESS_TEXT])
{
    char *end = address->family == 6 ? format_ipv6(text, address->bytes)
                                     : format_ipv4(text, address->bytes);

    *end = '\0';
    return (size_t)(end - text);
}

/* A bit for each character, of 7 to 15, that is a dot. */
static unsigned find_dots(const uint8_t *text, size_t length)
{
    if (length < 8)
        return bytes_where(le_short(text, length), '.');
    return bytes_where(le64(text), '.') | bytes_where(le64(text + length - 8), '.') << (length - 8);
}

/*
 * A number of one to three digits, which are the upper ones of the lower 24 bits, the first digit
 * lowest; other bits do not matter. Sets *wrong if it is above 255, or has leading zeros.
 */
static uint32_t read_octet(uint32_t word, unsigned digits, bool *wrong)
{
    static const uint32_t least[4] = {0, 0, 0x000100, 0x010000}, most = 0x020505; /* in digits */
    uint32_t in_digits;

    word = (word ^ 0x303030) & 0xffffff & 0xffffffu << (24 - 8 * digits);
    in_digits = __builtin_bswap32(word) >> 8;
    *wrong |= (((word + 0x767676) | word) & 0x808080) != 0 || in_digits < least[digits] ||
              in_digits > most;
    return word * (100 << 16 | 10 << 8 | 1) >> 16 & 0xff;
}

/*
 * Four numbers from 0 to 255 without leading zeros. No branch depends on how many digits a number
 * has, since nothing foretells that.
 */
static inline bool read_ipv4(const char *text, size_t length, uint8_t bytes[4])
{
    const uint8_t *p = (const uint8_t *)text;
    unsigned dots, ends[3], digits[4];
    uint32_t word;
    bool wrong = false;

    if (length < 7 || length > 15)
        return false;
    dots = find_dots(p, length);
    for (int i = 0; i < 3; i++, dots &= dots - 1) {
        if (dots == 0)
            return false;
        ends[i] = (unsigned)__builtin_ctz(dots);
        digits[i] = i == 0 ? ends[0] : ends[i] - ends[i - 1] - 1;
    }
    digits[3] = (unsigned)length - ends[2] - 1;
    for (int i = 0; i < 4; i++)
        wrong |= digits[i] - 1 > 2;
    if (wrong || dots != 0)
        return false;
    word = read_octet(le32(p) << (24 - 8 * digits[0]), digits[0], &wrong);
    word |= read_octet(le32(p + ends[1] - 3), digits[1], &wrong) << 8;
    word |= read_octet(le32(p + ends[2] - 3), digits[2], &wrong) << 16;
    word |= read_octet(le32(p + length - 4) >> 8, digits[3], &wrong) << 24;
    word = htole32(word);
    memcpy(bytes, &word, sizeof word);
    return !wrong;
}

/* Reads up to four hexadecimal digits; returns the place behind. */
static const char *read_group(const char *p, const char *end, uint8_t bytes[2])
{
    const char *limit = end - p > 4 ? p + 4 : end;
    unsigned value = 0, digit;

    for (; p < limit && (digit = hex_value(*p)) < 16; p++)
        value = value << 4 | digit;
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
    return p;
}

#define NO_GAP SIZE_MAX

/* Puts the groups behind a gap at the end. */
static bool close_gap(uint8_t bytes[16], size_t groups, size_t gap)
{
    size_t behind = groups - gap;

    if (gap == NO_GAP || groups == 8)
        return gap == NO_GAP && groups == 8;
    memmove(bytes + 16 - 2 * behind, bytes + 2 * gap, 2 * behind);
    memset(bytes + 2 * gap, 0, 16 - 2 * groups);
    return true;
}

/* As in RFC 4291, 2.2: groups, of which :: leaves some out, and perhaps IPv4 as the last two. */
static bool read_ipv6(const char *text, size_t length, uint8_t bytes[16])
{
    const char *p = text, *end = text + length;
    size_t groups = 0, gap = NO_GAP;

    if (length >= 2 && memcmp(text, "::", 2) == 0) {
        gap = 0;
        p += 2;
    }
    while (p < end) {
        const char *group = p;

        if (groups == 8)
            return false;
        p = read_group(p, end, bytes + 2 * groups);
        if (p < end && *p == '.')
            return groups <= 6 && read_ipv4(group, (size_t)(end - group), bytes + 2 * groups) &&
                   close_gap(bytes, groups + 2, gap);
        groups++;
        if (p == group || p == end)
            return p > group && close_gap(bytes, groups, gap);
        if (*p++ != ':' || p == end || (*p == ':' && gap != NO_GAP))
            return false;
        if (*p == ':') {
            gap = groups;
            p++;
        }
    }
    return close_gap(bytes, groups, gap);
}

bool address_read(const char *text, size_t length, struct address *address)
{
    uint8_t bytes[16];

    if (read_ipv4(text, length, bytes))
        address_set(address, 4, bytes);
    else if (read_ipv6(text, length, bytes))
        address_set(address, 6, bytes);
    else
        return false;
    return true;
}
