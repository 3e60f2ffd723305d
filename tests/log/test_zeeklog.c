/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zeeklog module: logs in all their forms, and the rows from them. In the texts here, ~ stands
 * for a tab.
 */
#include "base/lookahead.h"
#include "log/zeeklog.h"
#include "reading.h"

#include <netinet/in.h>

#define HEAD "#separator \\x09\n#set_separator~,\n#empty_field~(empty)\n#unset_field~-\n"
#define CONN "ts~id.orig_h~id.orig_p~id.resp_h~id.resp_p~proto~duration~orig_bytes~resp_bytes"
#define CONN_FIELDS "#fields~" CONN "~history~orig_pkts~resp_pkts\n"
#define DNS_FIELDS "#fields~ts~id.orig_p~id.resp_p~query~answers\n"
#define PLAIN_ROW "100.5~10.0.0.1~1025~8.8.8.8~80~tcp~1.25~30~40\n"
#define PLAIN_WANT "6 10.0.0.1/1025 8.8.8.8/80 100500000 101750000 0/30 0/40"
#define ROW "100.5~10.0.0.1~1025~8.8.8.8~80~tcp~1.25~30~40~ShADad~3~4\n"
#define WANT "6 10.0.0.1/1025 8.8.8.8/80 100500000 101750000 3/30 4/40 orig\n"

static void test_headers(void)
{
    gives("a conn log",
          HEAD "#path~conn\n#open~2023\n" CONN_FIELDS "#types~any\n" ROW "#close~2023\n", WANT);
    gives("a header of fields alone", CONN_FIELDS ROW, WANT);
    gives("no newline at the end",
          CONN_FIELDS "100.5~10.0.0.1~1025~8.8.8.8~80~tcp~1.25~30~40~ShADad~3~4", WANT);
    gives("a last line that is not whole", CONN_FIELDS ROW "100.5~10.0.0.1~1025~8.8.8.8", WANT);
    gives("the same with a newline", CONN_FIELDS ROW "100.5~10.0.0.1~1025~8.8.8.8\n",
          WANT "! line 3: it has not the 12 cells that #fields names\n");
    gives("the last line is not a row", "hello",
          "! line 1: no #fields line stands before it; was the header cut off?\n");
    gives("lines end as on DOS",
          "#separator \\x09\r\n#path~conn\r\n#fields~" CONN "~history~orig_pkts~resp_pkts\r\n"
          "100.5~10.0.0.1~1025~8.8.8.8~80~tcp~1.25~30~40~ShADad~3~4\r\n",
          WANT);
    gives("many blank lines",
          "#path~conn\n" CONN_FIELDS ROW "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n1\n" ROW,
          WANT "! line 25: it has not the 12 cells that #fields names\n" WANT);
    gives("a byte order mark, blank lines, a comment",
          "\xef\xbb\xbf#separator \\x09\n\n### made\n#path~conn\n" CONN_FIELDS "\n" ROW, WANT);
    gives("a separator that is a word away by a tab", "#separator~\\x09\n" CONN_FIELDS ROW, WANT);
    gives("columns in another order, and others between",
          "#fields~resp_pkts~uid~proto~id.resp_p~id.resp_h~x~id.orig_p~id.orig_h~ts~conn_state\n"
          "4~C1~udp~53~9.9.9.9~-~1025~10.0.0.1~7~SF\n",
          "17 10.0.0.1/1025 9.9.9.9/53 7000000 7000000 0/0 4/0 uid C1\n");
    gives("names mapped",
          "#path~conn\n#fields~ts~src~src_port~dst~dst_port~proto\n1~10.0.0.1~1~8.8.8.8~2~udp\n",
          "17 10.0.0.1/1 8.8.8.8/2 1000000 1000000 0/0 0/0\n");
    gives("another scope separator",
          "#path~conn\n#fields~ts~id_orig_h~id_orig_p~id_resp_h~id_resp_p~proto\n"
          "1~10.0.0.1~1~8.8.8.8~2~udp\n",
          "17 10.0.0.1/1 8.8.8.8/2 1000000 1000000 0/0 0/0\n");
    gives("a plain first line of names, as with tsv=T",
          CONN "\n100.5~10.0.0.1~1025~8.8.8.8~80~tcp~1.25~30~40\n",
          "6 10.0.0.1/1025 8.8.8.8/80 100500000 101750000 0/30 0/40\n");
    gives("such first lines again in the middle, with another order",
          CONN "\n100.5~10.0.0.1~1025~8.8.8.8~80~tcp~1.25~30~40\n"
               "proto~id.resp_p~id.resp_h~id.orig_p~id.orig_h~ts~history\nudp~53~9.9.9.9~1~10.0.0."
               "1~2~Dd\n",
          "6 10.0.0.1/1025 8.8.8.8/80 100500000 101750000 0/30 0/40\n"
          "17 10.0.0.1/1 9.9.9.9/53 2000000 2000000 0/0 0/0\n");
    gives("a name that was asked for makes no header",
          "proto~query~ts~answers~id.orig_p\nudp~ts~1~1.2.3.4~53\nudp~query~2~5.6.7.8~53\n",
          "1000000 ts 1.2.3.4\n2000000 query 5.6.7.8\n");
    gives("other separators and markers",
          "#separator "
          "\\x7c\n#set_separator|\\x3b\n#empty_field|\\x65mpty\n#unset_field|none\n#path|dns\n"
          "#fields|ts|query|answers\n1|a.example|1.2.3.4;5.6.7.8\n2|b.example|none\n3|c.example|"
          "empty\n",
          "1000000 a.example 1.2.3.4 5.6.7.8\n");
    gives("headers again in the middle, with another order",
          HEAD "#path~conn\n" CONN_FIELDS ROW "#close~2023\n" HEAD
               "#path~conn\n#fields~proto~id.resp_p~id.resp_h~id.orig_p~id.orig_h~ts\n"
               "udp~53~9.9.9.9~1~10.0.0.1~2\n" HEAD "#path~dns\n" DNS_FIELDS
               "3~5~53~a.example~1.2.3.4\n",
          WANT "17 10.0.0.1/1 9.9.9.9/53 2000000 2000000 0/0 0/0\n3000000 a.example 1.2.3.4\n");
    gives("a field twice is read from the first",
          "#path~conn\n#fields~ts~ts~id.orig_h~id.orig_p~id.resp_h~id.resp_p~proto\n"
          "1~x~10.0.0.1~1~8.8.8.8~2~udp\n",
          "17 10.0.0.1/1 8.8.8.8/2 1000000 1000000 0/0 0/0\n");
    gives("header only", HEAD "#path~conn\n" CONN_FIELDS, "");
    gives("nothing at all", "", "");
}

