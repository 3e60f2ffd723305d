/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's program for IP and tunnels, which packet.c and tunnel.c mirror. */
#include "live/snapparts.h"

/* The protocol after the IP header is in A, and its header at X. */
static void emit_protocols(struct snap *snap, const struct layer *layer, uint8_t icmp)
{
    bool outer = layer == &snap->outer;
    snap_target inner = new_target(snap);

    jump_if(snap, IPPROTO_TCP, snap->tcp);
    jump_if(snap, IPPROTO_UDP, layer->udp);
    jump_if(snap, icmp, snap->icmp);
    if (snap->options.open_tunnels && outer) {
        jump_if(snap, IPPROTO_IPIP, snap->inner.ipv4);
        jump_if(snap, IPPROTO_IPV6, snap->inner.ipv6);
        jump_if(snap, IPPROTO_GRE, layer->gre);
    } else if (snap->options.open_tunnels) {
        near_if(snap, IPPROTO_IPIP, inner);
        near_if(snap, IPPROTO_IPV6, inner);
        near_if(snap, IPPROTO_GRE, inner);
    }
    answer(snap, 0);
    place(snap, inner);
    answer(snap, SNAP_INNER);
}

static void emit_ipv4(struct snap *snap, const struct layer *layer)
{
    snap_target known = new_target(snap), whole = new_target(snap);

    place(snap, layer->ipv4);
    store_x(snap, NETWORK);
    store_number(snap, 4, FAMILY);
    load(snap, BPF_H, 6);
    compute(snap, BPF_AND, 0x3fff);
    store(snap, FRAGMENT);
    load(snap, BPF_B, 9);
    store(snap, PROTOCOL);
    load(snap, BPF_B, 0);
    compute(snap, BPF_AND, 0x0f);
    compute(snap, BPF_LSH, 2);
    move_by_a(snap);
    load_memory(snap, FRAGMENT);
    compute(snap, BPF_AND, 0x1fff);
    near_if(snap, 0, whole);
    jump(snap, snap->later);
    place(snap, whole);
    load_memory(snap, PROTOCOL);
    near_unless(snap, IPPROTO_AH, known);
    load(snap, BPF_B, 0);
    store(snap, PROTOCOL);
    load(snap, BPF_B, 1);
    compute(snap, BPF_ADD, 2);
    compute(snap, BPF_LSH, 2);
    move_by_a(snap);
    load_memory(snap, PROTOCOL);
    place(snap, known);
    emit_protocols(snap, layer, IPPROTO_ICMP);
}

/* IPv6 extension headers with a length in units of 8 bytes. */
static const uint8_t extensions[] = {
#define EXTENSION(proto) proto,
    IPV6_EXTENSIONS(EXTENSION)
#undef EXTENSION
};

enum { EXTENSIONS = sizeof extensions };

/* One extension header at X, of the protocol in A. */
static void emit_extension(struct snap *snap, snap_target none)
{
    snap_target fours = new_target(snap), fragment = new_target(snap), eights = new_target(snap);
    snap_target known = new_target(snap), whole = new_target(snap);

    near_if(snap, IPPROTO_AH, fours);
    near_if(snap, IPPROTO_FRAGMENT, fragment);
    for (size_t i = 0; i < EXTENSIONS; i++)
        near_if(snap, extensions[i], eights);
    jump(snap, none);

    place(snap, fours);
    load(snap, BPF_B, 1);
    compute(snap, BPF_ADD, 2);
    compute(snap, BPF_LSH, 2);
    jump(snap, known);
    place(snap, fragment);
    load(snap, BPF_H, 2);
    compute(snap, BPF_AND, 0xfff9);
    store(snap, FRAGMENT);
    load_number(snap, 8);
    jump(snap, known);
    place(snap, eights);
    load(snap, BPF_B, 1);
    compute(snap, BPF_ADD, 1);
    compute(snap, BPF_LSH, 3);

    place(snap, known);
    store(snap, OPTIONS);
    load(snap, BPF_B, 0);
    store(snap, PROTOCOL);
    load_memory(snap, OPTIONS);
    move_by_a(snap);
    load_memory(snap, FRAGMENT);
    compute(snap, BPF_AND, 0xfff8);
    near_if(snap, 0, whole);
    jump(snap, snap->later);
    place(snap, whole);
    load_memory(snap, PROTOCOL);
}

