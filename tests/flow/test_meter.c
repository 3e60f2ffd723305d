/* SPDX-License-Identifier: Apache-2.0 */
/* The metering process over time: windows, clocks that are set, and memory over a month. */
#include "../tap.h"
#include "base/bytes.h"
#include "flow/meter.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000)
#define WINDOW (300 * SECOND)
#define START (1700000100 * SECOND) /* the first second of a window */

/* A sink that adds up what it receives. */
struct sum {
    uint64_t windows, flows, packets, names;
    int64_t starts[16]; /* of the last non-empty windows */
    int64_t longest;    /* from a sample's start to a packet in it */
    size_t samples;
    int64_t open;   /* the start of the window whose part came last; 0: none */
    unsigned mixed; /* flows that came between those of another window */
    char said[512]; /* for each flow: its window's number, label and service */
};

static enum result take_name(void *context, const struct address *address, const char *name,
                             size_t length, int64_t time)
{
    struct sum *sum = context;

    (void)address, (void)name, (void)length, (void)time;
    sum->names++;
    return RESULT_OK;
}

static enum result take_flows(void *context, struct flowlist *flows, const struct window *window)
{
    struct sum *sum = context;
    struct flow flow;

    for (size_t i = 0; i < flowlist_count(flows); i++) {
        flowlist_get(flows, i, &flow);
        sum->packets += flow.src_packets + flow.dst_packets;
        if (flow.logged_id || flow.service)
            snprintf(sum->said + strlen(sum->said), sizeof sum->said - strlen(sum->said),
                     "%llu %s %.*s; ", (unsigned long long)sum->windows,
                     flow.logged_id ? flow.logged_id : "-", (int)flow.service_length,
                     flow.service ? flow.service : "");
        if (flow.last - window->sample_start > sum->longest)
            sum->longest = flow.last - window->sample_start;
    }
    if (flowlist_count(flows) > 0)
        sum->starts[sum->samples++ % 16] = window->sample_start;
    sum->flows += flowlist_count(flows);
    sum->windows += window->ends;
    sum->mixed += sum->open != 0 && sum->open != window->start;
    sum->open = window->ends ? 0 : window->start;
    flowlist_destroy(&flows);
    return RESULT_OK;
}

struct setup {
    struct locality *locality;
    struct meter *meter;
    struct sum sum;
};

static size_t remembered_most; /* of the next meter */

static void begin(struct setup *setup, size_t flow_limit, bool in_pieces)
{
    struct meter_options options = {
        .sink = {&setup->sum, take_name, take_flows},
        .window = WINDOW,
        .flow_memory = 24 * 3600 * SECOND,
        .remembered_most = remembered_most,
        .flow_limit = flow_limit,
        .open_tunnels = true,
        .in_pieces = in_pieces,
        .extended = true,
    };

    setup->sum = (struct sum){.windows = 0};
    need(locality_init(&setup->locality) == RESULT_OK, "locality_init");
    options.locality = setup->locality;
    need(meter_init(&setup->meter, &options) == RESULT_OK, "meter_init");
}

static void end(struct setup *setup)
{
    meter_destroy(&setup->meter);
    locality_destroy(&setup->locality);
}

static void put16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

/* A UDP packet from 10.0.0.1 with that many zeros as payload. */
static void send_packet(struct setup *setup, int64_t time, uint16_t port, uint32_t to)
{
    uint8_t data[28] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, IPPROTO_UDP, 0, 0, 10, 0, 0, 1};
    struct frame frame = {.data = data,
                          .captured = sizeof data,
                          .length = sizeof data,
                          .time = time,
                          .linktype = LINKTYPE_RAW};
    enum packet_verdict verdict;
    uint32_t address = htonl(to);

    memcpy(data + 16, &address, sizeof address);
    put16(data + 20, port);
    put16(data + 22, 443);
    put16(data + 24, 8);
    need(meter_frame(setup->meter, &frame, &verdict) == RESULT_OK && verdict == PACKET_OK,
         "meter_frame");
}

