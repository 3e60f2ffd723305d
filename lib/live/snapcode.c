/* SPDX-License-Identifier: Apache-2.0 */
#include "live/snapcode.h"

static void append(struct snapcode *code, struct bpf_insn insn, snap_target yes, snap_target no)
{
    if (code->count < SNAPCODE_MOST) {
        code->program[code->count] = insn;
        code->yes[code->count] = yes;
        code->no[code->count] = no;
    }
    code->count++;
}

void snapcode_append(struct snapcode *code, struct bpf_insn insn)
{
    append(code, insn, 0, 0);
}

void snapcode_emit(struct snapcode *code, unsigned instruction, uint32_t k)
{
    snapcode_append(code, (struct bpf_insn){.code = (u_short)instruction, .k = k});
}

snap_target snapcode_target(struct snapcode *code)
{
    return ++code->targets;
}

void snapcode_place(struct snapcode *code, snap_target target)
{
    if (target < SNAPCODE_TARGETS)
        code->places[target] = code->count;
}

void snapcode_test(struct snapcode *code, unsigned test, uint32_t k, snap_target yes,
                   snap_target no)
{
    append(code, (struct bpf_insn){.code = (u_short)(BPF_JMP | test), .k = k}, yes, no);
}

void snapcode_jump(struct snapcode *code, snap_target target)
{
    append(code, (struct bpf_insn){.code = BPF_JMP | BPF_JA}, target, 0);
}

void snapcode_jump_if(struct snapcode *code, uint32_t value, snap_target target)
{
    snapcode_append(code, (struct bpf_insn){.code = BPF_JMP | BPF_JEQ, .jf = 1, .k = value});
    snapcode_jump(code, target);
}

/* Instructions between a place and a target; a huge number if the target is not after it. */
static unsigned distance(const struct snapcode *code, unsigned place, snap_target target)
{
    return target == 0 ? 0 : code->places[target] - place - 1;
}

bool snapcode_finish(struct snapcode *code)
{
    if (code->count > SNAPCODE_MOST || code->targets >= SNAPCODE_TARGETS)
        return false;
    for (unsigned i = 0; i < code->count; i++) {
        struct bpf_insn *insn = &code->program[i];
        unsigned yes = distance(code, i, code->yes[i]), no = distance(code, i, code->no[i]);

        if (code->yes[i] == 0 && code->no[i] == 0)
            continue;
        if (BPF_OP(insn->code) == BPF_JA && yes < SNAPCODE_MOST) {
            insn->k = yes;
            continue;
        }
        if (yes > UINT8_MAX || no > UINT8_MAX)
            return false;
        insn->jt = (u_char)yes;
        insn->jf = (u_char)no;
    }
    return true;
}