static void test_other_logs(void)
{
    gives("another log", HEAD "#path~http\n#fields~ts~uid~host\n1~C1~a.example\n",
          "! not a conn or dns log: it says that it is 'http'; -S takes names from it\n");
    gives("another log without a row", HEAD "#path~ssl\n#fields~ts~uid\n",
          "! not a conn or dns log: it says that it is 'ssl'; -S takes names from it\n");
    gives("another log without a path", "#fields~ts~uid~host\n1~C1~a.example\n",
          "! not a conn or dns log: its fields are others\n");
    gives("conn_long tells of connections that conn tells of again",
          "#path~conn_long\n" CONN_FIELDS ROW,
          "! not a conn or dns log: it says that it is 'conn_long'\n");
    gives("nor conn-long, whose fields are others", "#path~conn-long\n#fields~ts~uid\n1~2\n",
          "! not a conn or dns log: it says that it is 'conn-long'\n");
    gives("a part of conn by a filter", "#path~conn_remote\n" CONN_FIELDS ROW, WANT);
    gives("the same as JSON",
          "{\"_path\":\"conn-out\",\"ts\":1,\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":1,"
          "\"id.resp_h\":\"8.8.8.8\",\"id.resp_p\":2,\"proto\":\"udp\",\"orig_pkts\":3}\n",
          "17 10.0.0.1/1 8.8.8.8/2 1000000 1000000 3/0 0/0\n");
    gives("a part of dns", "#path~dns_inside\n" DNS_FIELDS "1~1025~53~a.example~1.2.3.4\n",
          "1000000 a.example 1.2.3.4\n");
    gives("open_conn is another log", "#path~open_conn\n" CONN_FIELDS ROW,
          "! not a conn or dns log: it says that it is 'open_conn'\n");
    gives("so is what only begins like conn", "#path~connections\n" CONN_FIELDS ROW,
          "! not a conn or dns log: it says that it is 'connections'\n");
    gives("and what has the name of one log and the fields of another",
          "#path~dns_conn\n" CONN_FIELDS ROW,
          "! not a conn or dns log: it says that it is 'dns_conn'\n");
    gives("and what has not all fields that matter",
          "#path~conn_sum\n#fields~proto~orig_bytes\ntcp~1\n",
          "! not a conn or dns log: it says that it is 'conn_sum'\n");
    gives("another log in front", "#path~http\n#fields~ts~uid\n1~2\n#path~conn\n" CONN_FIELDS ROW,
          WANT);
    gives("another log as JSON", "{\"_path\":\"weird\",\"ts\":1}\n",
          "! not a conn or dns log: it says that it is 'weird'\n");
    gives("other JSON", "{\"ts\":1,\"host\":\"x\"}\n{}\n",
          "! not a conn or dns log: its fields are others\n");
    gives("a path that no terminal should see", "#path~\033[2J\n#fields~ts\n1\n",
          "! not a conn or dns log: its fields are others\n");
    gives("text", "no log\nnone\nat all\n",
          "! line 1: no #fields line stands before it; was the header cut off?\n");
    gives("a log without its header", ROW ROW,
          "! line 1: no #fields line stands before it; was the header cut off?\n");
    gives("a conn log that lacks a field",
          "#path~conn\n#fields~ts~id.orig_h~id.orig_p~proto\n1~2~3~4\n",
          "! line 2: the field id.resp_h is missing, so nothing can be read\n");
    gives("a dns log that lacks a field", "#path~dns\n#fields~ts~query\n1~a.example\n",
          "! line 2: the field answers is missing, so nothing can be read\n");
    gives("a separator of two characters", "#separator ||\n",
          "! line 1: #separator is not one character, which alone is read here\n");
}