static void emit_ipv6(struct snap *snap, const struct layer *layer, unsigned most)
{
    snap_target none = new_target(snap), inner = new_target(snap);

    place(snap, layer->ipv6);
    store_x(snap, NETWORK);
    store_number(snap, 6, FAMILY);
    store_number(snap, 0, FRAGMENT);
    load(snap, BPF_B, 6);
    store(snap, PROTOCOL);
    move(snap, 40);
    load_memory(snap, PROTOCOL);
    for (unsigned i = 0; i < most; i++)
        emit_extension(snap, none);
    for (size_t i = 0; i < EXTENSIONS; i++)
        near_if(snap, extensions[i], inner);
    near_if(snap, IPPROTO_FRAGMENT, inner);
    near_if(snap, IPPROTO_AH, inner);
    place(snap, none);
    emit_protocols(snap, layer, IPPROTO_ICMPV6);
    place(snap, inner);
    answer(snap, SNAP_INNER);
}

/*
 * Sends a datagram at X to one of these targets by its ports, if it is a tunnel. All targets are
 * nearby.
 */
static void emit_tunnel_ports(struct snap *snap, snap_target vxlan, snap_target geneve,
                              snap_target gtpu)
{
    load(snap, BPF_H, 2);
    near_if(snap, PORT_VXLAN, vxlan);
    near_if(snap, PORT_VXLAN_LINUX, vxlan);
    near_if(snap, PORT_GENEVE, geneve);
    near_if(snap, PORT_GTPU, gtpu);
    load(snap, BPF_H, 0);
    near_if(snap, PORT_GTPU, gtpu);
}

/* From here on, X is at the UDP header. */
static void emit_vxlan(struct snap *snap, snap_target otherwise)
{
    near_unless_room(snap, 8 + 8, otherwise);
    load(snap, BPF_B, 8);
    snapcode_test(&snap->code, BPF_JSET, 0x08, 0, otherwise);
    move(snap, 8 + 8 + 14 - 2);
    take_type(snap);
    jump(snap, snap->inner.frame);
}

static void emit_geneve(struct snap *snap, snap_target otherwise)
{
    snap_target known = new_target(snap);

    near_unless_room(snap, 8 + 8, otherwise);
    load(snap, BPF_B, 8);
    near_if_set(snap, 0xc0, otherwise);
    compute(snap, BPF_AND, 0x3f);
    compute(snap, BPF_LSH, 2);
    store(snap, OPTIONS);
    load(snap, BPF_H, 8 + 2);
    store(snap, TYPE);
    near_if(snap, ETHERTYPE_BRIDGED, known);
    near_if(snap, ETHERTYPE_IPV4, known);
    near_unless(snap, ETHERTYPE_IPV6, otherwise);
    place(snap, known);
    load_memory(snap, OPTIONS);
    compute(snap, BPF_ADD, 8 + 8);
    move_by_a(snap);
    load_memory(snap, TYPE);
    jump(snap, snap->inner.frame);
}

/* Skips one GTP-U extension header at X; A is 0 if there is none. */
static void emit_gtpu_extension(struct snap *snap, snap_target packet, snap_target otherwise)
{
    near_if(snap, 0, packet);
    near_unless_room(snap, 1, otherwise);
    load(snap, BPF_B, 0);
    near_if(snap, 0, otherwise);
    compute(snap, BPF_LSH, 2);
    compute(snap, BPF_SUB, 1);
    move_by_a(snap);
    load(snap, BPF_B, 0);
    store(snap, TYPE);
    move(snap, 1);
    load_memory(snap, TYPE);
}

