/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP addresses and their text form.
 */
#ifndef SECFLOW_ADDRESS_H
#define SECFLOW_ADDRESS_H

#include "base/result.h"

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct address {
    union {
        uint8_t bytes[16]; /* network byte order; IPv4: the first four, then zeros */
        uint64_t words[2]; /* the same, for comparing and hashing */
    };
    uint8_t family; /* 4 or 6 */
};

/* Space for the longest text of an address and a NUL. */
#define ADDRESS_TEXT 46

/* Copies an address of either family from wire format. */
static inline void address_set(struct address *address, uint8_t family, const uint8_t *bytes)
{
    address->family = family;
    if (family == 4) {
        uint64_t word = 0;

        memcpy(&word, bytes, 4);
        address->words[0] = word;
        address->words[1] = 0;
    } else {
        memcpy(address->bytes, bytes, 16);
    }
}

static inline bool address_equal(const struct address *a, const struct address *b)
{
    return a->words[0] == b->words[0] && a->words[1] == b->words[1] && a->family == b->family;
}

/* Compares numerically, IPv4 before IPv6: negative, 0 or positive. */
int address_compare(const struct address *a, const struct address *b);

/* Writes the text (IPv6 as in RFC 5952) and a NUL; returns its length without the NUL. */
size_t address_format(const struct address *address, char text[ADDRESS_TEXT]);

/* Parses an address. False if the text, of that length, is not one written in full. */
MUST_CHECK bool address_read(const char *text, size_t length, struct address *address);

/* The same for a NUL-terminated text. */
MUST_CHECK static inline bool address_parse(const char *text, struct address *address)
{
    return address_read(text, strlen(text), address);
}

/* True for protocols with ports: TCP and UDP, not ICMP and ICMPv6. */
static inline bool has_ports(uint8_t proto)
{
    return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

#endif