/* A row of conn, with each cell in turn wrong. */
static void test_damaged_rows(void)
{
    static const struct {
        const char *row, *problem;
    } cases[] = {
        {"1~10.0.0.1~1~8.8.8.8~2~udp~1~1~1~-~1", "it has not the 12 cells that #fields names"},
        {"1~10.0.0.1~1~8.8.8.8~2~udp~1~1~1~-~1~1~", "it has not the 12 cells that #fields names"},
        {"1", "it has not the 12 cells that #fields names"},
        {"-~10.0.0.1~1~8.8.8.8~2~udp~1~1~1~-~1~1", "ts is not set"},
        {"x~10.0.0.1~1~8.8.8.8~2~udp~1~1~1~-~1~1", "ts is not a time from 1970 to 9999"},
        {"-1~10.0.0.1~1~8.8.8.8~2~udp~1~1~1~-~1~1", "ts is not a time from 1970 to 9999"},
        {"nan~10.0.0.1~1~8.8.8.8~2~udp~1~1~1~-~1~1", "ts is not a time from 1970 to 9999"},
        {"0x10~10.0.0.1~1~8.8.8.8~2~udp~1~1~1~-~1~1", "ts is not a time from 1970 to 9999"},
        {"253402300800~10.0.0.1~1~8.8.8.8~2~udp~1~1~1~-~1~1~", "it has not"},
        {"253402300800.0~10.0.0.1~1~8.8.8.8~2~udp~1~1~1~-~1~1",
         "ts is not a time from 1970 to 9999"},
        {"1700000000000000~10.0.0.1~1~8.8.8.8~2~udp~1~1~1~-~1~1",
         "ts is not a time from 1970 to 9999"},
        {"1~-~1~8.8.8.8~2~udp~1~1~1~-~1~1", "id.orig_h is not set"},
        {"1~10.0.0~1~8.8.8.8~2~udp~1~1~1~-~1~1", "id.orig_h is not an address"},
        {"1~10.0.0.1~1~8.8.8.8x~2~udp~1~1~1~-~1~1", "id.resp_h is not an address"},
        {"1~10.0.0.1~1~2a00::1~2~udp~1~1~1~-~1~1", "its addresses are of different families"},
        {"1~10.0.0.1~65536~8.8.8.8~2~udp~1~1~1~-~1~1", "id.orig_p is not a port from 0 to 65535"},
        {"1~10.0.0.1~1~8.8.8.8~-2~udp~1~1~1~-~1~1", "id.resp_p is not a port from 0 to 65535"},
        {"1~10.0.0.1~1~8.8.8.8~2~-~1~1~1~-~1~1", "proto is not set"},
        {"1~10.0.0.1~1~8.8.8.8~2~udp~--1~1~1~-~1~1", "duration is not a number of seconds"},
        {"1~10.0.0.1~1~8.8.8.8~2~udp~-x~1~1~-~1~1", "duration is not a number of seconds"},
        {"1~10.0.0.1~1~8.8.8.8~2~udp~253402300799.5~1~1~-~1~1",
         "duration is not a number of seconds"},
        {"1~10.0.0.1~1~8.8.8.8~2~udp~1~-1~1~-~1~1", "orig_bytes is not a count of 64 bits"},
        {"1~10.0.0.1~1~8.8.8.8~2~udp~1~1~1.5~-~1~1", "resp_bytes is not a count of 64 bits"},
        {"1~10.0.0.1~1~8.8.8.8~2~udp~1~1~1~-~18446744073709551616~1", "orig_pkts is not a count"},
        {"1~10.0.0.1~1~8.8.8.8~2~udp~1~1~1~-~1~1e3", "resp_pkts is not a count of 64 bits"},
        {"1~10.0.0.1~1~8.8.8.8~2~udp~1~1.~1~-~1~1", "orig_bytes is not a count of 64 bits"},
        {"1~10.0.0.1~1~8.8.8.8~2~udp~1~.0~1~-~1~1", "orig_bytes is not a count of 64 bits"},
        {"1~10.0.0.1~1~8.8.8.8~2~udp~1~1.00001~1~-~1~1", "orig_bytes is not a count of 64 bits"},
        {"1~10.0.0.1~1~8.8.8.8~2~udp~1~1.0.0~1~-~1~1", "orig_bytes is not a count of 64 bits"},
        {"1~10.0.0.1~1~8.8.8.8~2.5~udp~1~1~1~-~1~1", "id.resp_p is not a port from 0 to 65535"},
    };
    struct reading reading;
    char text[1024];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int length =
            snprintf(text, sizeof text, "#path~conn\n" CONN_FIELDS "%s\n" ROW, cases[i].row);
        char want[256];

        for (char *p = text; *p; p++)
            if (*p == '~')
                *p = '\t';
        write_file(text, (size_t)length);
        read_log(&reading);
        snprintf(want, sizeof want, "! line 3: %s", cases[i].problem);
        ok(strncmp(reading.text, want, strlen(want)) == 0, "row %zu: %s", i, cases[i].problem);
        ok(strstr(reading.text, "\n" WANT), "row %zu: the next one is read", i);
        is_int(reading.damages, 1, "row %zu: it costs only itself", i);
    }
}

