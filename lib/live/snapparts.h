/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the kernel's program share: words for what they emit most, and where its parts
 * jump to. Those in snaplink.c and snapip.c walk, those in snap.c answer. They stand in the program
 * in that order, for it has no jumps back.
 */
#ifndef SECFLOW_SNAPPARTS_H
#define SECFLOW_SNAPPARTS_H

#include "live/snap.h"
#include "live/snapcode.h"
#include "packet/protocols.h"

#include <netinet/in.h>

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

/* Where the walk goes on: with A the type and X behind it, or with X at the header of that name. */
struct layer {
    snap_target frame, ppp, ipv4, ipv6, gre, udp;
};

struct snap {
    struct snap_options options;
    struct snapcode code;
    struct layer outer, inner;
    /* The same; X is behind the headers of a later fragment, and UDP's is in TRANSPORT. */
    snap_target tcp, udp, icmp, later;
    snap_target scope;
    snap_target headers; /* the answer is ANSWER */
    char problem[PCAP_ERRBUF_SIZE];
};

/* Short words for what is emitted most. */

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

/* X moves on by what is in A, or by so many bytes. */
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

/* To targets nearby. */
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

/* Where fewer bytes than that stand at X a load would refuse the packet. */
static inline void near_unless_room(struct snap *snap, uint32_t bytes, snap_target target)
{
    snapcode_emit(&snap->code, BPF_LD | BPF_W | BPF_LEN, 0);
    snapcode_emit(&snap->code, BPF_ALU | BPF_SUB | BPF_X, 0);
    snapcode_test(&snap->code, BPF_JGE, bytes, 0, target);
}

/* X is at a type, which goes to A, and moves behind it. */
static inline void take_type(struct snap *snap)
{
    load(snap, BPF_H, 0);
    store(snap, TYPE);
    move(snap, 2);
    load_memory(snap, TYPE);
}

/*
 * snaplink.c: from the beginning of the packet, with A its type and X behind that, to the targets
 * of layer outer; and the same in a tunnel, from targets of layer inner to others of it.
 */
void snap_emit_link(struct snap *snap);
void snap_emit_inner_link(struct snap *snap);

/* snapip.c: from IP headers to the targets of transport, through tunnels from outer to inner. */
void snap_emit_ip(struct snap *snap);

#endif