#define OUTSIDE 0x08080808u

/* A quiet endpoint: a few new flows per window, and one that lasts. */
static void test_month(void)
{
    enum { DAYS = 30, WINDOWS = DAYS * 24 * 12, FLOWS = 50 };
    struct setup setup;
    size_t most = 0, bytes = 0, now;

    begin(&setup, 1000000, false);
    for (int64_t i = 0; i < WINDOWS; i++) {
        for (uint32_t j = 0; j < FLOWS; j++)
            send_packet(&setup, START + i * WINDOW + j * SECOND, (uint16_t)(j + 1000),
                        OUTSIDE + (uint32_t)i * FLOWS + j);
        send_packet(&setup, START + i * WINDOW + 250 * SECOND, 999, OUTSIDE);
        now = meter_bytes(setup.meter);
        if (i < WINDOWS / 10)
            bytes = now > bytes ? now : bytes;
        most = now > most ? now : most;
    }
    ok(most == bytes, "memory of a month is that of three days: %zu bytes, %zu bytes", most, bytes);
    ok(meter_flows(setup.meter) < 30 * 60 * FLOWS, "flows of days ago are forgotten: %zu are left",
       meter_flows(setup.meter));
    is_int(setup.sum.windows, WINDOWS - 1, "windows");
    is_int(setup.sum.flows, (WINDOWS - 1) * (FLOWS + 1), "flows");
    end(&setup);
}

/* Between windows only so many flows are remembered, those that were seen last. */
static void test_remembered(void)
{
    enum { FLOWS = 1000, WINDOWS = 100, MOST = 5000 };
    struct setup setup;
    size_t most = 0, now;

    remembered_most = MOST;
    begin(&setup, 0, false);
    remembered_most = 0;
    for (int64_t i = 0; i < WINDOWS; i++) {
        send_packet(&setup, START + i * WINDOW, 999, OUTSIDE);
        now = meter_flows(setup.meter);
        most = now > most ? now : most;
        for (uint32_t j = 1; j < FLOWS; j++)
            send_packet(&setup, START + i * WINDOW + SECOND, (uint16_t)(j + 2000),
                        OUTSIDE + (uint32_t)i * FLOWS + j);
    }
    ok(most <= MOST && most > MOST / 2, "no more are remembered: %zu", most);
    ok(meter_flows(setup.meter) > MOST / 4, "nor many fewer: %zu", meter_flows(setup.meter));
    is_int(setup.sum.flows, (WINDOWS - 1) * FLOWS, "all were told");
    end(&setup);
}

/* A time far ahead is a window of its own; later windows are as they would be without it. */
static void test_far_ahead(void)
{
    struct setup setup;

    begin(&setup, 0, false);
    send_packet(&setup, START, 1, OUTSIDE);
    send_packet(&setup, START + SECOND, 2, OUTSIDE);
    send_packet(&setup, START + 100000 * WINDOW, 3, OUTSIDE);
    for (int64_t i = 0; i < 4; i++) {
        send_packet(&setup, START + i * WINDOW + 2 * SECOND, 4, OUTSIDE);
        send_packet(&setup, START + i * WINDOW + 3 * SECOND, 5, OUTSIDE);
    }
    need(meter_finish(setup.meter) == RESULT_OK, "meter_finish");
    is_int(setup.sum.packets, 11, "no packet is lost");
    is_int(setup.sum.samples, 6, "samples: one before it, itself, four after it");
    is_int(setup.sum.starts[1], START + 100000 * WINDOW, "it is a sample of its own");
    is_int(setup.sum.starts[2], START + 2 * SECOND, "what follows it has its own time");
    is_int(setup.sum.starts[5], START + 3 * WINDOW + 2 * SECOND, "to the end");
    ok(setup.sum.longest <= WINDOW, "no sample is longer than a window");
    end(&setup);
}

