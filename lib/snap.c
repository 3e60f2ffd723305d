#include "snap.h"

#include "bytes.h"
#include "text.h"

#include <linux/filter.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Linux takes no longer program: BPF_MAXINSNS. */
#define PROGRAM_MAX 4096u

/* Where the last part of the program may jump to. */
enum label {
    NEXT,
    IPV4,
    IPV6,
    INNER,
    FRAGMENT,
    TCP4,
    UDP4,
    ICMP4,
    TCP6,
    UDP6,
    ICMP6,
    TCP,
    REQUEST,
    QUIC,
    QUIC1,
    QUIC2,
    HEADERS,
    ALL,
    LABELS
};

/* Where emit_peek keeps where the payload begins, in the machine's memory. */
enum { PAYLOAD };

struct snap {
    bool ethernet, open_tunnels, session_names;
    unsigned count;
    struct bpf_insn program[PROGRAM_MAX];
    uint8_t jump_true[PROGRAM_MAX], jump_false[PROGRAM_MAX]; /* labels, of the last part */
    unsigned places[LABELS];
    uint32_t ip; /* where the IP header begins */
    char problem[PCAP_ERRBUF_SIZE];
};

static void emit_jump(struct snap *snap, unsigned code, uint32_t k, enum label yes, enum label no)
{
    if (snap->count == PROGRAM_MAX)
        return;
    snap->jump_true[snap->count] = (uint8_t)yes;
    snap->jump_false[snap->count] = (uint8_t)no;
    snap->program[snap->count++] = (struct bpf_insn){.code = (u_short)code, .k = k};
}

static void emit(struct snap *snap, unsigned code, uint32_t k)
{
    emit_jump(snap, code, k, NEXT, NEXT);
}

static void place(struct snap *snap, enum label label)
{
    snap->places[label] = snap->count;
}

static void jump_if(struct snap *snap, uint32_t value, enum label label)
{
    emit_jump(snap, BPF_JMP | BPF_JEQ | BPF_K, value, label, NEXT);
}

static void answer(struct snap *snap, uint32_t bytes)
{
    emit(snap, BPF_RET | BPF_K, bytes);
}

/* Jumps of a few instructions, which all of these are, fit in a byte. */
static void resolve(struct snap *snap, unsigned from)
{
    for (unsigned i = from; i < snap->count; i++) {
        struct bpf_insn *insn = &snap->program[i];

        if (BPF_CLASS(insn->code) != BPF_JMP)
            continue;
        if (BPF_OP(insn->code) == BPF_JA) {
            insn->k = snap->places[snap->jump_true[i]] - i - 1;
            continue;
        }
        insn->jt =
            snap->jump_true[i] == NEXT ? 0 : (u_char)(snap->places[snap->jump_true[i]] - i - 1);
        insn->jf =
            snap->jump_false[i] == NEXT ? 0 : (u_char)(snap->places[snap->jump_false[i]] - i - 1);
    }
}

/* What carries IP, but not right behind the Ethernet header: VLANs, MPLS, PPPoE, bridged frames. */
static void emit_ethertypes(struct snap *snap)
{
    static const uint16_t carriers[] = {0x8100, 0x88a8, 0x9000, 0x9100, 0x9200,
                                        0x9300, 0x8847, 0x8848, 0x8864, 0x6558};

    if (snap->ethernet)
        emit(snap, BPF_LD | BPF_H | BPF_ABS, 12);
    else
        emit(snap, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL));
    jump_if(snap, 0x0800, IPV4);
    jump_if(snap, 0x86dd, IPV6);
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
        jump_if(snap, carriers[i], INNER);
    /* Less is the length of an IEEE 802.3 frame, which can have IP behind LLC and SNAP. */
    emit_jump(snap, BPF_JMP | BPF_JGE | BPF_K, 0x0600, NEXT, INNER);
    answer(snap, 0);
}

static void emit_tunnel_protocols(struct snap *snap)
{
    static const uint8_t protocols[] = {4, 41, 47}; /* IPv4, IPv6, GRE */

    for (size_t i = 0; snap->open_tunnels && i < sizeof protocols; i++)
        jump_if(snap, protocols[i], INNER);
}

