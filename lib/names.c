/*
 * Texts are kept once each. Each address has a list of what it was given, in input order, which is
 * that of time where nobody plays tricks; else it is sorted when it is asked, so that hostile times
 * cost little more than honest ones.
 */
#include "names.h"

#include "grow.h"
#include "intern.h"

#define SLOTS_MIN 1024u

struct given {
    int64_t time;
    uint32_t name;  /* index */
    uint32_t order; /* input order, which decides between equal times */
};

struct host {
    struct address address;
    struct given *given;
    uint32_t count, capacity;
    uint32_t order; /* of the next one */
    bool sorted;
    bool many_names;
};

struct names {
    struct hash_seed seed;
    struct intern texts;
    struct host *hosts;
    size_t host_count, host_capacity;
    uint32_t *slots;     /* indexes of hosts, plus 1; 0 is free */
    uint32_t slot_count; /* a power of two */
    int64_t horizon;     /* INT64_MAX: nothing is forgotten */
};

enum result names_init(struct names **names)
{
    struct names *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->horizon = INT64_MAX;
    new->slot_count = SLOTS_MIN;
    new->slots = calloc(SLOTS_MIN, sizeof *new->slots);
    result = new->slots ? intern_init(&new->texts) : RESULT_NO_MEMORY;
    if (result == RESULT_OK)
        result = hash_seed_init(&new->seed);
    if (result != RESULT_OK) {
        names_destroy(&new);
        return result;
    }
    *names = new;
    return RESULT_OK;
}

size_t names_count(const struct names *names)
{
    return names->host_count + names->texts.count;
}

void names_destroy(struct names **names)
{
    struct names *old = *names;

    if (!old)
        return;
    for (size_t i = 0; i < old->host_count; i++)
        free(old->hosts[i].given);
    intern_destroy(&old->texts);
    free(old->hosts);
    free(old->slots);
    free(old);
    *names = NULL;
}

void names_set_horizon(struct names *names, int64_t horizon)
{
    names->horizon = horizon;
}

static uint32_t host_hash(const struct names *names, const struct address *address)
{
    return hash_pair(&names->seed, address->words[0] ^ address->family, address->words[1]);
}

/* The slot of the address, or the free one where it belongs. */
static uint32_t *host_slot(const struct names *names, const struct address *address)
{
    for (uint32_t i = host_hash(names, address);; i++) {
        uint32_t *slot = &names->slots[i & (names->slot_count - 1)];

        if (*slot == 0 || address_equal(&names->hosts[*slot - 1].address, address))
            return slot;
    }
}

/* Keeps the slots at most half full. */
static enum result reserve_slots(struct names *names)
{
    uint32_t *old = names->slots;

    if (names->host_count < names->slot_count / 2)
        return RESULT_OK;
    names->slots = calloc((size_t)names->slot_count * 2, sizeof *names->slots);
    if (!names->slots) {
        names->slots = old;
        return RESULT_NO_MEMORY;
    }
    free(old);
    names->slot_count *= 2;
    for (uint32_t i = 0; i < names->host_count; i++)
        *host_slot(names, &names->hosts[i].address) = i + 1;
    return RESULT_OK;
}

static enum result find_host(struct names *names, const struct address *address, struct host **host)
{
    uint32_t *slot = host_slot(names, address);
    struct host *grown;

    if (*slot == 0) {
        grown = grow(names->hosts, names->host_count, &names->host_capacity, sizeof *grown);
        if (!grown)
            return RESULT_NO_MEMORY;
        names->hosts = grown;
        names->hosts[names->host_count++] = (struct host){.address = *address, .sorted = true};
        *slot = (uint32_t)names->host_count;
    }
    *host = &names->hosts[*slot - 1];
    return RESULT_OK;
}

static int compare_given(const void *left, const void *right)
{
    const struct given *a = left, *b = right;

    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void sort(struct host *host)
{
    if (!host->sorted)
        qsort(host->given, host->count, sizeof *host->given, compare_given);
    host->sorted = true;
}

/*
 * Forgets what was told again and again before a time: of the times of a name that no other came
 * between, the first and the last are enough for whoever asks.
 */
static void forget(struct host *host, int64_t before)
{
    struct given *given = host->given;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < host->count; i++) {
        bool inside = kept > 0 && i + 1 < host->count && given[kept - 1].name == given[i].name &&
                      given[i + 1].name == given[i].name;

        if (!inside || given[i].time >= before)
            given[kept++] = given[i];
    }
    host->count = kept;
}

