/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The httprequest module: heads of HTTP/1 requests, whole and cut off, and what is not one.
 */
#include "name/httprequest.h"

#include "../tap.h"

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
    enum hello_verdict verdict = httprequest_read(copy, length, hello);

    exact_free(copy, length);
    return verdict;
}

static void test_requests(void)
{
    static const struct {
        const char *title, *text, *name;
        enum hello_verdict verdict;
    } cases[] = {
        {"a request", "GET /x HTTP/1.1\r\nAccept: */*\r\nHost: A.Example:8080\r\n\r\n", "a.example",
         HELLO_WHOLE},
        {"before its end", "GET / HTTP/1.1\r\nhOsT:a.example\r\n", "a.example", HELLO_WHOLE},
        {"lines that end with LF alone", "POST / HTTP/1.0\nHost: a.example\n\n", "a.example",
         HELLO_WHOLE},
        {"of a server", "OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example", HELLO_WHOLE},
        {"to a proxy", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", "",
         HELLO_NONE},
        {"to another", "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", "", HELLO_NONE},
        {"of two the first counts", "GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n",
         "a.example", HELLO_WHOLE},
        {"an address", "GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n", "", HELLO_WHOLE},
        {"no host", "GET / HTTP/1.0\r\nAccept: */*\r\n\r\n", "", HELLO_WHOLE},
        {"a host in the body", "GET / HTTP/1.1\r\n\r\nHost: a.example\r\n", "", HELLO_WHOLE},
        {"a host that goes on", "GET / HTTP/1.1\r\nHost: a.exam", "", HELLO_CUT},
        {"a method that goes on", "DELE", "", HELLO_CUT},
        {"a line that goes on", "GET /", "", HELLO_CUT},
        {"another protocol", "GET / HTTQ/1.1\r\nHost: a.example\r\n\r\n", "", HELLO_NONE},
        {"no version", "GET /\r\nHost: a.example\r\n\r\n", "", HELLO_NONE},
        {"no method", "GETS / HTTP/1.1\r\nHost: a.example\r\n\r\n", "", HELLO_NONE},
        {"nothing yet", "", "", HELLO_CUT},
        {"a response", "HTTP/1.1 200 OK\r\nHost: a.example\r\n\r\n", "", HELLO_NONE},
    };
    struct hello hello;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        is_int(read_copy((const uint8_t *)cases[i].text, strlen(cases[i].text), &hello),
               cases[i].verdict, "%s: the verdict", cases[i].title);
        is_str(name_of(&hello), cases[i].name, "%s", cases[i].title);
    }
}

int main(void)
{
    test_requests();
    return done();
}
