/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registered domains of names.
 */
#include "../tap.h"
#include "know/domain.h"

static struct domains domains;

static void test_domains(void)
{
    static const struct {
        const char *name, *domain;
        bool none; /* that domain is not registered */
    } cases[] = {
        {"www.example.com", "example.com", false},
        {"example.com", "example.com", false},
        {"a.b.example.co.uk", "example.co.uk", false},
        {"co.uk", "co.uk", true},
        {"a.b.github.io", "b.github.io", false},
        {"github.io", "github.io", true},
        {"x.y.workers.dev", "y.workers.dev", false},
        {"a.b.xn--bcher-kva.example", "xn--bcher-kva.example", false},
        {"a\\032b.example.com", "example.com", false},
        {"10.0.0.1", "10.0.0.1", true},
        {"2620:fe::9", "2620:fe::9", true},
        {"printer", "printer", true},
        {"", "", true},
        {".", ".", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = strlen(cases[i].name);
        uint8_t *copy = exact_copy((const uint8_t *)cases[i].name, length);
        size_t domain = domain_length((const char *)copy, length);
        size_t registered = domains_registered(&domains, (const char *)copy, length);

        ok(domain <= length, "%s: its end", cases[i].name);
        is_str(cases[i].name + length - domain, cases[i].domain, "%s", cases[i].name);
        is_int(registered, cases[i].none ? 0 : domain, "%s: registered or not", cases[i].name);
        exact_free(copy, length);
    }
}

static void test_odd(void)
{
    char name[5000];

    is_int(domain_length("a.example.com\0.org", 18), 18, "a NUL: no domain");
    memset(name, 'a', sizeof name);
    memcpy(name + sizeof name - 12, ".example.com", 12);
    is_int(domain_length(name, sizeof name), sizeof name, "longer than DNS has them: no domain");
}

/* Names that come again, and more of them than are kept. */
static void test_found_again(void)
{
    unsigned wrong = 0;

    for (int round = 0; round < 2; round++)
        for (unsigned i = 0; i < 2 * DOMAINS; i++) {
            char name[128];
            size_t length = (size_t)snprintf(name, sizeof name, "%s%u.example%u.%s",
                                             i % 5 == 0 ? "a-name-that-is-too-long-to-be-kept-in-"
                                                          "its-place-"
                                                        : "www",
                                             i, i % 7,
                                             i % 3 == 0   ? "co.uk"
                                             : i % 3 == 1 ? "com"
                                                          : "github.io");

            wrong += domains_find(&domains, name, length) != domain_length(name, length);
            wrong += domains_find(&domains, name, length) != domain_length(name, length);
        }
    ok(wrong == 0, "a name has the same domain each time");
}

int main(void)
{
    test_domains();
    test_odd();
    test_found_again();
    return done();
}
