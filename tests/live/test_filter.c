/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcpdump filters on frames of all link types.
 */
#include "../tap.h"
#include "live/filter.h"

/* A UDP packet from 10.0.0.1 port 1000 to 8.8.8.8 port 53. */
#define PACKET                                                                                     \
    0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 8, 8, 8, 8, 0x03, 0xe8, 0, 53, 0, 8, 0, 0

#define LINKTYPE_ETHERNET 1

static const uint8_t raw[] = {PACKET};
static const uint8_t ethernet[] = {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0x08, 0x00, PACKET};
static const uint8_t tagged[] = {0, 0, 0,    0, 0, 1, 0,    0, 0,     0,
                                 0, 2, 0x81, 0, 0, 7, 0x08, 0, PACKET};
static const uint8_t null_little[] = {2, 0, 0, 0, PACKET}, null_big[] = {0, 0, 0, 2, PACKET};
static const uint8_t ppp_direction[] = {1, 0xff, 0x03, 0x00, 0x21, PACKET};

static struct filter *filter;

static void begin(const char *expression)
{
    need(filter_init(&filter, expression) == RESULT_OK, "filter_init");
}

static bool matches(int linktype, const uint8_t *data, size_t captured, size_t length)
{
    struct frame frame = {.data = data,
                          .captured = (uint32_t)captured,
                          .length = (uint32_t)length,
                          .linktype = linktype};
    bool match;

    need(filter_match(filter, &frame, &match) == RESULT_OK, "filter_match");
    return match;
}

static void test_link_types(void)
{
    static const struct {
        const char *name;
        int linktype;
        const uint8_t *data;
        size_t length;
    } cases[] = {
        {"Ethernet", LINKTYPE_ETHERNET, ethernet, sizeof ethernet},
        {"raw IP", LINKTYPE_RAW, raw, sizeof raw},
        {"raw IP by another number", LINKTYPE_RAW_12, raw, sizeof raw},
        {"IPv4", LINKTYPE_IPV4, raw, sizeof raw},
        {"BSD null, little end first", LINKTYPE_NULL, null_little, sizeof null_little},
        {"BSD null, big end first", LINKTYPE_NULL, null_big, sizeof null_big},
        {"BSD loop", LINKTYPE_LOOP, null_big, sizeof null_big},
        {"PPP with a direction", LINKTYPE_PPP_WITH_DIR, ppp_direction, sizeof ppp_direction},
    };
    struct filter *wanted, *other;

    need(filter_init(&wanted, "udp port 53 and dst host 8.8.8.8") == RESULT_OK &&
             filter_init(&other, "tcp or src host 8.8.8.8") == RESULT_OK,
         "filter_init");
    for (int round = 0; round < 2; round++) /* compiled, and as compiled before */
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            filter = wanted;
            ok(matches(cases[i].linktype, cases[i].data, cases[i].length, cases[i].length),
               "%s: it passes", cases[i].name);
            filter = other;
            ok(!matches(cases[i].linktype, cases[i].data, cases[i].length, cases[i].length),
               "%s: through another filter it does not", cases[i].name);
        }
    filter_destroy(&wanted);
    filter_destroy(&other);
    ok(!wanted, "it is gone");
}

static void test_lengths(void)
{
    begin("udp");
    ok(!matches(LINKTYPE_NULL, null_big, 3, sizeof null_big), "less than what is stepped over");
    ok(!matches(LINKTYPE_NULL, null_big, 4, sizeof null_big), "nothing but that");
    ok(!matches(LINKTYPE_ETHERNET, ethernet, 20, sizeof ethernet), "what is cut off is not read");
    filter_destroy(&filter);
    begin("greater 100");
    ok(matches(LINKTYPE_ETHERNET, ethernet, sizeof ethernet, 100), "the length on the wire counts");
    ok(!matches(LINKTYPE_ETHERNET, ethernet, sizeof ethernet, 99), "to the byte");
    ok(!matches(LINKTYPE_NULL, null_big, sizeof null_big, 103), "without what is stepped over");
    ok(matches(LINKTYPE_NULL, null_big, sizeof null_big, 104), "as it says");
    filter_destroy(&filter);
    begin("vlan 7 and udp");
    ok(matches(LINKTYPE_ETHERNET, tagged, sizeof tagged, sizeof tagged), "a tag");
    ok(!matches(LINKTYPE_ETHERNET, ethernet, sizeof ethernet, sizeof ethernet), "and none");
    filter_destroy(&filter);
}

static void test_problems(void)
{
    struct frame frame = {
        .data = raw, .captured = sizeof raw, .length = sizeof raw, .linktype = LINKTYPE_RAW};
    bool match = true;

    begin("nonsense here");
    is_int(filter_compile(filter, LINKTYPE_RAW), RESULT_INVALID, "what is not a filter");
    ok(*filter_problem(filter) != '\0', "it is told why: %s", filter_problem(filter));
    is_int(filter_match(filter, &frame, &match), RESULT_INVALID, "it is not used");
    ok(!match, "nothing passes");
    filter_destroy(&filter);

    begin("ether host 00:00:00:00:00:01");
    is_int(filter_compile(filter, LINKTYPE_ETHERNET), RESULT_OK, "one that fits Ethernet");
    is_int(filter_compile(filter, LINKTYPE_RAW), RESULT_INVALID, "but not raw IP");
    is_int(filter_compile(filter, LINKTYPE_RAW), RESULT_INVALID, "ever");
    ok(matches(LINKTYPE_ETHERNET, ethernet, sizeof ethernet, sizeof ethernet),
       "it is used where it fits");
    filter_destroy(&filter);

    begin("");
    ok(matches(LINKTYPE_RAW, raw, sizeof raw, sizeof raw), "none: all passes");
    for (int linktype = 1000; linktype < 1063; linktype++)
        (void)!filter_compile(filter, linktype);
    is_int(filter_compile(filter, LINKTYPE_ETHERNET), RESULT_INVALID, "link types are bounded");
    is_str(filter_problem(filter), "there are too many link types", "which is told");
    is_int(filter_compile(filter, LINKTYPE_RAW), RESULT_OK, "those before still work");
    filter_destroy(&filter);
    filter_destroy(&filter);
}

static void test_names(void)
{
    is_str(filter_linktype_name(LINKTYPE_ETHERNET), "EN10MB", "Ethernet");
    is_str(filter_linktype_name(LINKTYPE_NULL), "RAW", "what is filtered as raw IP");
    ok(!filter_linktype_name(100000), "none");
}

int main(void)
{
    test_link_types();
    test_lengths();
    test_problems();
    test_names();
    return done();
}
