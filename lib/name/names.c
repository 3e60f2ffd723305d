/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each text is stored once. The names of an address form a tree by time: a treap, whose priorities
 * derive from the times and a seed, so that nobody can choose its shape, whatever the order of the
 * input. At equal times only the last name counts, so there is one node per time.
 *
 * Forgetting is done in bulk, so that its cost is spread over many additions: bytes added are
 * counted in epochs, and those of the oldest epochs go.
 */
#include "name/names.h"

#include "base/index.h"
#include "base/intern.h"

/* When space runs out, names shrink to 5/8 of their budget, in epochs of 1/32. */
#define ROOM_TARGET(budget) ((budget) / 8 * 5)
#define EPOCHS 32u

/* Epochs distinguished when forgetting; all older ones count as one. */
#define AGES 256u

/* Marks a node to be removed. */
#define GONE UINT32_MAX

/* Memory of a host with its slots, and of a text without its bytes. */
#define HOST_BYTES (sizeof(struct host) + 2 * sizeof(uint32_t))
#define TEXT_BYTES (sizeof(struct interned) + 2 * sizeof(uint32_t))

struct given {
    int64_t time;
    uint32_t name;        /* index of the text, or GONE */
    uint32_t epoch;       /* when it was added */
    uint32_t left, right; /* earlier and later nodes, by number; 0: none */
};

struct host {
    uint64_t words[2]; /* of the address */
    uint32_t root;     /* number of a node */
    uint8_t family;
    bool many_names;
};

struct names {
    struct hash_seed seed;
    struct intern texts;
    struct pool hosts, given; /* the first element of each stands for none */
    struct index index;       /* of the hosts */
    size_t budget;
    uint64_t forgotten;
    uint32_t epoch;       /* the current one, from 1 on */
    uint32_t epoch_swept; /* the last one in which names were forgotten */
    size_t epoch_bytes;   /* added in this one */
};

static struct given *given_at(const struct names *names, uint32_t number)
{
    return pool_at(&names->given, sizeof(struct given), number);
}

static struct host *host_at(const struct names *names, uint32_t number)
{
    return pool_at(&names->hosts, sizeof(struct host), number);
}

enum result names_init(struct names **names, size_t budget)
{
    struct names *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->budget = budget;
    new->epoch = 1;
    result = index_init(&new->index);
    if (result == RESULT_OK)
        result = pool_reserve(&new->hosts, sizeof(struct host));
    if (result == RESULT_OK)
        result = pool_reserve(&new->given, sizeof(struct given));
    if (result == RESULT_OK)
        result = intern_init(&new->texts);
    if (result == RESULT_OK)
        result = hash_seed_init(&new->seed);
    if (result != RESULT_OK) {
        names_destroy(&new);
        return result;
    }
    new->hosts.count = new->given.count = 1;
    *names = new;
    return RESULT_OK;
}

void names_destroy(struct names **names)
{
    struct names *old = *names;

    if (!old)
        return;
    intern_destroy(&old->texts);
    pool_destroy(&old->hosts);
    pool_destroy(&old->given);
    index_destroy(&old->index);
    free(old);
    *names = NULL;
}

void names_set_budget(struct names *names, size_t budget)
{
    names->budget = budget;
}

size_t names_budget(const struct names *names)
{
    return names->budget;
}

size_t names_count(const struct names *names)
{
    return names->hosts.count - 1;
}

size_t names_bytes(const struct names *names)
{
    return pool_bytes(&names->hosts, sizeof(struct host)) +
           pool_bytes(&names->given, sizeof(struct given)) + intern_bytes(&names->texts) +
           index_bytes(&names->index);
}

uint64_t names_forgotten(const struct names *names)
{
    return names->forgotten;
}

static uint32_t host_hash(const struct names *names, uint8_t family, const uint64_t words[2])
{
    return hash_pair(&names->seed, words[0] ^ family, words[1]);
}