/* The times of a row: ts and duration, and the resulting start and last. */
static void test_times(void)
{
    static const struct {
        const char *ts, *duration;
        long long start, last;
    } cases[] = {
        {"0", "0", 0, 0},
        {"1700000000.123456", "0.000001", 1700000000123456, 1700000000123457},
        {"1700000000.1", "12", 1700000000100000, 1700000012100000},
        {"253402300799.999999", "0.0", 253402300799999999, 253402300799999999},
        /* Milliseconds: integers of twelve digits and more. */
        {"1700000000123", "1", 1700000000123000, 1700000001123000},
        {"100000000000", "1", 100000000000000, 100000001000000},
        {"99999999999", "1", 99999999999000000, 100000000000000000},
        {"2023-11-14T22:13:20.250000Z", "1", 1700000000250000, 1700000001250000},
        {"2023-11-14T22:13:20Z", "1", 1700000000000000, 1700000001000000},
        {"2024-02-29T23:59:59.999999Z", "1", 1709251199999999, 1709251200999999},
        {"1970-01-01T00:00:00Z", "0", 0, 0},
        {"2000-03-01T00:00:00.5Z", "0", 951868800500000, 951868800500000},
        {"9999-12-31T23:59:59Z", "0.5", 253402300799000000, 253402300799500000},
        /* As zeek-cut -u and -d write them, and others. */
        {"2023-11-14T22:13:20+0000", "1", 1700000000000000, 1700000001000000},
        {"2023-11-14T23:43:20+0130", "1", 1700000000000000, 1700000001000000},
        {"2023-11-14T14:43:20.25-0730", "1", 1700000000250000, 1700000001250000},
        {"2023-11-14T22:13:20+00:00", "1", 1700000000000000, 1700000001000000},
        {"2023-11-15T03:58:20.000001+05:45", "1", 1700000000000001, 1700000001000001},
        {"1969-12-31T23:00:00-0100", "0", 0, 0},
        /* Floating-point numbers, rounded as printf rounds them. */
        {"1", "4.013576984405518", 1000000, 5013577},
        {"1", "0.0078125", 1000000, 1007812}, /* halfway: rounds to even */
        {"1", "0.0234375", 1000000, 1023438},
        {"1", "0.0000005", 1000000, 1000000}, /* as a double, slightly below the half */
        {"1", "0.0000015", 1000000, 1000002}, /* slightly below and slightly above */
        {"1700000000.2827175", "0", 1700000000282717, 1700000000282717},
        {"1", "9.5367431640625e-07", 1000000, 1000001},
        {"1", "1e-30", 1000000, 1000000},
        {"1.5e9", "2E+1", 1500000000000000, 1500000020000000},
        {"1", "-0.000000", 1000000, 1000000},
        {"1", "-1e-9", 1000000, 1000000},
        {"1", "-0.000003", 1000000, 1000000}, /* a clock that was set back */
        {"1", "-12", 1000000, 1000000},
        {"1", "0.123456499999999999999999999", 1000000, 1123456},
    };
    char text[512], want[512];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char title[64];

        snprintf(title, sizeof title, "times %s and %s", cases[i].ts, cases[i].duration);
        snprintf(text, sizeof text,
                 "#fields~" CONN "~history~orig_pkts~resp_pkts\n"
                 "%s~10.0.0.1~1~8.8.8.8~2~udp~%s~1~2~Dd~3~4\n",
                 cases[i].ts, cases[i].duration);
        snprintf(want, sizeof want, "17 10.0.0.1/1 8.8.8.8/2 %lld %lld 3/1 4/2\n", cases[i].start,
                 cases[i].last);
        gives(title, text, want);
    }
}

static void test_bad_times(void)
{
    static const char *const cases[] = {
        "2023-13-14T22:13:20Z",
        "2023-00-14T22:13:20Z",
        "2023-02-29T22:13:20Z",
        "1900-01-01T00:00:00Z",
        "2023-11-14T24:13:20Z",
        "2023-11-14T22:60:20Z",
        "2023-11-14T22:13:60Z",
        "2023-11-14 22:13:20Z",
        "2023-11-14T22:13:20+00",
        "2023-11-14T22:13:20+2400",
        "2023-11-14T22:13:20+0060",
        "2023-11-14T22:13:20+00-00",
        "2023-11-14T22:13:20+000",
        "2023-11-14T22:13:20+000000",
        "2023-11-14T22:13:20Z0000",
        "2023-11-14T22:13:20Z00:00",
        "2023-11-14T22:13:20.",
        "2023-11-14T22:13:200000",
        "1970-01-01T00:00:00+0001",
        "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20.3e-1Z",
        "2023-11-14T22:13:2eZ",
        "2023-11-14T22:13:20.1e9Z",
        "1969-12-31T23:59:59Z",
        "253402300800000",
        "1..5",
        "1.5.5",
        "1e",
        "e5",
        "1e99999999999999999",
        "infinity",
        "1 ",
        "0.1234567890123456789012345678901234567890123456789012345678901234567890",
    };
    char text[512];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char title[128];

        snprintf(title, sizeof title, "no time: %s", cases[i]);
        snprintf(text, sizeof text, CONN_FIELDS "%s~10.0.0.1~1~8.8.8.8~2~udp~1~1~2~Dd~3~4\n",
                 cases[i]);
        gives(title, text, "! line 2: ts is not a time from 1970 to 9999\n");
    }
}

