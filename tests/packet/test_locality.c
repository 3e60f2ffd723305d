/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which addresses are local.
 */
#include "../tap.h"
#include "packet/locality.h"

static struct address parsed(const char *text)
{
    struct address address = {0};

    need(address_parse(text, &address), text);
    return address;
}

static const struct {
    const char *address;
    bool local;
} registry_cases[] = {
    /* Blocks: the last address before, the first, the last, the first after. */
    {"0.0.0.0", true},
    {"0.255.255.255", true},
    {"1.0.0.0", false},
    {"9.255.255.255", false},
    {"10.0.0.0", true},
    {"10.255.255.255", true},
    {"11.0.0.0", false},
    {"100.63.255.255", false},
    {"100.64.0.0", true},
    {"100.127.255.255", true},
    {"100.128.0.0", false},
    {"126.255.255.255", false},
    {"127.0.0.1", true},
    {"128.0.0.0", false},
    {"169.253.255.255", false},
    {"169.254.0.0", true},
    {"169.254.255.255", true},
    {"169.255.0.0", false},
    {"172.15.255.255", false},
    {"172.16.0.0", true},
    {"172.31.255.255", true},
    {"172.32.0.0", false},
    {"191.255.255.255", false},
    {"192.0.0.0", true},
    {"192.0.0.8", true},
    {"192.0.0.9", false},
    {"192.0.0.10", false},
    {"192.0.0.11", true},
    {"192.0.0.170", true},
    {"192.0.0.255", true},
    {"192.0.1.0", false},
    {"192.0.2.0", true},
    {"192.0.2.255", true},
    {"192.0.3.0", false},
    {"192.31.196.1", false}, /* AS112 */
    {"192.52.193.1", false}, /* AMT */
    {"192.88.99.1", false},  /* 6to4 relay anycast: deprecated, N/A */
    {"192.88.99.2", true},   /* 6a44 relay anycast */
    {"192.88.99.3", false},
    {"192.167.255.255", false},
    {"192.168.0.0", true},
    {"192.168.255.255", true},
    {"192.169.0.0", false},
    {"192.175.48.1", false}, /* direct delegation AS112 */
    {"198.17.255.255", false},
    {"198.18.0.0", true},
    {"198.19.255.255", true},
    {"198.20.0.0", false},
    {"198.51.99.255", false},
    {"198.51.100.0", true},
    {"198.51.100.255", true},
    {"198.51.101.0", false},
    {"203.0.112.255", false},
    {"203.0.113.0", true},
    {"203.0.113.255", true},
    {"203.0.114.0", false},
    {"223.255.255.255", false},
    {"224.0.0.0", true},
    {"239.255.255.255", true},
    {"240.0.0.0", true},
    {"255.255.255.254", true},
    {"255.255.255.255", true},
    {"8.8.8.8", false},
    {"::", true},
    {"::1", true},
    {"::2", false},
    {"::ffff:8.8.8.8", true},
    {"64:ff9b::808:808", false}, /* translation, globally reachable */
    {"64:ff9b:1::", true},
    {"64:ff9b:1:ffff:ffff:ffff:ffff:ffff", true},
    {"64:ff9b:2::", false},
    {"100::", true},
    {"100::ffff:ffff:ffff:ffff", true},
    {"100:0:0:1::", true},
    {"100:0:0:1:ffff:ffff:ffff:ffff", true},
    {"100:0:0:2::", false},
    {"2001::1", true}, /* Teredo: N/A, the block around it is not globally reachable */
    {"2001:1::1", false},
    {"2001:1::2", false},
    {"2001:1::3", false},
    {"2001:1::4", true},
    {"2001:2::", true},
    {"2001:2:0:ffff:ffff:ffff:ffff:ffff", true},
    {"2001:2:1::", true}, /* after benchmarking, within 2001::/23 */
    {"2001:3::1", false},
    {"2001:3:ffff::", false},
    {"2001:4::", true},
    {"2001:4:111::1", true},
    {"2001:4:112::1", false},
    {"2001:4:112:ffff:ffff:ffff:ffff:ffff", false},
    {"2001:4:113::1", true},
    {"2001:1f::1", true},
    {"2001:20::1", false},
    {"2001:2f:ffff::1", false},
    {"2001:30::1", false},
    {"2001:3f:ffff::1", false},
    {"2001:40::1", true},
    {"2001:1ff:ffff::", true},
    {"2001:200::", false},
    {"2001:db7:ffff::", false},
    {"2001:db8::", true},
    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true},
    {"2001:db9::", false},
    {"2001:4860:4860::8888", false},
    {"2002:808:808::1", false}, /* 6to4: N/A */
    {"2606:4700::", false},
    {"2620:4f:8000::1", false},
    {"3ffe:ffff::", false},
    {"3fff::", true},
    {"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", true},
    {"3fff:1000::", false},
    {"5eff:ffff::", false},
    {"5f00::", true},
    {"5f00:ffff::1", true},
    {"5f01::", false},
    {"fbff:ffff::", false},
    {"fc00::", true},
    {"fd12:3456::1", true},
    {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
    {"fe00::", false},
    {"fe7f:ffff::", false},
    {"fe80::1", true},
    {"febf:ffff::", true},
    {"fec0::", true}, /* site-local */
    {"feff:ffff::", true},
    {"ff00::", true},
    {"ff02::fb", true},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
};

