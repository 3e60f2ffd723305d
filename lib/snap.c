#include "snap.h"

#include "bytes.h"
#include "snapcode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* X is where a header begins; the machine's memory has what is known of those before it. */
enum {
    NETWORK,   /* where the innermost IP header begins */
    FAMILY,    /* 4 or 6 */
    FRAGMENT,  /* 0: the packet is whole */
    PROTOCOL,  /* that follows */
    TRANSPORT, /* where its header begins */
    KIND,      /* IPPROTO_TCP or UDP, 0: no ports */
    ANSWER,    /* the bytes of all headers */
    FLAGS,     /* of a tunnel */
    TYPE,      /* of what is in it; any number for a short time */
    OPTIONS,   /* bytes of them */
    PAYLOAD,   /* where that begins */
    SLOTS
};

enum { ICMP = 1, IPIP = 4, TCP = 6, UDP = 17, SIXIN4 = 41, FRAGMENTS = 44, GRE = 47, AH = 51 };
enum { ICMP6 = 58 };

/* Ethertypes. */
enum { IPV4 = 0x0800, IPV6 = 0x86dd, MPLS = 0x8847, MPLS_UPSTREAM = 0x8848, PPPOE = 0x8864 };
enum { BRIDGED = 0x6558, PPP = 0x880b, ERSPAN = 0x88be };

enum { PORT_DNS = 53, PORT_QUIC = 443 };
enum { PORT_GTPU = 2152, PORT_VXLAN = 4789, PORT_GENEVE = 6081, PORT_VXLAN_LINUX = 8472 };

/* Where the walk goes on: with A the type and X behind it, or with X at the header of that name. */
struct layer {
    snap_label frame, ppp, ipv4, ipv6, gre, udp;
};

struct snap {
    struct snap_options options;
    struct snapcode code;
    struct layer outer, inner;
    /* The same; X is behind the headers of a later fragment, and UDP's is in TRANSPORT. */
    snap_label tcp, udp, icmp, later;
    snap_label scope;
    snap_label headers; /* the answer is ANSWER */
    char problem[PCAP_ERRBUF_SIZE];
};

/* Short words for what is emitted most. */

static void load(struct snap *snap, unsigned size, uint32_t at)
{
    snapcode_emit(&snap->code, BPF_LD | size | BPF_IND, at);
}

static void load_memory(struct snap *snap, uint32_t slot)
{
    snapcode_emit(&snap->code, BPF_LD | BPF_MEM, slot);
}

static void load_number(struct snap *snap, uint32_t number)
{
    snapcode_emit(&snap->code, BPF_LD | BPF_IMM, number);
}

static void store(struct snap *snap, uint32_t slot)
{
    snapcode_emit(&snap->code, BPF_ST, slot);
}

static void store_number(struct snap *snap, uint32_t number, uint32_t slot)
{
    load_number(snap, number);
    store(snap, slot);
}

static void store_x(struct snap *snap, uint32_t slot)
{
    snapcode_emit(&snap->code, BPF_STX, slot);
}

static void load_x(struct snap *snap, uint32_t slot)
{
    snapcode_emit(&snap->code, BPF_LDX | BPF_W | BPF_MEM, slot);
}

static void compute(struct snap *snap, unsigned operation, uint32_t k)
{
    snapcode_emit(&snap->code, BPF_ALU | operation | BPF_K, k);
}

static void x_to_a(struct snap *snap)
{
    snapcode_emit(&snap->code, BPF_MISC | BPF_TXA, 0);
}

static void a_to_x(struct snap *snap)
{
    snapcode_emit(&snap->code, BPF_MISC | BPF_TAX, 0);
}

/* X moves on by what is in A, or by so many bytes. */
static void move_by_a(struct snap *snap)
{
    snapcode_emit(&snap->code, BPF_ALU | BPF_ADD | BPF_X, 0);
    a_to_x(snap);
}

static void move(struct snap *snap, uint32_t bytes)
{
    x_to_a(snap);
    compute(snap, BPF_ADD, bytes);
    a_to_x(snap);
}