/* A clock set back by more than a window begins a new one, with a packet or without. */
static void test_set_back(void)
{
    struct setup setup;

    begin(&setup, 0, false);
    send_packet(&setup, START + 500000000 * SECOND, 1, OUTSIDE);
    send_packet(&setup, START, 2, OUTSIDE);
    send_packet(&setup, START - 100 * SECOND, 3, OUTSIDE);
    need(meter_tick(setup.meter, START + 10 * SECOND) == RESULT_OK, "meter_tick");
    is_int(meter_counts(setup.meter)->windows, 1, "windows that have ended");
    is_int(meter_counts(setup.meter)->late, 1, "a packet a little before its window is late");
    need(meter_tick(setup.meter, START - WINDOW - SECOND) == RESULT_OK, "meter_tick");
    is_int(meter_counts(setup.meter)->windows, 2, "a clock that is set back ends a window");
    is_int(setup.sum.starts[1], START - 100 * SECOND, "the sample starts with its first packet");
    ok(setup.sum.longest <= 2 * WINDOW, "times in a sample stay sane");
    end(&setup);
}

/* While an ended window waits to be sent, flows of the next one are evicted. */
static void test_order(void)
{
    enum { LIMIT = 1000, FLOWS = 5 * LIMIT };
    struct setup setup;

    begin(&setup, LIMIT, true);
    for (uint32_t window = 0; window < 3; window++)
        for (uint32_t i = 0; i < FLOWS; i++)
            send_packet(&setup, START + window * WINDOW + i, 1000, OUTSIDE + window * FLOWS + i);
    need(meter_finish(setup.meter) == RESULT_OK, "meter_finish");
    is_int(setup.sum.flows, 3 * FLOWS, "flows that are evicted are sent early");
    is_int(setup.sum.windows, 3, "their windows end");
    is_int(setup.sum.mixed, 0, "all flows of a window are sent before those of the next");
    end(&setup);
}

/* A connection from 10.0.0.1 with one packet each way, lasting that long. */
static void send_connection(struct setup *setup, int64_t start, int64_t duration, uint16_t port,
                            const char *uid, const char *service)
{
    struct connection connection = {
        .orig_port = port,
        .resp_port = 443,
        .proto = IPPROTO_TCP,
        .opener = OPENER_ORIG,
        .start = start,
        .last = start + duration,
        .orig_packets = 1,
        .resp_packets = 1,
        .uid = uid,
        .uid_length = uid ? strlen(uid) : 0,
        .service = service,
        .service_length = service ? strlen(service) : 0,
    };

    need(address_parse("10.0.0.1", &connection.orig) && address_parse("8.8.8.8", &connection.resp),
         "address_parse");
    need(meter_connection(setup->meter, &connection) == RESULT_OK, "meter_connection");
}

/* Connections of logs begin windows by their start, as packets do. */
static void test_connections(void)
{
    struct setup setup;

    begin(&setup, 0, false);
    send_connection(&setup, START, SECOND, 1, NULL, NULL);
    send_connection(&setup, START + WINDOW - 1, SECOND, 2, NULL, NULL);
    is_int(setup.sum.windows, 0, "a connection that ends in the next window is of this one");
    send_connection(&setup, START + WINDOW, SECOND, 1, NULL, NULL);
    is_int(setup.sum.windows, 1, "one that starts in the next window ends this one");
    is_int(setup.sum.flows, 2, "with its flows");
    is_int(setup.sum.packets, 4, "and their packets");
    send_connection(&setup, START + WINDOW - SECOND, 2 * SECOND, 3, NULL, NULL);
    is_int(meter_counts(setup.meter)->late, 1, "one that began before its window is late");
    send_connection(&setup, START - 12 * WINDOW, 13 * WINDOW, 4, NULL, NULL);
    is_int(meter_counts(setup.meter)->late, 2,
           "so is a long one, of which the log tells at its end");
    is_int(setup.sum.windows, 1, "which ends no window");
    send_connection(&setup, START - 12 * WINDOW, SECOND, 5, NULL, NULL);
    is_int(setup.sum.windows, 2,
           "one that has ended long before tells of a clock that was set back");
    need(meter_finish(setup.meter) == RESULT_OK, "meter_finish");
    is_int(setup.sum.flows, 6, "no connection is lost");
    is_int(setup.sum.packets, 12, "nor a packet");
    is_int(setup.sum.starts[0], START, "the first sample's start");
    is_int(setup.sum.starts[2], START - 12 * WINDOW, "the last sample's start");
    end(&setup);
}

