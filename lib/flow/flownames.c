/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/flownames.h"

#include "base/grow.h"
#include "base/index.h"
#include "base/intern.h"
#include "base/pool.h"

#include <string.h>

#define NAMED_MIN 1024u
#define NAME_MASK ((UINT32_C(1) << 30) - 1)

/*
 * Of hellos with a name and an offer of ECH: the last config_id, and how many repeated or changed
 * it.
 */
struct evidence {
    uint8_t config;
    bool any;
    uint32_t repeated, changed;
};

struct named {
    uint32_t name : 30; /* plus 1; 0: none */
    uint32_t ech : 1;
    uint32_t cut : 1;
};

/* A connection of a log: links a uid to a flow and a name. */
struct joint {
    uint64_t uid;
    uint32_t flow; /* plus 1; 0: unknown yet */
    uint32_t name; /* the same */
};

struct flownames {
    struct intern texts;
    struct evidence *evidence; /* by index of the text */
    size_t evidence_count, evidence_capacity;
    struct named *named; /* by number of the flow */
    size_t named_count;
    struct pool joints; /* of struct joint */
    struct index index;
};

enum result flownames_init(struct flownames **names)
{
    struct flownames *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    result = index_init(&new->index);
    if (result == RESULT_OK)
        result = intern_init(&new->texts);
    if (result != RESULT_OK) {
        flownames_destroy(&new);
        return result;
    }
    *names = new;
    return RESULT_OK;
}

void flownames_destroy(struct flownames **names)
{
    if (*names) {
        intern_destroy(&(*names)->texts);
        free((*names)->evidence);
        free((*names)->named);
        pool_destroy(&(*names)->joints);
        index_destroy(&(*names)->index);
        free(*names);
        *names = NULL;
    }
}

static struct joint *joint_at(const struct flownames *names, uint32_t number)
{
    return pool_at(&names->joints, sizeof(struct joint), number - 1);
}

/* An index_same_fn. */
static bool is_joint(const void *owner, uint32_t number, const void *uid)
{
    return joint_at(owner, number)->uid == *(const uint64_t *)uid;
}

static uint32_t uid_hash(uint64_t uid)
{
    return (uint32_t)(uid >> 1); /* the lowest bit is always set */
}

/* An index_hash_fn. */
static uint32_t joint_hash(const void *owner, uint32_t number)
{
    return uid_hash(joint_at(owner, number)->uid);
}

/* Makes space for the flow's name. */
static enum result reserve_named(struct flownames *names, uint32_t flow)
{
    size_t count = names->named_count ? names->named_count : NAMED_MIN;
    struct named *grown;

    if (flow < names->named_count)
        return RESULT_OK;
    while (count <= flow)
        count *= 2;
    grown = realloc(names->named, count * sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    memset(grown + names->named_count, 0, (count - names->named_count) * sizeof *grown);
    names->named = grown;
    names->named_count = count;
    return RESULT_OK;
}

/* Finds or makes the joint of a uid. */
static enum result add_joint(struct flownames *names, uint64_t uid, struct joint **joint)
{
    enum result result = RESULT_OK;
    uint32_t *slot;

    if (index_full(&names->index, names->joints.count))
        result = index_grow(&names->index, names->joints.count, joint_hash, names);
    if (result == RESULT_OK)
        result = pool_reserve(&names->joints, sizeof(struct joint));
    if (result != RESULT_OK)
        return result;
    slot = index_find(&names->index, uid_hash(uid), is_joint, names, &uid);
    if (*slot == 0) {
        *slot = ++names->joints.count;
        *joint_at(names, *slot) = (struct joint){.uid = uid};
    }
    *joint = joint_at(names, *slot);
    return RESULT_OK;
}

/* Makes space for the evidence of a name. */
static enum result reserve_evidence(struct flownames *names, uint32_t name)
{
    while (name >= names->evidence_count) {
        struct evidence *grown =
            grow(names->evidence, names->evidence_count, &names->evidence_capacity, sizeof *grown);

        if (!grown)
            return RESULT_NO_MEMORY;
        names->evidence = grown;
        grown[names->evidence_count++] = (struct evidence){.any = false};
    }
    return RESULT_OK;
}

static enum result note_offer(struct flownames *names, uint32_t name, uint8_t config)
{
    enum result result = reserve_evidence(names, name);
    struct evidence *evidence;

