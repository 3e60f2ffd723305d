/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dns module: messages as wire bytes, and the names that they give.
 */
#include "../tap.h"
#include "name/dns.h"

#define ROOM 70000

/* The result of a message: "ADDRESS=NAME ADDRESS=NAME". */
struct told {
    char text[8192];
    int calls, stop_at; /* stop_at: the call that returns RESULT_NO_MEMORY */
    bool unsound;       /* a length that is not the name's */
};

static enum result tell(void *context, const struct address *address, const char *name,
                        size_t length)
{
    struct told *told = context;
    char text[ADDRESS_TEXT];
    size_t used = strlen(told->text);

    address_format(address, text);
    snprintf(told->text + used, sizeof told->text - used, "%s%s=%s", used > 0 ? " " : "", text,
             name);
    told->unsound = told->unsound || strlen(name) != length || length >= DNS_NAME_TEXT;
    return ++told->calls == told->stop_at ? RESULT_NO_MEMORY : RESULT_OK;
}

static enum result read_exactly(const uint8_t *bytes, size_t length, struct told *told)
{
    uint8_t *copy = exact_copy(bytes, length);
    enum result result = dns_read(copy, length, tell, told);

    exact_free(copy, length);
    return result;
}

/* Fields of wire text. Q: www.example, whose labels are at 0x0c and 0x10. */
#define ID "1234 "
#define COUNTS(qd, an, ns, ar) " " qd " " an " " ns " " ar " "
#define WWW "03'www' 07'example' 00 "
#define Q WWW "0001 0001 "
#define TTL "00000e10 "
#define A(name, address) name " 0001 0001 " TTL "0004 " address " "
#define AAAA(name, address) name " 001c 0001 " TTL "0010 " address " "
#define CNAME(name, target, length) name " 0005 0001 " TTL length " " target " "
#define HTTPS(name, length, data) name " 0041 0001 " TTL length " " data " "
#define HEAD1 ID "8180" COUNTS("0001", "0001", "0000", "0000") Q
#define SIX1 "20010db8000000000000000000000001"