/* Of UDP tunnels the destination port is at [X + at], and the source port 2 bytes before it. */
static void emit_tunnel_ports(struct snap *snap, unsigned mode, uint32_t at)
{
    static const uint16_t ports[] = {4789, 8472, 6081, 2152};

    if (!snap->open_tunnels)
        return;
    jump_if(snap, 2152, INNER); /* the source port of GTP-U, which is loaded */
    emit(snap, BPF_LD | BPF_H | mode, at);
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        jump_if(snap, ports[i], INNER);
}

/* The accumulator becomes the length of a TCP header, which the upper half of that byte has. */
static void emit_tcp_length(struct snap *snap, unsigned mode, uint32_t at)
{
    emit(snap, BPF_LD | BPF_B | mode, at);
    emit(snap, BPF_ALU | BPF_AND | BPF_K, 0xf0);
    emit(snap, BPF_ALU | BPF_RSH | BPF_K, 2);
}

/* The answer is the length of the IP header, which X holds, and of what is around it. */
static void emit_length(struct snap *snap, uint32_t more)
{
    emit(snap, BPF_MISC | BPF_TXA, 0);
    emit(snap, BPF_ALU | BPF_ADD | BPF_K, snap->ip + more);
    emit(snap, BPF_RET | BPF_A, 0);
}

static void jump(struct snap *snap, enum label label)
{
    emit_jump(snap, BPF_JMP | BPF_JA, 0, label, NEXT);
}

/* The accumulator has where a TCP payload begins, which is the answer unless it is looked into. */
static void end_tcp(struct snap *snap)
{
    if (snap->session_names)
        jump(snap, TCP);
    else
        emit(snap, BPF_RET | BPF_A, 0);
}

/* Goes on with X at the payload, where the accumulator says that it begins. */
static void emit_peek(struct snap *snap)
{
    enum { SEEN = 8 }; /* a load behind the end would refuse the packet */

    emit(snap, BPF_ST, PAYLOAD);
    emit(snap, BPF_ALU | BPF_ADD | BPF_K, SEEN);
    emit(snap, BPF_MISC | BPF_TAX, 0);
    emit(snap, BPF_LD | BPF_W | BPF_LEN, 0);
    emit_jump(snap, BPF_JMP | BPF_JGE | BPF_X, 0, NEXT, HEADERS);
    emit(snap, BPF_LDX | BPF_W | BPF_MEM, PAYLOAD);
}

static void emit_tcp_session(struct snap *snap)
{
    static const char methods[][5] = {"GET ", "POST", "HEAD", "PUT ", "DELE",
                                      "OPTI", "PATC", "CONN", "TRAC"};

    place(snap, TCP);
    emit_peek(snap);
    emit(snap, BPF_LD | BPF_W | BPF_IND, 0);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        jump_if(snap, be32((const uint8_t *)methods[i]), REQUEST);
    emit(snap, BPF_ALU | BPF_RSH | BPF_K, 16);
    emit_jump(snap, BPF_JMP | BPF_JEQ | BPF_K, 0x1603, NEXT, HEADERS);
    emit(snap, BPF_LD | BPF_B | BPF_IND, 5);
    emit_jump(snap, BPF_JMP | BPF_JEQ | BPF_K, 1, NEXT, HEADERS);
    emit(snap, BPF_LD | BPF_H | BPF_IND, 3);
    emit(snap, BPF_ALU | BPF_ADD | BPF_K, 5);
    emit(snap, BPF_ALU | BPF_ADD | BPF_X, 0);
    emit(snap, BPF_RET | BPF_A, 0);

    place(snap, REQUEST);
    emit(snap, BPF_MISC | BPF_TXA, 0);
    emit(snap, BPF_ALU | BPF_ADD | BPF_K, SNAP_REQUEST);
    emit(snap, BPF_RET | BPF_A, 0);
}

