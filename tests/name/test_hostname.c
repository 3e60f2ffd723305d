/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hostname module: host names, values of Host fields, and what is neither.
 */
#include "name/hostname.h"

#include "../tap.h"

static const char *text_of(const struct hostname *name)
{
    static char text[HOSTNAME_MAX + 1];

    memcpy(text, name->text, name->length);
    text[name->length] = '\0';
    return text;
}

static void test_names(void)
{
    static const char label63[] = "a23456789012345678901234567890123456789012345678901234567890123";
    static const struct {
        const char *text, *name; /* "": none */
    } cases[] = {
        {"A.Example", "a.example"},
        {"a.example.", "a.example"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"_dmarc.a_b.example", "_dmarc.a_b.example"},
        {"localhost", "localhost"},
        {"1.2.3.4.example", "1.2.3.4.example"},
        {"", ""},
        {".", ""},
        {"a..example", ""},
        {".example", ""},
        {"a.example..", ""},
        {"-a.example", ""},
        {"a-.example", ""},
        {"a b.example", ""},
        {"a/b", ""},
        {"b\xc3\xbc"
         "cher.example",
         ""},
        {"a.example:443", ""},
        {"192.0.2.1", ""},
        {"1", ""},
        {"a.1", ""},
        {"0x7f000001", ""},
        {"127.0.0.0x1", ""},
        {"a.0xyz", "a.0xyz"},
        {"2001:db8::1", ""},
        {"[2001:db8::1]", ""},
    };
    struct hostname name;
    char text[512];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool taken = hostname_set(&name, cases[i].text, strlen(cases[i].text));

        is_str(text_of(&name), cases[i].name, "the name '%s'", cases[i].text);
        is_int(taken, *cases[i].name != '\0', "whether it is taken");
    }
    snprintf(text, sizeof text, "%s.%s.%s.%.61s", label63, label63, label63, label63);
    ok(hostname_set(&name, text, 253), "253 bytes");
    text[253] = '.';
    ok(hostname_set(&name, text, 254), "and a final dot");
    snprintf(text, sizeof text, "%s.%s.%s.%.62s", label63, label63, label63, label63);
    ok(!hostname_set(&name, text, 254), "254 bytes");
    snprintf(text, sizeof text, "%sx.example", label63);
    ok(!hostname_set(&name, text, strlen(text)), "a label of 64 bytes");
    ok(!hostname_set(&name, "a\0b", 3), "a NUL");
}

static void test_hosts(void)
{
    static const struct {
        const char *text, *name;
    } cases[] = {
        {" A.Example \r", "a.example"},
        {"a.example:8080", "a.example"},
        {"a.example:", "a.example"},
        {"a.example:http", ""},
        {"192.0.2.1:80", ""},
        {"[2001:db8::1]:80", ""},
        {"2001:db8::1", ""},
        {"user@a.example", ""},
        {":80", ""},
        {"", ""},
    };
    struct hostname name;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)hostname_set_host(&name, cases[i].text, strlen(cases[i].text));
        is_str(text_of(&name), cases[i].name, "the host '%s'", cases[i].text);
    }
}

int main(void)
{
    test_names();
    test_hosts();
    return done();
}
