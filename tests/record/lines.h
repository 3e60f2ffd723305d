/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines in which one value is another than usual.
 */
#ifndef SECFLOW_TESTS_LINES_H
#define SECFLOW_TESTS_LINES_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Values that are put in the place of each field's; the last ones take its quotes, too. */
static const char *const values[] = {
    "0",
    "7",
    "00",
    "01",
    "-1",
    "+1",
    "12345678",
    "123456789",
    "1234567890123",
    "123456789012345",
    "1234567890123456",
    "12345678901234567890",
    "18446744073709551615",
    "18446744073709551616",
    "0.0",
    "0.000001",
    "0.123456",
    "0.1234567",
    "00.5",
    "1.",
    ".5",
    "1.5e1",
    "1e2",
    "12345678.25",
    "253402300799.999999",
    "253402300800.0",
    "253402300800",
    "1.000",
    "1.x",
    "1x",
    "",
    "null",
    "true",
    "[1]",
    "[{\"src\":\"x\"}]",
    "{\"src\":\"x\"}",
    "\"\"",
    "\"1.5\"",
    "\"1700000000.5\"",
    "\"01700000000.5\"",
    "\"1700000000\"",
    "\"a:80\"",
    "\"a:99999\"",
    "\"[2001:db8::1]:53\"",
    "\"\\u0061:1\"",
    "\"a\\\"b:1\"",
    "\"\xc3\xa4:1\"",
    "\"\xc3:1\"",
    "\"a\tb\"",
    "\"ICMP\"",
    "\"a",
    "\"an.extremely.long.name.that.takes.more.than.one.stride.of.a.scanner.example.org:8443\"",
    " 5",
    "5 ",
    "\t\"x\"",
    "5,\"src\":\"8.8.8.8:1\"",
    "5,\"proto\":\"udp\"",
    "\"6\",\"flowId\":\"7\"",
    "\"6\",\"sensor\":\"7\"",
    "5,\"other\":1",
    "\"x:1\",\"dst\":\"y:2\"",
    "\"icmp6\"",
    "\"1.5\",\"trafficDate\":\"2.5\"",
};

static const char *const ends[] = {"}", "", "}}", "} ", "} x", ",}", ",\"more\":{\"a\":[1,2]}}"};

#define VALUES (sizeof values / sizeof *values)
#define ENDS (sizeof ends / sizeof *ends)

/*
 * The usual line with another value for one of its fields, which are given as they stand in it;
 * blank: what stands after its first brace.
 */
static void make_line(char *line, size_t room, const char *const *usual, size_t fields,
                      size_t field, const char *value, const char *blank, const char *end)
{
    size_t used = (size_t)snprintf(line, room, "{%s", blank);

    for (size_t i = 0; i < fields; i++) {
        int key = (int)(strchr(usual[i], ':') - usual[i]);

        used += i == field ? (size_t)snprintf(line + used, room - used, "%s%.*s:%s",
                                              i > 0 ? "," : "", key, usual[i], value)
                           : (size_t)snprintf(line + used, room - used, "%s%s", i > 0 ? "," : "",
                                              usual[i]);
    }
    snprintf(line + used, room - used, "%s", end);
}

#endif