static void test_connections(void)
{
    gives("unset and empty cells", CONN_FIELDS "1~10.0.0.1~1~8.8.8.8~2~tcp~-~-~(empty)~-~-~-\n",
          "6 10.0.0.1/1 8.8.8.8/2 1000000 1000000 0/0 0/0\n");
    gives("who opened it",
          CONN_FIELDS
          "1~10.0.0.1~1~8.8.8.8~2~tcp~-~1~2~S~1~0\n1~10.0.0.1~1~8.8.8.8~2~tcp~-~1~2~^hADd~1~0\n"
          "1~10.0.0.1~1~8.8.8.8~2~tcp~-~1~2~HDa~1~0\n1~10.0.0.1~1~8.8.8.8~2~tcp~-~1~2~DdAas~1~0\n"
          "1~10.0.0.1~1~8.8.8.8~2~udp~-~1~2~S~1~0\n",
          "6 10.0.0.1/1 8.8.8.8/2 1000000 1000000 1/1 0/2 orig\n"
          "6 10.0.0.1/1 8.8.8.8/2 1000000 1000000 1/1 0/2 orig\n"
          "6 10.0.0.1/1 8.8.8.8/2 1000000 1000000 1/1 0/2 resp\n"
          "6 10.0.0.1/1 8.8.8.8/2 1000000 1000000 1/1 0/2\n"
          "17 10.0.0.1/1 8.8.8.8/2 1000000 1000000 1/1 0/2\n");
    gives(
        "ICMP has no ports and no bytes",
        CONN_FIELDS
        "1~10.0.0.1~8~8.8.8.8~0~icmp~1~56~56~-~1~1\n1~fd00::1~135~2a00::1~136~icmp~1~24~24~-~1~1\n",
        "1 10.0.0.1/0 8.8.8.8/0 1000000 2000000 1/0 1/0 type 8 code 0\n"
        "58 fd00::1/0 2a00::1/0 1000000 2000000 1/0 1/0 type 135 code 136\n");
    gives("other protocols are no damage",
          CONN_FIELDS "x~y~z~8.8.8.8~0~unknown_transport~1~56~56~-~1~1\n" ROW, WANT);
    gives("Community IDs as they are",
          "#path~conn\n#fields~ts~id.orig_h~id.orig_p~id.resp_h~id.resp_p~proto~community_id\n"
          "1~10.0.0.1~1~8.8.8.8~2~udp~1:x+/=\n1~10.0.0.1~1~8.8.8.8~2~udp~-\n"
          "1~10.0.0.1~1~8.8.8.8~2~udp~a\"b\n",
          "17 10.0.0.1/1 8.8.8.8/2 1000000 1000000 0/0 0/0 1:x+/=\n"
          "17 10.0.0.1/1 8.8.8.8/2 1000000 1000000 0/0 0/0\n"
          "17 10.0.0.1/1 8.8.8.8/2 1000000 1000000 0/0 0/0\n");
    gives("counts and ports that were floating-point numbers",
          CONN_FIELDS
          "1~10.0.0.1~1.0~8.8.8.8~443.0~udp~1~100.0~18446744073709551615.000~-~5.0~0.0\n",
          "17 10.0.0.1/1 8.8.8.8/443 1000000 2000000 5/100 0/18446744073709551615\n");
    gives("counts up to 64 bits",
          CONN_FIELDS "1~10.0.0.1~1~8.8.8.8~2~udp~1~18446744073709551615~0~-~007~1\n",
          "17 10.0.0.1/1 8.8.8.8/2 1000000 2000000 7/18446744073709551615 1/0\n");
}

static void test_lookups(void)
{
    gives("answers that are addresses, under the name that was asked for",
          "#path~dns\n" DNS_FIELDS
          "1.5~1025~53~www.a.example~cdn.example,1.2.3.4,2a00::1,TXT 7 8.8.8.8\n",
          "1500000 www.a.example 1.2.3.4 2a00::1\n");
    gives("look-ups that tell nothing",
          "#path~dns\n" DNS_FIELDS "1~2~53~a.example~-\n1~2~53~-~1.2.3.4\n1~2~53~(empty)~1.2.3.4\n"
          "1~2~53~a.example~(empty)\n1~2~53~a.example~b.example\n1~2~53~.~1.2.3.4\n",
          "");
    gives("only port 53, on either side",
          "#path~dns\n" DNS_FIELDS "1~5353~5353~a.example~1.2.3.4\n1~53~1025~b.example~1.2.3.4\n"
          "1~1~137~c.example~1.2.3.4\n1~-~-~d.example~1.2.3.4\n",
          "1000000 b.example 1.2.3.4\n1000000 d.example 1.2.3.4\n");
    gives("how names are written",
          "#path~dns\n" DNS_FIELDS
          "1~2~53~WWW.A.Example.~1.2.3.4\n1~2~53~a b\\x2c\\x00\\xC3~1.2.3.4\n"
          "1~2~53~a\\\\b\\c\\x4~1.2.3.4\n1~2~53~\xc3\xbc\"~1.2.3.4\n",
          "1000000 www.a.example 1.2.3.4\n1000000 a\\032b,\\000\\195 1.2.3.4\n"
          "1000000 a\\\\b\\\\c\\\\x4 1.2.3.4\n1000000 \\195\\188\" 1.2.3.4\n");
    gives(
        "the same in JSON, where a backslash is one",
        "{\"_path\":\"dns\",\"ts\":1,\"query\":\"a\\\\xC3\\\\\\\\b\",\"answers\":[\"1.2.3.4\"]}\n",
        "1000000 a\\195\\\\\\\\b 1.2.3.4\n");
    gives(
        "damaged look-ups",
        "#path~dns\n" DNS_FIELDS
        "x~2~53~a.example~1.2.3.4\n1~2~x~a.example~1.2.3.4\n1~2~53~a.example~8.8.8.8\n",
        "! line 3: ts is not a time from 1970 to 9999\n! line 4: id.resp_p is not a port from 0 to "
        "65535\n"
        "1000000 a.example 8.8.8.8\n");
}

static void test_long_names(void)
{
    char text[1024], want[1024], name[260];

    for (int length = 255; length <= 256; length++) {
        memset(name, 'x', sizeof name);
        name[length] = '\0';
        snprintf(text, sizeof text, "#path~dns\n#fields~ts~query~answers\n1~%s~1.2.3.4\n", name);
        snprintf(want, sizeof want, "1000000 %s 1.2.3.4\n", name);
        gives(length == 255 ? "the longest name" : "a longer one is none", text,
              length == 255 ? want : "");
    }
}

#define JSON_IDS                                                                                   \
    "\"id.orig_h\":\"10.0.0.1\",\"id.orig_p\":1025,\"id.resp_h\":\"8.8.8.8\",\"id.resp_p\":80"
#define JSON_COUNTS                                                                                \
    "\"duration\":1.25,\"orig_bytes\":30,\"resp_bytes\":40,\"history\":\"ShADad\","                \
    "\"orig_pkts\":3,\"resp_pkts\":4"
#define JSON_ROW "{\"ts\":100.5," JSON_IDS ",\"proto\":\"tcp\"," JSON_COUNTS "}"

