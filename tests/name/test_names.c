/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names module: which name an address had at a time.
 */
#include "../tap.h"
#include "name/names.h"

static struct address parsed(const char *text)
{
    struct address address = {0};

    need(address_parse(text, &address), text);
    return address;
}

static struct names *new_names(void)
{
    struct names *names = NULL;

    need(names_init(&names, SIZE_MAX) == RESULT_OK, "names_init");
    return names;
}

static void add(struct names *names, const char *address, const char *name, int64_t time)
{
    struct address key = parsed(address);

    need(names_add(names, &key, name, strlen(name), time) == RESULT_OK, "names_add");
}

/* "before NAME", "after NAME" or "none". */
static const char *find(struct names *names, const char *address, int64_t time)
{
    static char text[128];
    struct address key = parsed(address);
    struct name_ref found = {0};

    if (!names_find(names, &key, time, &found))
        return "none";
    snprintf(text, sizeof text, "%s %.*s", found.before ? "before" : "after", (int)found.length,
             found.text);
    return text;
}

struct given {
    const char *name;
    int64_t time;
};

struct asked {
    int64_t time;
    const char *want;
};

static const struct {
    const char *title;
    struct given given[8];
    struct asked asked[8];
} cases[] = {
    {"one name",
     {{"a", 100}},
     {{99, "after a"},
      {100, "before a"},
      {101, "before a"},
      {0, "after a"},
      {INT64_MAX, "before a"}}},
    {"two names in order",
     {{"a", 100}, {"b", 200}},
     {{50, "after a"}, {100, "before a"}, {199, "before a"}, {200, "before b"}, {300, "before b"}}},
    {"out of order",
     {{"c", 300}, {"a", 100}, {"b", 200}},
     {{50, "after a"},
      {100, "before a"},
      {150, "before a"},
      {200, "before b"},
      {299, "before b"},
      {300, "before c"}}},
    {"equal times: the one added last, before and after",
     {{"a", 100}, {"b", 100}, {"c", 100}},
     {{99, "after c"}, {100, "before c"}, {101, "before c"}}},
    {"equal times out of order",
     {{"z", 500}, {"a", 100}, {"b", 100}, {"y", 500}},
     {{99, "after b"}, {100, "before b"}, {499, "before b"}, {500, "before y"}}},
    {"equal earliest times, a later one behind",
     {{"a", 100}, {"b", 100}, {"c", 200}},
     {{99, "after b"}, {199, "before b"}, {200, "before c"}}},
    {"told again",
     {{"a", 100}, {"a", 200}, {"b", 300}, {"b", 400}},
     {{99, "after a"}, {250, "before a"}, {300, "before b"}, {999, "before b"}}},
    {"there and back",
     {{"a", 100}, {"b", 200}, {"a", 300}},
     {{150, "before a"}, {250, "before b"}, {300, "before a"}}},
    {"told again out of order",
     {{"a", 300}, {"b", 200}, {"a", 100}},
     {{50, "after a"}, {150, "before a"}, {250, "before b"}, {350, "before a"}}},
    {"the same name at an earlier time",
     {{"a", 300}, {"a", 100}},
     {{50, "after a"}, {100, "before a"}, {200, "before a"}}},
    {"told again, equal time, then another of that time",
     {{"a", 100}, {"b", 100}, {"a", 100}},
     {{99, "after a"}, {100, "before a"}}},
    {"told again, then another that is late",
     {{"a", 100}, {"a", 200}, {"b", 150}},
     {{120, "before a"}, {170, "before b"}, {250, "before a"}}},
    {"told again in between, then another that is late",
     {{"a", 100}, {"a", 300}, {"a", 200}, {"a", 400}, {"b", 350}},
     {{150, "before a"}, {360, "before b"}, {450, "before a"}}},
    {"told again further and further back",
     {{"a", 300}, {"a", 200}, {"a", 100}, {"b", 50}},
     {{10, "after b"}, {70, "before b"}, {100, "before a"}, {500, "before a"}}},
    {"told further back, to where another was",
     {{"a", 300}, {"a", 400}, {"c", 200}, {"a", 200}},
     {{100, "after a"}, {200, "before a"}, {350, "before a"}}},
    {"time 0 and negative times",
     {{"a", 0}, {"b", -5}},
     {{-9, "after b"}, {-1, "before b"}, {1, "before a"}}},
    {"the greatest times",
     {{"b", INT64_MAX}, {"a", INT64_MIN}},
     {{INT64_MIN, "before a"}, {INT64_MAX, "before b"}, {0, "before a"}}},
};