static const struct {
    const char *title, *wire;
    enum result result;
    const char *want;
} cases[] = {
    /* What is reported. */
    {"an A record", HEAD1 A("c00c", "08080808"), RESULT_OK, "8.8.8.8=www.example"},
    {"an AAAA record", HEAD1 AAAA("c00c", SIX1), RESULT_OK, "2001:db8::1=www.example"},
    {"a CNAME: the address gets the question's name",
     ID "8180" COUNTS("0001", "0003", "0000", "0000") Q CNAME("c00c", "03'cdn' c010", "0006")
         A("c029", "01020304") AAAA("c029", SIX1),
     RESULT_OK, "1.2.3.4=www.example 2001:db8::1=www.example"},
    {"glue gets its own name",
     ID "8180" COUNTS("0001", "0001", "0001", "0001") Q A(
         "c00c", "01020304") "c010 0002 0001 " TTL "0005 02'ns' c010 " A("02'ns' c010", "05060708"),
     RESULT_OK, "1.2.3.4=www.example 5.6.7.8=ns.example"},
    {"an address in the authority section gets its own name",
     ID "8180" COUNTS("0001", "0000", "0001", "0000") Q A("02'ns' c010", "05060708"), RESULT_OK,
     "5.6.7.8=ns.example"},
    {"no question: each its own name",
     ID "8180" COUNTS("0000", "0001", "0000", "0000") A("01'h' 05'local' 00", "01020304"),
     RESULT_OK, "1.2.3.4=h.local"},
    {"HTTPS hints of both families",
     HEAD1 HTTPS("c00c", "002a",
                 "0001 00 0001 0003 02'h2' 0004 0008 01020304 05060708 0006 0010 " SIX1),
     RESULT_OK, "1.2.3.4=www.example 5.6.7.8=www.example 2001:db8::1=www.example"},
    {"SVCB hints", HEAD1 "c00c 0040 0001 " TTL "000b 0001 00 0004 0004 01020304 ", RESULT_OK,
     "1.2.3.4=www.example"},
    {"HTTPS in alias form: nothing", HEAD1 HTTPS("c00c", "0006", "0000 01'x' c0 10"), RESULT_OK,
     ""},
    {"an alias has no hints", HEAD1 HTTPS("c00c", "000b", "0000 00 0004 0004 01020304"), RESULT_OK,
     ""},
    {"a zone transfer: each its own name",
     ID "8400" COUNTS("0001", "0003", "0000", "0000") WWW "00fc 0001 " A("c00c", "01020304")
         A("02'ns' c010", "05060708") AAAA("c02d", SIX1),
     RESULT_OK, "1.2.3.4=www.example 5.6.7.8=ns.example 2001:db8::1=ns.example"},
    {"an incremental one",
     ID "8400" COUNTS("0001", "0001", "0000", "0000") WWW "00fb 0001 " A("02'ns' c010", "05060708"),
     RESULT_OK, "5.6.7.8=ns.example"},
    {"any type: the question's name",
     ID "8400" COUNTS("0001", "0001", "0000", "0000") WWW "00ff 0001 " A("02'ns' c010", "05060708"),
     RESULT_OK, "5.6.7.8=www.example"},
    {"records of the same name and of others in turn",
     ID "8180" COUNTS("0001", "0000", "0000", "0004") Q A("02'ns' c010", "01010101")
         A("c01d", "02020202") A("c00c", "03030303") A("c01d", "04040404"),
     RESULT_OK, "1.1.1.1=ns.example 2.2.2.2=ns.example 3.3.3.3=www.example 4.4.4.4=ns.example"},
    {"a name that begins with the message",
     "01'a' 8180" COUNTS("0000", "0001", "0000", "0000") A("c000", "01020304"), RESULT_DAMAGED, ""},
    {"other types: nothing", HEAD1 "c00c 0010 0001 " TTL "0004 03'abc' ", RESULT_OK, ""},
    {"another class: nothing", HEAD1 "c00c 0001 0003 " TTL "0004 01020304 ", RESULT_OK, ""},
    {"bytes behind the message are ignored", HEAD1 A("c00c", "08080808") "ffffffff", RESULT_OK,
     "8.8.8.8=www.example"},
    {"an error code does not matter", ID "8183" COUNTS("0001", "0000", "0000", "0000") Q, RESULT_OK,
     ""},
    {"the root has no name",
     ID "8180" COUNTS("0001", "0001", "0000", "0000") "00 0001 0001 " A("00", "01020304"),
     RESULT_OK, ""},
    {"an OPT record",
     ID "8180" COUNTS("0001", "0001", "0000", "0001")
         Q A("c00c", "01020304") "00 0029 04d0 00000000 0000",
     RESULT_OK, "1.2.3.4=www.example"},
    /* Messages that are not responses. */
    {"a query", ID "0100" COUNTS("0001", "0000", "0000", "0000") Q, RESULT_OK, ""},
    {"a query with an answer",
     ID "0100" COUNTS("0001", "0001", "0000", "0000") Q A("c00c", "08080808"), RESULT_OK, ""},
    {"an update's response",
     ID "a980" COUNTS("0001", "0001", "0000", "0000") Q A("c00c", "08080808"), RESULT_OK, ""},
    /* Names as text. */
    {"lower case",
     ID "8180" COUNTS("0001", "0001", "0000",
                      "0000") "03'wWW' 07'EXAMPLE' 00 0001 0001 " A("c00c", "08080808"),
     RESULT_OK, "8.8.8.8=www.example"},
    {"escapes of every kind",
     ID "8180" COUNTS("0001", "0001", "0000",
                      "0000") "0b'a.b' 5c '[@`{' 20 7f 00 03 01 ff 80 00 0001 0001 " A("c00c",
                                                                                       "08080808"),
     RESULT_OK, "8.8.8.8=a\\.b\\\\[@`{\\032\\127\\000.\\001\\255\\128"},
    {"a label of 63",
     ID "8180" COUNTS("0000", "0001", "0000", "0000")
         A("3f'abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0' 00", "08080808"),
     RESULT_OK, "8.8.8.8=abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"},
    {"pointers to pointers",
     ID "8180" COUNTS("0001", "0002", "0000", "0001") Q CNAME("c00c", "01'b' c010", "0004")
         A("c00c", "01020304") A("01'a' c029", "05060708"),
     RESULT_OK, "1.2.3.4=www.example 5.6.7.8=a.b.example"},
    /* Hostile names. */
    {"a label of 64",
     ID "8180" COUNTS("0000", "0001", "0000", "0000")
         A("40'abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01' 00", "08080808"),
     RESULT_DAMAGED, ""},
    {"a label of 128", HEAD1 A("80'ab' 00", "08080808"), RESULT_DAMAGED, ""},
    {"a pointer to itself", HEAD1 A("c01d", "08080808"), RESULT_DAMAGED, ""},
    {"a pointer forwards", HEAD1 A("c01f", "08080808"), RESULT_DAMAGED, ""},
    {"a pointer beyond the message", HEAD1 A("ffff", "08080808"), RESULT_DAMAGED, ""},
    {"a loop through a label", HEAD1 A("01'a' c01d", "08080808"), RESULT_DAMAGED, ""},
    {"two pointers at each other", HEAD1 "c01f c01d 0001 0001 " TTL "0004 08080808", RESULT_DAMAGED,
     ""},
    {"a question that points at itself",
     ID "8180" COUNTS("0001", "0001", "0000", "0000") "c00c 0001 0001 " A("c00c", "08080808"),
     RESULT_DAMAGED, ""},
    {"a question that points at the header's zero bytes",
     ID "8180" COUNTS("0001", "0001", "0000", "0000") "c008 0001 0001 " A("c00c", "08080808"),
     RESULT_OK, ""},
    /* Counts and lengths that lie: nothing from before is reported either. */
    {"one answer too many",
     ID "8180" COUNTS("0001", "0002", "0000", "0000") Q A("c00c", "08080808"), RESULT_DAMAGED, ""},
    {"one more in the authority section",
     ID "8180" COUNTS("0001", "0001", "0001", "0000") Q A("c00c", "08080808"), RESULT_DAMAGED, ""},
    {"one more in the additional section",
     ID "8180" COUNTS("0001", "0001", "0000", "0001") Q A("c00c", "08080808"), RESULT_DAMAGED, ""},
    {"65535 of everything",
     ID "8180" COUNTS("0001", "ffff", "ffff", "ffff") Q A("c00c", "08080808"), RESULT_DAMAGED, ""},
    {"two questions", ID "8180" COUNTS("0002", "0001", "0000", "0000") Q Q A("c00c", "08080808"),
     RESULT_DAMAGED, ""},
    {"an A record of 3 bytes", HEAD1 "c00c 0001 0001 " TTL "0003 080808", RESULT_DAMAGED, ""},
    {"an A record of 5 bytes", HEAD1 "c00c 0001 0001 " TTL "0005 0808080808", RESULT_DAMAGED, ""},
    {"an AAAA record of 4 bytes", HEAD1 "c00c 001c 0001 " TTL "0004 08080808", RESULT_DAMAGED, ""},
    {"an AAAA record of 17 bytes", HEAD1 "c00c 001c 0001 " TTL "0011 " SIX1 "00", RESULT_DAMAGED,
     ""},
    {"data beyond the message", HEAD1 "c00c 0001 0001 " TTL "0005 08080808", RESULT_DAMAGED, ""},
    {"HTTPS of 2 bytes", HEAD1 HTTPS("c00c", "0002", "0001"), RESULT_DAMAGED, ""},
    {"HTTPS without data", HEAD1 HTTPS("c00c", "0000", ""), RESULT_DAMAGED, ""},
    {"HTTPS whose target leaves its data", HEAD1 HTTPS("c00c", "0004", "0001 03'abc' 00"),
     RESULT_DAMAGED, ""},
    {"a hint of 3 bytes", HEAD1 HTTPS("c00c", "000a", "0001 00 0004 0003 010203"), RESULT_DAMAGED,
     ""},
    {"an empty hint", HEAD1 HTTPS("c00c", "0007", "0001 00 0004 0000"), RESULT_DAMAGED, ""},
    {"a hint of 4 bytes for IPv6", HEAD1 HTTPS("c00c", "000b", "0001 00 0006 0004 01020304"),
     RESULT_DAMAGED, ""},
    {"a hint that leaves the data", HEAD1 HTTPS("c00c", "000a", "0001 00 0004 0004 01020304"),
     RESULT_DAMAGED, ""},
    {"half a parameter", HEAD1 HTTPS("c00c", "0006", "0001 00 0001 00"), RESULT_DAMAGED, ""},
    {"a good answer before a bad one",
     ID "8180" COUNTS("0001", "0002", "0000", "0000") Q A("c00c", "08080808") A("c0ff", "09090909"),
     RESULT_DAMAGED, ""},
};

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static uint8_t wire[ROOM];
        size_t length = unhex(cases[i].wire, wire, sizeof wire);
        struct told told = {0};

        is_int(read_exactly(wire, length, &told), cases[i].result, "result: %s", cases[i].title);
        is_str(told.text, cases[i].want, "told: %s", cases[i].title);
        ok(!told.unsound, "its names are as long as they say");
    }
}