static void test_json(void)
{
    gives("an object a line", JSON_ROW "\n" JSON_ROW "\n", WANT WANT);
    gives("no newline at the end", JSON_ROW "\n" JSON_ROW, WANT WANT);
    gives("many blank lines",
          JSON_ROW "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nx\n\n" JSON_ROW "\n",
          WANT "! line 23: no JSON object where one should begin\n" WANT);
    gives("lines end as on DOS, blank lines", "\r\n" JSON_ROW "\r\n\r\n" JSON_ROW "\r\n",
          WANT WANT);
    gives("an array on one line", "[" JSON_ROW "," JSON_ROW "]", WANT WANT);
    gives("an array on many", " [\n" JSON_ROW ",\n" JSON_ROW "\n]\n", WANT WANT);
    gives("arrays behind each other", "[" JSON_ROW "]\n[]\n[" JSON_ROW "]\n", WANT WANT);
    gives("ids as an object",
          "{\"id\":{\"orig_h\":\"10.0.0.1\",\"orig_p\":1025,\"resp_h\":\"8.8.8.8\",\"resp_p\":80},"
          "\"ts\":100.5,\"proto\":\"tcp\"," JSON_COUNTS "}\n",
          WANT);
    gives("Corelight's fields",
          "{\"_path\":\"conn\",\"_system_name\":\"s\",\"_write_ts\":\"2020-01-01T00:00:00Z\","
          "\"ts\":\"1970-01-01T00:01:40.500000Z\"," JSON_IDS ",\"proto\":\"tcp\"," JSON_COUNTS
          "}\n",
          WANT);
    gives("null is unset, unknown fields do not matter",
          "{\"x\":[{\"y\":{}}],\"ts\":100.5," JSON_IDS
          ",\"proto\":\"udp\",\"duration\":null,\"conn_state\":\"S0\"}\n",
          "17 10.0.0.1/1025 8.8.8.8/80 100500000 100500000 0/0 0/0\n");
    gives("a stream of all logs",
          "{\"_path\":\"http\",\"ts\":1}\n" JSON_ROW
          "\n{\"_path\":\"dns\",\"ts\":2,\"query\":\"a.example\",\"answers\":[\"b.example\",\"1.2."
          "3.4\"]}\n",
          WANT "2000000 a.example 1.2.3.4\n");
    gives("of a field that is there twice the first is taken",
          "{\"ts\":100.5," JSON_IDS ",\"proto\":\"tcp\"," JSON_COUNTS
          ",\"src\":\"1.1.1.1\",\"ts\":7}\n",
          WANT);
    gives(
        "answers in one string",
        "{\"_path\":\"dns\",\"ts\":2,\"query\":\"a\",\"answers\":\"b.example,1.2.3.4,2a00::1\"}\n",
        "2000000 a 1.2.3.4 2a00::1\n");
    gives("dash and (empty) are values in JSON",
          "{\"_path\":\"dns\",\"ts\":2,\"query\":\"-\",\"answers\":[\"1.2.3.4\"]}\n",
          "2000000 - 1.2.3.4\n");
}

/* A NUL where an object should begin ends it; what follows is read. */
static void test_nul(void)
{
    static const char text[] = "[" JSON_ROW ",\0," JSON_ROW "]\0";
    struct reading reading;

    write_file(text, sizeof text - 1);
    read_log(&reading);
    is_str(reading.text,
           WANT "! line 1: no JSON object where one should begin\n" WANT
                "! line 1: no JSON object where one should begin\n",
           "NULs in JSON");
}

static void test_damaged_json(void)
{
    gives("a line that is cut off costs only itself",
          JSON_ROW "\n{\"ts\":1,\"uid\":\"C\n" JSON_ROW "\n{\"ts\":1,\n" JSON_ROW
                   "\n{\"ts\":\n" JSON_ROW "\n",
          WANT "! line 2: not JSON: line break in a string at byte 17\n" WANT
               "! line 4: not JSON: expected a key in quotes at byte 10\n" WANT
               "! line 6: the input ends inside its JSON object\n" WANT);
    gives("bytes that are not UTF-8 cost their row",
          JSON_ROW "\n{\"ts\":1,\"user_agent\":\"\xff\"}\n{\"x\":\"\\ud800\"}\n" JSON_ROW,
          WANT "! line 2: not JSON: invalid UTF-8 at byte 23\n"
               "! line 3: not JSON: half of a surrogate pair at byte 7\n" WANT);
    gives("the last line is cut off", JSON_ROW "\n{\"ts\":1,\"uid\":\"C", WANT);
    gives("its only line is cut off", "{\"ts\":1,\"uid\":\"C",
          "! line 1: the input ends inside its JSON object\n");
    gives("lines that are no objects", JSON_ROW "\nx\n\"y\"\n5\n" JSON_ROW "\n",
          WANT "! line 2: no JSON object where one should begin\n" WANT);
    gives("damage inside an array on one line", "[" JSON_ROW ",{\"ts\":x,\"a\":{}}, " JSON_ROW "]",
          WANT "! line 1: not JSON: expected a value at byte 7\n" WANT);
    gives("elements of an array that are no objects", "[null,1," JSON_ROW ",\"x\"," JSON_ROW "]",
          "! line 1: no JSON object where one should begin\n"
          "! line 1: no JSON object where one should begin\n" WANT
          "! line 1: no JSON object where one should begin\n" WANT);
    gives("an array among the elements", "[" JSON_ROW ",[1,2]," JSON_ROW "," JSON_ROW "]",
          WANT "! line 1: no JSON object where one should begin\n"
               "! line 1: no JSON object where one should begin\n" WANT WANT);
    gives("commas in front of the elements",
          "[" JSON_ROW "\n," JSON_ROW "\n,{\"a\":[}\n," JSON_ROW "\n," JSON_ROW "\n]",
          WANT WANT "! line 3: not JSON: expected a value at byte 7\n" WANT WANT);
    gives("damage at the end of an array",
          "[" JSON_ROW ",{\"a\":x}]\n[" JSON_ROW "," JSON_ROW "]\n",
          WANT "! line 1: not JSON: expected a value at byte 6\n" WANT WANT);
    gives("damage in front of an inner array",
          "[\n{\n\"ts\":x,\n\"tunnel_parents\":[\n\"C1\"\n]\n},\n" JSON_ROW ",\n" JSON_ROW "\n]\n",
          "! line 2: not JSON: expected a value at byte 8\n" WANT WANT);
    gives("an array that does not end", "[" JSON_ROW ",\n" JSON_ROW,
          WANT WANT "! line 2: the input ends inside its JSON array\n");
    gives("a value out of range",
          "{\"ts\":1," JSON_IDS ",\"proto\":\"tcp\",\"orig_pkts\":-1}\n" JSON_ROW,
          "! line 1: orig_pkts is not a count of 64 bits\n" WANT);
    gives("a value of another type",
          "{\"ts\":true," JSON_IDS ",\"proto\":\"tcp\",\"orig_pkts\":1}\n" JSON_ROW,
          "! line 1: ts is not a time from 1970 to 9999\n" WANT);
    gives("a conn row without an address", "{\"_path\":\"conn\",\"ts\":1,\"proto\":\"tcp\"}\n",
          "! line 1: id.orig_h is not set\n");
}

