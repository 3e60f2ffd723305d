/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's program for link layers, which link.c mirrors. */
#include "live/snapparts.h"

/* Tags, and frames after a header of their own, whose type is where a tag would have it. */
static const struct {
    uint16_t type, length; /* up to and including the type of what follows */
} tags[] = {
#define TAG(type, length) {type, length},
#define FRAME(type, header) {type, (header) + 14},
    ETHERTYPE_TAGS(TAG) ETHERTYPE_FRAMES(FRAME)
#undef TAG
#undef FRAME
};

enum { TAGS = sizeof tags / sizeof *tags };

/* Skips one tag at X, whose type is in A. */
static void emit_tag(struct snap *snap, snap_target other)
{
    snap_target lengths[TAGS] = {0}, next = new_target(snap);

    for (size_t i = 0; i < TAGS; i++) {
        bool same = i > 0 && tags[i].length == tags[i - 1].length;

        lengths[i] = same ? lengths[i - 1] : new_target(snap);
        near_if(snap, tags[i].type, lengths[i]);
    }
    jump(snap, other);
    for (size_t i = 0; i < TAGS; i++) {
        if (i > 0 && lengths[i] == lengths[i - 1])
            continue;
        place(snap, lengths[i]);
        load_number(snap, tags[i].length - 2u);
        if (i + 1 < TAGS)
            jump(snap, next);
    }
    place(snap, next);
    move_by_a(snap);
    take_type(snap);
}

static void emit_tags(struct snap *snap, const struct layer *layer, unsigned most,
                      snap_target other)
{
    for (unsigned i = 0; i <= most; i++) {
        jump_if(snap, ETHERTYPE_IPV4, layer->ipv4);
        jump_if(snap, ETHERTYPE_IPV6, layer->ipv6);
        if (i < most)
            emit_tag(snap, other);
    }
}

/* Continues if LLC and SNAP at X announce a known type. */
static void emit_llc(struct snap *snap, snap_target otherwise)
{
    load(snap, BPF_W, 0);
    compute(snap, BPF_AND, 0xffffff00);
    near_unless(snap, 0xaaaa0300, otherwise);
}

/* Packets that may still carry IP, but nest deeper than the walk goes. */
static void emit_deeper(struct snap *snap)
{
    snap_target drop = new_target(snap), inner = new_target(snap), long_enough = new_target(snap);

    snapcode_test(&snap->code, BPF_JGE, ETHERTYPE_LEAST, long_enough, 0);
    emit_llc(snap, drop);
    jump(snap, inner);
    place(snap, long_enough);
    for (size_t i = 0; i < TAGS; i++)
        near_if(snap, tags[i].type, inner);
    near_if(snap, ETHERTYPE_MPLS, inner);
    near_if(snap, ETHERTYPE_MPLS_UPSTREAM, inner);
    near_if(snap, ETHERTYPE_PPPOE, inner);
    place(snap, drop);
    answer(snap, 0);
    place(snap, inner);
    answer(snap, SNAP_INNER);
}

/* X is at PPP's protocol, which may be one byte, and may follow an address and control. */
static void emit_ppp(struct snap *snap, const struct layer *layer, snap_target mpls)
{
    snap_target bare = new_target(snap), one_byte = new_target(snap), known = new_target(snap);

    load(snap, BPF_B, 0);
    near_unless(snap, 0xff, bare);
    move(snap, 2);
    place(snap, bare);
    load(snap, BPF_B, 0);
    near_if_set(snap, 1, one_byte);
    take_type(snap);
    jump(snap, known);
    place(snap, one_byte);
    store(snap, TYPE);
    move(snap, 1);
    load_memory(snap, TYPE);
    place(snap, known);
    jump_if(snap, PPP_IPV4, layer->ipv4);
    jump_if(snap, PPP_IPV6, layer->ipv6);
    jump_if(snap, PPP_MPLS, mpls);
    jump_if(snap, PPP_MPLS_MULTICAST, mpls);
    answer(snap, 0);
}

/* X is at a label stack entry. After the stack, the first four bits say what follows. */
static void emit_mpls(struct snap *snap)
{
    snap_target bottom = new_target(snap), drop = new_target(snap);

    for (unsigned i = 0; i < SNAP_LABELS; i++) {
        load(snap, BPF_B, 2);
        near_if_set(snap, 1, bottom);
        move(snap, 4);
    }
    answer(snap, SNAP_INNER);
    place(snap, bottom);
    move(snap, 4);
    load(snap, BPF_B, 0);
    compute(snap, BPF_AND, 0xf0);
    jump_if(snap, 0x40, snap->outer.ipv4);
    jump_if(snap, 0x60, snap->outer.ipv6);
    near_unless(snap, 0, drop);
    move(snap, 4 + 14 - 2); /* a pseudowire's control word and an Ethernet header */
    take_type(snap);
    jump(snap, snap->outer.frame);
    place(snap, drop);
    answer(snap, 0);
}

/* X is at a PPPoE header. */
static void emit_pppoe(struct snap *snap)
{
    snap_target data = new_target(snap);

    load(snap, BPF_H, 0);
    near_if(snap, 0x1100, data);
    answer(snap, 0);
    place(snap, data);
    move(snap, 6);
}

void snap_emit_link(struct snap *snap)
{
    const struct layer *layer = &snap->outer;
    snap_target other = new_target(snap), pppoe = new_target(snap), mpls = new_target(snap);
    snap_target deeper = new_target(snap), llc = new_target(snap), drop = new_target(snap);

    emit_tags(snap, layer, SNAP_TAGS, other);
    place(snap, other);
    near_if(snap, ETHERTYPE_PPPOE, pppoe);
    jump_if(snap, ETHERTYPE_MPLS, mpls);
    jump_if(snap, ETHERTYPE_MPLS_UPSTREAM, mpls);
    snapcode_test(&snap->code, BPF_JGE, ETHERTYPE_LEAST, 0, llc);
    jump(snap, deeper);
    place(snap, llc);
    emit_llc(snap, drop);
    move(snap, 8 - 2);
    take_type(snap);
    jump(snap, layer->frame);
    place(snap, drop);
    answer(snap, 0);

    place(snap, pppoe);
    emit_pppoe(snap);
    emit_ppp(snap, layer, mpls);
    place(snap, mpls);
    emit_mpls(snap);
    place(snap, layer->frame);
    emit_tags(snap, layer, SNAP_TAGS_INSIDE, deeper);
    place(snap, deeper);
    emit_deeper(snap);
}

void snap_emit_inner_link(struct snap *snap)
{
    const struct layer *layer = &snap->inner;
    snap_target deeper = new_target(snap), mpls = new_target(snap);

    place(snap, layer->ppp);
    emit_ppp(snap, layer, mpls);
    place(snap, mpls);
    answer(snap, SNAP_INNER);
    place(snap, layer->frame);
    emit_tags(snap, layer, SNAP_TAGS_INSIDE, deeper);
    place(snap, deeper);
    emit_deeper(snap);
}