/* Every prefix of a message without trailing bytes is damaged and gives nothing. */
static void test_truncation(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static uint8_t wire[ROOM];
        size_t length = unhex(cases[i].wire, wire, sizeof wire), right = 0;
        struct told whole = {0};

        if (read_exactly(wire, length, &whole) != RESULT_OK || whole.calls == 0 ||
            strstr(cases[i].title, "behind"))
            continue;
        for (size_t n = 0; n < length; n++) {
            struct told told = {0};

            right += read_exactly(wire, n, &told) == RESULT_DAMAGED && told.calls == 0;
        }
        is_int(right, length, "cut off at each length: %s", cases[i].title);
    }
}

/*
 * Every byte of every case set to a few values: any result is fine, but no read beyond the end and
 * no unsound name.
 */
static void test_mutations(void)
{
    static const uint8_t values[] = {0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xc1, 0xff};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static uint8_t wire[ROOM];
        size_t length = unhex(cases[i].wire, wire, sizeof wire), bad = 0;

        for (size_t at = 0; at < length; at++) {
            uint8_t old = wire[at];

            for (size_t v = 0; v < sizeof values; v++) {
                struct told told = {0};
                enum result result;

                wire[at] = values[v];
                result = read_exactly(wire, length, &told);
                bad += told.unsound || (result == RESULT_DAMAGED && told.calls > 0) ||
                       (result != RESULT_OK && result != RESULT_DAMAGED);
            }
            wire[at] = old;
        }
        is_int(bad, 0, "each byte changed: %s", cases[i].title);
    }
}