static enum result reserve_given(const struct names *names, struct host *host)
{
    uint32_t capacity = host->capacity * 2 + 1;
    struct given *grown;

    if (host->count < host->capacity)
        return RESULT_OK;
    if (names->horizon != INT64_MAX && host->count > 2) {
        sort(host);
        forget(host, host->given[host->count - 1].time - names->horizon);
        if (host->count <= host->capacity / 2)
            return RESULT_OK;
    }
    grown = realloc(host->given, capacity * sizeof *grown);
    if (!grown)
        return RESULT_NO_MEMORY;
    host->given = grown;
    host->capacity = capacity;
    return RESULT_OK;
}

static enum result give(const struct names *names, struct host *host, uint32_t name, int64_t time)
{
    enum result result = reserve_given(names, host);

    if (result != RESULT_OK)
        return result;
    if (host->count > 0) {
        host->sorted &= time >= host->given[host->count - 1].time;
        /* NOLINTNEXTLINE(clang-analyzer-core.*): what realloc() moved has been written */
        host->many_names |= name != host->given[0].name;
    }
    host->given[host->count++] = (struct given){time, name, host->order++};
    return RESULT_OK;
}

enum result names_add(struct names *names, const struct address *address, const char *text,
                      size_t length, int64_t time)
{
    uint32_t name = 0;
    struct host *host;
    enum result result = reserve_slots(names);

    if (result == RESULT_OK)
        result = intern_add(&names->texts, text, length, &name);
    if (result == RESULT_OK)
        result = find_host(names, address, &host);
    return result == RESULT_OK ? give(names, host, name, time) : result;
}

static void set_ref(const struct names *names, const struct given *given, struct name_ref *found)
{
    found->text = names->texts.texts[given->name].bytes;
    found->length = names->texts.texts[given->name].length;
}

bool names_find(struct names *names, const struct address *address, int64_t time,
                struct name_ref *found)
{
    uint32_t slot = *host_slot(names, address);
    struct host *host;
    const struct given *given;
    uint32_t low = 0, high;

    if (slot == 0)
        return false;
    host = &names->hosts[slot - 1];
    sort(host);
    given = host->given;
    high = host->count;
    while (low < high) { /* the first that was given after the time */
        uint32_t middle = low + (high - low) / 2;

        if (given[middle].time <= time)
            low = middle + 1;
        else
            high = middle;
    }
    found->before = low > 0;
    if (found->before)
        low--;
    else
        while (low + 1 < host->count && given[low + 1].time == given[low].time)
            low++;
    set_ref(names, &given[low], found);
    return true;
}

void names_prefetch(const struct names *names, const struct address *const *addresses, size_t count)
{
    const uint32_t *slots[NAMES_PREFETCH];
    const struct host *hosts[NAMES_PREFETCH];

    for (size_t i = 0; i < count; i++) {
        uint32_t hash = host_hash(names, addresses[i]);

        slots[i] = &names->slots[hash & (names->slot_count - 1)];
        __builtin_prefetch(slots[i]);
    }
    for (size_t i = 0; i < count; i++) {
        hosts[i] = *slots[i] > 0 ? &names->hosts[*slots[i] - 1] : NULL;
        __builtin_prefetch(hosts[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (hosts[i])
            __builtin_prefetch(hosts[i]->given);
    for (size_t i = 0; i < count; i++)
        if (hosts[i])
            __builtin_prefetch(&names->texts.texts[hosts[i]->given[0].name]);
    for (size_t i = 0; i < count; i++)
        if (hosts[i])
            __builtin_prefetch(names->texts.texts[hosts[i]->given[0].name].bytes);
}

enum result names_each(struct names *names, names_each_fn *call, void *context)
{
    enum result result = RESULT_OK;

    for (size_t i = 0; i < names->host_count && result == RESULT_OK; i++) {
        struct host *host = &names->hosts[i];
        struct name_ref name = {.before = true};

        sort(host);
        set_ref(names, &host->given[host->count - 1], &name);
        result = call(context, &host->address, &name, !host->many_names);
    }
    return result;
}