static void emit_gtpu(struct snap *snap, snap_target otherwise)
{
    snap_target optional = new_target(snap), packet = new_target(snap);

    near_unless_room(snap, 8 + 8, otherwise);
    load(snap, BPF_H, 8);
    compute(snap, BPF_AND, 0xf0ff);
    near_unless(snap, 0x30ff, otherwise);
    load(snap, BPF_B, 8);
    store(snap, FLAGS);
    near_if_set(snap, 0x07, optional);
    move(snap, 8 + 8);
    jump(snap, packet);
    place(snap, optional);
    near_unless_room(snap, 8 + 8 + 4, otherwise);
    load(snap, BPF_B, 8 + 8 + 3);
    store(snap, TYPE);
    move(snap, 8 + 8 + 4);
    load_memory(snap, FLAGS);
    snapcode_test(&snap->code, BPF_JSET, 0x04, 0, packet);
    load_memory(snap, TYPE);
    for (unsigned i = 0; i < SNAP_GTPU; i++)
        emit_gtpu_extension(snap, packet, otherwise);
    near_if(snap, 0, packet);
    answer(snap, SNAP_INNER);

    place(snap, packet);
    near_unless_room(snap, 1, otherwise);
    load(snap, BPF_B, 0);
    compute(snap, BPF_AND, 0xf0);
    jump_if(snap, 0x40, snap->inner.ipv4);
    jump_if(snap, 0x60, snap->inner.ipv6);
    jump(snap, otherwise);
}

static void emit_udp(struct snap *snap)
{
    snap_target vxlan = new_target(snap), geneve = new_target(snap), gtpu = new_target(snap);
    snap_target plain = new_target(snap);

    place(snap, snap->outer.udp);
    store_x(snap, TRANSPORT);
    if (snap->options.open_tunnels) {
        emit_tunnel_ports(snap, vxlan, geneve, gtpu);
        jump(snap, plain);
        place(snap, vxlan);
        emit_vxlan(snap, plain);
        place(snap, geneve);
        emit_geneve(snap, plain);
        place(snap, gtpu);
        emit_gtpu(snap, plain);
    }
    place(snap, plain);
    jump(snap, snap->udp);
}

/* Tunnels in tunnels are not walked. */
static void emit_inner_udp(struct snap *snap)
{
    snap_target deeper = new_target(snap);

    place(snap, snap->inner.udp);
    store_x(snap, TRANSPORT);
    emit_tunnel_ports(snap, deeper, deeper, deeper);
    jump(snap, snap->udp);
    place(snap, deeper);
    answer(snap, SNAP_INNER);
}

/* Skips a field of 4 bytes that is present if this bit of GRE's flags is set. */
static void move_over_gre(struct snap *snap, uint32_t flag, unsigned shift)
{
    load_memory(snap, FLAGS);
    compute(snap, BPF_AND, flag);
    compute(snap, BPF_RSH, shift);
    move_by_a(snap);
}

/* X is at the GRE header. */
static void emit_gre(struct snap *snap)
{
    snap_target inner = new_target(snap), drop = new_target(snap), first = new_target(snap);
    snap_target erspan = new_target(snap);

    place(snap, snap->outer.gre);
    load(snap, BPF_H, 0);
    store(snap, FLAGS);
    near_if_set(snap, GRE_ROUTING, inner);
    near_if_set(snap, 0x0006, drop); /* only versions 0 and 1 are known */
    load(snap, BPF_H, 2);
    store(snap, TYPE);
    move_over_gre(snap, GRE_CHECKSUM, 13);
    move_over_gre(snap, GRE_KEY, 11);
    move_over_gre(snap, GRE_SEQUENCE, 10);
    load_memory(snap, FLAGS);
    snapcode_test(&snap->code, BPF_JSET, 0x0001, 0, first);
    move_over_gre(snap, GRE_ACK, 5);
    place(snap, first);
    move(snap, 4);
    load_memory(snap, TYPE);
    near_if(snap, ETHERTYPE_ERSPAN, erspan);
    jump_if(snap, ETHERTYPE_PPP, snap->inner.ppp);
    jump(snap, snap->inner.frame);

    place(snap, erspan); /* type II has a sequence number and 8 bytes of its own */
    move_over_gre(snap, GRE_SEQUENCE, 9);
    move(snap, 14 - 2);
    take_type(snap);
    jump(snap, snap->inner.frame);
    place(snap, drop);
    answer(snap, 0);
    place(snap, inner);
    answer(snap, SNAP_INNER);
}

void snap_emit_ip(struct snap *snap)
{
    emit_ipv4(snap, &snap->outer);
    emit_ipv6(snap, &snap->outer, SNAP_EXTENSIONS);
    emit_udp(snap);
    if (snap->options.open_tunnels) {
        emit_gre(snap);
        snap_emit_inner_link(snap);
        emit_ipv4(snap, &snap->inner);
        emit_ipv6(snap, &snap->inner, SNAP_EXTENSIONS_INSIDE);
        emit_inner_udp(snap);
    }
}
