/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS in pieces: segments of a few connections or fragments of a few datagrams, each as its kind
 * (one byte), the offset of its first byte (three bytes), its length (two bytes), and its bytes.
 */
#include "name/dnstcp.h"

#include "fuzz.h"
#include "name/dnsfragment.h"

enum { FLOW = 3, SYN = 4, FRAGMENT = 8, FIRST = 16, CUT = 32, IPV6 = 64 };

static enum result tell(void *context, const struct address *address, const char *name,
                        size_t length)
{
    (void)context;
    must(address->family == 4 || address->family == 6);
    must(length > 0 && length < DNS_NAME_TEXT && name[length] == '\0' &&
         fuzz_is_word(name, length));
    return RESULT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz = {data, size};
    struct dnsfragment *dnsfragment;
    struct dnstcp *dnstcp;

    must(dnstcp_init(&dnstcp) == RESULT_OK && dnsfragment_init(&dnsfragment) == RESULT_OK);
    while (fuzz.left > 0) {
        unsigned kind = fuzz_number(&fuzz, 1), place = fuzz_number(&fuzz, 3);
        size_t length = fuzz_number(&fuzz, 2);
        uint8_t *bytes = fuzz_bytes(&fuzz, &length);
        struct packet packet = {
            .src = {.bytes = {10, 0, 0, 1}, .family = kind & IPV6 ? 6 : 4},
            .dst = {.bytes = {10, 0, 0, 2}, .family = kind & IPV6 ? 6 : 4},
            .sport = PORT_DNS,
            .dport = (uint16_t)(50000 + (kind & FLOW)),
            .proto = kind & FRAGMENT ? IPPROTO_UDP : IPPROTO_TCP,
            .tcp_flags = (uint8_t)(TCP_ACK | (kind & SYN ? TCP_SYN : 0)),
            .tcp_sequence = UINT32_MAX - 1000 + place, /* it wraps */
            .bytes = (uint32_t)length + (kind & CUT ? 1 : 0),
            .payload = bytes,
            .captured = (uint32_t)length,
            .is_fragment = kind & FRAGMENT,
            .fragment = {.id = place >> 16, .at = kind & FIRST ? 0 : place & 0xffff},
        };
        enum result result;

        if (kind & FIRST)
            packet.fragment.bytes = place & 0xffff;
        result = kind & FRAGMENT ? dnsfragment_read(dnsfragment, &packet, tell, NULL)
                                 : dnstcp_read(dnstcp, &packet, tell, NULL);
        must(result == RESULT_OK || (kind & FRAGMENT && result == RESULT_DAMAGED));
        free(bytes);
    }
    dnsfragment_destroy(&dnsfragment);
    dnstcp_destroy(&dnstcp);
    return 0;
}