/* A row padded to the maximum length, and one that is a byte longer. */
static void test_long_row(const char *title, const char *head, const char *before,
                          const char *after, const char *rest, size_t limit, const char *problem)
{
    struct reading reading;
    char want[256];

    for (size_t length = limit; length <= limit + 1; length++) {
        size_t padding = length - strlen(before) - strlen(after);
        char *text = malloc(strlen(head) + length + strlen(rest) + 1), *p;

        need(text, "no memory");
        p = stpcpy(stpcpy(text, head), before);
        memset(p, 'x', padding);
        p = stpcpy(stpcpy(p + padding, after), rest);
        write_file(text, (size_t)(p - text));
        free(text);
        read_log(&reading);
        snprintf(want, sizeof want, length == limit ? WANT WANT : "! %s\n" WANT, problem);
        is_str(reading.text, want, "%s of %zu bytes", title, length);
    }
}

static void test_long_rows(void)
{
    test_long_row("an object", "", "{\"uid\":\"",
                  "\",\"ts\":100.5," JSON_IDS ",\"proto\":\"tcp\"," JSON_COUNTS "}",
                  "\n" JSON_ROW "\n", LOOKAHEAD_BYTES,
                  "line 1: its object does not end within 1048576 bytes");
    test_long_row("a line",
                  "#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\t"
                  "orig_bytes\tresp_bytes\thistory\torig_pkts\tresp_pkts\tuid\n",
                  "100.5\t10.0.0.1\t1025\t8.8.8.8\t80\ttcp\t1.25\t30\t40\tShADad\t3\t4\t", "\n",
                  "100.5\t10.0.0.1\t1025\t8.8.8.8\t80\ttcp\t1.25\t30\t40\tShADad\t3\t4\t\n",
                  LOOKAHEAD_BYTES, "line 2: it does not end within 1048576 bytes");
}

/* An absurd number of columns, in the header and in a row. */
static void test_many_columns(void)
{
    enum { COLUMNS = 100000 };
    static const char head[] =
        "#path\tconn\n#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto";
    char *text = malloc(sizeof head + COLUMNS * 4 + 200), *p = text;
    struct reading reading;

    need(text, "no memory");
    p = stpcpy(p, head);
    for (int i = 0; i < COLUMNS; i++)
        p = stpcpy(p, "\tx");
    p = stpcpy(p, "\n1\t10.0.0.1\t1\t8.8.8.8\t2\tudp");
    for (int i = 0; i < COLUMNS; i++)
        p = stpcpy(p, "\t");
    p = stpcpy(p, "\n");
    write_file(text, (size_t)(p - text));
    free(text);
    read_log(&reading);
    is_str(reading.text, "17 10.0.0.1/1 8.8.8.8/2 1000000 1000000 0/0 0/0\n", "very many columns");
}

static void test_counts(void)
{
    struct reading reading;
    static const char text[] =
        "#path\tconn\n#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n"
        "1\t1.1.1.1\t1\t2.2.2.2\t2\tudp\n1\t1.1.1.1\t1\t2.2.2.2\t2\tsctp\nx\n"
        "#path\tdns\n#fields\tts\tid.resp_p\tquery\tanswers\n1\t53\ta\t1.1.1.1\n1\t137\ta\t1.1.1."
        "1\n"
        "1\t53\ta\t-\n#path\thttp\n#fields\tts\n1\n2\n";

    write_file(text, sizeof text - 1);
    read_log(&reading);
    is_int(reading.counts.connections, 2, "rows of conn");
    is_int(reading.counts.names, 3, "rows of dns");
    is_int(reading.counts.other_protocols, 1, "rows of other protocols");
    is_int(reading.counts.other_ports, 1, "rows of DNS on other ports");
    is_int(reading.counts.other_rows, 2, "rows of other logs");
    is_int(reading.damages, 1, "damaged rows");
}

static void test_no_logs(void)
{
    static const struct {
        const char *hex, *problem;
    } cases[] = {
        {"d4c3b2a1 0200 0400", "not a Zeek log: it is a capture; use: pcap2flow FILE"},
        {"0a0d0d0a 1c000000", "not a Zeek log: it is a capture; use: pcap2flow FILE"},
        {"fd'7zXZ'00", "not a Zeek log: it is xz-compressed; use: xz -dc FILE | zeek2flow"},
        {"7f'ELF'020101 00", "not a Zeek log: it is binary"},
    };
    struct reading reading;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[64];
        size_t length = unhex(cases[i].hex, bytes, sizeof bytes);
        char want[128];

        write_file((const char *)bytes, length);
        read_log(&reading);
        snprintf(want, sizeof want, "! %s\n", cases[i].problem);
        is_str(reading.text, want, "%s", cases[i].problem);
    }
}