/* Looks up after everything was added, and also in between: lookups sort. */
static void test_times(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct names *names = new_names(), *probed = new_names();

        for (const struct given *given = cases[i].given; given->name; given++) {
            add(names, "192.0.2.1", given->name, given->time);
            add(probed, "192.0.2.1", given->name, given->time);
            find(probed, "192.0.2.1", given->time);
        }
        for (const struct asked *asked = cases[i].asked; asked->want; asked++)
            is_str(find(names, "192.0.2.1", asked->time), asked->want, "%s, at %lld",
                   cases[i].title, (long long)asked->time);
        for (const struct asked *asked = cases[i].asked; asked->want; asked++)
            is_str(find(probed, "192.0.2.1", asked->time), asked->want,
                   "%s, asked in between, at %lld", cases[i].title, (long long)asked->time);
        names_destroy(&names);
        names_destroy(&probed);
    }
}

static void test_addresses(void)
{
    struct names *names = new_names();

    is_str(find(names, "192.0.2.1", 0), "none", "empty names");
    add(names, "192.0.2.1", "v4", 5);
    add(names, "c000:201::", "v6", 5);
    add(names, "::", "unspecified", 5);
    is_str(find(names, "192.0.2.1", 9), "before v4", "an IPv4 address");
    is_str(find(names, "c000:201::", 9), "before v6", "the IPv6 address of the same bytes");
    is_str(find(names, "::", 9), "before unspecified", "::");
    is_str(find(names, "0.0.0.0", 9), "none", "0.0.0.0 is not ::");
    is_str(find(names, "192.0.2.2", 9), "none", "an address without a name");
    names_destroy(&names);
    ok(!names, "destroying clears the pointer");
    names_destroy(&names);
}

/* The name is copied: its memory may change, and it need not end in NUL. */
static void test_copies(void)
{
    char name[] = "www.example!rest";
    struct address address = parsed("192.0.2.1");
    struct names *names = new_names();
    struct name_ref first = {0};

    need(names_add(names, &address, name, 11, 1) == RESULT_OK, "names_add");
    memset(name, 'x', sizeof name - 1);
    ok(names_find(names, &address, 1, &first), "a name");
    is_int(first.length, 11, "its length");
    ok(first.length == 11 && memcmp(first.text, "www.example", 11) == 0, "it was copied");
    add(names, "192.0.2.1", "www.exampl", 2);
    is_str(find(names, "192.0.2.1", 2), "before www.exampl",
           "the start of another name is its own");
    names_destroy(&names);
}

struct seen {
    struct address only;
    int calls, count;
    char name[64];
    bool only_one;
    enum result answer;
};

static enum result see(void *context, const struct address *address, const struct name_ref *name,
                       bool only_one)
{
    struct seen *seen = context;

    seen->calls++;
    if (address_equal(address, &seen->only)) {
        seen->count++;
        seen->only_one = only_one;
        snprintf(seen->name, sizeof seen->name, "%.*s", (int)name->length, name->text);
    }
    return seen->answer;
}

static void test_each(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen = {.only = parsed("192.0.2.1"), .answer = RESULT_OK};
        struct names *names = new_names();
        const struct given *latest = cases[i].given;
        bool only_one = true;

        add(names, "2001:db8::1", "other", 7);
        for (const struct given *given = cases[i].given; given->name; given++) {
            add(names, "192.0.2.1", given->name, given->time);
            only_one = only_one && strcmp(given->name, cases[i].given->name) == 0;
            if (given->time >= latest->time)
                latest = given;
        }
        is_int(names_each(names, see, &seen), RESULT_OK, "each of: %s", cases[i].title);
        is_int(seen.calls, 2, "two addresses");
        is_int(seen.count, 1, "each once");
        is_str(seen.name, latest->name, "its latest name");
        is_int(seen.only_one, only_one, "whether it ever had another");
        names_destroy(&names);
    }
}

static void test_each_stops(void)
{
    struct seen seen = {.answer = RESULT_SYSTEM};
    struct names *names = new_names();

    is_int(names_each(names, see, &seen), RESULT_OK, "each of none");
    is_int(seen.calls, 0, "no calls");
    add(names, "192.0.2.1", "a", 1);
    add(names, "192.0.2.2", "a", 1);
    is_int(names_each(names, see, &seen), RESULT_SYSTEM, "each returns what the call did");
    is_int(seen.calls, 1, "and stopped there");
    names_destroy(&names);
}

