/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of flows: by place, through uids in any order, and beside an offer of ECH.
 */
#include "flow/flownames.h"

#include "../tap.h"

static struct flownames *new_names(void)
{
    struct flownames *names = NULL;

    need(flownames_init(&names) == RESULT_OK, "flownames_init");
    return names;
}

static struct hello named(const char *name)
{
    struct hello hello = {.cut = false};

    need(hostname_set(&hello.name, name, strlen(name)), name);
    return hello;
}

static void add(struct flownames *names, uint32_t place, const char *name)
{
    struct hello hello = named(name);

    need(flownames_add(names, place, &hello, false) == RESULT_OK, "flownames_add");
}

static void add_ech(struct flownames *names, uint32_t place, const char *name, uint8_t config)
{
    struct hello hello = named(name);

    hello.ech = true;
    hello.ech_config = config;
    need(flownames_add(names, place, &hello, false) == RESULT_OK, "flownames_add");
}

static void join(struct flownames *names, uint64_t uid, uint32_t place)
{
    need(flownames_join(names, uid, place) == RESULT_OK, "flownames_join");
}

static void tell(struct flownames *names, uint64_t uid, const char *name)
{
    struct hello hello = named(name);

    need(flownames_tell(names, uid, &hello.name) == RESULT_OK, "flownames_tell");
}

static const char *name_of(const struct flownames *names, uint32_t place)
{
    static char text[2][HOSTNAME_MAX + 1];
    static int turn;
    const char *name;
    size_t length;

    if (!flownames_get(names, place, &name, &length))
        return "";
    turn = 1 - turn;
    memcpy(text[turn], name, length);
    text[turn][length] = '\0';
    return text[turn];
}

static void test_places(void)
{
    struct flownames *names = new_names();

    add(names, 1, "a.example");
    add(names, 2, "a.example");
    add(names, 3, "b.example");
    add(names, 1, "c.example");
    is_str(name_of(names, 1), "a.example", "the first name stays");
    is_str(name_of(names, 2), "a.example", "two flows of one name");
    is_str(name_of(names, 3), "b.example", "another one");
    is_str(name_of(names, 4), "", "no name");
    flownames_destroy(&names);
    ok(!names, "destroyed");
}

static void test_many(void)
{
    enum { MANY = 100000 };
    struct flownames *names = new_names();
    size_t wrong = 0;
    char text[32];

    for (uint32_t i = 1; i <= MANY; i++) {
        snprintf(text, sizeof text, "a%u.example", i % 1000);
        add(names, 3 * i, text);
        join(names, i * UINT64_C(0x9e3779b97f4a7c15) | 1, 3 * i + 1);
    }
    for (uint32_t i = 1; i <= MANY; i++) {
        snprintf(text, sizeof text, "b%u.example", i % 1000);
        tell(names, i * UINT64_C(0x9e3779b97f4a7c15) | 1, text);
    }
    for (uint32_t i = 1; i <= MANY; i++) {
        snprintf(text, sizeof text, "a%u.example", i % 1000);
        wrong += strcmp(name_of(names, 3 * i), text) != 0;
        text[0] = 'b';
        wrong += strcmp(name_of(names, 3 * i + 1), text) != 0;
    }
    is_int(wrong, 0, "many flows, by place and by uid");
    flownames_destroy(&names);
}

/* The memory of uids whose connections or names may never come. */
static void test_memory(void)
{
    enum { MANY = 100000 };
    struct flownames *names = new_names();
    size_t before = flownames_bytes(names), wrong = 0;

    for (uint32_t i = 1; i <= MANY; i++) {
        tell(names, i * UINT64_C(0x9e3779b97f4a7c15) | 1, "a.example");
        join(names, i * UINT64_C(0xbf58476d1ce4e5b9) | 1, i % 10);
        wrong += flownames_bytes(names) > before + 32 * 1024 + 27 * 2 * (size_t)i;
    }
    is_int(wrong, 0, "27 bytes a uid at most");
    flownames_destroy(&names);
}

static void test_uids(void)
{
    struct flownames *names = new_names();

    join(names, 11, 1);
    tell(names, 11, "a.example");
    is_str(name_of(names, 1), "a.example", "the connection first");
    tell(names, 13, "b.example");
    join(names, 13, 2);
    is_str(name_of(names, 2), "b.example", "the name first");
    tell(names, 11, "c.example");
    tell(names, 13, "c.example");
    is_str(name_of(names, 1), "a.example", "the first name of a uid stays");
    is_str(name_of(names, 2), "b.example", "the other way round too");
    join(names, 15, 1);
    tell(names, 15, "d.example");
    is_str(name_of(names, 1), "a.example", "the first name of a flow stays");
    join(names, 17, 3);
    is_str(name_of(names, 3), "", "a connection that says nothing");
    flownames_destroy(&names);
}