static void answer(struct snap *snap, uint32_t bytes)
{
    snapcode_emit(&snap->code, BPF_RET | BPF_K, bytes);
}

static void answer_a(struct snap *snap)
{
    snapcode_emit(&snap->code, BPF_RET | BPF_A, 0);
}

static snap_label new_label(struct snap *snap)
{
    return snapcode_label(&snap->code);
}

static void place(struct snap *snap, snap_label label)
{
    snapcode_place(&snap->code, label);
}

static void jump(struct snap *snap, snap_label label)
{
    snapcode_jump(&snap->code, label);
}

static void jump_if(struct snap *snap, uint32_t value, snap_label label)
{
    snapcode_jump_if(&snap->code, value, label);
}

/* To labels nearby. */
static void near_if(struct snap *snap, uint32_t value, snap_label label)
{
    snapcode_test(&snap->code, BPF_JEQ, value, label, 0);
}

static void near_unless(struct snap *snap, uint32_t value, snap_label label)
{
    snapcode_test(&snap->code, BPF_JEQ, value, 0, label);
}

static void near_if_set(struct snap *snap, uint32_t bits, snap_label label)
{
    snapcode_test(&snap->code, BPF_JSET, bits, label, 0);
}

/* Where fewer bytes than that stand at X a load would refuse the packet. */
static void near_unless_room(struct snap *snap, uint32_t bytes, snap_label label)
{
    snapcode_emit(&snap->code, BPF_LD | BPF_W | BPF_LEN, 0);
    snapcode_emit(&snap->code, BPF_ALU | BPF_SUB | BPF_X, 0);
    snapcode_test(&snap->code, BPF_JGE, bytes, 0, label);
}

/* What the decoder's tag_length says, and frames that stand behind a header of their own. */
static const struct {
    uint16_t type, length; /* up to and with the type of what follows */
} tags[] = {
    {0x8100, 4},   {0x88a8, 4},  {0x9100, 4},  {0x9200, 4}, /* VLANs */
    {0x9300, 4},   {0x8926, 6},                             /* VN-Tag */
    {0x8909, 8},   {0x893f, 8},  {0x8988, 8},               /* TrustSec, 802.1BR, times */
    {BRIDGED, 14}, {0x8903, 16}, {0x88e7, 18},              /* FabricPath, 802.1ah */
};

enum { TAGS = sizeof tags / sizeof *tags };

/* X is at a type, which goes to A, and moves behind it. */
static void take_type(struct snap *snap)
{
    load(snap, BPF_H, 0);
    store(snap, TYPE);
    move(snap, 2);
    load_memory(snap, TYPE);
}

