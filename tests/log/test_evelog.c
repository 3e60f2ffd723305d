/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evelog module: events in all their shapes, and the rows that come out of them.
 */
#include "base/lookahead.h"
#include "log/evelog.h"
#include "reading.h"

#include <stdlib.h>
#include <string.h>

#define ENDS                                                                                       \
    "\"src_ip\":\"10.0.0.1\",\"src_port\":1025,\"dest_ip\":\"8.8.8.8\",\"dest_port\":443,"         \
    "\"proto\":\"TCP\""
#define COUNTS                                                                                     \
    "\"pkts_toserver\":3,\"pkts_toclient\":4,\"bytes_toserver\":300,\"bytes_toclient\":400"
#define TIMES                                                                                      \
    "\"start\":\"1970-01-01T01:01:40.500000+0100\",\"end\":\"1970-01-01T00:01:41.750000Z\""
#define FLAGS "\"tcp\":{\"tcp_flags\":\"1b\",\"tcp_flags_ts\":\"1b\",\"tcp_flags_tc\":\"1a\"}"
#define FLOW_OF(ends) "{\"event_type\":\"flow\"," ends ",\"flow\":{" COUNTS "," TIMES "}," FLAGS "}"
#define FLOW FLOW_OF(ENDS)
#define BASE "6 10.0.0.1/1025 8.8.8.8/443 100500000 101750000 3/300 4/400"
#define WANT BASE " orig frame 14 orig-syn resp-syn\n"

#define STAMP "\"timestamp\":\"1970-01-01T00:00:07.000000+0000\""
#define DNS(body)                                                                                  \
    "{" STAMP ",\"flow_id\":5,\"event_type\":\"dns\",\"src_port\":4000,\"dest_port\":53,"          \
    "\"dns\":{" body "}}\n"

static void test_flows(void)
{
    gives("a flow", FLOW "\n", WANT);
    gives("without a newline at its end", FLOW, WANT);
    gives("lines end as on DOS, blank ones are there", "\r\n\n\n" FLOW "\r\n \n" FLOW "\r\n",
          WANT WANT);
    gives("a byte order mark", "\xef\xbb\xbf" FLOW "\n", WANT);
    gives("blanks, and members in another order",
          "{ \"flow\" : { " TIMES ", " COUNTS " } ,\t" FLAGS ", \"x\":[{\"event_type\":1}], " ENDS
          ", \"event_type\" : \"flow\" }\n",
          WANT);
    gives("a type that is written with an escape",
          "{\"event_type\":\"fl\\u006fw\"," ENDS ",\"flow\":{" COUNTS "," TIMES "}," FLAGS "}\n",
          WANT);
    gives("no flags, or those of no session",
          "{\"event_type\":\"flow\"," ENDS ",\"flow\":{" COUNTS "," TIMES "}}\n"
          "{\"event_type\":\"flow\"," ENDS ",\"flow\":{" COUNTS "," TIMES
          "},\"tcp\":{\"tcp_flags\":\"00\",\"tcp_flags_ts\":\"00\",\"tcp_flags_tc\":\"00\"}}\n",
          BASE " frame 14\n" BASE " frame 14\n");
    gives("the answer to a SYN alone tells who sent that",
          "{\"event_type\":\"flow\"," ENDS ",\"flow\":{" COUNTS "," TIMES
          "},\"tcp\":{\"tcp_flags_ts\":\"18\",\"tcp_flags_tc\":\"12\"}}\n",
          BASE " orig frame 14 resp-syn\n");
    gives("ids and protocol",
          "{\"flow_id\":1786354307926218,\"event_type\":\"flow\",\"community_id\":\"1:LvZ=\","
          "\"app_proto\":\"tls\"," ENDS ",\"flow\":{" COUNTS "," TIMES "}}\n",
          BASE " frame 14 uid 1786354307926218 1:LvZ= service tls\n");
    gives("a protocol that was not recognized",
          "{\"event_type\":\"flow\",\"app_proto\":\"failed\"," ENDS ",\"flow\":{" COUNTS "," TIMES
          "}}\n",
          BASE " frame 14\n");
    gives("no counts and no end",
          "{\"event_type\":\"flow\"," ENDS
          ",\"flow\":{\"start\":\"1970-01-01T00:01:40.500000+00:00\"}}\n",
          "6 10.0.0.1/1025 8.8.8.8/443 100500000 100500000 0/0 0/0 frame 14\n");
    gives("an end before the start",
          "{\"event_type\":\"flow\"," ENDS ",\"flow\":{\"start\":\"1970-01-01T00:01:40.5Z\","
          "\"end\":\"1970-01-01T00:00:40.5Z\"}}\n",
          "6 10.0.0.1/1025 8.8.8.8/443 100500000 100500000 0/0 0/0 frame 14\n");
    gives("IPv6, written out",
          "{\"event_type\":\"flow\",\"src_ip\":\"2001:0db8:0000:0000:0000:0000:0000:0001\","
          "\"src_port\":1,\"dest_ip\":\"2a00:0000:0000:0000:0000:0000:0000:0002\","
          "\"dest_port\":2,\"proto\":\"UDP\",\"flow\":{" TIMES "}}\n",
          "17 2001:db8::1/1 2a00::2/2 100500000 101750000 0/0 0/0 frame 14\n");
    gives("ICMP, also of IPv6",
          "{\"event_type\":\"flow\",\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"8.8.8.8\","
          "\"proto\":\"ICMP\",\"icmp_type\":8,\"icmp_code\":0,\"flow\":{" TIMES "}}\n"
          "{\"event_type\":\"flow\",\"src_ip\":\"fe80::1\",\"dest_ip\":\"ff02::1\","
          "\"proto\":\"IPv6-ICMP\",\"flow\":{" TIMES "}}\n",
          "1 10.0.0.1/0 8.8.8.8/0 100500000 101750000 0/0 0/0 frame 14 type 8 code 0\n"
          "58 fe80::1/0 ff02::1/0 100500000 101750000 0/0 0/0 frame 14\n");
}