/* A name of n single-byte labels, whose wire form has 2n + 1 bytes. */
static size_t many_labels(uint8_t *p, size_t labels, uint8_t byte)
{
    for (size_t i = 0; i < labels; i++) {
        *p++ = 1;
        *p++ = byte;
    }
    *p = 0;
    return 2 * labels + 1;
}

/* The wire form has at most 255 bytes: 127 labels of one byte, or four long ones. */
static void test_name_lengths(void)
{
    static const struct {
        size_t labels;
        enum result result;
    } lengths[] = {{1, RESULT_OK},
                   {126, RESULT_OK},
                   {127, RESULT_OK},
                   {128, RESULT_DAMAGED},
                   {200, RESULT_DAMAGED}};

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint8_t wire[600];
        size_t at = unhex(ID "8180" COUNTS("0000", "0001", "0000", "0000"), wire, sizeof wire);
        struct told told = {0};

        at += many_labels(wire + at, lengths[i].labels, 0xe9);
        at += unhex("0001 0001 " TTL "0004 01020304", wire + at, sizeof wire - at);
        is_int(read_exactly(wire, at, &told), lengths[i].result, "a name of %zu labels",
               lengths[i].labels);
        if (lengths[i].result == RESULT_OK)
            is_int(strlen(told.text), strlen("1.2.3.4=") + 5 * lengths[i].labels - 1, "its text");
    }
}

