#include "flownames.h"

#include "grow.h"
#include "intern.h"

#include <string.h>

#define SLOTS_MIN 1024u
#define NAME_MASK ((UINT32_C(1) << 30) - 1)

/* Of hellos with a name and an offer of ECH: the last config_id, and what each did to the last. */
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

/* A connection of a log. */
struct joint {
    uint64_t uid;  /* 0: the slot is free */
    uint32_t flow; /* plus 1; 0: not known yet */
    uint32_t name; /* the same */
};

struct flownames {
    struct intern texts;
    struct evidence *evidence; /* by index of the text */
    size_t evidence_count, evidence_capacity;
    struct named *named; /* by number of the flow */
    size_t named_count;
    struct joint *joints;
    uint32_t joint_count, joint_slots; /* slots: a power of two */
};

enum result flownames_init(struct flownames **names)
{
    struct flownames *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->joint_slots = SLOTS_MIN;
    new->joints = calloc(SLOTS_MIN, sizeof *new->joints);
    result = new->joints ? intern_init(&new->texts) : RESULT_NO_MEMORY;
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
        free((*names)->joints);
        free(*names);
        *names = NULL;
    }
}

/* The slot of the uid, whose lowest bit is always set, or the free one where it belongs. */
static struct joint *find_joint(const struct flownames *names, uint64_t uid)
{
    for (uint64_t i = uid >> 1;; i++) {
        struct joint *slot = &names->joints[i & (names->joint_slots - 1)];

        if (slot->uid == uid || slot->uid == 0)
            return slot;
    }
}

/* Makes room for the flow's name. */
static enum result reserve_named(struct flownames *names, uint32_t flow)
{
    size_t count = names->named_count ? names->named_count : SLOTS_MIN;
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

/* Keeps the slots of connections at most three quarters full. */
static enum result reserve_joints(struct flownames *names)
{
    struct joint *old = names->joints;
    uint32_t slots = names->joint_slots;

    if (names->joint_count < slots / 4 * 3)
        return RESULT_OK;
    names->joints = calloc((size_t)slots * 2, sizeof *names->joints);
    if (!names->joints) {
        names->joints = old;
        return RESULT_NO_MEMORY;
    }
    names->joint_slots *= 2;
    for (uint32_t i = 0; i < slots; i++)
        if (old[i].uid != 0)
            *find_joint(names, old[i].uid) = old[i];
    free(old);
    return RESULT_OK;
}

/* Makes room for what is known of the name's offers. */
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

/* Random ids repeat the last one once in 256 times; one front changes its key from time to time. */
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

/* What a connection is called by another log, where its flow has no name. */
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
    result = intern_add(&names->texts, hello->name, hello->length, &name);
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
    enum result result = reserve_joints(names);
    struct joint *joint;

    if (result != RESULT_OK)
        return result;
    joint = find_joint(names, uid);
    if (joint->name != 0)
        return set_logged(names, flow, joint->name);
    names->joint_count += joint->uid == 0;
    joint->uid = uid;
    joint->flow = flow + 1;
    return RESULT_OK;
}

enum result flownames_tell(struct flownames *names, uint64_t uid, const struct hello *hello)
{
    enum result result = reserve_joints(names);
    struct joint *joint;
    uint32_t name;

    if (result == RESULT_OK)
        result = intern_add(&names->texts, hello->name, hello->length, &name);
    if (result != RESULT_OK)
        return result;
    joint = find_joint(names, uid);
    if (joint->name != 0)
        return RESULT_OK;
    names->joint_count += joint->uid == 0;
    joint->uid = uid;
    joint->name = name + 1;
    return joint->flow == 0 ? RESULT_OK : set_logged(names, joint->flow - 1, joint->name);
}

void flownames_clear(struct flownames *names, uint32_t flow)
{
    if (flow < names->named_count)
        names->named[flow] = (struct named){.name = 0};
}

size_t flownames_bytes(const struct flownames *names)
{
    return intern_bytes(&names->texts) + names->evidence_capacity * sizeof *names->evidence +
           names->named_count * sizeof *names->named + names->joint_slots * sizeof *names->joints;
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