/* One tag at X, whose type is in A, is stepped over. */
static void emit_tag(struct snap *snap, snap_label other)
{
    snap_label lengths[TAGS] = {0}, next = new_label(snap);

    for (size_t i = 0; i < TAGS; i++) {
        bool same = i > 0 && tags[i].length == tags[i - 1].length;

        lengths[i] = same ? lengths[i - 1] : new_label(snap);
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

static void emit_tags(struct snap *snap, const struct layer *layer, unsigned most, snap_label other)
{
    for (unsigned i = 0; i <= most; i++) {
        jump_if(snap, IPV4, layer->ipv4);
        jump_if(snap, IPV6, layer->ipv6);
        if (i < most)
            emit_tag(snap, other);
    }
}

/* Goes on where LLC and SNAP say so at X. */
static void emit_llc(struct snap *snap, snap_label otherwise)
{
    load(snap, BPF_W, 0);
    compute(snap, BPF_AND, 0xffffff00);
    near_unless(snap, 0xaaaa0300, otherwise);
}

/* What could still carry IP, but nests deeper than the walk goes. */
static void emit_deeper(struct snap *snap)
{
    snap_label drop = new_label(snap), inner = new_label(snap), long_enough = new_label(snap);

    snapcode_test(&snap->code, BPF_JGE, 0x0600, long_enough, 0);
    emit_llc(snap, drop);
    jump(snap, inner);
    place(snap, long_enough);
    for (size_t i = 0; i < TAGS; i++)
        near_if(snap, tags[i].type, inner);
    near_if(snap, MPLS, inner);
    near_if(snap, MPLS_UPSTREAM, inner);
    near_if(snap, PPPOE, inner);
    place(snap, drop);
    answer(snap, 0);
    place(snap, inner);
    answer(snap, SNAP_INNER);
}

/* X is at PPP's protocol, which can be one byte, and can have an address and control before it. */
static void emit_ppp(struct snap *snap, const struct layer *layer, snap_label mpls)
{
    snap_label bare = new_label(snap), one_byte = new_label(snap), known = new_label(snap);

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
    jump_if(snap, 0x0021, layer->ipv4);
    jump_if(snap, 0x0057, layer->ipv6);
    jump_if(snap, 0x0281, mpls);
    jump_if(snap, 0x0283, mpls);
    answer(snap, 0);
}

/* X is at a label. Below the stack the first four bits tell what follows. */
static void emit_mpls(struct snap *snap)
{
    snap_label bottom = new_label(snap), drop = new_label(snap);

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
    move(snap, 4 + 14 - 2); /* a pseudowire's control word, and an Ethernet header */
    take_type(snap);
    jump(snap, snap->outer.frame);
    place(snap, drop);
    answer(snap, 0);
}

/* X is at a PPPoE header. */
static void emit_pppoe(struct snap *snap)
{
    snap_label data = new_label(snap);

    load(snap, BPF_H, 0);
    near_if(snap, 0x1100, data);
    answer(snap, 0);
    place(snap, data);
    move(snap, 6);
}

/* From the beginning of the packet to its IP header. */
static void emit_link(struct snap *snap)
{
    const struct layer *layer = &snap->outer;
    snap_label other = new_label(snap), pppoe = new_label(snap), mpls = new_label(snap);
    snap_label deeper = new_label(snap), llc = new_label(snap), drop = new_label(snap);

    emit_tags(snap, layer, SNAP_TAGS, other);
    place(snap, other);
    near_if(snap, PPPOE, pppoe);
    jump_if(snap, MPLS, mpls);
    jump_if(snap, MPLS_UPSTREAM, mpls);
    snapcode_test(&snap->code, BPF_JGE, 0x0600, 0, llc);
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

/* The same in a tunnel. */
static void emit_inner_link(struct snap *snap)
{
    const struct layer *layer = &snap->inner;
    snap_label deeper = new_label(snap), mpls = new_label(snap);

    place(snap, layer->ppp);
    emit_ppp(snap, layer, mpls);
    place(snap, mpls);
    answer(snap, SNAP_INNER);
    place(snap, layer->frame);
    emit_tags(snap, layer, SNAP_TAGS_INSIDE, deeper);
    place(snap, deeper);
    emit_deeper(snap);
}

/* A has what follows the IP header, X is there. */
static void emit_protocols(struct snap *snap, const struct layer *layer, uint8_t icmp)
{
    bool outer = layer == &snap->outer;
    snap_label inner = new_label(snap);

    jump_if(snap, TCP, snap->tcp);
    jump_if(snap, UDP, layer->udp);
    jump_if(snap, icmp, snap->icmp);
    if (snap->options.open_tunnels && outer) {
        jump_if(snap, IPIP, snap->inner.ipv4);
        jump_if(snap, SIXIN4, snap->inner.ipv6);
        jump_if(snap, GRE, layer->gre);
    } else if (snap->options.open_tunnels) {
        near_if(snap, IPIP, inner);
        near_if(snap, SIXIN4, inner);
        near_if(snap, GRE, inner);
    }
    answer(snap, 0);
    place(snap, inner);
    answer(snap, SNAP_INNER);
}

static void emit_ipv4(struct snap *snap, const struct layer *layer)
{
    snap_label known = new_label(snap), whole = new_label(snap);

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
    near_unless(snap, AH, known);
    load(snap, BPF_B, 0);
    store(snap, PROTOCOL);
    load(snap, BPF_B, 1);
    compute(snap, BPF_ADD, 2);
    compute(snap, BPF_LSH, 2);
    move_by_a(snap);
    load_memory(snap, PROTOCOL);
    place(snap, known);
    emit_protocols(snap, layer, ICMP);
}

/* Of IPv6, those whose length is in units of 8 bytes. */
static const uint8_t extensions[] = {0, 43, 60, 135, 139, 140};

enum { EXTENSIONS = sizeof extensions };

/* One extension header at X, of the protocol in A. */
static void emit_extension(struct snap *snap, snap_label none)
{
    snap_label fours = new_label(snap), fragment = new_label(snap), eights = new_label(snap);
    snap_label known = new_label(snap), whole = new_label(snap);

    near_if(snap, AH, fours);
    near_if(snap, FRAGMENTS, fragment);
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
    snap_label none = new_label(snap), inner = new_label(snap);

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
    near_if(snap, FRAGMENTS, inner);
    near_if(snap, AH, inner);
    place(snap, none);
    emit_protocols(snap, layer, ICMP6);
    place(snap, inner);
    answer(snap, SNAP_INNER);
}

/*
 * A datagram at X goes to one of these labels by its ports: a tunnel's, or else it is none. All of
 * them are nearby.
 */
static void emit_tunnel_ports(struct snap *snap, snap_label vxlan, snap_label geneve,
                              snap_label gtpu)
{
    load(snap, BPF_H, 2);
    near_if(snap, PORT_VXLAN, vxlan);
    near_if(snap, PORT_VXLAN_LINUX, vxlan);
    near_if(snap, PORT_GENEVE, geneve);
    near_if(snap, PORT_GTPU, gtpu);
    load(snap, BPF_H, 0);
    near_if(snap, PORT_GTPU, gtpu);
}

/* X is at the UDP header, in what follows. */
static void emit_vxlan(struct snap *snap, snap_label otherwise)
{
    near_unless_room(snap, 8 + 8, otherwise);
    load(snap, BPF_B, 8);
    snapcode_test(&snap->code, BPF_JSET, 0x08, 0, otherwise);
    move(snap, 8 + 8 + 14 - 2);
    take_type(snap);
    jump(snap, snap->inner.frame);
}

static void emit_geneve(struct snap *snap, snap_label otherwise)
{
    snap_label known = new_label(snap);

    near_unless_room(snap, 8 + 8, otherwise);
    load(snap, BPF_B, 8);
    near_if_set(snap, 0xc0, otherwise);
    compute(snap, BPF_AND, 0x3f);
    compute(snap, BPF_LSH, 2);
    store(snap, OPTIONS);
    load(snap, BPF_H, 8 + 2);
    store(snap, TYPE);
    near_if(snap, BRIDGED, known);
    near_if(snap, IPV4, known);
    near_unless(snap, IPV6, otherwise);
    place(snap, known);
    load_memory(snap, OPTIONS);
    compute(snap, BPF_ADD, 8 + 8);
    move_by_a(snap);
    load_memory(snap, TYPE);
    jump(snap, snap->inner.frame);
}

/* One extension header of GTP-U at X; A has 0 where there is none. */
static void emit_gtpu_extension(struct snap *snap, snap_label packet, snap_label otherwise)
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

static void emit_gtpu(struct snap *snap, snap_label otherwise)
{
    snap_label optional = new_label(snap), packet = new_label(snap);

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
    snap_label vxlan = new_label(snap), geneve = new_label(snap), gtpu = new_label(snap);
    snap_label plain = new_label(snap);

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
    snap_label deeper = new_label(snap);

    place(snap, snap->inner.udp);
    store_x(snap, TRANSPORT);
    emit_tunnel_ports(snap, deeper, deeper, deeper);
    jump(snap, snap->udp);
    place(snap, deeper);
    answer(snap, SNAP_INNER);
}

/* A field of 4 bytes that is there where GRE's flags have this bit. */
static void move_over_gre(struct snap *snap, uint32_t flag, unsigned shift)
{
    load_memory(snap, FLAGS);
    compute(snap, BPF_AND, flag);
    compute(snap, BPF_RSH, shift);
    move_by_a(snap);
}

/* X is at GRE's header. */
static void emit_gre(struct snap *snap)
{
    enum { CHECKSUM = 0x8000, ROUTES = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000, ACK = 0x0080 };
    snap_label inner = new_label(snap), drop = new_label(snap), first = new_label(snap);
    snap_label erspan = new_label(snap);

    place(snap, snap->outer.gre);
    load(snap, BPF_H, 0);
    store(snap, FLAGS);
    near_if_set(snap, ROUTES, inner);
    near_if_set(snap, 0x0006, drop); /* of its versions 0 and 1 are known */
    load(snap, BPF_H, 2);
    store(snap, TYPE);
    move_over_gre(snap, CHECKSUM, 13);
    move_over_gre(snap, KEY, 11);
    move_over_gre(snap, SEQUENCE, 10);
    load_memory(snap, FLAGS);
    snapcode_test(&snap->code, BPF_JSET, 0x0001, 0, first);
    move_over_gre(snap, ACK, 5);
    place(snap, first);
    move(snap, 4);
    load_memory(snap, TYPE);
    near_if(snap, ERSPAN, erspan);
    jump_if(snap, PPP, snap->inner.ppp);
    jump(snap, snap->inner.frame);

    place(snap, erspan); /* type II has a sequence number and 8 bytes of its own */
    move_over_gre(snap, SEQUENCE, 9);
    move(snap, 14 - 2);
    take_type(snap);
    jump(snap, snap->inner.frame);
    place(snap, drop);
    answer(snap, 0);
    place(snap, inner);
    answer(snap, SNAP_INNER);
}

/* Before the scope is looked at, for DNS is read whatever it is. X is at the ports. */
static void emit_ports(struct snap *snap, snap_label drop)
{
    static const uint16_t services[] = {67, 68, 137, 139, 389, 445, 636, 1900, 5353, 5355};
    enum { SERVICES = sizeof services / sizeof *services };

    load(snap, BPF_H, 2);
    jump_if(snap, PORT_DNS, snap->headers);
    for (size_t i = 0; i < SERVICES && !snap->options.keep_all; i++)
        near_if(snap, services[i], drop);
    load(snap, BPF_H, 0);
    for (size_t i = 0; i < SERVICES && !snap->options.keep_all; i++)
        near_if(snap, services[i], drop);
}

/* What DNS says is in a response, whose first bytes are there, of at most one question. */
static void emit_dns(struct snap *snap)
{
    snap_label headers = new_label(snap), all = new_label(snap);

    load_memory(snap, FRAGMENT);
    near_unless(snap, 0, headers);
    load_memory(snap, KIND);
    near_if(snap, TCP, all);
    near_unless_room(snap, 8 + 12, headers);
    load(snap, BPF_H, 8 + 2);
    compute(snap, BPF_AND, 0xf800); /* it is a response, and of the usual kind */
    near_unless(snap, 0x8000, headers);
    load(snap, BPF_H, 8 + 4);
    snapcode_test(&snap->code, BPF_JGT, 1, headers, 0);
    place(snap, all);
    answer(snap, SNAP_ALL);
    place(snap, headers);
    jump(snap, snap->headers);
}

static void emit_transport(struct snap *snap)
{
    snap_label ports = new_label(snap), dns = new_label(snap), drop = new_label(snap);

    place(snap, snap->tcp);
    store_x(snap, TRANSPORT);
    x_to_a(snap);
    compute(snap, BPF_ADD, 20);
    store(snap, ANSWER);
    store_number(snap, TCP, KIND);
    jump(snap, ports);
    place(snap, snap->udp);
    load_x(snap, TRANSPORT);
    x_to_a(snap);
    compute(snap, BPF_ADD, 8);
    store(snap, ANSWER);
    store_number(snap, UDP, KIND);

    place(snap, ports);
    load(snap, BPF_H, 0);
    near_if(snap, PORT_DNS, dns);
    emit_ports(snap, drop);
    jump(snap, snap->scope);
    place(snap, drop);
    answer(snap, 0);
    place(snap, dns);
    emit_dns(snap);

    place(snap, snap->icmp);
    move(snap, 8);
    place(snap, snap->later);
    store_x(snap, ANSWER);
    store_number(snap, 0, KIND);
}

/* Whether the address at X + at surely is local: the meter knows more of them. */
static void emit_local4(struct snap *snap, uint32_t at, snap_label yes, snap_label no)
{
    load(snap, BPF_W, at);
    snapcode_test(&snap->code, BPF_JGE, 0xe0000000, yes, 0); /* multicast, broadcast */
    store(snap, TYPE);
    compute(snap, BPF_AND, 0xff000000);
    near_if(snap, 0x0a000000, yes);
    near_if(snap, 0x7f000000, yes);
    load_memory(snap, TYPE);
    compute(snap, BPF_AND, 0xfff00000);
    near_if(snap, 0xac100000, yes);
    load_memory(snap, TYPE);
    compute(snap, BPF_AND, 0xffff0000);
    near_if(snap, 0xc0a80000, yes);
    snapcode_test(&snap->code, BPF_JEQ, 0xa9fe0000, yes, no);
}

static void emit_local6(struct snap *snap, uint32_t at, snap_label yes, snap_label no)
{
    snap_label other = new_label(snap);

    load(snap, BPF_W, at);
    near_unless(snap, 0, other);
    load(snap, BPF_W, at + 12); /* nobody has an address ::/32 but ::1 */
    snapcode_test(&snap->code, BPF_JEQ, 1, yes, no);
    place(snap, other);
    snapcode_test(&snap->code, BPF_JGE, 0xff000000, yes, 0); /* multicast */
    store(snap, TYPE);
    compute(snap, BPF_AND, 0xfe000000);
    near_if(snap, 0xfc000000, yes);
    load_memory(snap, TYPE);
    compute(snap, BPF_AND, 0xffc00000);
    snapcode_test(&snap->code, BPF_JEQ, 0xfe800000, yes, no);
}

/* Goes on where the meter may keep what has come so far. */
static void emit_scope(struct snap *snap)
{
    snap_label ipv6 = new_label(snap), drop = new_label(snap), keep = new_label(snap);
    snap_label from4 = new_label(snap), from6 = new_label(snap);

    place(snap, snap->scope);
    if (snap->options.family != 0) {
        load_memory(snap, FAMILY);
        near_unless(snap, snap->options.family, drop);
    }
    if (!snap->options.keep_all) {
        load_x(snap, NETWORK);
        load_memory(snap, FAMILY);
        near_if(snap, 6, ipv6);
        emit_local4(snap, 12, from4, keep);
        place(snap, from4);
        emit_local4(snap, 16, drop, keep);
        place(snap, ipv6);
        emit_local6(snap, 8, from6, keep);
        place(snap, from6);
        emit_local6(snap, 24, drop, keep);
    }
    if (snap->options.keep_all)
        jump(snap, keep);
    place(snap, drop);
    answer(snap, 0);
    place(snap, keep);
}

/* The payload begins at A: goes on with X there, and 8 bytes to look at. */
static void emit_peek(struct snap *snap)
{
    store(snap, PAYLOAD);
    compute(snap, BPF_ADD, 8); /* a load behind the end would refuse the packet */
    a_to_x(snap);
    snapcode_emit(&snap->code, BPF_LD | BPF_W | BPF_LEN, 0);
    snapcode_test(&snap->code, BPF_JGE | BPF_X, 0, 0, snap->headers);
    load_x(snap, PAYLOAD);
}

/* The four bytes of a method are in A; the next two tell other words that begin so from it. */
static void emit_http(struct snap *snap)
{
    static const struct {
        char begins[5];
        uint16_t mask, next;
    } methods[] = {{"GET ", 0, 0},           {"PUT ", 0, 0},           {"POST", 0xff00, 0x2000},
                   {"HEAD", 0xff00, 0x2000}, {"DELE", 0xffff, 0x5445}, {"OPTI", 0xffff, 0x4f4e},
                   {"PATC", 0xffff, 0x4820}, {"CONN", 0xffff, 0x4543}, {"TRAC", 0xffff, 0x4520}};
    snap_label request = new_label(snap), none = new_label(snap);

    store(snap, TYPE);
    load(snap, BPF_H, 4);
    store(snap, OPTIONS);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        snap_label other = new_label(snap);

        load_memory(snap, TYPE);
        near_unless(snap, be32((const uint8_t *)methods[i].begins), other);
        load_memory(snap, OPTIONS);
        compute(snap, BPF_AND, methods[i].mask);
        near_if(snap, methods[i].next, request);
        place(snap, other);
    }
    jump(snap, none);
    place(snap, request);
    x_to_a(snap);
    compute(snap, BPF_ADD, SNAP_REQUEST);
    answer_a(snap);
    place(snap, none);
    load_memory(snap, TYPE);
}

static void emit_tcp_session(struct snap *snap)
{
    load(snap, BPF_B, 12);
    compute(snap, BPF_AND, 0xf0);
    compute(snap, BPF_RSH, 2);
    snapcode_emit(&snap->code, BPF_ALU | BPF_ADD | BPF_X, 0);
    emit_peek(snap);
    load(snap, BPF_W, 0);
    emit_http(snap);
    compute(snap, BPF_RSH, 16);
    near_unless(snap, 0x1603, snap->headers);
    load(snap, BPF_B, 5);
    near_unless(snap, 1, snap->headers);
    load(snap, BPF_H, 3);
    compute(snap, BPF_ADD, 5);
    snapcode_emit(&snap->code, BPF_ALU | BPF_ADD | BPF_X, 0);
    answer_a(snap);
}

/* The first byte says that the header is long, and of a type, which versions number otherwise. */
static void emit_quic_session(struct snap *snap)
{
    static const struct {
        uint32_t version, type;
    } versions[] = {{0x00000001, 0xc0}, {0x6b3343cf, 0xd0}};

    load(snap, BPF_H, 2);
    near_unless(snap, PORT_QUIC, snap->headers);
    x_to_a(snap);
    compute(snap, BPF_ADD, 8);
    emit_peek(snap);
    load(snap, BPF_W, 1);
    store(snap, TYPE);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        snap_label other = new_label(snap);

        load_memory(snap, TYPE);
        near_unless(snap, versions[i].version, other);
        load(snap, BPF_B, 0);
        compute(snap, BPF_AND, 0xf0);
        near_unless(snap, versions[i].type, snap->headers);
        answer(snap, SNAP_ALL);
        place(snap, other);
    }
}

/* What names itself in its payload. */
static void emit_sessions(struct snap *snap)
{
    snap_label udp = new_label(snap);

    load_memory(snap, FRAGMENT);
    near_unless(snap, 0, snap->headers);
    load_x(snap, TRANSPORT);
    load_memory(snap, KIND);
    near_if(snap, UDP, udp);
    near_unless(snap, TCP, snap->headers);
    emit_tcp_session(snap);
    place(snap, udp);
    emit_quic_session(snap);
}

/*
 * Without an Ethernet header the kernel says the type. It may be a VLAN's though its tag is not
 * there any more, of packets that go out. Then IP or PPPoE is, unless what would be the tag's type
 * is one.
 */
static void emit_cooked_start(struct snap *snap)
{
    snap_label vlan = new_label(snap), tag = new_label(snap), ip = new_label(snap);
    snap_label known = new_label(snap);

    snapcode_emit(&snap->code, BPF_LDX | BPF_W | BPF_IMM, 0);
    snapcode_emit(&snap->code, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
    near_if(snap, 0x8100, vlan);
    near_unless(snap, 0x88a8, known);
    place(snap, vlan);
    store(snap, TYPE);
    load(snap, BPF_H, 2);
    near_if(snap, IPV4, tag);
    near_if(snap, IPV6, tag);
    near_if(snap, 0x8100, tag);
    near_if(snap, PPPOE, tag);
    load(snap, BPF_B, 0);
    compute(snap, BPF_AND, 0xf0);
    jump_if(snap, 0x60, snap->outer.ipv6);
    near_if(snap, 0x40, ip);
    load(snap, BPF_H, 0);
    near_unless(snap, 0x1100, tag);
    load_number(snap, PPPOE);
    jump(snap, known);
    place(snap, ip);
    jump(snap, snap->outer.ipv4);
    place(snap, tag);
    load_memory(snap, TYPE);
    place(snap, known);
}

/* All of memory is known: Linux takes no program that could read what was not written. */
static void emit_start(struct snap *snap)
{
    load_number(snap, 0);
    for (unsigned slot = 0; slot < SLOTS; slot++)
        store(snap, slot);
    if (!snap->options.ethernet) {
        emit_cooked_start(snap);
        return;
    }
    snapcode_emit(&snap->code, BPF_LDX | BPF_W | BPF_IMM, 14);
    snapcode_emit(&snap->code, BPF_LD | BPF_H | BPF_ABS, 12);
}

/* Each part jumps only to those behind it. */
static void emit_walk(struct snap *snap)
{
    snap_label *labels[] = {&snap->tcp,   &snap->udp,   &snap->icmp,
                            &snap->later, &snap->scope, &snap->headers};
    struct layer *layers[] = {&snap->outer, &snap->inner};

    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        *labels[i] = new_label(snap);
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        *layers[i] = (struct layer){new_label(snap), new_label(snap), new_label(snap),
                                    new_label(snap), new_label(snap), new_label(snap)};
    emit_start(snap);
    emit_link(snap);
    emit_ipv4(snap, &snap->outer);
    emit_ipv6(snap, &snap->outer, SNAP_EXTENSIONS);
    emit_udp(snap);
    if (snap->options.open_tunnels) {
        emit_gre(snap);
        emit_inner_link(snap);
        emit_ipv4(snap, &snap->inner);
        emit_ipv6(snap, &snap->inner, SNAP_EXTENSIONS_INSIDE);
        emit_inner_udp(snap);
    }
    emit_transport(snap);
    emit_scope(snap);
    if (snap->options.session_names)
        emit_sessions(snap);
    place(snap, snap->headers);
    load_memory(snap, ANSWER);
    answer_a(snap);
}

/*
 * A tcpdump filter comes first: what it lets through goes on behind it. Without an Ethernet header
 * it is that of raw IP, which is where such packets begin for the kernel.
 */
static enum result append_filter(struct snap *snap, const char *expression)
{
    pcap_t *pcap = pcap_open_dead(snap->options.ethernet ? DLT_EN10MB : DLT_RAW, (int)SNAP_ALL);
    struct bpf_program bpf;
    enum result result = RESULT_DAMAGED;

    if (!pcap)
        return RESULT_NO_MEMORY;
    if (pcap_compile(pcap, &bpf, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        snprintf(snap->problem, sizeof snap->problem, "%s", pcap_geterr(pcap));
    } else {
        for (unsigned i = 0; i < bpf.bf_len; i++) {
            struct bpf_insn insn = bpf.bf_insns[i];

            if (BPF_CLASS(insn.code) == BPF_RET && insn.k != 0)
                insn = (struct bpf_insn){.code = BPF_JMP | BPF_JA, .k = bpf.bf_len - i - 1};
            snapcode_append(&snap->code, insn);
        }
        pcap_freecode(&bpf);
        result = RESULT_OK;
    }
    pcap_close(pcap);
    return result;
}

enum result snap_init(struct snap **snap, const struct snap_options *options)
{
    struct snap *new = calloc(1, sizeof *new);
    enum result result = RESULT_OK;

    if (!new)
        return RESULT_NO_MEMORY;
    *snap = new;
    new->options = *options;
    if (options->filter)
        result = append_filter(new, options->filter);
    if (result != RESULT_OK)
        return result;
    emit_walk(new);
    if (snapcode_finish(&new->code))
        return RESULT_OK;
    snprintf(new->problem, sizeof new->problem, "the filter is too long for the kernel");
    return RESULT_DAMAGED;
}

void snap_destroy(struct snap **snap)
{
    free(*snap);
    *snap = NULL;
}

const char *snap_problem(const struct snap *snap)
{
    return snap->problem;
}

const struct bpf_insn *snap_program(const struct snap *snap, unsigned *count)
{
    *count = snap->code.count;
    return snap->code.program;
}