static void test_layers(void)
{
    gives("tags in a capture", FLOW_OF(ENDS ",\"vlan\":[300,7]") "\n",
          BASE " orig frame 22 orig-syn resp-syn\n");
    gives("tags on an interface, which strips them",
          FLOW_OF(ENDS ",\"vlan\":[300,7],\"in_iface\":\"eth0\"") "\n",
          BASE " orig frame 14 orig-syn resp-syn at ' eth0 f'\n");
    gives("more tags than a frame has",
          FLOW_OF(ENDS ",\"vlan\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]") "\n",
          BASE " orig frame 14 orig-syn resp-syn\n");
    tested_options.frame_header = 0;
    gives("bytes that count from the IP packet on", FLOW_OF(ENDS ",\"vlan\":[300]") "\n",
          BASE " orig ip 0 orig-syn resp-syn\n");
    tested_options.frame_header = 14;
}

#define NETFLOW(ends, more)                                                                        \
    "{\"event_type\":\"netflow\"," ends ",\"netflow\":{\"pkts\":3,\"bytes\":300," TIMES "}" more "}"

static void test_netflows(void)
{
    gives("a netflow event", NETFLOW(ENDS, ",\"tcp\":{\"tcp_flags\":\"1b\"}") "\n",
          "6 10.0.0.1/1025 8.8.8.8/443 100500000 101750000 3/300 0/0 orig frame 14 orig-syn at "
          "'  n'\n");
    gives("of a sensor", NETFLOW(ENDS ",\"host\":\"s1\"", "") "\n",
          "6 10.0.0.1/1025 8.8.8.8/443 100500000 101750000 3/300 0/0 frame 14 at 's1  n'\n");
    gives("in an envelope, as all that AWS Network Firewall logs",
          "{\"firewall_name\":\"fw\",\"event_timestamp\":\"1601587565\",\"event\":" NETFLOW(
              ENDS, "") "}\n",
          "6 10.0.0.1/1025 8.8.8.8/443 100500000 101750000 3/300 0/0 frame 14 at '  n'\n");
}

