/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vpclog module: lines and objects of all clouds, and the rows that come out of them.
 */
#include "base/lookahead.h"
#include "log/vpclog.h"
#include "reading.h"

#include <stdlib.h>
#include <string.h>

#define NAMES                                                                                      \
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "      \
    "start end action log-status\n"
#define LINE "2 123456789010 eni-1 10.0.0.1 8.8.8.8 1025 443 6 3 300 100 160 ACCEPT OK\n"
#define WANT "6 10.0.0.1/1025 8.8.8.8/443 100000000 160000000 3/300 0/0 ip 0 at 'eni-1'\n"
#define FLAGS                                                                                      \
    "srcaddr dstaddr srcport dstport protocol packets bytes start end tcp-flags log-status\n"

static void test_lines(void)
{
    gives("a line of names and a line of traffic", NAMES LINE, WANT);
    gives("no newline at its end, a byte order mark, lines of DOS, empty ones",
          "\xef\xbb\xbf" NAMES "\r\n\n\r\n2 1 eni-1  10.0.0.1 8.8.8.8 1025 443 6 3 300 100 160 "
          "ACCEPT OK\r\n\n\n2 123456789010 eni-1 10.0.0.1 8.8.8.8 1025 443 6 3 300 100 160 "
          "ACCEPT OK",
          WANT WANT);
    gives("no names: the default format", LINE, WANT);
    gives("after the times of CloudWatch, also with the names of streams",
          "2021-03-05T12:34:56.000Z " LINE "2021-03-05T12:34:56.123000+00:00 eni-1-all " LINE,
          WANT WANT);
    gives("names again, in another order, with others and with underscores",
          NAMES LINE "end start bytes packets protocol dstport srcport dstaddr srcaddr "
                     "pkt_srcaddr pkt-dstaddr new-name\n"
                     "160 100 300 3 17 443 1025 8.8.8.8 10.0.0.9 10.0.0.1 - new\n" NAMES LINE,
          WANT "17 10.0.0.1/1025 8.8.8.8/443 100000000 160000000 3/300 0/0 ip 0\n" WANT);
    gives("addresses of packets alone, no end",
          "pkt-srcaddr pkt-dstaddr srcport dstport protocol packets bytes start\n"
          "2a00::1 2a00::2 1 2 17 3 300 100\n",
          "17 2a00::1/1 2a00::2/2 100000000 100000000 3/300 0/0 ip 0\n");
    gives("a transit gateway",
          "tgw-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start\n"
          "tgw-attach-1 10.0.0.1 8.8.8.8 1025 443 6 3 300 100\n",
          "6 10.0.0.1/1025 8.8.8.8/443 100000000 100000000 3/300 0/0 ip 0 at 'tgw-attach-1'\n");
    gives("an end before the start, and cells without values",
          NAMES "2 - - 10.0.0.1 8.8.8.8 1025 443 6 3 300 100 90 - -\n",
          "6 10.0.0.1/1025 8.8.8.8/443 100000000 100000000 3/300 0/0 ip 0\n");
    gives("ICMP has no ports, whatever is there",
          NAMES "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 1 4 336 100 160 ACCEPT OK\n"
                "2 1 eni-1 fe80::1 ff02::1 - - 58 4 336 100 160 ACCEPT OK\n",
          "1 10.0.0.1/0 8.8.8.8/0 100000000 160000000 4/336 0/0 ip 0 at 'eni-1'\n"
          "58 fe80::1/0 ff02::1/0 100000000 160000000 4/336 0/0 ip 0 at 'eni-1'\n");
}

#define FLAGGED(flags) "10.0.0.1 8.8.8.8 1025 443 6 3 300 100 160 " flags " OK\n"
#define BASE "6 10.0.0.1/1025 8.8.8.8/443 100000000 160000000 3/300 0/0"
#define TURNED "6 8.8.8.8/443 10.0.0.1/1025 100000000 160000000 0/0 3/300"

