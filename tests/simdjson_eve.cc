/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simdjson_eve FILE: reads an eve.json with simdjson's on-demand interface and adds up the packets of its flow
 * events, of which it takes eight fields, as text.
 *
 * A yardstick of `make bench`: what it costs to get at the flow events of a log with the fastest JSON library there
 * is, before any work is done with them.
 */
#include <cstdio>
#include <simdjson.h>

using namespace simdjson;

static uint64_t count_flow(ondemand::object &event)
{
    static const char *const ends[] = {"src_ip", "src_port", "dest_ip", "dest_port", "proto"};
    uint64_t packets = 0;
    ondemand::object flow;

    for (const char *end : ends)
        (void)event[end].raw_json_token();
    if (event["flow"].get_object().get(flow) == SUCCESS) {
        packets += flow["pkts_toserver"].get_uint64().value_unsafe();
        packets += flow["pkts_toclient"].get_uint64().value_unsafe();
        (void)flow["start"].raw_json_token();
    }
    return packets;
}

int main(int argc, char **argv)
{
    padded_string json;
    ondemand::parser parser;
    ondemand::document_stream events;
    uint64_t flows = 0, packets = 0;

    if (argc != 2 || padded_string::load(argv[1]).get(json) ||
        parser.iterate_many(json, 1 << 20).get(events)) {
        fprintf(stderr, "usage: simdjson_eve FILE\n");
        return 64;
    }
    for (auto document : events) {
        ondemand::object event;
        std::string_view type;

        if (document.get_object().get(event) != SUCCESS)
            return 65;
        if (event["event_type"].get_string().get(type) == SUCCESS && type == "flow") {
            flows++;
            packets += count_flow(event);
        }
    }
    printf("%llu flows, %llu packets\n", (unsigned long long)flows, (unsigned long long)packets);
    return 0;
}