static void test_names(void)
{
    gives("version 2, a question and its answer",
          DNS("\"version\":2,\"type\":\"query\",\"id\":1,\"rrname\":\"a.example\",\"rrtype\":\"A\"")
              DNS("\"version\":2,\"type\":\"answer\",\"id\":1,\"rrname\":\"A.example.\","
                  "\"rrtype\":\"A\",\"answers\":[{\"rrname\":\"a.example\",\"rrtype\":\"CNAME\","
                  "\"rdata\":\"b.example\"},{\"rrname\":\"b.example\",\"rrtype\":\"A\",\"ttl\":3,"
                  "\"rdata\":\"1.2.3.4\"},{\"rdata\":\"1.2.3.5\",\"rrtype\":\"A\"}],"
                  "\"grouped\":{\"A\":[\"1.2.3.4\",\"1.2.3.5\"]}"),
          "7000000 a.example 1.2.3.4 1.2.3.5\n");
    gives("groups alone",
          DNS("\"version\":2,\"type\":\"answer\",\"rrname\":\"a.example\",\"grouped\":{"
              "\"CNAME\":[\"9.9.9.9\"],\"A\":[\"1.2.3.4\"],\"AAAA\":[\"2a00:0000::1\",null]}"),
          "7000000 a.example 1.2.3.4 2a00::1\n");
    gives(
        "version 3, with addresses in all sections",
        DNS("\"version\":3,\"type\":\"response\",\"queries\":[{\"rrname\":\"a.example\"}],"
            "\"answers\":[{\"rrname\":\"x\",\"rrtype\":\"A\",\"rdata\":\"1.2.3.4\"}],"
            "\"authorities\":[{\"rrname\":\"a.example\",\"rrtype\":\"NS\",\"rdata\":\"n.example\"}"
            "],\"additionals\":[{\"rrname\":\"n.example\",\"rrtype\":\"A\","
            "\"rdata\":\"5.6.7.8\"},{\"rrname\":\"m.example\",\"rrtype\":\"AAAA\","
            "\"rdata\":\"2a00::5\"}]"),
        "7000000 a.example 1.2.3.4\n7000000 n.example 5.6.7.8\n7000000 m.example 2a00::5\n");
    gives("glue alone, and a question of version 3",
          DNS("\"version\":3,\"type\":\"request\",\"queries\":[{\"rrname\":\"a.example\"}]")
              DNS("\"version\":3,\"type\":\"response\",\"queries\":[{\"rrname\":\"a.example\"}],"
                  "\"additionals\":[{\"rrname\":\"n.example\",\"rrtype\":\"A\","
                  "\"rdata\":\"5.6.7.8\"}]"),
          "7000000 n.example 5.6.7.8\n");
    gives("version 1, whose answers do not repeat the question",
          DNS("\"type\":\"query\",\"id\":9,\"rrname\":\"a.example\",\"rrtype\":\"A\"")
              DNS("\"type\":\"answer\",\"id\":9,\"rrname\":\"a.example\",\"rrtype\":\"CNAME\","
                  "\"rdata\":\"b.example\"")
                  DNS("\"type\":\"answer\",\"id\":9,\"rrname\":\"b.example\",\"rrtype\":\"A\","
                      "\"rdata\":\"1.2.3.4\"")
                      DNS("\"type\":\"answer\",\"id\":8,\"rrname\":\"b.example\",\"rrtype\":\"A\","
                          "\"rdata\":\"1.2.3.4\""),
          "7000000 a.example 1.2.3.4\n7000000 b.example 1.2.3.4\n");
    gives("what is no address, or of another type",
          DNS("\"version\":2,\"type\":\"answer\",\"rrname\":\"a.example\",\"answers\":["
              "{\"rrtype\":\"TXT\",\"rdata\":\"1.2.3.4\"},{\"rrtype\":\"A\",\"rdata\":\"1.2.3\"},"
              "{\"rrtype\":\"A\",\"rdata\":{\"rdata\":\"1.2.3.4\"}},{\"rrtype\":\"A\"},7,null]"),
          "");
    gives("bytes of a name",
          DNS("\"version\":2,\"type\":\"answer\",\"rrname\":\"\\\\x01\\u00e9 \\\\.x\","
              "\"grouped\":{\"A\":[\"1.2.3.4\"]}"),
          "7000000 \\001\\195\\169\\032\\\\.x 1.2.3.4\n");
    gives("a time of another zone, on another port",
          "{\"timestamp\":\"1970-01-01T01:00:07.000000+0100\",\"event_type\":\"dns\","
          "\"src_port\":5353,\"dest_port\":5353,\"dns\":{\"type\":\"answer\","
          "\"rrname\":\"a.example\",\"grouped\":{\"A\":[\"1.2.3.4\"]}}}\n",
          "");
}

