/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet module, link layers: IEEE 802.3, 802.2, 802.1Q, 802.1ah, 802.1BR, 802.11, RFC 3032
 * (MPLS), 4385 (its control word), 2516 (PPPoE), 1661 (PPP); Cisco's tags as Wireshark reads them.
 */
#include "base/bytes.h"
#include "packet/decode.h"

/* Continues with the layer that a type at the cursor announces. */
static int next_ethertype(struct descent *descent, uint16_t type)
{
    if (type == ETHERTYPE_IPV4) /* almost always */
        return LAYER_IPV4;
    descent->ethertype = type;
    return LAYER_ETHERTYPE;
}

static int decode_llc(struct descent *descent, struct cursor *cursor)
{
    static const uint8_t snap[] = {0xaa, 0xaa, 0x03};
    uint16_t type;

    if (cursor->captured < 8)
        return PACKET_NOT_IP;
    for (size_t i = 0; i < sizeof snap; i++)
        if (cursor->data[i] != snap[i])
            return PACKET_NOT_IP;
    type = be16(cursor->data + 6);
    cursor_skip(cursor, 8);
    return next_ethertype(descent, type);
}

int decode_ethernet(struct descent *descent, struct cursor *cursor)
{
    uint16_t type;

    if (cursor->captured < 14)
        return PACKET_DAMAGED;
    type = be16(cursor->data + 12);
    cursor_skip(cursor, 14);
    return next_ethertype(descent, type);
}

/* After the label stack, only the first four bits say what follows. */
static int decode_mpls(struct cursor *cursor)
{
    bool bottom = false;

    while (!bottom) {
        if (cursor->captured < 4)
            return PACKET_DAMAGED;
        bottom = cursor->data[2] & 1;
        cursor_skip(cursor, 4);
    }
    if (cursor->captured == 0)
        return PACKET_DAMAGED;
    if (cursor->data[0] >> 4 == 0 && cursor_skip(cursor, 4))
        return LAYER_ETHERNET; /* a pseudowire's control word */
    if (cursor->data[0] >> 4 != 4 && cursor->data[0] >> 4 != 6)
        return PACKET_NOT_IP;
    return LAYER_IP;
}

static int decode_pppoe(struct cursor *cursor)
{
    if (cursor->captured < 6)
        return PACKET_DAMAGED;
    if (cursor->data[0] != 0x11 || cursor->data[1] != 0)
        return PACKET_NOT_IP;
    cursor_skip(cursor, 6);
    return LAYER_PPP;
}

int decode_ppp(struct descent *descent, struct cursor *cursor)
{
    uint16_t protocol;

    if (cursor->captured >= 2 && cursor->data[0] == 0xff && cursor->data[1] == 0x03)
        cursor_skip(cursor, 2);
    if (cursor->captured == 0)
        return cursor->length == 0 ? PACKET_NOT_IP : PACKET_DAMAGED;
    if (cursor->data[0] & 1) { /* the protocol field compressed to one byte */
        protocol = cursor->data[0];
        cursor_skip(cursor, 1);
    } else if (cursor->captured < 2) {
        return PACKET_DAMAGED;
    } else {
        protocol = be16(cursor->data);
        cursor_skip(cursor, 2);
    }
    switch (protocol) {
    case PPP_IPV4:
        return LAYER_IPV4;
    case PPP_IPV6:
        return LAYER_IPV6;
    case PPP_MPLS:
    case PPP_MPLS_MULTICAST:
        return next_ethertype(descent, ETHERTYPE_MPLS);
    default:
        return PACKET_NOT_IP;
    }
}

/* The bytes of a tag, whose last two are the type of what follows; 0: not a tag. */
static uint32_t tag_length(uint16_t type)
{
#define TAG(type, length)                                                                          \
    case type:                                                                                     \
        return length;
    switch (type) {
        ETHERTYPE_TAGS(TAG) /* NOLINT(bugprone-branch-clone): a case for each row of the list */
    default:
        return 0;
    }
#undef TAG
}

/* Skips a header, after which that layer begins. */
static int skip_to(struct cursor *cursor, uint32_t header, enum layer layer)
{
    if (!cursor_skip(cursor, header))
        return PACKET_DAMAGED;
    return layer;
}

int decode_ethertype(struct descent *descent, struct cursor *cursor)
{
    uint16_t type = descent->ethertype;
    uint32_t tag;

    if (!descend(descent))
        return PACKET_DAMAGED;
    /* The most frequent type is not checked for being a tag. */
    while (type != ETHERTYPE_IPV4 && (tag = tag_length(type)) > 0) {
        if (cursor->captured < tag)
            return PACKET_DAMAGED;
        type = be16(cursor->data + tag - 2);
        cursor_skip(cursor, tag);
    }
    if (type < ETHERTYPE_LEAST)
        return decode_llc(descent, cursor);
#define FRAME(type, header)                                                                        \
    case type:                                                                                     \
        return skip_to(cursor, header, LAYER_ETHERNET);
    switch (type) {
    case ETHERTYPE_IPV4:
        return LAYER_IPV4;
    case ETHERTYPE_IPV6:
        return LAYER_IPV6;
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_UPSTREAM:
        return decode_mpls(cursor);
    case ETHERTYPE_PPPOE:
        return decode_pppoe(cursor);
        ETHERTYPE_FRAMES(FRAME)
    default:
        return PACKET_NOT_IP;
    }
#undef FRAME
}

