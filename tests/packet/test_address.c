/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses: text and order.
 */
#include "../tap.h"
#include "packet/address.h"

#include <arpa/inet.h>

static struct address parsed(const char *text)
{
    struct address address = {0};

    need(address_parse(text, &address), text);
    return address;
}

/* Text in, text out: RFC 5952 for IPv6. */
static void test_text(void)
{
    static const struct {
        const char *text, *want;
        int family;
    } cases[] = {
        {"0.0.0.0", "0.0.0.0", 4},
        {"255.255.255.255", "255.255.255.255", 4},
        {"1.20.100.9", "1.20.100.9", 4},
        {"10.0.99.200", "10.0.99.200", 4},
        {"::", "::", 6},
        {"::1", "::1", 6},
        {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1", 6},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 6},
        {"fe80:0:0:0:0:0:0:0", "fe80::", 6},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1", 6},
        {"1:0002:003:4:5:6:7:8", "1:2:3:4:5:6:7:8", 6},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         6},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address address = parsed(cases[i].text);
        char text[ADDRESS_TEXT];
        size_t length = address_format(&address, text);

        is_str(text, cases[i].want, "text of %s", cases[i].text);
        is_int(length, strlen(cases[i].want), "length of the text of %s", cases[i].text);
        is_int(address.family, cases[i].family, "family of %s", cases[i].text);
    }
}

static void test_bad_text(void)
{
    static const char *const cases[] = {
        "",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.-4",
        "1.2.3.4/32",
        "0x1.2.3.4",
        "example.com",
        ":",
        ":::",
        "1::2::3",
        "12345::",
        "g::",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7",
        "fe80::1%eth0",
        "[::1]",
        "::1.2.3",
        "1.2.3.4:80",
        "1..2.3",
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address address;

        ok(!address_parse(cases[i], &address), "'%s' is not an address", cases[i]);
    }
}

/* Any byte at any place of an IPv4 address, however long its numbers are: as inet_pton reads it. */
static void test_any_byte(void)
{
    static const char *const numbers[] = {"1", "17", "171"};
    size_t differ = 0;

    for (unsigned i = 0; i < 3 * 3 * 3 * 3; i++) {
        char text[16];
        int length = snprintf(text, sizeof text, "%s.%s.%s.%s", numbers[i % 3], numbers[i / 3 % 3],
                              numbers[i / 9 % 3], numbers[i / 27]);

        for (int at = 0; at < length; at++) {
            char before = text[at];

            for (int byte = 1; byte < 256; byte++) {
                struct address address = {.family = 0};
                uint8_t want[4];

                text[at] = (char)byte;
                differ += inet_pton(AF_INET, text, want) == 1
                              ? !address_parse(text, &address) || address.family != 4 ||
                                    memcmp(address.bytes, want, sizeof want) != 0
                              : address_parse(text, &address);
            }
            text[at] = before;
        }
    }
    is_int(differ, 0, "any byte in an IPv4 address: as inet_pton reads it");
}

/* Texts of random parts are IPv6 addresses whenever inet_pton says so, and the same ones. */
static void test_random_text(void)
{
    static const char *const parts[] = {":",       ":",     ":",  "::",   "0",     "1",
                                        "ab",      "fFf",   "12", "0012", "12345", "g",
                                        "1.2.3.4", "1.2.3", ".",  "255"};
    uint32_t state = 1;
    unsigned addresses = 0, differ = 0;

    for (unsigned i = 0; i < 400000; i++) {
        char text[200] = "";
        uint8_t want[16];
        struct address address = {.family = 0};
        unsigned count = 1 + i % 17;

        for (unsigned part = 0; part < count; part++) {
            state = state * 1664525 + 1013904223;
            /* Groups and colons in turn, most often. */
            strcat(text, parts[part % 2 == 1 && state >> 31 ? 0 : state >> 24 & 15]);
        }
        if (inet_pton(AF_INET6, text, want) == 1) {
            addresses++;
            differ += !address_parse(text, &address) || address.family != 6 ||
                      memcmp(address.bytes, want, sizeof want) != 0;
        } else if (inet_pton(AF_INET, text, want) != 1) {
            differ += address_parse(text, &address);
        }
    }
    ok(addresses > 1000, "random texts: some are addresses");
    is_int(differ, 0, "random texts: as inet_pton reads them");
}

static void test_wire(void)
{
    static const uint8_t wire[] = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    struct address address, same;
    char text[ADDRESS_TEXT];

    memset(&address, 0xee, sizeof address);
    address_set(&address, 4, wire);
    address_format(&address, text);
    is_str(text, "32.1.13.184", "an IPv4 address from the wire");
    same = parsed("32.1.13.184");
    ok(address_equal(&address, &same), "it equals the parsed one: the rest is zero");
    address_set(&address, 6, wire);
    address_format(&address, text);
    is_str(text, "2001:db8:102:304:506:708:90a:b0c", "an IPv6 address from the wire");
    ok(!address_equal(&address, &same), "it differs from the IPv4 address");
    address = parsed("2001:db8::");
    same = parsed("32.1.13.184");
    ok(!address_equal(&address, &same), "equal bytes of another family differ");
}

static void test_order(void)
{
    static const char *const ascending[] = {
        "0.0.0.0", "1.0.0.255", "1.0.1.0",      "127.255.255.255", "128.0.0.0", "255.255.255.255",
        "::",      "::1",       "2001:db8::ff", "2001:db8::100",   "fe80::",    "ff02::1"};
    size_t n = sizeof ascending / sizeof *ascending;

    for (size_t i = 0; i < n; i++) {
        struct address a = parsed(ascending[i]);
        bool right = true;

        for (size_t j = 0; j < n; j++) {
            struct address b = parsed(ascending[j]);
            int order = address_compare(&a, &b);

            right = right && (i < j ? order < 0 : i > j ? order > 0 : order == 0);
        }
        ok(right, "the place of %s in the order", ascending[i]);
    }
}

/* For every pattern of zero groups, the text equals the C library's. */
static void test_format_like_libc(void)
{
    int differ = 0;

    for (unsigned zeros = 0; zeros < 256; zeros++) {
        struct address address = {.family = 6};
        char text[ADDRESS_TEXT], want[ADDRESS_TEXT];

        for (unsigned i = 0; i < 8; i++) {
            unsigned group = zeros >> i & 1 ? 0 : (i * 0x1357u + zeros * 0x35u) % 0xffffu + 1;

            group = zeros % 3 == 0 && group > 0 ? group % 0x1fu + 1 : group;
            address.bytes[2 * i] = (uint8_t)(group >> 8);
            address.bytes[2 * i + 1] = (uint8_t)group;
        }
        inet_ntop(AF_INET6, address.bytes, want, sizeof want);
        if ((zeros & 0x7f) == 0x3f) /* ::1.2.3.4 is deprecated, RFC 4291 section 2.5.5.1 */
            continue;
        differ += address_format(&address, text) != strlen(want) || strcmp(text, want) != 0;
    }
    is_int(differ, 0, "IPv6 texts that differ from inet_ntop's");
}

int main(void)
{
    test_format_like_libc();
    test_text();
    test_bad_text();
    test_any_byte();
    test_random_text();
    test_wire();
    test_order();
    return done();
}