static void test_registry(void)
{
    struct locality *locality;

    need(locality_init(&locality) == RESULT_OK, "locality_init");
    for (size_t i = 0; i < sizeof registry_cases / sizeof *registry_cases; i++) {
        struct address address = parsed(registry_cases[i].address);

        is_int(locality_has(locality, &address), registry_cases[i].local, "%s is %s",
               registry_cases[i].address, registry_cases[i].local ? "local" : "global");
    }
    locality_destroy(&locality);
    ok(!locality, "destroying clears the pointer");
    locality_destroy(&locality);
}

/* Each network alone in its own set: an address within it, and its neighbors outside. */
static void test_networks(void)
{
    static const struct {
        const char *network, *below, *inside, *above;
    } cases[] = {
        {"8.8.8.8", "8.8.8.7", "8.8.8.8", "8.8.8.9"},
        {"8.8.8.8/32", "8.8.8.7", "8.8.8.8", "8.8.8.9"},
        {"8.8.8.9/31", "8.8.8.7", "8.8.8.8", "8.8.8.10"},
        {"8.8.8.77/24", "8.8.7.255", "8.8.8.255", "8.8.9.0"},
        {"8.0.0.0/8", "7.255.255.255", "8.200.1.2", "9.0.0.0"},
        {"8.0.0.0/7", "7.255.255.255", "9.255.255.255", "11.0.0.0"},
        {"192.0.0.9/32", "192.0.1.0", "192.0.0.9", "192.0.0.10"},
        {"2606:4700::", "2606:46ff::", "2606:4700::", "2606:4700::1"},
        {"2606:4700::/128", "2606:46ff::", "2606:4700::", "2606:4700::1"},
        {"2606:4700::ff/120", "2606:4700:1::", "2606:4700::", "2606:4700::100"},
        {"2606:4700::/64", "2606:46ff:ffff::", "2606:4700::ffff:0:0:0", "2606:4700:0:1::"},
        {"2606:4700::/65", "2606:46ff:ffff::", "2606:4700::7fff:0:0:0", "2606:4700::8000:0:0:0"},
        {"2606:4700::/32", "2606:46ff:ffff::", "2606:4700:ffff::", "2606:4701::"},
        {"2600::/8", "25ff::", "26ff:ffff::1", "2700::"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address below = parsed(cases[i].below), inside = parsed(cases[i].inside);
        struct address above = parsed(cases[i].above), other = parsed("172.20.1.1");
        struct locality *locality;

        need(locality_init(&locality) == RESULT_OK, "locality_init");
        ok(!locality_has(locality, &below), "%s begins global", cases[i].below);
        ok(!locality_has(locality, &inside), "%s begins global", cases[i].inside);
        is_int(locality_add(locality, cases[i].network), RESULT_OK, "-L %s", cases[i].network);
        ok(locality_has(locality, &inside), "%s holds %s", cases[i].network, cases[i].inside);
        ok(!locality_has(locality, &below), "%s lacks %s", cases[i].network, cases[i].below);
        ok(!locality_has(locality, &above), "%s lacks %s", cases[i].network, cases[i].above);
        ok(locality_has(locality, &other), "the registry holds beside %s", cases[i].network);
        locality_destroy(&locality);
    }
}

static void test_whole_families(void)
{
    struct address v4 = parsed("8.8.8.8"), v6 = parsed("2606:4700::1"), exception;
    struct locality *locality;

    need(locality_init(&locality) == RESULT_OK, "locality_init");
    is_int(locality_add(locality, "0.0.0.0/0"), RESULT_OK, "-L 0.0.0.0/0");
    ok(locality_has(locality, &v4), "then all of IPv4 is local");
    exception = parsed("192.0.0.9");
    ok(locality_has(locality, &exception), "the global exceptions too");
    ok(!locality_has(locality, &v6), "and IPv6 is not");
    is_int(locality_add(locality, "::/0"), RESULT_OK, "-L ::/0");
    ok(locality_has(locality, &v6), "then all of IPv6 is local");
    exception = parsed("2001:4:112::1");
    ok(locality_has(locality, &exception), "its global exceptions too");
    locality_destroy(&locality);
}

static void test_many_networks(void)
{
    static const char *const networks[] = {"2606:4700:1::/48", "8.8.0.0/16", "8.8.8.8",
                                           "8.9.0.0/16", "2606:4700:1:2::/64"};
    struct address inside = parsed("8.9.1.1"), outside = parsed("8.10.1.1");
    struct address inside6 = parsed("2606:4700:1:3::1"), outside6 = parsed("2606:4700:2::1");
    struct locality *locality;

    need(locality_init(&locality) == RESULT_OK, "locality_init");
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        is_int(locality_add(locality, networks[i]), RESULT_OK, "-L %s", networks[i]);
    ok(locality_has(locality, &inside), "one of several IPv4 networks");
    ok(!locality_has(locality, &outside), "none of several IPv4 networks");
    ok(locality_has(locality, &inside6), "one of several IPv6 networks");
    ok(!locality_has(locality, &outside6), "none of several IPv6 networks");
    locality_destroy(&locality);
}

static void test_bad_networks(void)
{
    static const char *const cases[] = {
        "",
        "/",
        "/8",
        "8.0.0.0/",
        "8.0.0.0/33",
        "8.0.0.0/-1",
        "8.0.0.0/+8",
        "8.0.0.0/ 8",
        "8.0.0.0/8 ",
        "8.0.0.0/8/8",
        "8.0.0.0/0x8",
        "8.0.0.0/8x",
        "8.0.0.0/255.0.0.0",
        "8.0.0.0/4294967304",
        "8.0.0.0/18446744073709551624",
        "8.0.0/8",
        "8/8",
        "2606::/129",
        "2606::/",
        "2606/16",
        "dns.example",
        "2606:4700:0000:0000:0000:0000:0000:0000:0000:0000:0000/32",
    };
    struct address v4 = parsed("8.0.0.0"), v6 = parsed("2606::");
    struct locality *locality;

    need(locality_init(&locality) == RESULT_OK, "locality_init");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_int(locality_add(locality, cases[i]), RESULT_INVALID, "-L '%s' is none", cases[i]);
    ok(!locality_has(locality, &v4) && !locality_has(locality, &v6), "they changed nothing");
    locality_destroy(&locality);
}

int main(void)
{
    test_registry();
    test_networks();
    test_whole_families();
    test_many_networks();
    test_bad_networks();
    return done();
}