static void test_flags(void)
{
    gives("no flags, or none that is logged", FLAGS FLAGGED("0") FLAGGED("-") FLAGGED("5"),
          BASE " ip 0\n" BASE " ip 0\n" BASE " ip 0\n");
    gives("a SYN", FLAGS FLAGGED("2") FLAGGED("7"),
          BASE " orig ip 0 orig-syn\n" BASE " orig ip 0 orig-syn\n");
    gives("the answer to a SYN: the line is turned", FLAGS FLAGGED("18") FLAGGED("19"),
          TURNED " orig ip 0 orig-syn resp-syn\n" TURNED " orig ip 0 orig-syn resp-syn\n");
    gives("flags of UDP are nothing", FLAGS "10.0.0.1 8.8.8.8 1025 443 17 3 300 100 160 2 OK\n",
          "17 10.0.0.1/1025 8.8.8.8/443 100000000 160000000 3/300 0/0 ip 0\n");
}

static void count(const char *text)
{
    struct reading reading;

    write_file(text, strlen(text));
    read_log(&reading);
    is_int(reading.counts.empty, 2, "lines without data");
    is_int(reading.counts.lost, 1, "lines that say that data was lost");
    is_int(reading.counts.other_protocols, 1, "other protocols");
    is_int(reading.counts.connections, 2, "lines with data");
    is_int(reading.damages, 0, "nothing is damaged");
}

static void test_counts(void)
{
    count(NAMES "2 1 eni-1 - - - - - - - 100 160 - NODATA\n"
                "2 1 eni-1 - - - - - - - 100 160 - SKIPDATA\n"
                "2 1 eni-1 None None None - - - - 100 160 None -\n"
                "2 1 eni-1 10.0.0.1 8.8.8.8 0 0 47 1 60 100 160 ACCEPT OK\n"
                "2 1 eni-1 10.0.0.1 8.8.8.8 1 2 6 1 60 100 160 ACCEPT NODATA\n");
}

/* Names that the caller gives. */
static void test_columns(void)
{
    tested_options.columns = "${start} ${srcaddr} ${dstaddr},srcport,dstport ${protocol} "
                             "${packets} ${bytes}\t${end}";
    gives("names that are given", "100 10.0.0.1 8.8.8.8 1025 443 6 3 300 160\n", BASE " ip 0\n");
    gives("those in the log go before them", NAMES LINE, WANT);
    gives("a time in front of such a line",
          "2021-03-05T12:34:56Z 100 10.0.0.1 8.8.8.8 1025 443 6 3 300 160\n", BASE " ip 0\n");
    tested_options.columns = NULL;
    ok(!vpc_lacks("srcaddr dstaddr srcport dstport protocol packets bytes start"), "enough names");
    is_str(vpc_lacks("pkt-srcaddr dstaddr srcport dstport protocol packets start"), "bytes",
           "a name is missing");
    is_str(vpc_lacks(""), "srcaddr", "no names");
}

#define BAD(line, problem) gives(problem, NAMES line "\n" LINE, "! line 2: " problem "\n" WANT)

