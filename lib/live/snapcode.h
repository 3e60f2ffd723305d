/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An assembler for the classic BPF that sockets accept: jumps go forward only, to targets.
 */
#ifndef SECFLOW_SNAPCODE_H
#define SECFLOW_SNAPCODE_H

#include <linux/filter.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>

/* Linux accepts no longer program: BPF_MAXINSNS. */
#define SNAPCODE_MOST 4096u
#define SNAPCODE_TARGETS 256u

/* A place in the program; 0 is the next instruction. */
typedef uint16_t snap_target;

/* Starts zeroed. Instructions that do not fit are counted but not kept. */
struct snapcode {
    unsigned count;
    struct bpf_insn program[SNAPCODE_MOST];
    snap_target yes[SNAPCODE_MOST],
        no[SNAPCODE_MOST]; /* where jumps go; both 0: already resolved */
    unsigned places[SNAPCODE_TARGETS];
    snap_target targets;
};

/* An instruction as it is; its jumps are already resolved. */
void snapcode_append(struct snapcode *code, struct bpf_insn insn);

void snapcode_emit(struct snapcode *code, unsigned instruction, uint32_t k);

snap_target snapcode_target(struct snapcode *code);
void snapcode_place(struct snapcode *code, snap_target target);

/*
 * Tests the accumulator, with BPF_JEQ for instance, against k or, with BPF_X, the index register.
 * Either target is at most 255 instructions ahead, or 0.
 */
void snapcode_test(struct snapcode *code, unsigned test, uint32_t k, snap_target yes,
                   snap_target no);
void snapcode_jump(struct snapcode *code, snap_target target);

/* Jumps any distance if the accumulator has this value. */
void snapcode_jump_if(struct snapcode *code, uint32_t value, snap_target target);

/* Resolves the jumps. False: the program is too long, or a test jumps too far. */
bool snapcode_finish(struct snapcode *code);

#endif