/* An index_same_fn; the key is an address. */
static bool is_host(const void *owner, uint32_t number, const void *key)
{
    const struct host *host = host_at(owner, number);
    const struct address *address = key;

    return host->words[0] == address->words[0] && host->words[1] == address->words[1] &&
           host->family == address->family;
}

/* An index_hash_fn. */
static uint32_t hash_of_host(const void *owner, uint32_t number)
{
    const struct host *host = host_at(owner, number);

    return host_hash(owner, host->family, host->words);
}

/* The slot of the address, or the free slot for it. */
static uint32_t *host_slot(const struct names *names, const struct address *address)
{
    return index_find(&names->index, host_hash(names, address->family, address->words), is_host,
                      names, address);
}

static uint32_t priority(const struct names *names, int64_t time)
{
    return hash_pair(&names->seed, (uint64_t)time, 0);
}

/* Splits a tree into what is earlier than a time and what is later. */
static void split(const struct names *names, uint32_t tree, int64_t time, uint32_t *earlier,
                  uint32_t *later)
{
    while (tree != 0) {
        struct given *given = given_at(names, tree);

        if (given->time < time) {
            *earlier = tree;
            earlier = &given->right;
            tree = given->right;
        } else {
            *later = tree;
            later = &given->left;
            tree = given->left;
        }
    }
    *earlier = *later = 0;
}

/* Where a node of that time is in a tree, or belongs. */
static uint32_t *find_place(const struct names *names, uint32_t *root, int64_t time)
{
    uint32_t rank = priority(names, time);

    while (*root != 0) {
        struct given *given = given_at(names, *root);

        if (given->time == time || priority(names, given->time) < rank)
            break;
        root = time < given->time ? &given->left : &given->right;
    }
    return root;
}

/* Inserts a node into a tree that has none of its time. */
static void insert(const struct names *names, uint32_t *root, uint32_t number)
{
    struct given *given = given_at(names, number);
    uint32_t *place = find_place(names, root, given->time);

    split(names, *place, given->time, &given->left, &given->right);
    *place = number;
}

/* Turns the tree into a list in order of time, linked by right, and returns its head. */
static uint32_t flatten(const struct names *names, uint32_t tree)
{
    uint32_t head = tree, *link = &head;

    while (*link != 0) {
        struct given *given = given_at(names, *link);
        uint32_t left = given->left;

        if (left == 0) {
            link = &given->right;
        } else {
            given->left = given_at(names, left)->right;
            given_at(names, left)->right = *link;
            *link = left;
        }
    }
    return head;
}

/* What to forget: whatever is older than either. */
struct old {
    int64_t before;
    uint32_t age; /* in epochs; UINT32_MAX: ignored */
    bool repeats; /* also repeats, except the first and last */
};

static uint32_t age_of(const struct names *names, const struct given *given)
{
    return names->epoch - given->epoch;
}

static bool is_old(const struct names *names, const struct given *given, const struct old *old)
{
    return given->time < old->before || age_of(names, given) >= old->age;
}

/* Removes what is old from a host's tree; returns how many of that were not repeats. */
static uint32_t filter_many(const struct names *names, struct host *host, const struct old *old)
{
    uint32_t number = flatten(names, host->root), next, kept = GONE, count = 0;

    for (host->root = 0; number != 0; number = next) {
        struct given *given = given_at(names, number);
        bool again = old->repeats && given->name == kept;

        next = given->right;
        if (is_old(names, given, old)) {
            given->name = GONE;
            count++;
        } else if (again && next != 0 && given_at(names, next)->name == kept) {
            given->name = GONE;
        } else {
            kept = given->name;
            insert(names, &host->root, number);
        }
    }
    return count;
}

