/* SPDX-License-Identifier: Apache-2.0 */
#include "live/snap.h"

#include "base/bytes.h"
#include "live/snapparts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before the scope check, since DNS is read in any scope. X is at the ports. */
static void emit_ports(struct snap *snap, snap_target drop)
{
#define SERVICE(port) port,
    static const uint16_t services[] = {SERVICE_PORTS(SERVICE)};
#undef SERVICE
    enum { SERVICES = sizeof services / sizeof *services };

    load(snap, BPF_H, 2);
    jump_if(snap, PORT_DNS, snap->headers);
    for (size_t i = 0; i < SERVICES && !snap->options.keep_all; i++)
        near_if(snap, services[i], drop);
    load(snap, BPF_H, 0);
    for (size_t i = 0; i < SERVICES && !snap->options.keep_all; i++)
        near_if(snap, services[i], drop);
}

/* Copies DNS responses whose header is there and that have at most one question. */
static void emit_dns(struct snap *snap)
{
    snap_target headers = new_target(snap), all = new_target(snap);

    load_memory(snap, FRAGMENT);
    near_unless(snap, 0, headers);
    load_memory(snap, KIND);
    near_if(snap, IPPROTO_TCP, all);
    near_unless_room(snap, 8 + 12, headers);
    load(snap, BPF_H, 8 + 2);
    compute(snap, BPF_AND, 0xf800); /* a response with the standard opcode */
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
    snap_target ports = new_target(snap), dns = new_target(snap), drop = new_target(snap);

    place(snap, snap->tcp);
    store_x(snap, TRANSPORT);
    x_to_a(snap);
    compute(snap, BPF_ADD, 20);
    store(snap, ANSWER);
    store_number(snap, IPPROTO_TCP, KIND);
    jump(snap, ports);
    place(snap, snap->udp);
    load_x(snap, TRANSPORT);
    x_to_a(snap);
    compute(snap, BPF_ADD, 8);
    store(snap, ANSWER);
    store_number(snap, IPPROTO_UDP, KIND);

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

/* Tests whether the address at X + at is certainly local; the meter knows more local addresses. */
static void emit_local4(struct snap *snap, uint32_t at, snap_target yes, snap_target no)
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

static void emit_local6(struct snap *snap, uint32_t at, snap_target yes, snap_target no)
{
    snap_target other = new_target(snap);

    load(snap, BPF_W, at);
    near_unless(snap, 0, other);
    load(snap, BPF_W, at + 12); /* no address in ::/32 is in use but ::1 */
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

/* Continues if the meter may keep the packet, judging by the headers so far. */
static void emit_scope(struct snap *snap)
{
    snap_target ipv6 = new_target(snap), drop = new_target(snap), keep = new_target(snap);
    snap_target from4 = new_target(snap), from6 = new_target(snap);

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

/* The payload begins at A: continues with X there, if it has 8 bytes to examine. */
static void emit_peek(struct snap *snap)
{
    store(snap, PAYLOAD);
    compute(snap, BPF_ADD, 8); /* a load beyond the end would reject the packet */
    a_to_x(snap);
    snapcode_emit(&snap->code, BPF_LD | BPF_W | BPF_LEN, 0);
    snapcode_test(&snap->code, BPF_JGE | BPF_X, 0, 0, snap->headers);
    load_x(snap, PAYLOAD);
}

/* The first four bytes are in A; the next two rule out other words that begin like a method. */
static void emit_http(struct snap *snap)
{
#define METHOD(method) method,
    static const char methods[][9] = {HTTP_METHODS(METHOD)};
#undef METHOD
    snap_target request = new_target(snap), none = new_target(snap);

    store(snap, TYPE);
    load(snap, BPF_H, 4);
    store(snap, OPTIONS);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        const uint8_t *method = (const uint8_t *)methods[i];
        size_t length = strlen(methods[i]);
        uint32_t mask = length == 4 ? 0 : length == 5 ? 0xff00 : 0xffff;
        snap_target other = new_target(snap);

        load_memory(snap, TYPE);
        near_unless(snap, be32(method), other);
        load_memory(snap, OPTIONS);
        compute(snap, BPF_AND, mask);
        near_if(snap, be16(method + 4) & mask, request);
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

/* The first byte says that the header is long, and its type, which versions number differently. */
static void emit_quic_session(struct snap *snap)
{
    static const struct {
        uint32_t version, type;
    } versions[] = {
#define INITIAL(version, type) {version, type},
        QUIC_VERSIONS(INITIAL)
#undef INITIAL
    };

    load(snap, BPF_H, 2);
    near_unless(snap, PORT_QUIC, snap->headers);
    x_to_a(snap);
    compute(snap, BPF_ADD, 8);
    emit_peek(snap);
    load(snap, BPF_W, 1);
    store(snap, TYPE);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        snap_target other = new_target(snap);

        load_memory(snap, TYPE);
        near_unless(snap, versions[i].version, other);
        load(snap, BPF_B, 0);
        compute(snap, BPF_AND, 0xf0);
        near_unless(snap, versions[i].type, snap->headers);
        answer(snap, SNAP_ALL);
        place(snap, other);
    }
}

/* Copies handshakes with names. */
static void emit_sessions(struct snap *snap)
{
    snap_target udp = new_target(snap);

    load_memory(snap, FRAGMENT);
    near_unless(snap, 0, snap->headers);
    load_x(snap, TRANSPORT);
    load_memory(snap, KIND);
    near_if(snap, IPPROTO_UDP, udp);
    near_unless(snap, IPPROTO_TCP, snap->headers);
    emit_tcp_session(snap);
    place(snap, udp);
    emit_quic_session(snap);
}

/*
 * Without an Ethernet header, the kernel gives the type. For outgoing packets, that may be a VLAN's
 * though its tag is gone. Then IP or PPPoE follows, unless the bytes where the tag's type would be
 * are one.
 */
static void emit_cooked_start(struct snap *snap)
{
    snap_target vlan = new_target(snap), tag = new_target(snap), ip = new_target(snap);
    snap_target known = new_target(snap);

    snapcode_emit(&snap->code, BPF_LDX | BPF_W | BPF_IMM, 0);
    snapcode_emit(&snap->code, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
    near_if(snap, ETHERTYPE_VLAN, vlan);
    near_unless(snap, ETHERTYPE_QINQ, known);
    place(snap, vlan);
    store(snap, TYPE);
    load(snap, BPF_H, 2);
    near_if(snap, ETHERTYPE_IPV4, tag);
    near_if(snap, ETHERTYPE_IPV6, tag);
    near_if(snap, ETHERTYPE_VLAN, tag);
    near_if(snap, ETHERTYPE_PPPOE, tag);
    load(snap, BPF_B, 0);
    compute(snap, BPF_AND, 0xf0);
    jump_if(snap, 0x60, snap->outer.ipv6);
    near_if(snap, 0x40, ip);
    load(snap, BPF_H, 0);
    near_unless(snap, 0x1100, tag);
    load_number(snap, ETHERTYPE_PPPOE);
    jump(snap, known);
    place(snap, ip);
    jump(snap, snap->outer.ipv4);
    place(snap, tag);
    load_memory(snap, TYPE);
    place(snap, known);
}

/* Writes all memory slots: Linux rejects programs that could read an unwritten one. */
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

/* Each part jumps only to later ones. */
static void emit_walk(struct snap *snap)
{
    snap_target *targets[] = {&snap->tcp,   &snap->udp,   &snap->icmp,
                              &snap->later, &snap->scope, &snap->headers};
    struct layer *layers[] = {&snap->outer, &snap->inner};

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        *targets[i] = new_target(snap);
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        *layers[i] = (struct layer){new_target(snap), new_target(snap), new_target(snap),
                                    new_target(snap), new_target(snap), new_target(snap)};
    emit_start(snap);
    snap_emit_link(snap);
    snap_emit_ip(snap);
    emit_transport(snap);
    emit_scope(snap);
    if (snap->options.session_names)
        emit_sessions(snap);
    place(snap, snap->headers);
    load_memory(snap, ANSWER);
    answer_a(snap);
}

static void emit_interfaces(struct snap *snap)
{
    snap_target ours = new_target(snap);

    if (snap->options.interface_count == 0)
        return;
    snapcode_emit(&snap->code, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX));
    for (size_t i = 0; i < snap->options.interface_count; i++)
        near_if(snap, (uint32_t)snap->options.interfaces[i], ours);
    answer(snap, 0);
    place(snap, ours);
}

/* Packets that the tcpdump filter passes continue after it. */
static void append(struct snap *snap, const struct bpf_program *bpf)
{
    for (unsigned i = 0; i < bpf->bf_len; i++) {
        struct bpf_insn insn = bpf->bf_insns[i];

        if (BPF_CLASS(insn.code) == BPF_RET && insn.k != 0)
            insn = (struct bpf_insn){.code = BPF_JMP | BPF_JA, .k = bpf->bf_len - i - 1};
        snapcode_append(&snap->code, insn);
    }
}

static enum result compile(struct snap *snap, pcap_t *pcap)
{
    struct bpf_program bpf;

    if (pcap_compile(pcap, &bpf, snap->options.filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        snprintf(snap->problem, sizeof snap->problem, "%s", pcap_geterr(pcap));
        return RESULT_INVALID;
    }
    append(snap, &bpf);
    pcap_freecode(&bpf);
    return RESULT_OK;
}

/*
 * Without an Ethernet header, a tcpdump filter is compiled for raw IP, which is where the kernel's
 * view of such packets begins.
 */
static enum result append_filter(struct snap *snap)
{
    pcap_t *dead;
    enum result result;

    if (snap->options.ethernet && snap->options.live)
        return compile(snap, snap->options.live);
    dead = pcap_open_dead(snap->options.ethernet ? DLT_EN10MB : DLT_RAW, (int)SNAP_ALL);
    if (!dead)
        return RESULT_NO_MEMORY;
    result = compile(snap, dead);
    pcap_close(dead);
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
    emit_interfaces(new);
    if (options->filter)
        result = append_filter(new);
    if (result != RESULT_OK)
        return result;
    emit_walk(new);
    if (snapcode_finish(&new->code))
        return RESULT_OK;
    snprintf(new->problem, sizeof new->problem, "the filter is too long for the kernel");
    return RESULT_INVALID;
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