/* Values passed on unchanged. */
static void test_words(void)
{
    char row[512], want[512];

    gives("a uid and a service", "#fields~uid~service~" CONN "\nC1~ssl,http~" PLAIN_ROW,
          PLAIN_WANT " uid C1 service ssl,http\n");
    gives("neither",
          "#fields~uid~service~" CONN "\n-~(empty)~" PLAIN_ROW "\n~~" PLAIN_ROW
          "\nC 1~s\"l~" PLAIN_ROW "\nC\\1~\xc3\xbc~" PLAIN_ROW,
          PLAIN_WANT "\n" PLAIN_WANT "\n" PLAIN_WANT "\n" PLAIN_WANT "\n");
    for (int more = 0; more < 2; more++) {
        snprintf(row, sizeof row, "#fields~uid~service~" CONN "\n%0*d~%0*d~" PLAIN_ROW,
                 (int)CONNECTION_ID_MAX + more, 0, (int)CONNECTION_SERVICE_MAX + more, 0);
        snprintf(want, sizeof want, PLAIN_WANT " uid %0*d service %0*d\n", (int)CONNECTION_ID_MAX,
                 0, (int)CONNECTION_SERVICE_MAX, 0);
        gives("the longest, and longer ones", row, more ? PLAIN_WANT "\n" : want);
    }
}

static void test_sessions(void)
{
    tested_options.sessions = true;
    gives("ssl, quic and http",
          HEAD "#path~ssl\n#fields~ts~uid~server_name\n1~C1~A.Example\n2~C2~-\n3~-~b.example\n"
               "#path~quic\n#fields~server_name~uid\nc.example.~C3\n1.2.3.4~C4\n"
               "#path~http\n#fields~uid~host~uri\nC5~d.example:8080~/x\nC6~[2001:db8::1]:80~/\n"
               "C7~\\x00.example~/\nC8~(empty)~/\n",
          "C1 says a.example\nC3 says c.example\nC5 says d.example\n");
    gives("by their fields alone", "ts~uid~server_name\n1~C1~a.example\n", "C1 says a.example\n");
    gives("http too", "ts~uid~method~host\n1~C1~GET~a.example\n", "C1 says a.example\n");
    gives("an empty uid is none",
          "#path~ssl\n#fields~uid~server_name\n~a.example\n#path~conn\n#fields~uid~" CONN
          "\n~" PLAIN_ROW,
          PLAIN_WANT "\n");
    gives("a row that looks like a header",
          "ts~uid~method~host\nuid~method~ts~host\n1~C1~GET~a.example\n",
          "method says host\nC1 says a.example\n");
    gives("a tunnel through a proxy", "#path~http\n#fields~uid~method~host\nC1~CONNECT~a.example\n",
          "");
    gives("other requests to a proxy",
          "#path~http\n#fields~uid~method~host~uri\nC1~GET~a.example~http://a.example/\n"
          "C2~GET~b.example~HTTP://b.example/\nC3~GET~c.example~/?http://d.example/\n",
          "C3 says c.example\n");
    gives("and as JSON",
          "{\"uid\":\"C1\",\"method\":\"GET\",\"host\":\"a.example\","
          "\"uri\":\"http://a.example/\"}\n",
          "");
    gives("sip, from a sensor",
          "{\"uid\":\"C1\",\"method\":\"INVITE\",\"call_id\":\"1\",\"host\":\"sensor.example\"}\n",
          "! not a conn, dns, ssl, quic or http log: its fields are others\n");
    gives(
        "as JSON",
        "{\"uid\":\"C1\",\"server_name\":\"a.example\"}\n{\"uid\":\"C2\",\"version\":\"TLSv13\"}\n"
        "{\"_path\":\"http\",\"uid\":\"C3\",\"host\":\"b.example\"}\n"
        "{\"uid\":\"C4\",\"method\":\"GET\",\"host\":\"c.example\"}\n",
        "C1 says a.example\nC3 says b.example\nC4 says c.example\n");
    gives("a row of another log with the host that shipped it",
          "{\"uid\":\"C1\",\"name\":\"bad_tcp_checksum\",\"host\":\"sensor.example\"}\n",
          "! not a conn, dns, ssl, quic or http log: its fields are others\n");
    gives("an ssl log that cannot be joined", "#path~ssl\n#fields~ts~server_name\n1~a.example\n",
          "! line 2: the field uid is missing, so nothing can be read\n");
    gives("an http log without hosts", "#path~http\n#fields~ts~uid\n1~C1\n",
          "! line 2: the field host is missing, so nothing can be read\n");
    gives("another log", "#path~weird\n#fields~ts~uid~name\n1~C1~x\n",
          "! not a conn, dns, ssl, quic or http log: it says that it is 'weird'\n");
    tested_options.sessions = false;
}

int main(void)
{
    int fd = mkstemp(path);

    tested = &zeek_reader;
    need(fd >= 0 && close(fd) == 0, path);
    test_headers();
    test_other_logs();
    test_damaged_rows();
    test_times();
    test_bad_times();
    test_connections();
    test_lookups();
    test_long_names();
    test_json();
    test_damaged_json();
    test_nul();
    test_long_rows();
    test_many_columns();
    test_counts();
    test_no_logs();
    test_words();
    test_sessions();
    unlink(path);
    return done();
}