static struct address numbered(uint32_t i)
{
    uint8_t wire[16] = {0x20, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    struct address address;

    for (int byte = 0; byte < 4; byte++)
        wire[(i & 1 ? 0 : 12) + byte] = (uint8_t)(i >> (24 - 8 * byte));
    address_set(&address, i & 1 ? 4 : 6, wire);
    return address;
}

/* More than the initial size of any table, both families, many shared names. */
static void test_many(void)
{
    enum { MANY = 50000, NAMES = 7919 };
    struct seen seen = {.answer = RESULT_OK};
    struct names *names = new_names();
    uint32_t wrong = 0;

    for (uint32_t i = 0; i < MANY; i++) {
        struct address address = numbered(i);
        char name[32];
        int length = snprintf(name, sizeof name, "host%u.example", i % NAMES);

        need(names_add(names, &address, name, (size_t)length, i) == RESULT_OK, "names_add");
    }
    for (uint32_t i = 0; i < MANY; i++) {
        struct address address = numbered(i);
        struct name_ref found = {0};
        char want[32];
        int length = snprintf(want, sizeof want, "host%u.example", i % NAMES);

        if (!names_find(names, &address, i, &found) || found.length != (size_t)length ||
            memcmp(found.text, want, (size_t)length) != 0 || !found.before)
            wrong++;
    }
    is_int(wrong, 0, "each of %d addresses has its name", MANY);
    is_int(names_each(names, see, &seen), RESULT_OK, "each of them");
    is_int(seen.calls, MANY, "as many calls");
    names_destroy(&names);
}

/* One address, 100000 names in descending times, looked up now and then. */
static void test_hostile_order(void)
{
    enum { MANY = 100000 };
    struct names *names = new_names();

    for (int i = MANY; i > 0; i--) {
        char name[16];

        snprintf(name, sizeof name, "n%d", i);
        add(names, "192.0.2.1", name, 10 * (int64_t)i);
    }
    is_str(find(names, "192.0.2.1", 9), "after n1", "before all of many");
    is_str(find(names, "192.0.2.1", 10), "before n1", "the first of many");
    is_str(find(names, "192.0.2.1", 499999), "before n49999", "amid many");
    is_str(find(names, "192.0.2.1", INT64_MAX), "before n100000", "behind all of many");
    names_destroy(&names);
}

static uint32_t next_random(uint32_t bound)
{
    static uint64_t state = 42;

    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % bound;
}

enum { TOLD = 2000 };

struct told {
    int64_t time;
    char name[2];
};

/* The rule of secflow(7), directly: the latest at or before, else the earliest after. */
static const char *search(const struct told *told, size_t count, int64_t time)
{
    const struct told *before = NULL, *after = NULL;
    static char text[16];

    for (size_t i = 0; i < count; i++) {
        if (told[i].time <= time && (!before || told[i].time >= before->time))
            before = &told[i];
        if (told[i].time > time && told[i].time < INT64_MAX &&
            (!after || told[i].time <= after->time))
            after = &told[i];
    }
    snprintf(text, sizeof text, "%s %s", before ? "before" : "after",
             (before ? before : after)->name);
    return text;
}

/*
 * Three names for one address, added late by a limited time, and looked up throughout. When names
 * are forgotten, it is all that are too much older than the latest time.
 */
static void test_random(const char *title, uint32_t late, int64_t memory)
{
    struct names *names = new_names();
    struct told *told = calloc(TOLD, sizeof *told);
    size_t wrong = 0;

    need(told, "no memory");
    for (size_t i = 0; i < TOLD; i++) {
        told[i].time = (int64_t)(i * 10 + TOLD * 10 - next_random(late + 1));
        told[i].name[0] = (char)('a' + next_random(50) / 24);
        add(names, "192.0.2.1", told[i].name, told[i].time);
        if (i % 100 != 99)
            continue;
        if (memory > 0) {
            int64_t before = told[i].time - memory;

            need(names_forget(names, before) == RESULT_OK, "names_forget");
            for (size_t j = 0; j <= i; j++)
                if (told[j].time < before)
                    told[j].time = INT64_MAX; /* nobody looks that one up */
        }
        wrong +=
            strcmp(find(names, "192.0.2.1", told[i].time), search(told, i + 1, told[i].time)) != 0;
    }
    for (int64_t time = 0; time < TOLD * 22; time += 3)
        wrong += strcmp(find(names, "192.0.2.1", time), search(told, TOLD, time)) != 0;
    is_int(wrong, 0, "wrong answers of %s", title);
    free(told);
    names_destroy(&names);
}

/* Many addresses in no order of time, half of them forgotten again and again. */
static void test_forget(void)
{
    enum { ADDRESSES = 500, ROUNDS = 40 };
    struct names *names = new_names();
    static int64_t times[ADDRESSES][ROUNDS];
    size_t wrong = 0, most = 0;

    for (int round = 0; round < ROUNDS; round++) {
        int64_t before = (round - 3) * 1000;

        for (uint32_t i = 0; i < ADDRESSES; i++) {
            struct address address = numbered(i);
            int64_t time = round * 1000 + (int64_t)next_random(2000);
            char name[64];
            int length =
                snprintf(name, sizeof name, "n%d.of.address.%u at.%lld", round, i, (long long)time);

            times[i][round] = i % 7 == 6 && round > 0 ? INT64_MIN : time; /* each seventh once */
            if (times[i][round] == time)
                need(names_add(names, &address, name, (size_t)length, time) == RESULT_OK, "add");
        }
        need(names_forget(names, before) == RESULT_OK, "names_forget");
        most = names_bytes(names) > most ? names_bytes(names) : most;
        for (uint32_t i = 0; i < ADDRESSES; i++) {
            struct address address = numbered(i);
            int64_t time = round * 1000 - 500, want = INT64_MIN, later = INT64_MAX;
            struct name_ref found;
            char name[64];

            for (int j = 0; j <= round; j++) {
                if (times[i][j] >= before && times[i][j] <= time && times[i][j] > want)
                    want = times[i][j];
                if (times[i][j] >= before && times[i][j] > time && times[i][j] < later)
                    later = times[i][j];
            }
            want = want == INT64_MIN ? later : want;
            snprintf(name, sizeof name, " at.%lld", (long long)want);
            if (!names_find(names, &address, time, &found))
                wrong += want != INT64_MAX;
            else
                wrong += found.length < strlen(name) ||
                         memcmp(found.text + found.length - strlen(name), name, strlen(name)) != 0;
        }
    }
    is_int(wrong, 0, "wrong answers where the old is forgotten");
    ok(most < 600000, "which keeps them small: %zu bytes", most);
    is_int(names_forgotten(names), 0, "nothing was forgotten for want of room");
    need(names_forget(names, INT64_MAX) == RESULT_OK, "names_forget");
    is_str(find(names, "192.0.2.1", 0), "none", "all can be forgotten");
    ok(names_bytes(names) < 60000, "and takes nothing then: %zu bytes", names_bytes(names));
    add(names, "192.0.2.1", "new", 1);
    is_str(find(names, "192.0.2.1", 1), "before new", "and begin again");
    names_destroy(&names);
}

enum { BUDGET = 1 << 20 };

static struct names *small_names(void)
{
    struct names *names = NULL;