static void test_sessions(void)
{
    static const char log[] =
        "{\"flow_id\":5,\"event_type\":\"tls\",\"tls\":{\"sni\":\"A.example\",\"version\":\"1.3\"}}"
        "\n"
        "{\"flow_id\":6,\"event_type\":\"quic\",\"quic\":{\"version\":\"1\",\"sni\":\"b.example\"}}"
        "\n"
        "{\"flow_id\":7,\"event_type\":\"http\",\"http\":{\"hostname\":\"c.example:8080\","
        "\"url\":\"/http://x\",\"http_method\":\"GET\"}}\n"
        "{\"flow_id\":8,\"event_type\":\"http\",\"http\":{\"hostname\":\"d.example\","
        "\"http_method\":\"CONNECT\"}}\n"
        "{\"flow_id\":9,\"event_type\":\"http\",\"http\":{\"hostname\":\"e.example\","
        "\"url\":\"http://e.example/\"}}\n"
        "{\"flow_id\":10,\"event_type\":\"tls\",\"tls\":{\"sni\":\"192.0.2.1\"}}\n"
        "{\"event_type\":\"tls\",\"tls\":{\"sni\":\"f.example\"}}\n"
        "{\"flow_id\":11,\"event_type\":\"tls\",\"tls\":{\"version\":\"1.2\"}}\n";

    gives("names that are not asked for", log, "");
    tested_options.sessions = true;
    gives("names that clients say", log, "5 says a.example\n6 says b.example\n7 says c.example\n");
    tested_options.sessions = false;
}

static void test_other_events(void)
{
    gives("other events are not parsed",
          "{\"event_type\":\"stats\",{{{\n{\"timestamp\":\"x\",\"event_type\":\"alert\",\"flow\":{"
          "\"pkts_toserver\":3\n" FLOW "\n",
          WANT);
    gives("a type deeper inside is not the event's",
          "{\"x\":{\"event_type\":\"stats\"},\"event_type\":\"flow\"," ENDS ",\"flow\":{" COUNTS
          "," TIMES "}," FLAGS "}\n",
          WANT);
    gives("a value that looks like the key",
          "{\"x\":\"event_type\",\"y\":\"\\\"event_type\\\":\\\"stats\\\"\","
          "\"event_type\":\"flow\"," ENDS ",\"flow\":{" COUNTS "," TIMES "}," FLAGS "}\n",
          WANT);
    gives("behind what syslog writes",
          "Nov 28 19:00:00 fw suricata[17]: @cee: " FLOW "\n@cee:" FLOW "\n", WANT WANT);
    gives("an event in an event in an event", "{\"event\":{\"event\":" FLOW "}}\n",
          "! line 1: not an event: it has no event_type\n");
    gives("half a line at the end", FLOW "\n{\"event_type\":\"flow\",\"src_ip\":\"10.", WANT);
    gives("even less of it", FLOW "\n{\"eve", WANT);
    gives("nothing at all", "", "");
}

static void test_other_files(void)
{
    gives("Zeek's", "{\"_path\":\"conn\",\"ts\":1}\n",
          "! not Suricata's eve.json: it is a Zeek log; use: zeek2flow FILE\n");
    gives("an array", "[" FLOW "]\n",
          "! not Suricata's eve.json: it is an array of JSON; use: jq -c '.[]' FILE | eve2flow\n");
    gives("indented", "{\n \"event_type\": \"flow\"\n}\n",
          "! not Suricata's eve.json: it is JSON that is spread over lines; use: jq -c . FILE | "
          "eve2flow\n");
    gives("other JSON", "{\"a\":1}\n", "! line 1: not an event: it has no event_type\n");
    gives("text", "hello\n", "! line 1: no JSON object where one should begin\n");
}

