/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/communityid.h"

#include <netinet/in.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <string.h>

/* The message types that come in pairs of request and answer. */
static const struct {
    uint8_t proto, request, answer;
} icmp_pairs[] = {
    {IPPROTO_ICMP, 8, 0},       {IPPROTO_ICMP, 10, 9},      {IPPROTO_ICMP, 13, 14},
    {IPPROTO_ICMP, 15, 16},     {IPPROTO_ICMP, 17, 18},     {IPPROTO_ICMPV6, 128, 129},
    {IPPROTO_ICMPV6, 130, 131}, {IPPROTO_ICMPV6, 133, 134}, {IPPROTO_ICMPV6, 135, 136},
    {IPPROTO_ICMPV6, 139, 140}, {IPPROTO_ICMPV6, 144, 145},
};

/* True if the tuple has a reverse direction; for an ICMP pair, dport becomes the other type. */
static bool is_two_way(uint8_t proto, uint16_t sport, uint16_t *dport)
{
    if (proto != IPPROTO_ICMP && proto != IPPROTO_ICMPV6)
        return true;
    for (size_t i = 0; i < sizeof icmp_pairs / sizeof *icmp_pairs; i++) {
        uint8_t request = icmp_pairs[i].request, answer = icmp_pairs[i].answer;

        if (icmp_pairs[i].proto == proto && (sport == request || sport == answer)) {
            *dport = sport == request ? answer : request;
            return true;
        }
    }
    return false;
}

void communityid_format(const struct address *src, const struct address *dst, uint8_t proto,
                        uint16_t sport, uint16_t dport, char text[COMMUNITYID_TEXT])
{
    size_t length = src->family == 4 ? 4 : 16;
    bool two_way = is_two_way(proto, sport, &dport);
    int order = memcmp(src->bytes, dst->bytes, length);
    bool swap = two_way && (order > 0 || (order == 0 && sport > dport));
    const struct address *low = swap ? dst : src, *high = swap ? src : dst;
    uint16_t low_port = swap ? dport : sport, high_port = swap ? sport : dport;
    uint8_t tail[] = {proto,
                      0,
                      (uint8_t)(low_port >> 8),
                      (uint8_t)low_port,
                      (uint8_t)(high_port >> 8),
                      (uint8_t)high_port};
    uint8_t digest[SHA1_DIGEST_SIZE];
    struct sha1_ctx sha1;

    sha1_init(&sha1);
    sha1_update(&sha1, 2, (const uint8_t[]){0, 0}); /* the seed */
    sha1_update(&sha1, length, low->bytes);
    sha1_update(&sha1, length, high->bytes);
    sha1_update(&sha1, sizeof tail, tail);
    sha1_digest(&sha1, sizeof digest, digest);
    memcpy(text, "1:", 2);
    base64_encode_raw(text + 2, sizeof digest, digest);
    text[COMMUNITYID_TEXT - 1] = '\0';
}