    if (result != RESULT_OK)
        return result;
    evidence = &names->evidence[name];
    if (evidence->any && config == evidence->config)
        evidence->repeated++;
    else if (evidence->any)
        evidence->changed++;
    evidence->any = true;
    evidence->config = config;
    return RESULT_OK;
}

/* Random ids repeat the last one in 1 of 256 cases; a front changes its key from time to time. */
static bool is_front(const struct flownames *names, uint32_t name)
{
    const struct evidence *evidence;

    if (name >= names->evidence_count)
        return false;
    evidence = &names->evidence[name];
    return evidence->repeated >= 2 && evidence->repeated / 4 >= evidence->changed;
}

static struct named named_of(const struct flownames *names, uint32_t flow)
{
    return flow < names->named_count ? names->named[flow] : (struct named){.name = 0};
}

static enum result set_name(struct flownames *names, uint32_t flow, struct named named)
{
    enum result result = reserve_named(names, flow);

    if (result == RESULT_OK)
        names->named[flow] = named;
    return result;
}

/* Sets the name that another log gave a connection, if its flow has none. */
static enum result set_logged(struct flownames *names, uint32_t flow, uint32_t name)
{
    return named_of(names, flow).name != 0
               ? RESULT_OK
               : set_name(names, flow, (struct named){.name = name & NAME_MASK});
}

enum result flownames_add(struct flownames *names, uint32_t flow, const struct hello *hello,
                          bool replace)
{
    struct named known = named_of(names, flow);
    uint32_t name;
    enum result result;

    if (known.name != 0 && !replace && (!known.cut || hello->cut))
        return RESULT_OK;
    result = intern_add(&names->texts, hello->name.text, hello->name.length, &name);
    if (result != RESULT_OK || (known.name != 0 && !replace && known.name != name + 1))
        return result;
    if (hello->ech && (replace || !known.ech))
        result = note_offer(names, name, hello->ech_config);
    if (result != RESULT_OK)
        return result;
    return set_name(
        names, flow,
        (struct named){.name = (name + 1) & NAME_MASK, .ech = hello->ech, .cut = hello->cut});
}

bool flownames_get(const struct flownames *names, uint32_t flow, const char **name, size_t *length)
{
    struct named known = named_of(names, flow);

    if (known.name == 0 || ((known.ech || known.cut) && is_front(names, known.name - 1)))
        return false;
    *name = intern_text(&names->texts, known.name - 1, length);
    return true;
}

enum result flownames_join(struct flownames *names, uint64_t uid, uint32_t flow)
{
    struct joint *joint;
    enum result result = add_joint(names, uid, &joint);

    if (result != RESULT_OK)
        return result;
    if (joint->name != 0)
        return set_logged(names, flow, joint->name);
    joint->flow = flow + 1;
    return RESULT_OK;
}

enum result flownames_tell(struct flownames *names, uint64_t uid, const struct hostname *said)
{
    struct joint *joint;
    uint32_t name;
    enum result result = add_joint(names, uid, &joint);

    if (result != RESULT_OK || joint->name != 0)
        return result;
    result = intern_add(&names->texts, said->text, said->length, &name);
    if (result != RESULT_OK)
        return result;
    joint->name = name + 1;
    return joint->flow == 0 ? RESULT_OK : set_logged(names, joint->flow - 1, joint->name);
}

void flownames_clear(struct flownames *names, uint32_t flow)
{
    if (flow < names->named_count)
        names->named[flow] = (struct named){.name = 0};
}

size_t flownames_texts(const struct flownames *names)
{
    return intern_bytes(&names->texts) + names->evidence_capacity * sizeof *names->evidence;
}

size_t flownames_bytes(const struct flownames *names)
{
    return intern_bytes(&names->texts) + names->evidence_capacity * sizeof *names->evidence +
           names->named_count * sizeof *names->named +
           pool_bytes(&names->joints, sizeof(struct joint)) + index_bytes(&names->index);
}

enum result flownames_move(struct flownames *to, uint32_t to_flow, const struct flownames *from,
                           uint32_t from_flow)
{
    struct named known = named_of(from, from_flow);
    const char *text;
    size_t length;
    uint32_t name;
    enum result result;

    if (known.name == 0)
        return RESULT_OK;
    text = intern_text(&from->texts, known.name - 1, &length);
    result = intern_add(&to->texts, text, length, &name);
    if (result == RESULT_OK && known.name <= from->evidence_count)
        result = reserve_evidence(to, name);
    if (result != RESULT_OK)
        return result;
    if (known.name <= from->evidence_count)
        to->evidence[name] = from->evidence[known.name - 1];
    known.name = (name + 1) & NAME_MASK;
    return set_name(to, to_flow, known);
}