static uint64_t filter(const struct names *names, const struct old *old)
{
    uint64_t count = 0;

    for (uint32_t i = 1; i < names->hosts.count; i++) {
        struct host *host = host_at(names, i);
        struct given *root = given_at(names, host->root);

        if (host->root == 0)
            continue;
        if (root->left != 0 || root->right != 0) {
            count += filter_many(names, host, old);
        } else if (is_old(names, root, old)) {
            root->name = GONE;
            host->root = 0;
            count++;
        }
    }
    return count;
}

/* The latest node of a tree. */
static const struct given *latest(const struct names *names, uint32_t tree)
{
    const struct given *given = given_at(names, tree);

    while (given->right != 0)
        given = given_at(names, given->right);
    return given;
}

static size_t *weight_of(size_t weights[AGES], uint32_t age)
{
    return &weights[age < AGES ? age : AGES - 1];
}

/*
 * Sums up the bytes of each age; the age of a text or host is that of its last use. used: space for
 * a number per text, all 0 before and after.
 */
static void weigh(const struct names *names, uint32_t *used, size_t weights[AGES])
{
    for (uint32_t i = 1; i < names->given.count; i++) {
        const struct given *given = given_at(names, i);
        uint32_t age = age_of(names, given);

        if (given->name == GONE)
            continue;
        *weight_of(weights, age) += sizeof *given;
        if (used[given->name] == 0 || used[given->name] > age + 1)
            used[given->name] = age + 1;
    }
    for (uint32_t i = 1; i < names->hosts.count; i++) {
        uint32_t root = host_at(names, i)->root;

        if (root != 0)
            *weight_of(weights, age_of(names, latest(names, root))) += HOST_BYTES;
    }
    for (uint32_t i = 0; i < intern_count(&names->texts); i++) {
        if (used[i] != 0)
            *weight_of(weights, used[i] - 1) += TEXT_BYTES + intern_at(&names->texts, i)->length;
        used[i] = 0;
    }
}

/* The age from which on everything has to go so that the rest fits. */
static uint32_t choose_age(const struct names *names, uint32_t *used)
{
    size_t weights[AGES] = {0}, sum = 0;
    uint32_t age = 0;

    weigh(names, used, weights);
    while (age < AGES && sum + weights[age] <= ROOM_TARGET(names->budget))
        sum += weights[age++];
    return age == AGES ? UINT32_MAX : age;
}

static void keep_texts(struct names *names, uint32_t *map)
{
    for (uint32_t i = 1; i < names->given.count; i++)
        if (given_at(names, i)->name != GONE)
            map[given_at(names, i)->name] = 1;
    intern_keep(&names->texts, map);
    for (uint32_t i = 1; i < names->given.count; i++)
        if (given_at(names, i)->name != GONE)
            given_at(names, i)->name = map[given_at(names, i)->name];
}

static void keep_hosts(struct names *names)
{
    uint32_t kept = 1;

    for (uint32_t i = 1; i < names->hosts.count; i++)
        if (host_at(names, i)->root != 0)
            *host_at(names, kept++) = *host_at(names, i);
    pool_trim(&names->hosts, kept);
    index_renew(&names->index, kept - 1, hash_of_host, names);
}

/* Updates the number of a node that may have moved. */
static void follow(const struct names *names, uint32_t count, uint32_t *number)
{
    if (*number >= count)
        *number = given_at(names, *number)->left;
}

/* Moves the last nodes to freed places, and leaves their new numbers behind. */
static void keep_given(struct names *names)
{
    uint32_t count = 1, end = names->given.count;

    for (; count < end; count++) {
        if (given_at(names, count)->name != GONE)
            continue;
        while (--end > count && given_at(names, end)->name == GONE)
            ;
        if (end == count)
            break;
        *given_at(names, count) = *given_at(names, end);
        given_at(names, end)->left = count;
    }
    for (uint32_t i = 1; i < names->hosts.count; i++)
        follow(names, count, &host_at(names, i)->root);
    for (uint32_t i = 1; i < count; i++) {
        follow(names, count, &given_at(names, i)->left);
        follow(names, count, &given_at(names, i)->right);
    }
    pool_trim(&names->given, count);
}

