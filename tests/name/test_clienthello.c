/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clienthello module: messages whole, split, cut off and damaged.
 */
#include "name/clienthello.h"

#include "../tap.h"

#define RANDOM "0303 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "
#define SUITES "00 0002 1301 01 00 " /* no session id, one cipher suite, one compression method */
#define SNI_A "0000 000e 000c 00 0009 'a.example' "
#define ECH "fe0d 0008 00 0001 0001 2a 0000 "
#define GROUPS "000a 0004 0002 001d "

static size_t put(uint8_t *at, const char *hex)
{
    return unhex(hex, at, 512);
}

static void put_length(uint8_t *at, size_t length, unsigned size)
{
    while (size-- > 0) {
        at[size] = (uint8_t)length;
        length >>= 8;
    }
}

/* A ClientHello message with these extensions. */
static size_t make_message(uint8_t *out, const char *extensions)
{
    size_t head = 4 + put(out + 4, RANDOM SUITES);
    size_t length = head + 2 + put(out + head + 2, extensions);

    out[0] = 1;
    put_length(out + 1, length - 4, 3);
    put_length(out + head, length - head - 2, 2);
    return length;
}

/* The message in records of that many bytes. */
static size_t make_records(uint8_t *out, const uint8_t *message, size_t length, size_t each)
{
    size_t used = 0;

    for (size_t at = 0; at < length; at += each) {
        size_t size = length - at < each ? length - at : each;

        used += put(out + used, "160301 0000");
        put_length(out + used - 2, size, 2);
        memcpy(out + used, message + at, size);
        used += size;
    }
    return used;
}

static const char *name_of(const struct hello *hello)
{
    static char text[HOSTNAME_MAX + 1];

    memcpy(text, hello->name.text, hello->name.length);
    text[hello->name.length] = '\0';
    return text;
}

static enum hello_verdict read_copy(const uint8_t *bytes, size_t length, struct hello *hello)
{
    uint8_t *copy = exact_copy(bytes, length);
    enum hello_verdict verdict = clienthello_read(copy, length, hello);

    exact_free(copy, length);
    return verdict;
}

static void test_extensions(void)
{
    static const struct {
        const char *title, *extensions, *name;
    } cases[] = {
        {"a server name", SNI_A, "a.example"},
        {"behind others", GROUPS SNI_A, "a.example"},
        {"before others", SNI_A GROUPS, "a.example"},
        {"none", GROUPS, ""},
        {"an address", "0000 000e 000c 00 0009 '192.0.2.1'", ""},
        {"a name of another type", "0000 000e 000c 01 0009 'a.example'", ""},
        {"a host behind a name of another type", "0000 0012 0010 01 0001 'x' 00 0009 'a.example'",
         "a.example"},
        {"a list that is longer than its extension", "0000 000e 00ff 00 0009 'a.example'", ""},
        {"a name that is longer than its list", "0000 000e 000c 00 000a 'a.example'", ""},
        {"an empty extension", "0000 0000", ""},
        {"an empty list", "0000 0002 0000", ""},
    };
    uint8_t message[1024], records[1024];
    struct hello hello;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = make_message(message, cases[i].extensions);

        is_int(clienthello_read_message(message, length, &hello), HELLO_WHOLE, "%s: whole",
               cases[i].title);
        is_str(name_of(&hello), cases[i].name, "%s", cases[i].title);
        length = make_records(records, message, length, 1000);
        is_int(read_copy(records, length, &hello), HELLO_WHOLE, "%s: whole, in a record",
               cases[i].title);
        is_str(name_of(&hello), cases[i].name, "%s: in a record", cases[i].title);
    }
}