/* In each window, a flow has the label and service of its connections there. */
static void test_labels(void)
{
    for (int in_pieces = 0; in_pieces < 2; in_pieces++) {
        struct setup setup;

        begin(&setup, 0, in_pieces);
        send_connection(&setup, START, SECOND, 1, "Cone", "ssl");
        send_connection(&setup, START + 1, SECOND, 1, "Cno", "http");
        send_connection(&setup, START + 2, SECOND, 2, "Clonger-than-others", NULL);
        send_connection(&setup, START + 3, SECOND, 3, NULL, "dns");
        send_connection(&setup, START + WINDOW, SECOND, 1, "Ctwo", NULL);
        send_connection(&setup, START + WINDOW + 1, SECOND, 2, "Cb", "ssl");
        send_connection(&setup, START + WINDOW + 2, SECOND, 3, "C3", NULL);
        send_connection(&setup, START + 2 * WINDOW, SECOND, 1, NULL, "http");
        send_connection(&setup, START + 2 * WINDOW + 1, SECOND, 2, NULL, NULL);
        send_connection(&setup, START + 2 * WINDOW + 2, SECOND, 3, "C4", "dns");
        need(meter_finish(setup.meter) == RESULT_OK, "meter_finish");
        is_str(setup.sum.said,
               "0  Cone ssl; 0  Clonger-than-others ; 0 - dns; 1  Ctwo ; 1  Cb ssl; 1  C3 ; "
               "2 - http; 2  C4 dns; ",
               "what flows are called in each window");
        is_int(setup.sum.packets, 20, "all connections are counted");
        is_int(meter_flows(setup.meter), 3, "and no flow twice");
        end(&setup);
    }
}

/* Above a limit, connections cause flows to be sent early, as packets do. */
static void test_limit(void)
{
    enum { LIMIT = 100 };
    struct setup setup;

    begin(&setup, LIMIT, false);
    for (int i = 0; i < 5 * LIMIT; i++)
        send_connection(&setup, START + i, SECOND, (uint16_t)(1000 + i), NULL, "ssl");
    ok(meter_counts(setup.meter)->early > 3 * LIMIT, "flows are sent early: %llu",
       (unsigned long long)meter_counts(setup.meter)->early);
    need(meter_finish(setup.meter) == RESULT_OK, "meter_finish");
    is_int(setup.sum.flows, 5 * LIMIT, "none is lost");
    is_int(setup.sum.windows, 1, "of one window");
    end(&setup);
}

/* What is kept, and how the rest is counted. */

static void send_between(struct setup *setup, uint32_t from, uint16_t sport, uint32_t to,
                         uint16_t dport, const uint8_t *payload, size_t length)
{
    uint8_t data[128] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, IPPROTO_UDP};
    struct frame frame = {.data = data,
                          .captured = (uint32_t)(28 + length),
                          .length = (uint32_t)(28 + length),
                          .time = START + 7,
                          .linktype = LINKTYPE_RAW};
    uint32_t ends[] = {htonl(from), htonl(to)};
    enum packet_verdict verdict;

    put16(data + 2, (uint16_t)(28 + length));
    memcpy(data + 12, ends, sizeof ends);
    put16(data + 20, sport);
    put16(data + 22, dport);
    put16(data + 24, (uint16_t)(8 + length));
    if (length > 0)
        memcpy(data + 28, payload, length);
    need(meter_frame(setup->meter, &frame, &verdict) == RESULT_OK, "meter_frame");
}