/* The longest text: 250 bytes of \DDD in labels of 63, 63, 63 and 61. */
static void test_longest_text(void)
{
    static const uint8_t labels[] = {63, 63, 63, 61};

    for (unsigned more = 0; more < 2; more++) {
        uint8_t wire[600];
        size_t at = unhex(ID "8180" COUNTS("0000", "0001", "0000", "0000"), wire, sizeof wire);
        struct told told = {0};

        for (size_t i = 0; i < sizeof labels; i++) {
            uint8_t length = (uint8_t)(labels[i] + (i == 3 ? more : 0));

            wire[at++] = length;
            memset(wire + at, 0xff, length);
            at += length;
        }
        at += unhex("00 0001 0001 " TTL "0004 01020304", wire + at, sizeof wire - at);
        is_int(read_exactly(wire, at, &told), more ? RESULT_DAMAGED : RESULT_OK,
               "a name of %u wire bytes", 255 + more);
        if (!more)
            is_int(strlen(told.text), strlen("1.2.3.4=") + 4 * 250 + 3, "its text");
        ok(!told.unsound, "has its length");
    }
}

/* A name that exceeds 255 bytes through pointers, and a chain of thousands of pointers. */
static void test_pointer_chains(void)
{
    static uint8_t wire[ROOM];
    size_t at = unhex(ID "8180" COUNTS("0001", "0001", "0000", "0000"), wire, sizeof wire), first;
    struct told told = {0}, chained = {0};

    at += many_labels(wire + at, 120, 'a');
    at += unhex("0001 0001", wire + at, 4);
    at += many_labels(wire + at, 10, 'b') - 1;
    at += unhex("c00c 0001 0001 " TTL "0004 01020304", wire + at, 32);
    is_int(read_exactly(wire, at, &told), RESULT_DAMAGED, "too long through a pointer");
    is_int(told.calls, 0, "tells nothing");

    at = unhex(HEAD1 "c00c 0010 0001 " TTL "2000", wire, sizeof wire);
    wire[7] = 2;
    first = at;
    for (; at < first + 0x2000; at += 2) {
        size_t target = at == first ? 12 : at - 2;

        wire[at] = (uint8_t)(0xc0 | target >> 8);
        wire[at + 1] = (uint8_t)target;
    }
    wire[at] = (uint8_t)(0xc0 | (at - 2) >> 8);
    wire[at + 1] = (uint8_t)(at - 2);
    at += 2;
    at += unhex("0001 0001 " TTL "0004 01020304", wire + at, 32);
    is_int(read_exactly(wire, at, &chained), RESULT_DAMAGED, "a chain of 4096 pointers is refused");
    is_int(chained.calls, 0, "and tells nothing");
}

static void test_stops(void)
{
    for (int stop = 1; stop <= 2; stop++) {
        uint8_t wire[200];
        size_t length =
            unhex(ID "8180" COUNTS("0001", "0003", "0000", "0000") Q A("c00c", "01010101")
                      A("c00c", "02020202") A("c00c", "03030303"),
                  wire, sizeof wire);
        struct told told = {.stop_at = stop};

        is_int(read_exactly(wire, length, &told), RESULT_NO_MEMORY, "what the call %d answers",
               stop);
        is_int(told.calls, stop, "ends the reading");
    }
}

int main(void)
{
    test_cases();
    test_truncation();
    test_mutations();
    test_name_lengths();
    test_longest_text();
    test_pointer_chains();
    test_stops();
    return done();
}
