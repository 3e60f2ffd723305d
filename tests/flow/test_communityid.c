/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Community ID v1: the vectors of the specification (github.com/corelight/community-id-spec) in
 * both directions, and the results of a second implementation in corner cases.
 */
#include "../tap.h"
#include "flow/communityid.h"

#include <netinet/in.h>

static void test_vectors(void)
{
    static const struct {
        const char *src, *dst;
        uint8_t proto;
        uint16_t sport, dport;
        const char *want;
    } cases[] = {
        {"128.232.110.120", "66.35.250.204", 6, 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
        {"66.35.250.204", "128.232.110.120", 6, 80, 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
        {"192.168.1.52", "8.8.8.8", 17, 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
        {"8.8.8.8", "192.168.1.52", 17, 53, 54585, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
        {"192.168.0.89", "192.168.0.1", 1, 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
        {"192.168.0.1", "192.168.0.89", 1, 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
        {"10.0.0.1", "10.0.0.2", 1, 11, 0, "1:YHxtAirCG//0OzkcVAukqKQN9xM="},
        {"10.0.0.2", "10.0.0.1", 1, 11, 0, "1:c5iqfdGYsNWhMJVcYXWPNWbpnKs="},
        {"fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, 135, 0,
         "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
        {"fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 58, 136, 0,
         "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
        {"2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 6, 63943, 25,
         "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
        {"2607:f8b0:400c:c03::1a", "2001:470:e5bf:dead:4957:2174:e82c:4887", 6, 25, 63943,
         "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
        {"192.168.170.8", "192.168.170.56", 132, 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
        {"127.0.0.1", "127.0.0.1", 6, 50000, 80, "1:jG7HJaxo5f/efFe+PrQaZXQMQzw="},
        {"127.0.0.1", "127.0.0.1", 6, 80, 50000, "1:jG7HJaxo5f/efFe+PrQaZXQMQzw="},
        {"10.0.0.2", "10.0.0.1", 1, 13, 0, "1:th9CqcxflNss8X17pecPidKDzKw="},
        {"10.0.0.1", "10.0.0.2", 1, 14, 0, "1:th9CqcxflNss8X17pecPidKDzKw="},
        {"10.0.0.2", "10.0.0.1", 1, 3, 1, "1:JHjlyD5IJJjl3wHWOMj46lLWZag="},
        {"10.0.0.1", "10.0.0.2", 1, 3, 1, "1:gkoOC4ouXvyYq0Ek/WqwbLoqcxM="},
        {"fe80::2", "fe80::1", 58, 1, 4, "1:KP7k20289QLlEmMHLKdRgaeGmfo="},
        {"fe80::1", "fe80::2", 58, 1, 4, "1:PQpOWBr5/ICePGOnTMaFJZeK2us="},
        {"fe80::1", "fe80::2", 58, 128, 0, "1:3H+V/JVcqh/phPel5utt4dOKqOU="},
        {"fe80::2", "fe80::1", 58, 129, 0, "1:3H+V/JVcqh/phPel5utt4dOKqOU="},
        {"255.255.255.255", "0.0.0.0", 17, 65535, 0, "1:WxXnfU8dgITMAInEo8bdS1Btk4A="},
        {"fe80::2", "fe80::1", 58, 8, 0, "1:hPMyVe8Vidjj4pcbBjoZkyY+QfM="},
        {"10.0.0.2", "10.0.0.1", 1, 128, 0, "1:Hx5o+N1D2WqThmtyZEj8tZ6CpDg="},
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

/* Each request has the id of its answer; a type without an answer has one id per direction. */
static void test_icmp_pairs(void)
{
    static const struct {
        uint8_t proto, type, counterpart; /* counterpart 255: none */
    } cases[] = {
        {IPPROTO_ICMP, 8, 0},       {IPPROTO_ICMP, 10, 9},      {IPPROTO_ICMP, 13, 14},
        {IPPROTO_ICMP, 15, 16},     {IPPROTO_ICMP, 17, 18},     {IPPROTO_ICMP, 3, 255},
        {IPPROTO_ICMP, 5, 255},     {IPPROTO_ICMP, 11, 255},    {IPPROTO_ICMP, 12, 255},
        {IPPROTO_ICMPV6, 128, 129}, {IPPROTO_ICMPV6, 130, 131}, {IPPROTO_ICMPV6, 133, 134},
        {IPPROTO_ICMPV6, 135, 136}, {IPPROTO_ICMPV6, 139, 140}, {IPPROTO_ICMPV6, 144, 145},
        {IPPROTO_ICMPV6, 1, 255},   {IPPROTO_ICMPV6, 2, 255},   {IPPROTO_ICMPV6, 143, 255},
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