/* The first byte says that the header is long, and of a type, which versions number otherwise. */
static void emit_quic_session(struct snap *snap)
{
    static const struct {
        uint32_t version, type;
        enum label label;
    } versions[] = {{0x00000001, 0xc0, QUIC1}, {0x6b3343cf, 0xd0, QUIC2}};

    place(snap, QUIC);
    emit_peek(snap);
    emit(snap, BPF_LD | BPF_W | BPF_IND, 1);
    for (size_t i = 0; i < 2; i++)
        jump_if(snap, versions[i].version, versions[i].label);
    place(snap, HEADERS);
    emit(snap, BPF_LD | BPF_W | BPF_MEM, PAYLOAD);
    emit(snap, BPF_RET | BPF_A, 0);
    for (size_t i = 0; i < 2; i++) {
        place(snap, versions[i].label);
        emit(snap, BPF_LD | BPF_B | BPF_IND, 0);
        emit(snap, BPF_ALU | BPF_AND | BPF_K, 0xf0);
        jump_if(snap, versions[i].type, ALL);
        emit(snap, BPF_LD | BPF_W | BPF_MEM, PAYLOAD);
        emit(snap, BPF_RET | BPF_A, 0);
    }
}

/* Goes on behind it where the destination port, which is at [X + at], is that of QUIC. */
static void emit_quic_port(struct snap *snap, unsigned mode, uint32_t at, enum label otherwise)
{
    emit(snap, BPF_LD | BPF_H | mode, at);
    emit_jump(snap, BPF_JMP | BPF_JEQ | BPF_K, 443, NEXT, otherwise);
}

static void emit_ipv4(struct snap *snap)
{
    place(snap, IPV4);
    emit(snap, BPF_LDX | BPF_B | BPF_MSH, snap->ip);
    emit(snap, BPF_LD | BPF_H | BPF_ABS, snap->ip + 6);
    emit_jump(snap, BPF_JMP | BPF_JSET | BPF_K, 0x1fff, FRAGMENT, NEXT);
    emit(snap, BPF_LD | BPF_B | BPF_ABS, snap->ip + 9);
    jump_if(snap, 6, TCP4);
    jump_if(snap, 17, UDP4);
    jump_if(snap, 1, ICMP4);
    jump_if(snap, 51, INNER); /* an authentication header */
    emit_tunnel_protocols(snap);
    answer(snap, 0);

    place(snap, FRAGMENT);
    emit_length(snap, 0);

    place(snap, TCP4);
    emit(snap, BPF_LD | BPF_H | BPF_IND, snap->ip);
    jump_if(snap, 53, ALL);
    emit_tcp_length(snap, BPF_IND, snap->ip + 12);
    emit(snap, BPF_ALU | BPF_ADD | BPF_X, 0);
    emit(snap, BPF_ALU | BPF_ADD | BPF_K, snap->ip);
    end_tcp(snap);

    place(snap, UDP4);
    emit(snap, BPF_LD | BPF_H | BPF_IND, snap->ip);
    jump_if(snap, 53, ALL);
    emit_tunnel_ports(snap, BPF_IND, snap->ip + 2);
    if (snap->session_names) {
        emit_quic_port(snap, BPF_IND, snap->ip + 2, ICMP4);
        emit(snap, BPF_MISC | BPF_TXA, 0);
        emit(snap, BPF_ALU | BPF_ADD | BPF_K, snap->ip + 8);
        jump(snap, QUIC);
    }
    place(snap, ICMP4);
    emit_length(snap, 8);
}

static void emit_ipv6(struct snap *snap)
{
    static const uint8_t extensions[] = {0, 43, 44, 51, 60, 135, 139, 140};

    place(snap, IPV6);
    emit(snap, BPF_LD | BPF_B | BPF_ABS, snap->ip + 6);
    jump_if(snap, 6, TCP6);
    jump_if(snap, 17, UDP6);
    jump_if(snap, 58, ICMP6);
    for (size_t i = 0; i < sizeof extensions; i++)
        jump_if(snap, extensions[i], INNER);
    emit_tunnel_protocols(snap);
    answer(snap, 0);

    place(snap, TCP6);
    emit(snap, BPF_LD | BPF_H | BPF_ABS, snap->ip + 40);
    jump_if(snap, 53, ALL);
    emit_tcp_length(snap, BPF_ABS, snap->ip + 52);
    emit(snap, BPF_ALU | BPF_ADD | BPF_K, snap->ip + 40);
    end_tcp(snap);

    place(snap, UDP6);
    emit(snap, BPF_LD | BPF_H | BPF_ABS, snap->ip + 40);
    jump_if(snap, 53, ALL);
    emit_tunnel_ports(snap, BPF_ABS, snap->ip + 42);
    if (snap->session_names) {
        emit_quic_port(snap, BPF_ABS, snap->ip + 42, ICMP6);
        emit(snap, BPF_LD | BPF_IMM, snap->ip + 48);
        jump(snap, QUIC);
    }
    place(snap, ICMP6);
    answer(snap, snap->ip + 48);
}