/* Address, control and type; 0xff 0x03 marks PPP in HDLC-like framing, not Cisco's. */
static int decode_hdlc(struct descent *descent, struct cursor *cursor)
{
    uint16_t type;

    if (cursor->captured < 4)
        return PACKET_DAMAGED;
    if (cursor->data[0] != 0x0f && cursor->data[0] != 0x8f)
        return LAYER_PPP;
    type = be16(cursor->data + 2);
    cursor_skip(cursor, 4);
    return next_ethertype(descent, type);
}

/* Begins with four bytes of address family, in the capturing machine's byte order or big-endian. */
static int decode_null(struct cursor *cursor)
{
    uint32_t family;

    if (cursor->captured < 4)
        return PACKET_DAMAGED;
    family = be32(cursor->data);
    if (family > 0xffff)
        family = le32(cursor->data);
    cursor_skip(cursor, 4);
    switch (family) {
    case 2:
        return LAYER_IPV4;
    case 10: /* AF_INET6 on the systems with this link type */
    case 23:
    case 24:
    case 28:
    case 30:
        return LAYER_IPV6;
    default:
        return PACKET_NOT_IP;
    }
}

static int decode_sll(struct descent *descent, struct cursor *cursor, uint32_t header,
                      uint32_t protocol_at, uint32_t hardware_at)
{
    enum { ARPHRD_NETLINK = 824, ETH_P_802_3 = 1, ETH_P_802_2 = 4 };
    uint16_t type;

    if (cursor->captured < header)
        return PACKET_DAMAGED;
    type = be16(cursor->data + protocol_at);
    if (be16(cursor->data + hardware_at) == ARPHRD_NETLINK)
        return PACKET_NOT_IP;
    if (type < ETHERTYPE_LEAST && type != ETH_P_802_2 && type != ETH_P_802_3)
        return PACKET_NOT_IP;
    cursor_skip(cursor, header);
    return next_ethertype(descent, type);
}

/* An 802.11 frame; pad: the driver aligned what follows the header to four bytes. */
static int decode_80211(struct descent *descent, struct cursor *cursor, bool pad)
{
    uint32_t header = 24;
    uint8_t subtype, flags;

    if (cursor->captured < 2)
        return PACKET_DAMAGED;
    subtype = cursor->data[0] >> 4;
    flags = cursor->data[1];
    if ((cursor->data[0] & 0x0c) != 0x08 || (subtype & 4)) /* only data frames that carry data */
        return PACKET_NOT_IP;
    if ((flags & 0x03) == 0x03)
        header += 6; /* to and from a distribution system: has a fourth address */
    if (subtype & 8) {
        if (cursor->captured < header + 2)
            return PACKET_DAMAGED;
        if (cursor->data[header] & 0x80)
            return PACKET_OPAQUE; /* several frames in one */
        header += 2;
        if (flags & 0x80)
            header += 4; /* HT control */
    }
    if (flags & 0x40)
        return PACKET_OPAQUE; /* encrypted */
    if (pad)
        header = (header + 3) & ~3u;
    if (!cursor_skip(cursor, header))
        return PACKET_DAMAGED;
    return decode_llc(descent, cursor);
}

/* Of radiotap's fields, only the flags matter: the second field, after an optional 8-byte time. */
static int decode_radiotap(struct descent *descent, struct cursor *cursor)
{
    enum { PRESENT_TIME = 1, PRESENT_FLAGS = 2, FLAG_DATA_PAD = 0x20 };
    uint32_t header, present, at = 4;
    bool pad = false;

    if (cursor->captured < 8)
        return PACKET_DAMAGED;
    header = le16(cursor->data + 2);
    if (header < 8 || cursor->captured < header)
        return PACKET_DAMAGED;
    present = le32(cursor->data + 4);
    do { /* bit 31: another bitmap word follows */
        at += 4;
    } while (at + 4 <= header && (cursor->data[at - 1] & 0x80));
    if (present & PRESENT_FLAGS) {
        if (present & PRESENT_TIME)
            at = ((at + 7) & ~7u) + 8;
        pad = at < header && (cursor->data[at] & FLAG_DATA_PAD);
    }
    cursor_skip(cursor, header);
    return decode_80211(descent, cursor, pad);
}

int decode_link(struct descent *descent, int linktype, struct cursor *cursor)
{
    switch (linktype) {
    case LINKTYPE_ETHERNET:
        return decode_ethernet(descent, cursor);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
        return decode_null(cursor);
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_12:
    case LINKTYPE_RAW_14:
        return LAYER_IP;
    case LINKTYPE_IPV4:
        return LAYER_IPV4;
    case LINKTYPE_IPV6:
        return LAYER_IPV6;
    case LINKTYPE_LINUX_SLL:
        return decode_sll(descent, cursor, 16, 14, 2);
    case LINKTYPE_LINUX_SLL2:
        return decode_sll(descent, cursor, 20, 0, 8);
    case LINKTYPE_PPP:
    case LINKTYPE_PPP_HDLC:
    case LINKTYPE_C_HDLC:
        return decode_hdlc(descent, cursor);
    case LINKTYPE_PPP_ETHER:
        return decode_pppoe(cursor);
    case LINKTYPE_PPP_WITH_DIR:
        return skip_to(cursor, 1, LAYER_PPP);
    case LINKTYPE_IEEE802_11:
        return decode_80211(descent, cursor, false);
    case LINKTYPE_IEEE802_11_RADIOTAP:
        return decode_radiotap(descent, cursor);
    default:
        return PACKET_LINKTYPE;
    }
}