static void test_damage(void)
{
    BAD("2 1 eni-1 10.0.0.1 8.8.8.8 1025 443 6 3 300 100 160 ACCEPT",
        "it does not have the 14 cells that the names are for");
    BAD("2 1 eni-1 10.0.0.1 8.8.8.8 1025 443 6 3 300 100 160 ACCEPT OK more",
        "it does not have the 14 cells that the names are for");
    BAD("2 1 eni-1 10.0.0.x 8.8.8.8 1025 443 6 3 300 100 160 ACCEPT OK",
        "srcaddr is not an address");
    BAD("2 1 eni-1 10.0.0.1 - 1025 443 6 3 300 100 160 ACCEPT OK", "dstaddr is not an address");
    BAD("2 1 eni-1 10.0.0.1 2a00::1 1025 443 6 3 300 100 160 ACCEPT OK",
        "its addresses are of different families");
    BAD("2 1 eni-1 10.0.0.1 8.8.8.8 65536 443 6 3 300 100 160 ACCEPT OK",
        "srcport is not a number from 0 to 65535");
    BAD("2 1 eni-1 10.0.0.1 8.8.8.8 1025 - 6 3 300 100 160 ACCEPT OK",
        "dstport is not a number from 0 to 65535");
    BAD("2 1 eni-1 10.0.0.1 8.8.8.8 1025 443 256 3 300 100 160 ACCEPT OK",
        "protocol is not a number from 0 to 255");
    BAD("2 1 eni-1 10.0.0.1 8.8.8.8 1025 443 6 -3 300 100 160 ACCEPT OK",
        "packets is not a number from 0 to 18446744073709551615");
    BAD("2 1 eni-1 10.0.0.1 8.8.8.8 1025 443 6 3 30.0 100 160 ACCEPT OK",
        "bytes is not a number from 0 to 18446744073709551615");
    BAD("2 1 eni-1 10.0.0.1 8.8.8.8 1025 443 6 3 300 253402300800 160 ACCEPT OK",
        "start is not a time from 1970 to 9999, in seconds");
    BAD("2 1 eni-1 10.0.0.1 8.8.8.8 1025 443 6 3 300 100 x ACCEPT OK",
        "end is not a time from 1970 to 9999, in seconds");
    gives("flags", FLAGS FLAGGED("x"), "! line 2: tcp-flags is not a number from 0 to 65535\n");
    gives(
        "names that are not enough, and others later",
        "version srcaddr dstaddr\n3 10.0.0.1 8.8.8.8\n" NAMES LINE,
        "! line 1: the column srcport is missing from these names, so nothing can be read\n" WANT);
    gives("no names, and not the default format", "3 10.0.0.1 8.8.8.8\n3 10.0.0.1 8.8.8.8\n",
          "! line 1: no names of columns stand before it, and it is not in the default format; "
          "give them with -F\n");
    gives("a Zeek log", "#separator \\x09\n",
          "! not a flow log of a cloud: it is a Zeek log; use: zeek2flow FILE\n");
    gives("Parquet", "PAR1\x15\n",
          "! not a flow log of a cloud: it is Parquet; use: duckdb -c \"COPY (FROM 'FILE') TO "
          "'/dev/stdout' (FORMAT csv, DELIMITER ' ', HEADER, NULLSTR '-')\" | vpc2flow\n");
    gives("nothing", "", "");
}

#define RECORD(tuples)                                                                             \
    "{\"time\":\"2022-09-14T09:00:52Z\",\"macAddress\":\"0022487BC205\",\"flowRecords\":{"         \
    "\"flows\":["                                                                                  \
    "{\"aclID\":\"x\",\"flowGroups\":[{\"rule\":\"a\",\"flowTuples\":[" tuples "]}]}]}}"
#define TUPLE "\"100250,10.0.0.1,8.8.8.8,1025,443,6,O,E,NX,3,300,4,400\""
#define FRAMES                                                                                     \
    "6 10.0.0.1/1025 8.8.8.8/443 100250000 100250000 3/300 4/400 orig frame 14 at "                \
    "'0022487BC205'\n"

static void test_azure(void)
{
    gives("a virtual network's blob",
          "{\"records\":[" RECORD(TUPLE "," TUPLE) "," RECORD(TUPLE) "]}", FRAMES FRAMES FRAMES);
    gives("a record on each line", RECORD(TUPLE) "\n" RECORD(TUPLE) "\n", FRAMES FRAMES);
    gives("other protocols, ICMP, a conversation that begins, one that was denied",
          RECORD("\"100250,10.0.0.1,8.8.8.8,0,0,47,O,E,NX,3,300,4,400\","
                 "\"100250,10.0.0.1,8.8.8.8,0,0,1,O,E,NX,3,300,4,400\","
                 "\"100250,10.0.0.1,8.8.8.8,1,2,17,O,B,NX,,,,\","
                 "\"100250,8.8.8.8,10.0.0.1,1,2,17,I,D,NX,0,0,0,0\"") "\n",
          "1 10.0.0.1/0 8.8.8.8/0 100250000 100250000 3/300 4/400 orig frame 14 at "
          "'0022487BC205'\n"
          "17 10.0.0.1/1 8.8.8.8/2 100250000 100250000 0/0 0/0 orig frame 14 at '0022487BC205'\n"
          "17 8.8.8.8/1 10.0.0.1/2 100250000 100250000 0/0 0/0 orig frame 14 at "
          "'0022487BC205'\n");
    gives("groups, versions 1 and 2",
          "{\"records\":[{\"category\":\"NetworkSecurityGroupFlowEvent\",\"resourceId\":\"/"
          "G1\",\"properties\":{"
          "\"Version\":2,"
          "\"flows\":[{\"rule\":\"r\",\"flows\":[{\"mac\":\"000D3A\",\"flowTuples\":["
          "\"100,10.0.0.1,8.8.8.8,1025,443,T,O,A\",\"100,10.0.0.1,8.8.8.8,1025,53,U,O,A,B,,,,\""
          "]},{\"mac\":\"000D3B\",\"flowTuples\":[\"101,10.0.0.1,8.8.8.8,1025,53,U,O,A,C,1,66,2,"
          "200\"]}]}]}}]}\n",
          "6 10.0.0.1/1025 8.8.8.8/443 100000000 100000000 0/0 0/0 orig frame 14 at '000D3A/G1'\n"
          "17 10.0.0.1/1025 8.8.8.8/53 100000000 100000000 0/0 0/0 orig frame 14 at '000D3A/G1'\n"
          "17 10.0.0.1/1025 8.8.8.8/53 101000000 101000000 1/66 2/200 orig frame 14 at "
          "'000D3B/G1'\n");
    gives("tuples that are malformed",
          RECORD("\"100250,10.0.0.1,8.8.8.8,1025,443,6,O\"," TUPLE ",7,"
                 "\"x,10.0.0.1,8.8.8.8,1025,443,6,O,E,NX,3,300,4,400\","
                 "\"100250,10.0.0.1,8.8.8.8,,443,6,O,E,NX,3,300,4,400\","
                 "\"100250,10.0.0.1,8.8.8.8,1,443,6,O,E,NX,3,300,4,400,5\","
                 "\"100250,10.0.0.1,::8,1,443,6,O,E,NX,3,300,4,400\"") "\n" RECORD(TUPLE),
          "! line 1: a flow tuple is malformed\n" FRAMES
          "! line 1: a flow tuple is malformed\n! line 1: a flow tuple is malformed\n"
          "! line 1: a flow tuple is malformed\n! line 1: a flow tuple is malformed\n"
          "! line 1: a flow tuple is malformed\n" FRAMES);
}