/* An event in which one thing is wrong, and what. */
static void test_damage(void)
{
    static const struct {
        const char *event, *problem;
    } cases[] = {
        {"{\"event_type\":\"flow\"}", "proto is not set"},
        {"{\"event_type\":\"flow\",\"proto\":\"UDP\"}", "src_ip is not set"},
        {FLOW_OF("\"src_ip\":\"10.0.0\",\"proto\":\"UDP\""), "src_ip is not an address"},
        {FLOW_OF("\"src_ip\":\"10.0.0.1\",\"proto\":\"UDP\""), "dest_ip is not set"},
        {FLOW_OF("\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"::1\",\"proto\":\"UDP\""),
         "its addresses are of different families"},
        {FLOW_OF("\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"10.0.0.2\",\"proto\":\"UDP\""),
         "src_port is not set"},
        {FLOW_OF("\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"10.0.0.2\",\"src_port\":65536,"
                 "\"proto\":\"UDP\""),
         "src_port is not a port from 0 to 65535"},
        {"{\"event_type\":\"flow\"," ENDS ",\"flow\":{" COUNTS "}}", "start is not set"},
        {"{\"event_type\":\"flow\"," ENDS ",\"flow\":{\"start\":\"yesterday\"}}",
         "start is not a time from 1970 to 9999"},
        {"{\"event_type\":\"flow\"," ENDS ",\"flow\":{\"pkts_toserver\":-1," TIMES "}}",
         "pkts_toserver is not a count of 64 bits"},
        {"{\"event_type\":\"flow\"," ENDS ",\"flow\":{\"bytes_toclient\":1e3," TIMES "}}",
         "bytes_toclient is not a count of 64 bits"},
        {"{\"event_type\":\"netflow\"," ENDS ",\"netflow\":{\"pkts\":18446744073709551616," TIMES
         "}}",
         "pkts is not a count of 64 bits"},
        {"{\"event_type\":\"dns\"}", "timestamp is not set"},
        {FLOW " x", "there is more behind its JSON object"},
        {FLOW FLOW, "there is more behind its JSON object"},
        {"{\"event_type\":\"flow\",", "its JSON object does not end"},
        {"{\"event_type\":\"flow\",\"a\":\xff}", "not JSON: expected a value at byte 26"},
        {"{\"event_type\":\"flow\",\"a\":"
         "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
         "not JSON: nested too deeply at byte 57"},
        {"\"proto\":\"TCP\"}", "no JSON object where one should begin"},
        {"\"flow\":{\"pkts\":3}}", "no JSON object where one should begin"},
    };
    char text[4096], want[512];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, "%s\n" FLOW "\n", cases[i].event);
        snprintf(want, sizeof want, "! line 1: %s\n" WANT, cases[i].problem);
        gives(cases[i].problem, text, want);
    }
}

/* Of lines that are longer than what is read at once, only those of wanted events are damage. */
static void test_long_lines(void)
{
    static const char *const heads[] = {"{\"event_type\":\"stats\",\"a\":\"",
                                        "{\"event_type\":\"flow\",\"a\":\""};
    static const char *const wants[] = {WANT,
                                        "! line 1: it does not end within 1048576 bytes\n" WANT};
    const size_t size = 3 * LOOKAHEAD_BYTES;
    char *text = malloc(size + sizeof FLOW + 2);

    need(text, "no memory");
    for (int i = 0; i < 2; i++) {
        memset(text, 'x', size);
        memcpy(text, heads[i], strlen(heads[i]));
        snprintf(text + size, sizeof FLOW + 2, "\n%s\n", FLOW);
        gives(i ? "a long line of a flow" : "a long line of another event", text, wants[i]);
    }
    free(text);
}

static void test_counts(void)
{
    static const char log[] = FLOW "\n" FLOW_OF("\"proto\":\"SCTP\"") "\n" NETFLOW(
        ENDS, "") "\n{\"event_type\":\"x\"}\n" DNS("\"version\":2,\"type\":\"query\"")
        DNS("\"type\":\"answer\",\"rrname\":\"a\"") "{" STAMP
                                                    ",\"event_type\":\"dns\",\"src_port\":1,\"dest_"
                                                    "port\":2,\"dns\":{}}\n"
                                                    "{\"event_type\":\"tls\",\"flow_id\":1}\n{"
                                                    "\"event_type\":\"flow";
    struct reading reading;

    tested_options.sessions = true;
    write_file(log, sizeof log - 1);
    read_log(&reading);
    tested_options.sessions = false;
    is_int(reading.counts.connections, 3, "flow and netflow events");
    is_int(reading.counts.other_protocols, 1, "of other protocols");
    is_int(reading.counts.names, 3, "dns events");
    is_int(reading.counts.other_ports, 1, "on other ports");
    is_int(reading.counts.sessions, 1, "names of clients");
    is_int(reading.counts.other_rows, 1, "other events");
    is_int(reading.counts.unfinished, 1, "half a line");
    is_int(reading.damages, 0, "damage");
}

int main(void)
{
    int fd = mkstemp(path);

    need(fd >= 0 && close(fd) == 0, path);
    tested = &eve_reader;
    tested_options.frame_header = 14;
    test_flows();
    test_layers();
    test_netflows();
    test_names();
    test_sessions();
    test_other_events();
    test_other_files();
    test_damage();
    test_long_lines();
    test_counts();
    unlink(path);
    return done();
}