static void test_ech(void)
{
    struct flownames *names = new_names();

    add_ech(names, 1, "once.example", 1);
    is_str(name_of(names, 1), "once.example", "one offer speaks against nothing");
    add_ech(names, 2, "once.example", 1);
    is_str(name_of(names, 1), "once.example", "nor do two of one id, which may be one seen twice");
    add_ech(names, 2, "once.example", 1);
    is_str(name_of(names, 1), "once.example", "nor what a flow repeats");
    for (uint32_t i = 0; i < 3; i++)
        add_ech(names, 10 + i, "front.example", 7);
    is_str(name_of(names, 10), "", "three of one id: a front");
    is_str(name_of(names, 12), "", "for all of its flows");
    add_ech(names, 13, "front.example", 8);
    is_str(name_of(names, 10), "front.example", "another id makes doubt");
    for (uint32_t i = 0; i < 2; i++)
        add_ech(names, 14 + i, "front.example", 8);
    is_str(name_of(names, 10), "", "a front that changed its key");
    for (uint32_t i = 0; i < 300; i++)
        add_ech(names, 30 + i, "site.example", (uint8_t)(i / 2));
    is_str(name_of(names, 30), "site.example", "random ids, each hello seen twice");
    add(names, 400, "front.example");
    is_str(name_of(names, 400), "front.example", "who offers nothing goes to the front itself");
    flownames_destroy(&names);
}

static void add_cut(struct flownames *names, uint32_t place, const char *name)
{
    struct hello hello = named(name);

    hello.cut = true;
    need(flownames_add(names, place, &hello, false) == RESULT_OK, "flownames_add");
}

static void test_cut(void)
{
    struct flownames *names = new_names();

    add_cut(names, 1, "a.example");
    is_str(name_of(names, 1), "a.example", "a hello that was cut off, nothing else is known of");
    add_ech(names, 1, "b.example", 1);
    is_str(name_of(names, 1), "a.example", "another name is no news of it");
    add_ech(names, 1, "a.example", 1);
    add_ech(names, 2, "a.example", 1);
    add_ech(names, 3, "a.example", 1);
    is_str(name_of(names, 1), "", "the whole of it offers ECH, as others do");
    add_cut(names, 4, "a.example");
    is_str(name_of(names, 4), "", "what others offered speaks against one that was cut off");
    add(names, 5, "a.example");
    add_ech(names, 5, "a.example", 1);
    is_str(name_of(names, 5), "a.example", "a whole one is not doubted later");
    flownames_destroy(&names);
}

static void test_replace(void)
{
    struct flownames *names = new_names();
    struct hello hello = named("b.example");

    add(names, 1, "a.example");
    need(flownames_add(names, 1, &hello, true) == RESULT_OK, "flownames_add");
    is_str(name_of(names, 1), "b.example", "a name that takes the place of an earlier one");
    flownames_destroy(&names);
}

static void test_move(void)
{
    struct flownames *from = new_names(), *to = new_names();

    add(to, 1, "z.example");
    add(from, 5, "a.example");
    for (uint32_t i = 0; i < 3; i++)
        add_ech(from, 7 + i, "front.example", 1);
    add_ech(from, 6, "site.example", 1);
    need(flownames_move(to, 2, from, 5) == RESULT_OK, "flownames_move");
    need(flownames_move(to, 3, from, 6) == RESULT_OK, "flownames_move");
    need(flownames_move(to, 4, from, 8) == RESULT_OK, "flownames_move");
    need(flownames_move(to, 5, from, 9) == RESULT_OK, "flownames_move");
    flownames_destroy(&from);
    is_str(name_of(to, 1), "z.example", "a name that was there");
    is_str(name_of(to, 2), "a.example", "a name that was moved");
    is_str(name_of(to, 3), "site.example", "what is known of ECH moves with it");
    is_str(name_of(to, 4), "", "a front stays one");
    is_str(name_of(to, 5), "", "no name");
    flownames_destroy(&to);
}

int main(void)
{
    test_places();
    test_many();
    test_memory();
    test_uids();
    test_ech();
    test_cut();
    test_replace();
    test_move();
    return done();
}