#define ENTRY(reporter)                                                                            \
    "{\"insertId\":\"x\",\"jsonPayload\":{\"bytes_sent\":\"300\",\"connection\":{\"dest_ip\":"     \
    "\"8.8.8.8\",\"dest_port\":443,\"protocol\":6,\"src_ip\":\"10.0.0.1\",\"src_port\":1025},"     \
    "\"end_time\":\"1970-01-01T00:02:40.000000001Z\",\"packets_sent\":\"3\",\"reporter\":"         \
    "\"" reporter "\",\"start_time\":\"1970-01-01T00:01:40.250000999Z\"},\"logName\":\"l\"}"
#define SENT(reporter)                                                                             \
    "6 10.0.0.1/1025 8.8.8.8/443 100250001 160000000 3/300 0/0 at '" reporter "'\n"

static void test_google(void)
{
    gives("entries on lines", ENTRY("SRC") "\n" ENTRY("DEST") "\n", SENT("SRC") SENT("DEST"));
    gives("entries in an array", "[\n  " ENTRY("SRC") ",\n  " ENTRY("DEST") "\n]\n",
          SENT("SRC") SENT("DEST"));
    gives("entries as an agent wraps them", "{\"events\":[{\"json\":" ENTRY("SRC") "}]}",
          SENT("SRC"));
    gives(
        "ICMP, and other protocols",
        "{\"jsonPayload\":{\"bytes_sent\":\"9\",\"packets_sent\":\"2\",\"connection\":{\"src_ip\":"
        "\"10.0.0.1\",\"dest_ip\":\"8.8.8.8\",\"protocol\":1},\"start_time\":"
        "\"1970-01-01T00:01:40Z\"}}\n"
        "{\"jsonPayload\":{\"connection\":{\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"8.8.8.8\","
        "\"protocol\":47}}}\n",
        "1 10.0.0.1/0 8.8.8.8/0 100000000 100000000 2/0 0/0\n");
    gives("an entry that is malformed",
          "{\"jsonPayload\":{\"connection\":{\"src_ip\":\"10.0.0.1\",\"protocol\":6}}}\n" ENTRY(
              "SRC"),
          "! line 1: dest_ip is not an address\n" SENT("SRC"));
}