/* Forgets what is old, and the oldest if space is needed. */
static enum result sweep(struct names *names, const struct old *old, bool room)
{
    /* One more than needed, so that the size is never 0. */
    uint32_t *map = calloc((size_t)intern_count(&names->texts) + 1, sizeof *map);
    struct old oldest = {.before = INT64_MIN, .age = UINT32_MAX};

    if (!map)
        return RESULT_NO_MEMORY;
    filter(names, old);
    if (room)
        oldest.age = choose_age(names, map);
    if (oldest.age != UINT32_MAX)
        names->forgotten += filter(names, &oldest);
    keep_texts(names, map);
    keep_hosts(names);
    keep_given(names);
    free(map);
    return RESULT_OK;
}

enum result names_forget(struct names *names, int64_t before)
{
    struct old old = {.before = before, .age = UINT32_MAX};

    return sweep(names, &old, false);
}

/* Memory that growing tables will temporarily take in addition. */
static size_t growth(const struct names *names)
{
    size_t bytes = 0;

    if (index_full(&names->index, names->hosts.count))
        bytes += 2 * index_bytes(&names->index);
    if (index_full(&names->texts.index, intern_count(&names->texts)))
        bytes += 2 * index_bytes(&names->texts.index);
    return bytes;
}

/* Makes space if the budget is used up, but not again before much has been added. */
static enum result limit(struct names *names)
{
    struct old repeats = {.before = INT64_MIN, .age = UINT32_MAX, .repeats = true};

    if (names_bytes(names) + growth(names) <= names->budget || names->epoch == names->epoch_swept)
        return RESULT_OK;
    names->epoch_swept = names->epoch;
    return sweep(names, &repeats, true);
}

/* Counts bytes added, or brought back into use. */
static void count_bytes(struct names *names, size_t bytes)
{
    names->epoch_bytes += bytes;
    if (names->epoch_bytes > names->budget / EPOCHS) {
        names->epoch_bytes = 0;
        names->epoch++;
    }
}

static enum result find_host(struct names *names, const struct address *address, struct host **host)
{
    uint32_t *slot = host_slot(names, address);
    enum result result;

    if (*slot == 0 && index_full(&names->index, names->hosts.count)) {
        result = index_grow(&names->index, names->hosts.count - 1, hash_of_host, names);
        if (result != RESULT_OK)
            return result;
        slot = host_slot(names, address);
    }
    if (*slot == 0) {
        result = pool_reserve(&names->hosts, sizeof(struct host));
        if (result != RESULT_OK)
            return result;
        *slot = names->hosts.count++;
        *host_at(names, *slot) = (struct host){.words = {address->words[0], address->words[1]},
                                               .family = address->family};
    }
    *host = host_at(names, *slot);
    return RESULT_OK;
}

static enum result give(struct names *names, struct host *host, uint32_t name, int64_t time)
{
    uint32_t *place = find_place(names, &host->root, time);
    struct given *given = given_at(names, *place);
    enum result result;

    if (host->root != 0 && given_at(names, host->root)->name != name)
        host->many_names = true;
    if (*place != 0 && given->time == time) {
        given->name = name;
        given->epoch = names->epoch;
        return RESULT_OK;
    }
    result = pool_reserve(&names->given, sizeof *given);
    if (result != RESULT_OK)
        return result;
    given = given_at(names, names->given.count);
    *given = (struct given){.time = time, .name = name, .epoch = names->epoch};
    split(names, *place, time, &given->left, &given->right);
    *place = names->given.count++;
    count_bytes(names,
                sizeof *given + HOST_BYTES + TEXT_BYTES + intern_at(&names->texts, name)->length);
    return RESULT_OK;
}