/* The last part: how much of a packet that has come here. */
static void emit_lengths(struct snap *snap)
{
    unsigned from = snap->count;

    emit_ethertypes(snap);
    emit_ipv4(snap);
    emit_ipv6(snap);
    if (snap->session_names) {
        emit_tcp_session(snap);
        emit_quic_session(snap);
    }
    place(snap, INNER);
    answer(snap, SNAP_INNER);
    place(snap, ALL);
    answer(snap, SNAP_ALL);
    resolve(snap, from);
}

/*
 * Appends a tcpdump filter: what it lets through goes on behind it. Without an Ethernet header it
 * is that of raw IP, which is where such packets begin for the kernel.
 */
static enum result append_filter(struct snap *snap, const char *expression)
{
    pcap_t *pcap = pcap_open_dead(snap->ethernet ? DLT_EN10MB : DLT_RAW, (int)SNAP_ALL);
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
            if (snap->count < PROGRAM_MAX)
                snap->program[snap->count++] = insn;
        }
        pcap_freecode(&bpf);
        result = RESULT_OK;
    }
    pcap_close(pcap);
    return result;
}

/* Addresses that surely are local: the meter knows more of them, and drops the rest. */
static enum result put_local(struct text *text)
{
    static const char *const networks[] = {"10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16",
                                           "169.254.0.0/16", "127.0.0.0/8",   "fc00::/7",
                                           "fe80::/10",      "::1/128"};
    static const char *const sides[] = {"src", "dst"};
    enum result result = RESULT_OK;

    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < sizeof networks / sizeof *networks && result == RESULT_OK; i++)
            result =
                text_print(text, "%s%s net %s", i == 0 ? side ? ") and (" : " and not ((" : " or ",
                           sides[side], networks[i]);
    return result == RESULT_OK ? text_put_string(text, "))") : result;
}

/* What the meter may want, as a tcpdump filter. */
static enum result put_scope(const struct snap_options *options, struct text *text)
{
    static const char tunnels[] =
        "proto 4 or proto 41 or proto 47 or udp port 4789 or udp port 8472 or udp port 6081 or "
        "udp port 2152 or ";
    static const char services[] = " and not (port 67 or port 68 or port 137 or port 139 or "
                                   "port 389 or port 445 or port 636 or port 1900 or port 5353 or "
                                   "port 5355)";
    const char *family = options->family == 4 ? "ip" : options->family == 6 ? "ip6" : "(ip or ip6)";
    enum result result = text_put_string(text, "(not ip and not ip6) or port 53 or ");

    if (result == RESULT_OK && options->open_tunnels)
        result = text_put_string(text, tunnels);
    if (result == RESULT_OK)
        result = text_print(text, "(%s", family);
    if (result == RESULT_OK && !options->keep_all)
        result = text_put_string(text, services);
    if (result == RESULT_OK && !options->keep_all)
        result = put_local(text);
    return result == RESULT_OK ? text_put(text, ")", 2) : result; /* with its NUL */
}

enum result snap_init(struct snap **snap, const struct snap_options *options)
{
    struct snap *new = calloc(1, sizeof *new);
    struct text scope = {0};
    enum result result = RESULT_OK;

    if (!new)
        return RESULT_NO_MEMORY;
    *snap = new;
    new->ethernet = options->ethernet;
    new->open_tunnels = options->open_tunnels;
    new->session_names = options->session_names;
    new->ip = options->ethernet ? 14 : 0;
    if (options->filter)
        result = append_filter(new, options->filter);
    if (result == RESULT_OK)
        result = put_scope(options, &scope);
    if (result == RESULT_OK)
        result = append_filter(new, scope.bytes);
    text_destroy(&scope);
    if (result != RESULT_OK)
        return result;
    emit_lengths(new);
    if (new->count < PROGRAM_MAX)
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
    *count = snap->count;
    return snap->program;
}