#define QUERY                                                                                      \
    "{\"version\":\"1.1\",\"query_timestamp\":\"1970-01-01T00:00:07Z\",\"query_name\":\"A."        \
    "Example.\","                                                                                  \
    "\"query_type\":\"A\",\"rcode\":\"NOERROR\",\"answers\":[{\"Rdata\":\"b.example.\",\"Type\":"  \
    "\"CNAME\",\"Class\":\"IN\"},{\"Rdata\":\"1.2.3.4\",\"Type\":\"A\",\"Class\":\"IN\"},{"        \
    "\"Type\":"                                                                                    \
    "\"AAAA\",\"Rdata\":\"2a00::1\"},{\"Rdata\":\"9.9.9.9\",\"Type\":\"TXT\"}],\"srcaddr\":\"10."  \
    "0.0.1\"}"
#define NAMED "7000000 a.example 1.2.3.4 2a00::1\n"

static void test_names(void)
{
    gives("answers of the resolver", QUERY "\n" QUERY "\n", NAMED NAMED);
    gives("behind the times of CloudWatch, also with the names of streams, and among other lines",
          "2021-03-05T12:34:56.000Z " QUERY "\n2021-03-05T12:34:56+00:00 vpc-1_i-1 " QUERY
          "\n" LINE QUERY "\r\n",
          NAMED NAMED WANT NAMED);
    gives("what is not one there", "2021-03-05T12:34:56.000Z {\"a\" 1}\n" LINE,
          "! line 1: not JSON: expected a colon at byte 6\n" WANT);
    gives("no answers",
          "{\"query_timestamp\":\"1970-01-01T00:00:07Z\",\"query_name\":\"a.example.\"}\n", "");
    gives("a time that is none", "{\"query_timestamp\":\"7\",\"query_name\":\"a.example.\"}\n",
          "! line 1: query_timestamp is not a time from 1970 to 9999\n");
}

#define MESSAGE "2 1 eni-1 10.0.0.1 8.8.8.8 1025 443 6 3 300 100 160 ACCEPT OK"

static void test_envelopes(void)
{
    gives("aws logs get-log-events",
          "{\n    \"events\": [\n        {\n            \"timestamp\": 100000,\n"
          "            \"message\": \"" MESSAGE
          "\",\n            \"ingestionTime\": 1\n        },\n"
          "        {\"message\": \"" MESSAGE
          "\"}\n    ],\n    \"nextForwardToken\": \"f/]}\\\"\"\n}\n",
          WANT WANT);
    gives("a subscription, more than one behind another",
          "{\"messageType\":\"DATA_MESSAGE\",\"subscriptionFilters\":[\"events\"],\"logEvents\":[{"
          "\"id\":"
          "\"1\",\"message\":\"" MESSAGE "\",\"extractedFields\":{\"srcaddr\":\"1.1.1.1\"}}]}"
          "{\"logEvents\":[],\"owner\":{\"x\":[1]}}{\"logEvents\":[{\"message\":\"" MESSAGE "\"}]}",
          WANT WANT);
    gives("an array of them",
          "[{\"events\":[{\"message\":\"" MESSAGE "\"}],\"x\":1},\n{\"message\":\"" MESSAGE
          "\"}]\n",
          WANT WANT);
    gives("messages that are objects",
          "{\"events\":[{\"message\":\"{\\\"query_timestamp\\\":\\\"1970-01-01T00:00:07Z\\\","
          "\\\"query_name\\\":\\\"a.example\\\",\\\"answers\\\":[{\\\"Rdata\\\":\\\"1.2.3.4\\\","
          "\\\"Type\\\":\\\"A\\\"}]}\"}]}",
          "7000000 a.example 1.2.3.4\n");
    gives("a message that is half an object", "{\"message\":\"{\\\"x\"}\n",
          "! line 1: its JSON object does not end\n");
    gives("an input that is cut off", "{\"events\":[{\"message\":\"" MESSAGE "\"}\n",
          WANT "! line 2: the input ends inside its JSON array\n");
    gives("another one", "{\"events\":[{\"message\":\"" MESSAGE "\"},\n{\"mess",
          WANT "! line 2: the input ends inside its JSON object\n");
    gives("objects of other kinds", "{\"events\":[{\"x\":1}]}\n",
          "! not a flow log of a cloud: its members are others\n");
}

int main(void)
{
    int descriptor = mkstemp(path);

    need(descriptor >= 0 && close(descriptor) == 0, "mkstemp");
    tested = &vpc_reader;
    test_lines();
    test_flags();
    test_counts();
    test_columns();
    test_damage();
    test_azure();
    test_google();
    test_names();
    test_envelopes();
    unlink(path);
    return done();
}
