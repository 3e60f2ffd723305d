/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files that make the kernel's program: short names for common instructions, and the
 * targets of its parts. The parts in snaplink.c and snapip.c walk the headers, those in snap.c
 * answer. They are emitted in that order, since jumps go forward only.
 */
#ifndef SECFLOW_SNAPPARTS_H
#define SECFLOW_SNAPPARTS_H

#include "live/snap.h"
#include "live/snapcode.h"
#include "packet/protocols.h"

#include <netinet/in.h>

/* X holds the start of a header; the machine's memory slots hold what is known of earlier ones. */
enum {
    NETWORK,   /* start of the innermost IP header */
    FAMILY,    /* 4 or 6 */
    FRAGMENT,  /* 0: the packet is whole */
    PROTOCOL,  /* of the next header */
    TRANSPORT, /* start of the transport header */
    KIND,      /* IPPROTO_TCP or IPPROTO_UDP; 0: no ports */
    ANSWER,    /* bytes of all headers */
    FLAGS,     /* of a tunnel */
    TYPE,      /* of what the tunnel carries; also a short-lived scratch value */
    OPTIONS,   /* their bytes */
    PAYLOAD,   /* its start */
    SLOTS
};

/*
 * Where the walk continues: with the type in A and X just after it, or with X at the named header.
 */
struct layer {
    snap_target frame, ppp, ipv4, ipv6, gre, udp;
};

struct snap {
    struct snap_options options;
    struct snapcode code;
    struct layer outer, inner;
    /*
     * The same; for a later fragment X is after its headers, and for UDP the start of its header is
     * in TRANSPORT.
     */
    snap_target tcp, udp, icmp, later;
    snap_target scope;
    snap_target headers; /* answers ANSWER */
    char problem[PCAP_ERRBUF_SIZE];
};

/* Short names for common instructions. */

static inline void load(struct snap *snap, unsigned size, uint32_t at)
{
    snapcode_emit(&snap->code, BPF_LD | size | BPF_IND, at);
}

static inline void load_memory(struct snap *snap, uint32_t slot)
{
    snapcode_emit(&snap->code, BPF_LD | BPF_MEM, slot);
}

static inline void load_number(struct snap *snap, uint32_t number)
{
    snapcode_emit(&snap->code, BPF_LD | BPF_IMM, number);
}

static inline void store(struct snap *snap, uint32_t slot)
{
    snapcode_emit(&snap->code, BPF_ST, slot);
}

static inline void store_number(struct snap *snap, uint32_t number, uint32_t slot)
{
    load_number(snap, number);
    store(snap, slot);
}

static inline void store_x(struct snap *snap, uint32_t slot)
{
    snapcode_emit(&snap->code, BPF_STX, slot);
}

static inline void load_x(struct snap *snap, uint32_t slot)
{
    snapcode_emit(&snap->code, BPF_LDX | BPF_W | BPF_MEM, slot);
}

static inline void compute(struct snap *snap, unsigned operation, uint32_t k)
{
    snapcode_emit(&snap->code, BPF_ALU | operation | BPF_K, k);
}

static inline void x_to_a(struct snap *snap)
{
    snapcode_emit(&snap->code, BPF_MISC | BPF_TXA, 0);
}

static inline void a_to_x(struct snap *snap)
{
    snapcode_emit(&snap->code, BPF_MISC | BPF_TAX, 0);
}

/* Advances X by A, or by a number of bytes. */
static inline void move_by_a(struct snap *snap)
{
    snapcode_emit(&snap->code, BPF_ALU | BPF_ADD | BPF_X, 0);
    a_to_x(snap);
}

static inline void move(struct snap *snap, uint32_t bytes)
{
    x_to_a(snap);
    compute(snap, BPF_ADD, bytes);
    a_to_x(snap);
}

static inline void answer(struct snap *snap, uint32_t bytes)
{
    snapcode_emit(&snap->code, BPF_RET | BPF_K, bytes);
}

static inline void answer_a(struct snap *snap)
{
    snapcode_emit(&snap->code, BPF_RET | BPF_A, 0);
}

static inline snap_target new_target(struct snap *snap)
{
    return snapcode_target(&snap->code);
}

static inline void place(struct snap *snap, snap_target target)
{
    snapcode_place(&snap->code, target);
}

static inline void jump(struct snap *snap, snap_target target)
{
    snapcode_jump(&snap->code, target);
}

static inline void jump_if(struct snap *snap, uint32_t value, snap_target target)
{
    snapcode_jump_if(&snap->code, value, target);
}

/* Jumps to targets nearby. */
static inline void near_if(struct snap *snap, uint32_t value, snap_target target)
{
    snapcode_test(&snap->code, BPF_JEQ, value, target, 0);
}

static inline void near_unless(struct snap *snap, uint32_t value, snap_target target)
{
    snapcode_test(&snap->code, BPF_JEQ, value, 0, target);
}

static inline void near_if_set(struct snap *snap, uint32_t bits, snap_target target)
{
    snapcode_test(&snap->code, BPF_JSET, bits, target, 0);
}

/* Jumps if fewer bytes are left at X, where a load would reject the packet. */
static inline void near_unless_room(struct snap *snap, uint32_t bytes, snap_target target)
{
    snapcode_emit(&snap->code, BPF_LD | BPF_W | BPF_LEN, 0);
    snapcode_emit(&snap->code, BPF_ALU | BPF_SUB | BPF_X, 0);
    snapcode_test(&snap->code, BPF_JGE, bytes, 0, target);
}

/* Loads the type at X into A and moves X past it. */
static inline void take_type(struct snap *snap)
{
    load(snap, BPF_H, 0);
    store(snap, TYPE);
    move(snap, 2);
    load_memory(snap, TYPE);
}

/*
 * snaplink.c: from the start of the packet, with its type in A and X just after that, to the
 * targets of layer outer; and the same within a tunnel, among the targets of layer inner.
 */
void snap_emit_link(struct snap *snap);
void snap_emit_inner_link(struct snap *snap);

/* snapip.c: from IP headers to the transport targets, through tunnels from outer to inner. */
void snap_emit_ip(struct snap *snap);

#endif