enum result names_add(struct names *names, const struct address *address, const char *text,
                      size_t length, int64_t time)
{
    uint32_t name = 0, before;
    struct host *host;
    enum result result = limit(names);

    before = intern_count(&names->texts);
    if (result == RESULT_OK)
        result = intern_add(&names->texts, text, length, &name);
    if (intern_count(&names->texts) > before)
        count_bytes(names, TEXT_BYTES + length);
    if (result == RESULT_OK)
        result = find_host(names, address, &host);
    return result == RESULT_OK ? give(names, host, name, time) : result;
}

/* The latest at or before a time, else the earliest. */
static const struct given *find_given(const struct names *names, uint32_t tree, int64_t time)
{
    const struct given *before = NULL, *given = NULL;

    while (tree != 0) {
        given = given_at(names, tree);
        if (given->time <= time)
            before = given;
        tree = given->time <= time ? given->right : given->left;
    }
    return before ? before : given; /* all are later: this was the leftmost */
}

static void set_ref(const struct names *names, const struct given *given, struct name_ref *found)
{
    found->text = intern_text(&names->texts, given->name, &found->length);
    found->time = given->time;
}

bool names_find(const struct names *names, const struct address *address, int64_t time,
                struct name_ref *found)
{
    uint32_t number = *host_slot(names, address);
    const struct given *given;

    if (number == 0)
        return false;
    given = find_given(names, host_at(names, number)->root, time);
    set_ref(names, given, found);
    found->before = given->time <= time;
    return true;
}

void names_prefetch(const struct names *names, const struct address *const *addresses, size_t count)
{
    const uint32_t *slots[NAMES_PREFETCH];
    const struct host *hosts[NAMES_PREFETCH];
    const struct given *given[NAMES_PREFETCH];

    for (size_t i = 0; i < count; i++) {
        slots[i] =
            index_slot(&names->index, host_hash(names, addresses[i]->family, addresses[i]->words));
        __builtin_prefetch(slots[i]);
    }
    for (size_t i = 0; i < count; i++) {
        hosts[i] = host_at(names, *slots[i]);
        __builtin_prefetch(hosts[i]);
    }
    for (size_t i = 0; i < count; i++) {
        given[i] = given_at(names, *slots[i] > 0 ? hosts[i]->root : 0);
        __builtin_prefetch(given[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (*slots[i] > 0)
            __builtin_prefetch(intern_at(&names->texts, given[i]->name));
    for (size_t i = 0; i < count; i++)
        if (*slots[i] > 0)
            __builtin_prefetch(intern_text(&names->texts, given[i]->name, &(size_t){0}));
}

static struct address host_address(const struct host *host)
{
    return (struct address){.words = {host->words[0], host->words[1]}, .family = host->family};
}

static int compare_hosts(const void *left, const void *right, void *context)
{
    const uint32_t *a = left, *b = right;
    struct address first = host_address(host_at(context, *a));
    struct address second = host_address(host_at(context, *b));

    return address_compare(&first, &second);
}

/* The numbers of all hosts in order of address; the caller frees it. */
static uint32_t *sort_hosts(const struct names *names)
{
    uint32_t *numbers = malloc(names->hosts.count * sizeof *numbers);

    if (!numbers)
        return NULL;
    for (uint32_t i = 1; i < names->hosts.count; i++)
        numbers[i - 1] = i;
    qsort_r(numbers, names_count(names), sizeof *numbers, compare_hosts, (void *)names);
    return numbers;
}

enum result names_each(const struct names *names, names_each_fn *call, void *context)
{
    uint32_t *numbers = sort_hosts(names);
    enum result result = numbers ? RESULT_OK : RESULT_NO_MEMORY;

    for (size_t i = 0; i < names_count(names) && result == RESULT_OK; i++) {
        const struct host *host = host_at(names, numbers[i]);
        struct address address = host_address(host);
        struct name_ref name = {.before = true};

        set_ref(names, latest(names, host->root), &name);
        result = call(context, &address, &name, !host->many_names);
    }
    free(numbers);
    return result;
}