    need(names_init(&names, BUDGET) == RESULT_OK, "names_init");
    return names;
}

/* Added many times: the address, name and time for a number. */
typedef size_t teller_fn(uint32_t i, struct address *address, char name[1100], int64_t *time);

static size_t tell_addresses(uint32_t i, struct address *address, char name[1100], int64_t *time)
{
    *address = numbered(i);
    *time = i;
    return (size_t)sprintf(name, "x%u", i % 3);
}

static size_t tell_texts(uint32_t i, struct address *address, char name[1100], int64_t *time)
{
    *address = parsed("192.0.2.1");
    *time = i;
    memset(name, 'x', 1000);
    return (size_t)sprintf(name + 1000, "%u", i) + 1000;
}

static size_t tell_pairs(uint32_t i, struct address *address, char name[1100], int64_t *time)
{
    *address = numbered(i % 5);
    *time = i;
    return (size_t)sprintf(name, i / 5 % 2 ? "one" : "other");
}

static size_t tell_backwards(uint32_t i, struct address *address, char name[1100], int64_t *time)
{
    *address = numbered(i % 5);
    *time = -(int64_t)i;
    return (size_t)sprintf(name, "n%u", i);
}

static size_t tell_disorder(uint32_t i, struct address *address, char name[1100], int64_t *time)
{
    *address = numbered(i * 2654435761u % 3000);
    *time = i * 2654435761u;
    return (size_t)sprintf(name, "n%u of %u", i, i * 2654435761u % 3000);
}

/*
 * Whatever is added, for however long: the names stay within their budget and know the most recent
 * additions.
 */
static void test_budget(const char *title, teller_fn *tell)
{
    enum { MANY = 400000, RECENT = 100 };
    struct names *names = small_names();
    size_t most = 0, wrong = 0;
    static char name[1100];
    struct address address;
    struct name_ref found;
    int64_t time;

    for (uint32_t i = 0; i < MANY; i++) {
        size_t length = tell(i, &address, name, &time);

        need(names_add(names, &address, name, length, time) == RESULT_OK, "names_add");
        most = names_bytes(names) > most ? names_bytes(names) : most;
        if (i % 997 != 996)
            continue;
        for (uint32_t j = i - RECENT; j <= i; j++) {
            length = tell(j, &address, name, &time);
            wrong += !names_find(names, &address, time, &found) || found.length != length ||
                     memcmp(found.text, name, length) != 0;
        }
    }
    ok(most <= BUDGET + BUDGET / 30, "%s: the budget is kept: %zu bytes", title, most);
    ok(most > BUDGET / 2, "and used");
    ok(names_forgotten(names) > MANY / 2, "what was forgotten is counted");
    is_int(wrong, 0, "the last %u are known", RECENT);
    names_set_budget(names, BUDGET / 4);
    for (uint32_t i = MANY; i < MANY + 1000; i++) {
        size_t length = tell(i, &address, name, &time);

        need(names_add(names, &address, name, length, time) == RESULT_OK, "names_add");
    }
    ok(names_bytes(names) <= BUDGET / 4 + BUDGET / 30, "a smaller budget takes effect: %zu bytes",
       names_bytes(names));
    names_destroy(&names);
}

/* Repeating a name many times never displaces anything that matters. */
static void test_repeats(void)
{
    struct names *names = small_names();
    struct name_ref found;

    add(names, "192.0.2.1", "rare", 1);
    add(names, "192.0.2.3", "first", 1);
    add(names, "192.0.2.3", "between", 3);
    for (int i = 4; i < 500000; i++)
        add(names, i & 1 ? "192.0.2.2" : "192.0.2.3", "often", i);
    is_int(names_forgotten(names), 0, "repeats are nothing to forget");
    ok(names_bytes(names) <= BUDGET + BUDGET / 30, "nor do they take room: %zu bytes",
       names_bytes(names));
    is_str(find(names, "192.0.2.1", 499999), "before rare", "what was told once is known");
    is_str(find(names, "192.0.2.3", 2), "before first", "so is what came before repeats");
    is_str(find(names, "192.0.2.3", 3), "before between", "and what came between");
    is_str(find(names, "192.0.2.3", 4), "before often", "the first of them counts");
    is_str(find(names, "192.0.2.3", 400000), "before often", "and the last");
    ok(names_find(names, &(struct address){.family = 4}, 0, &found) == false, "no other is");
    names_destroy(&names);
}

/* A name that is repeated now and then outlives names that exceed the budget. */
static void test_oldest_go(void)
{
    struct names *names = small_names();
    struct seen seen = {.only = parsed("192.0.2.1"), .answer = RESULT_OK};

    add(names, "192.0.2.1", "early", 1);
    add(names, "192.0.2.2", "early", 1);
    for (uint32_t i = 2; i < 100000; i++) {
        struct address address = numbered(i);

        need(names_add(names, &address, "flood", 5, i) == RESULT_OK, "names_add");
        if (i % 1000 == 0)
            add(names, "192.0.2.1", i % 2000 == 0 ? "steady" : "early", i);
    }
    is_str(find(names, "192.0.2.1", 99999), "before early", "what is told again is kept");
    is_str(find(names, "192.0.2.2", 99999), "none", "what is not goes with the old");
    is_int(names_each(names, see, &seen), RESULT_OK, "each of those that are left");
    is_int(seen.count, 1, "the one that is kept is among them");
    is_int(seen.only_one, false, "it had another name");
    names_destroy(&names);
}

int main(void)
{
    test_times();
    test_addresses();
    test_copies();
    test_each();
    test_each_stops();
    test_many();
    test_hostile_order();
    test_random("names in order", 0, 0);
    test_random("names a little late", 300, 0);
    test_random("names in no order", TOLD * 10, 0);
    test_random("names in order that are forgotten", 0, 300);
    test_random("names a little late that are forgotten", 300, 2000);
    test_forget();
    test_budget("addresses without end", tell_addresses);
    test_budget("long names without end", tell_texts);
    test_budget("two names in turn", tell_pairs);
    test_budget("names further and further back", tell_backwards);
    test_budget("names in no order", tell_disorder);
    test_repeats();
    test_oldest_go();
    return done();
}
