/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An assembler of BPF, of that kind which sockets take: jumps go forwards only, to targets.
 */
#ifndef SECFLOW_SNAPCODE_H
#define SECFLOW_SNAPCODE_H

#include <linux/filter.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>

/* Linux takes no longer program: BPF_MAXINSNS. */
#define SNAPCODE_MOST 4096u
#define SNAPCODE_TARGETS 256u

/* A place in the program; 0 is the next instruction. */
typedef uint16_t snap_target;

/* To begin with, all zero. What does not fit is counted, but not kept. */
struct snapcode {
    unsigned count;
    struct bpf_insn program[SNAPCODE_MOST];
    snap_target yes[SNAPCODE_MOST], no[SNAPCODE_MOST]; /* where jumps go; both 0: they know that */
    unsigned places[SNAPCODE_TARGETS];
    snap_target targets;
};

/* An instruction as it is: a jump knows where it goes. */
void snapcode_append(struct snapcode *code, struct bpf_insn insn);

void snapcode_emit(struct snapcode *code, unsigned instruction, uint32_t k);

snap_target snapcode_target(struct snapcode *code);
void snapcode_place(struct snapcode *code, snap_target target);

/*
 * A test of the accumulator, such as BPF_JEQ, with k or, with BPF_X, the register. Either target is
 * at most 255 instructions ahead, or 0.
 */
void snapcode_test(struct snapcode *code, unsigned test, uint32_t k, snap_target yes,
                   snap_target no);
void snapcode_jump(struct snapcode *code, snap_target target);

/* Jumps however far where the accumulator has this value. */
void snapcode_jump_if(struct snapcode *code, uint32_t value, snap_target target);

/* Fills the jumps in. False: the program is too long, or one of its tests looks too far ahead. */
bool snapcode_finish(struct snapcode *code);

#endif
