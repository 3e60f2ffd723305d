#include "flownames.h"

#include "grow.h"
#include "intern.h"

#define SLOTS_MIN 1024u

/* How often hellos with a name and an offer of ECH came with another config_id than the last. */
struct evidence {
    uint8_t config;
    bool any;
    uint32_t same, other;
};

struct named {
    uint32_t place; /* 0: the slot is free */
    uint32_t name : 31, ech : 1;
};

/* A connection of a log. */
struct joint {
    uint64_t uid;
    uint32_t place; /* 0: not known yet */
    uint32_t name;  /* plus 1; 0: not known yet */
};

struct flownames {
    struct intern texts;
    struct evidence *evidence; /* by index of the text */
    size_t evidence_count, evidence_capacity;
    struct named *named;
    uint32_t named_count, named_slots; /* slots: a power of two */
    struct joint *joints;
    uint32_t joint_count, joint_slots;
};

enum result flownames_init(struct flownames **names)
{
    struct flownames *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->named_slots = new->joint_slots = SLOTS_MIN;
    new->named = calloc(SLOTS_MIN, sizeof *new->named);
    new->joints = calloc(SLOTS_MIN, sizeof *new->joints);
    result = new->named && new->joints ? intern_init(&new->texts) : RESULT_NO_MEMORY;
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

/* The slot of the place, or the free one where it belongs. Places are no stranger's choice. */
static struct named *find_named(const struct flownames *names, uint32_t place)
{
    for (uint32_t i = place * UINT32_C(0x9e3779b1) >> 7;; i++) {
        struct named *slot = &names->named[i & (names->named_slots - 1)];

        if (slot->place == place || slot->place == 0)
            return slot;
    }
}

/* The slot of the uid, whose lowest bit is always set, or the free one where it belongs. */
static struct joint *find_joint(const struct flownames *names, uint64_t uid)
{
    for (uint64_t i = uid >> 1;; i++) {
        struct joint *slot = &names->joints[i & (names->joint_slots - 1)];

        if (slot->uid == uid || (slot->place == 0 && slot->name == 0))
            return slot;
    }
}

/* Keeps the slots of flows at most three quarters full. */
static enum result reserve_named(struct flownames *names)
{
    struct named *old = names->named;
    uint32_t slots = names->named_slots;

    if (names->named_count < slots / 4 * 3)
        return RESULT_OK;
    names->named = calloc((size_t)slots * 2, sizeof *names->named);
    if (!names->named) {
        names->named = old;
        return RESULT_NO_MEMORY;
    }
    names->named_slots *= 2;
    for (uint32_t i = 0; i < slots; i++)
        if (old[i].place != 0)
            *find_named(names, old[i].place) = old[i];
    free(old);
    return RESULT_OK;
}

/* The same for connections. */
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
        if (old[i].place != 0 || old[i].name != 0)
            *find_joint(names, old[i].uid) = old[i];
    free(old);
    return RESULT_OK;
}

static enum result intern_name(struct flownames *names, const char *text, size_t length,
                               uint32_t *name)
{
    enum result result = intern_add(&names->texts, text, length, name);
    struct evidence *grown;

    if (result != RESULT_OK || *name < names->evidence_count)
        return result;
    grown = grow(names->evidence, names->evidence_count, &names->evidence_capacity, sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    names->evidence = grown;
    grown[names->evidence_count++] = (struct evidence){.any = false};
    return RESULT_OK;
}

static void note_offer(struct evidence *evidence, uint8_t config)
{
    if (evidence->any && config == evidence->config)
        evidence->same++;
    else if (evidence->any)
        evidence->other++;
    evidence->any = true;
    evidence->config = config;
}

/* Gives a flow that has none a name. */
static enum result set_name(struct flownames *names, uint32_t place, uint32_t name, bool ech)
{
    enum result result = reserve_named(names);
    struct named *slot;

    if (result != RESULT_OK)
        return result;
    slot = find_named(names, place);
    if (slot->place == 0) {
        *slot = (struct named){.place = place, .name = name & INT32_MAX, .ech = ech};
        names->named_count++;
    }
    return RESULT_OK;
}

enum result flownames_add(struct flownames *names, uint32_t place, const struct hello *hello)
{
    struct named *slot = find_named(names, place);
    uint32_t name;
    enum result result;

    if (slot->place != 0 && (slot->ech || !hello->ech))
        return RESULT_OK;
    result = intern_name(names, hello->name, hello->length, &name);
    if (result != RESULT_OK)
        return result;
    if (hello->ech)
        note_offer(&names->evidence[name], hello->ech_config);
    if (slot->place == 0)
        return set_name(names, place, name, hello->ech);
    slot->ech = hello->ech;
    return RESULT_OK;
}

bool flownames_get(const struct flownames *names, uint32_t place, const char **name, size_t *length)
{
    const struct named *slot = find_named(names, place);
    const struct evidence *evidence;

    if (slot->place == 0)
        return false;
    evidence = &names->evidence[slot->name];
    *name = names->texts.texts[slot->name].bytes;
    *length = names->texts.texts[slot->name].length;
    return !slot->ech || evidence->other > evidence->same;
}

bool flownames_has(const struct flownames *names, uint32_t place)
{
    return find_named(names, place)->place != 0;
}

enum result flownames_join(struct flownames *names, uint64_t uid, uint32_t place)
{
    enum result result = reserve_joints(names);
    struct joint *joint;

    if (result != RESULT_OK)
        return result;
    joint = find_joint(names, uid);
    if (joint->name != 0)
        return set_name(names, place, joint->name - 1, false);
    names->joint_count += joint->place == 0;
    joint->uid = uid;
    joint->place = place;
    return RESULT_OK;
}

enum result flownames_tell(struct flownames *names, uint64_t uid, const struct hello *hello)
{
    enum result result = reserve_joints(names);
    struct joint *joint;
    uint32_t name;

    if (result == RESULT_OK)
        result = intern_name(names, hello->name, hello->length, &name);
    if (result != RESULT_OK)
        return result;
    joint = find_joint(names, uid);
    if (joint->name != 0)
        return RESULT_OK;
    names->joint_count += joint->place == 0;
    joint->uid = uid;
    joint->name = name + 1;
    return joint->place == 0 ? RESULT_OK : set_name(names, joint->place, name, false);
}

enum result flownames_move(struct flownames *to, uint32_t to_place, const struct flownames *from,
                           uint32_t from_place)
{
    const struct named *slot = find_named(from, from_place);
    const struct interned *text;
    uint32_t name;
    enum result result;

    if (slot->place == 0)
        return RESULT_OK;
    text = &from->texts.texts[slot->name];
    result = intern_name(to, text->bytes, text->length, &name);
    if (result != RESULT_OK)
        return result;
    to->evidence[name] = from->evidence[slot->name];
    return set_name(to, to_place, name, slot->ech);
}