static void test_ech(void)
{
    uint8_t message[1024];
    struct hello hello;
    size_t length;

    (void)clienthello_read_message(message, make_message(message, SNI_A ECH), &hello);
    ok(hello.ech && hello.ech_config == 0x2a, "an outer hello, and its config_id");
    is_str(name_of(&hello), "a.example", "the name it shows");
    length = make_message(message, SNI_A ECH GROUPS);
    (void)clienthello_read_message(message, length, &hello);
    ok(!hello.cut, "the whole hello is not cut");
    (void)clienthello_read_message(message, length - 10, &hello);
    ok(hello.cut && hello.ech && hello.ech_config == 0x2a, "an offer whose end is cut off");
    (void)clienthello_read_message(message, length - 20, &hello);
    ok(hello.cut && !hello.ech, "an offer that is cut off before its config_id");
    is_str(name_of(&hello), "a.example", "has a name that is in doubt");
    (void)clienthello_read_message(message, make_message(message, SNI_A "fe0d 0001 01"), &hello);
    ok(!hello.ech, "an inner one offers nothing");
    (void)clienthello_read_message(message, make_message(message, SNI_A "fe0d 0003 00 0001"),
                                   &hello);
    ok(!hello.ech, "an offer that is too short");
}

/*
 * However it is cut and split, it never gives another name; and once the name is there, it gives
 * that.
 */
static void test_cuts(void)
{
    uint8_t message[1024], records[4096];
    size_t length = make_message(message, GROUPS SNI_A GROUPS), used = 0, named = 0;
    struct hello hello;

    for (size_t each = 1; each <= length; each++) {
        enum hello_verdict verdict = HELLO_CUT;
        bool exact = true;

        used = make_records(records, message, length, each);
        named = 0;
        for (size_t cut = 0; cut < used; cut++) {
            verdict = read_copy(records, cut, &hello);
            exact &= verdict == HELLO_CUT;
            if (hello.name.length > 0) {
                exact &= strcmp(name_of(&hello), "a.example") == 0;
                named = named ? named : cut;
            } else {
                exact &= named == 0;
            }
        }
        verdict = read_copy(records, used, &hello);
        if (!exact || verdict != HELLO_WHOLE || hello.name.length == 0)
            ok(false, "records of %zu bytes", each);
    }
    ok(named > 0 && named < used, "a hello that is cut behind its name gives it");
}

static void test_damage(void)
{
    static const struct {
        const char *title, *hex;
        enum hello_verdict verdict;
    } cases[] = {
        {"another message", "160301 0004 02 000000", HELLO_NONE},
        {"a record of something else", "170301 0004 01 000000", HELLO_NONE},
        {"another version of records", "160201 0004 01 000000", HELLO_NONE},
        {"an empty record", "160301 0000", HELLO_NONE},
        {"a message that is too short", "160301 0004 01 000000", HELLO_NONE},
        {"a record that is too long", "160301 ffff 01", HELLO_NONE},
        {"another version of TLS",
         "160301 0100 01 0000fc 0200 00000000000000000000000000000000"
         "00000000000000000000000000000000",
         HELLO_NONE},
        {"a session id behind the end", "160301 0027 01 000023" RANDOM "20", HELLO_NONE},
        {"cipher suites behind the end", "160301 0029 01 000025" RANDOM "00 0002", HELLO_NONE},
        {"no extensions, as in old clients", "160301 002d 01 000029" RANDOM SUITES, HELLO_WHOLE},
        {"half a length of extensions", "160301 002e 01 00002a" RANDOM SUITES "00", HELLO_NONE},
        {"extensions behind the end", "160301 002f 01 00002b" RANDOM SUITES "0001", HELLO_NONE},
        {"half an extension", "160301 0031 01 00002d" RANDOM SUITES "0002 0000", HELLO_NONE},
        {"an extension behind the end", "160301 0033 01 00002f" RANDOM SUITES "0004 0000 0001",
         HELLO_NONE},
        {"nothing", "", HELLO_CUT},
        {"SSL 2", "802e 01 0002 0015 0000 0010", HELLO_NONE},
    };
    uint8_t bytes[512];
    struct hello hello;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        is_int(read_copy(bytes, unhex(cases[i].hex, bytes, sizeof bytes), &hello), cases[i].verdict,
               "%s", cases[i].title);
        is_int(hello.name.length, 0, "%s: no name", cases[i].title);
    }
    is_int(clienthello_read_message(bytes, 0, &hello), HELLO_CUT, "no message yet");
}

int main(void)
{
    test_extensions();
    test_ech();
    test_cuts();
    test_damage();
    return done();
}