#define LOCAL 0x0a000001u

static void begin_kept(struct setup *setup, uint8_t family, bool keep_all)
{
    struct meter_options options = {
        .sink = {&setup->sum, take_name, take_flows}, .family = family, .keep_all = keep_all};

    setup->sum = (struct sum){.windows = 0};
    need(locality_init(&setup->locality) == RESULT_OK, "locality_init");
    options.locality = setup->locality;
    need(meter_init(&setup->meter, &options) == RESULT_OK, "meter_init");
}

static void test_kept(void)
{
    static const struct {
        const char *name;
        uint8_t family;
        bool keep_all;
        uint64_t flows, other_family, local, service;
    } cases[] = {
        {"usual", 0, false, 2, 0, 1, 2},
        {"-4", 4, false, 2, 0, 1, 2},
        {"-6", 6, false, 0, 5, 0, 0},
        {"-a", 0, true, 5, 0, 0, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct meter_counts *counts;
        struct setup setup;

        begin_kept(&setup, cases[i].family, cases[i].keep_all);
        send_between(&setup, LOCAL, 1000, OUTSIDE, 443, NULL, 0);
        send_between(&setup, OUTSIDE, 1000, OUTSIDE + 1, 443, NULL, 0);
        send_between(&setup, LOCAL, 1000, LOCAL + 1, 443, NULL, 0);
        send_between(&setup, LOCAL, 1000, OUTSIDE, 445, NULL, 0);
        send_between(&setup, LOCAL, 137, OUTSIDE, 1000, NULL, 0);
        need(meter_finish(setup.meter) == RESULT_OK, "meter_finish");
        counts = meter_counts(setup.meter);
        is_int(setup.sum.flows, cases[i].flows, "%s: flows", cases[i].name);
        is_int(counts->verdicts[PACKET_OK], 5, "%s: packets", cases[i].name);
        is_int(counts->other_family, cases[i].other_family, "%s: of the other family",
               cases[i].name);
        is_int(counts->local, cases[i].local, "%s: local", cases[i].name);
        is_int(counts->service, cases[i].service, "%s: of services", cases[i].name);
        end(&setup);
    }
}

/* Local DNS is read for names and begins the sample, but becomes no flow. */
static void test_names(void)
{
    static const uint8_t answer[] = {0, 1,   0x81, 0x80, 0,  1, 0, 1,    0,  0, 0, 0,
                                     1, 'b', 0,    0,    1,  0, 1, 0xc0, 12, 0, 1, 0,
                                     1, 0,   0,    0,    60, 0, 4, 9,    9,  9, 8};
    struct setup setup;

    begin_kept(&setup, 0, false);
    send_between(&setup, LOCAL + 1, 53, LOCAL, 1000, answer, sizeof answer);
    is_int(setup.sum.names, 1, "a name is read");
    send_between(&setup, LOCAL + 1, 53, LOCAL, 1000, answer, 20);
    is_int(setup.sum.names, 1, "not out of an answer that is cut");
    need(meter_finish(setup.meter) == RESULT_OK, "meter_finish");
    is_int(setup.sum.flows, 0, "that is no flow");
    is_int(meter_counts(setup.meter)->local, 2, "but counted as local");
    end(&setup);
    begin_kept(&setup, 6, false);
    send_between(&setup, LOCAL + 1, 53, LOCAL, 1000, answer, sizeof answer);
    is_int(setup.sum.names, 1, "names come over either family");
    end(&setup);
}

int main(void)
{
    test_kept();
    test_names();
    test_month();
    test_remembered();
    test_far_ahead();
    test_set_back();
    test_order();
    test_connections();
    test_labels();
    test_limit();
    return done();
}
