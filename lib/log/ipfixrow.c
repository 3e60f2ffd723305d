/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns records into connections: times, counts, flags, who began, what was sampled.
 */
#include "base/bytes.h"
#include "base/clock.h"
#include "log/ipfixread.h"

#include <string.h>

#define MILLI INT64_C(1000)
#define SECOND INT64_C(1000000)

/* 1900 to 1970, in seconds: what NTP counts more than Unix. */
#define NTP_OFFSET INT64_C(2208988800)

/* An exporter's clock of milliseconds goes round after 49.7 days. */
#define UPTIME_ROUND (INT64_C(1) << 32)

/* Events of a firewall that repeat what others count (element 233): created, and an alert. */
enum { EVENT_CREATED = 1, EVENT_ALERT = 4 };

/* The values of biflowDirection (element 239) that say who began. */
enum { WHO_SOURCE = 1, WHO_DESTINATION = 2 };

static bool has(const struct ipfix_values *values, enum ipfix_field field)
{
    return values->has & IPFIX_BIT(field);
}

/* 0: the record does not have it. */
static uint64_t get(const struct ipfix_values *values, enum ipfix_field field)
{
    return has(values, field) ? values->number[field] : 0;
}

/* ---- Times */

/* INT64_MIN: the number is none in that unit, or 0, which exporters write if they do not know. */
static int64_t absolute(uint64_t number, int64_t unit)
{
    return number > 0 && number < (uint64_t)(TIME_END / unit) ? (int64_t)number * unit : INT64_MIN;
}

static int64_t ntp_time(uint64_t number)
{
    int64_t seconds = (int64_t)(number >> 32) - NTP_OFFSET;

    return seconds > 0 ? seconds * SECOND + (int64_t)(((number & UINT32_MAX) * SECOND) >> 32)
                       : INT64_MIN;
}

/* A time of the exporter's clock; that of the message is the latest it can be, but for a race. */
static int64_t uptime_time(const struct ipfix_set *set, uint64_t up)
{
    const struct ipfix_head *head = &set->head;
    int64_t time, round = UPTIME_ROUND * MILLI;

    if (head->exporter.version != 10)
        return head->exported - (int64_t)(int32_t)(head->uptime - (uint32_t)up) * MILLI;
    if (set->up_since == INT64_MIN)
        return INT64_MIN;
    time = set->up_since + (int64_t)(up & UINT32_MAX) * MILLI;
    if (head->exported > time + round / 2)
        time += (head->exported - time + round / 2) / round * round;
    return time;
}

/* A time by the fields that say it, the most exact ones first; INT64_MIN: none does. */
static int64_t find_time(const struct ipfix_set *set, const struct ipfix_values *values, bool end)
{
    const unsigned is_end = end; /* each field of an end follows that of the start */
    int64_t time = INT64_MIN;

    if (has(values, IPFIX_START_NTP + is_end))
        time = ntp_time(values->number[IPFIX_START_NTP + is_end]);
    if (time == INT64_MIN)
        time = absolute(get(values, IPFIX_START_MS + is_end), MILLI);
    if (time == INT64_MIN)
        time = absolute(get(values, IPFIX_START_S + is_end), SECOND);
    if (time == INT64_MIN && has(values, IPFIX_START_BEFORE + is_end))
        time = set->head.exported -
               (int64_t)(values->number[IPFIX_START_BEFORE + is_end] & UINT32_MAX);
    if (time == INT64_MIN && has(values, IPFIX_START_UP + is_end))
        time = uptime_time(set, values->number[IPFIX_START_UP + is_end]);
    return time;
}

static int64_t duration(const struct ipfix_values *values)
{
    uint64_t time = has(values, IPFIX_DURATION_US)
                        ? values->number[IPFIX_DURATION_US] & UINT32_MAX
                        : (get(values, IPFIX_DURATION_MS) & UINT32_MAX) * (uint64_t)MILLI;

    return (int64_t)time;
}

/* A time that a record can have. */
static int64_t in_range(int64_t time)
{
    return time < 0 ? 0 : time >= TIME_END ? TIME_END - 1 : time;
}

/* What is missing follows from the duration, the time of the event, or the message. */
static void take_times(const struct ipfix_set *set, const struct ipfix_values *values,
                       struct connection *connection)
{
    int64_t start = find_time(set, values, false), last = find_time(set, values, true);

    if (last == INT64_MIN && start != INT64_MIN && duration(values) > 0)
        last = start + duration(values);
    if (last == INT64_MIN)
        last = absolute(get(values, IPFIX_EVENT_MS), MILLI);
    if (last == INT64_MIN)
        last = start != INT64_MIN ? start : set->head.exported;
    if (start == INT64_MIN)
        start = last - duration(values);
    connection->start = in_range(start);
    connection->last = in_range(last < start ? start : last);
    connection->seen = in_range(set->head.seen);
}

/* ---- Counts */

/* The rate that fields say: one packet in so many; 0: none, or every packet. */
static uint32_t rate_of(const struct ipfix_values *values)
{
    uint64_t rate = get(values, IPFIX_SAMPLING), take = get(values, IPFIX_SAMPLING_TAKE);

    if (rate == 0 && take > 0)
        rate = get(values, IPFIX_SAMPLING_SPACE) / take + 1;
    if (rate == 0 && get(values, IPFIX_SAMPLING_SIZE) > 0)
        rate = get(values, IPFIX_SAMPLING_OF_ALL) / values->number[IPFIX_SAMPLING_SIZE];
    return rate > 1 && rate <= UINT32_MAX ? (uint32_t)rate : 0;
}

static uint32_t find_rate(struct ipfix_memory *memory, const struct ipfix_exporter *exporter,
                          enum ipfix_kind kind, uint64_t number)
{
    const struct ipfix_entry *entry = ipfix_recall(memory, exporter, kind, number);

    return entry ? (uint32_t)entry->value : 0;
}

/* How a record was sampled: as itself says, as is known of its sampler, or of its exporter. */
static uint32_t find_sampling(struct ipfix_memory *memory, struct ipfix_set *set,
                              const struct ipfix_values *values)
{
    const uint64_t own =
        IPFIX_BIT(IPFIX_SAMPLING) | IPFIX_BIT(IPFIX_SAMPLING_TAKE) | IPFIX_BIT(IPFIX_SAMPLING_SIZE);

    if (values->has & own)
        return rate_of(values);
    if (!has(values, IPFIX_SELECTOR))
        return set->sampling;
    if (set->selector != values->number[IPFIX_SELECTOR]) {
        set->selector = values->number[IPFIX_SELECTOR];
        set->selected = find_rate(memory, &set->head.exporter, IPFIX_RATE, set->selector);
    }
    return set->selected;
}

/* Where counts are: those of the sender, and those of the other side if the record has them. */
struct layout {
    uint8_t packets, octets, back_packets, back_octets;
    bool running; /* totals of a flow that run on over its records */
    bool frames;
};

static struct layout find_layout(const struct ipfix_values *values, uint8_t version)
{
    struct layout layout = {IPFIX_PACKETS,     IPFIX_OCTETS, IPFIX_BACK_PACKETS,
                            IPFIX_BACK_OCTETS, false,        false};
    const uint64_t deltas = IPFIX_BIT(IPFIX_PACKETS) | IPFIX_BIT(IPFIX_OCTETS);
    const uint64_t totals = IPFIX_BIT(IPFIX_PACKETS_TOTAL) | IPFIX_BIT(IPFIX_OCTETS_TOTAL);
    const uint64_t out = IPFIX_BIT(IPFIX_OUT_PACKETS) | IPFIX_BIT(IPFIX_OUT_OCTETS);

    if (values->has & IPFIX_BIT(IPFIX_INITIATOR_OCTETS))
        return (struct layout){IPFIX_INITIATOR_PACKETS,
                               IPFIX_INITIATOR_OCTETS,
                               IPFIX_RESPONDER_PACKETS,
                               IPFIX_RESPONDER_OCTETS,
                               false,
                               false};
    if (!(values->has & deltas) && values->has & totals)
        return (struct layout){IPFIX_PACKETS_TOTAL,
                               IPFIX_OCTETS_TOTAL,
                               IPFIX_BACK_PACKETS_TOTAL,
                               IPFIX_BACK_OCTETS_TOTAL,
                               true,
                               false};
    if (!(values->has & deltas) && values->has & out)
        return (struct layout){
            IPFIX_OUT_PACKETS, IPFIX_OUT_OCTETS, IPFIX_NONE, IPFIX_NONE, false, false};
    /*
     * In version 9, those who fill both mean the other direction (nProbe); unless they are equal,
     * as of FortiOS, which repeats them.
     */
    if (version == 9 && (values->has & out) == out && (values->has & deltas) == deltas &&
        (values->number[IPFIX_OUT_PACKETS] != values->number[IPFIX_PACKETS] ||
         values->number[IPFIX_OUT_OCTETS] != values->number[IPFIX_OCTETS])) {
        layout.back_packets = IPFIX_OUT_PACKETS;
        layout.back_octets = IPFIX_OUT_OCTETS;
    }
    if (!has(values, IPFIX_OCTETS) && has(values, IPFIX_OCTETS_FRAMES)) {
        layout.octets = IPFIX_OCTETS_FRAMES;
        layout.frames = true;
    }
    return layout;
}

/* What identifies a flow whose counters run on. */
struct running {
    struct ipfix_exporter exporter;
    struct address orig, resp;
    uint16_t orig_port, resp_port;
    uint32_t proto;
    uint64_t which; /* its start, or its number */
};

static enum result take_running(struct ipfix_memory *memory, const struct ipfix_set *set,
                                const struct ipfix_values *values, struct connection *connection)
{
    uint64_t counts[4] = {connection->orig_packets, connection->orig_bytes,
                          connection->resp_packets, connection->resp_bytes};
    struct running running;
    enum result result;

    memset(&running, 0, sizeof running); /* also its padding, which is hashed */
    running.exporter = set->head.exporter;
    running.orig = connection->orig;
    running.resp = connection->resp;
    running.orig_port = connection->orig_port;
    running.resp_port = connection->resp_port;
    running.proto = connection->proto;
    running.which =
        has(values, IPFIX_FLOW_ID) ? values->number[IPFIX_FLOW_ID] : (uint64_t)connection->start;
    result = ipfix_since_last(memory, &running, sizeof running, counts);
    connection->orig_packets = counts[0];
    connection->orig_bytes = counts[1];
    connection->resp_packets = counts[2];
    connection->resp_bytes = counts[3];
    return result;
}

static uint64_t times(uint64_t count, uint64_t factor)
{
    return factor > 1 && count > UINT64_MAX / factor ? UINT64_MAX
                                                     : count * (factor > 1 ? factor : 1);
}

static void multiply_counts(struct connection *connection)
{
    connection->orig_packets = times(connection->orig_packets, connection->sampling);
    connection->orig_bytes = times(connection->orig_bytes, connection->sampling);
    connection->resp_packets = times(connection->resp_packets, connection->sampling);
    connection->resp_bytes = times(connection->resp_bytes, connection->sampling);
}

static enum result take_counts(struct ipfix_memory *memory, struct ipfix_set *set,
                               const struct ipfix_values *values, struct connection *connection)
{
    struct layout layout = find_layout(values, set->head.exporter.version);
    enum result result = RESULT_OK;

    connection->orig_packets = get(values, (enum ipfix_field)layout.packets);
    connection->orig_bytes = get(values, (enum ipfix_field)layout.octets);
    connection->resp_packets = get(values, (enum ipfix_field)layout.back_packets);
    connection->resp_bytes = get(values, (enum ipfix_field)layout.back_octets);
    connection->bytes_from = layout.frames ? BYTES_FROM_FRAME : BYTES_FROM_IP;
    connection->frame_header = layout.frames ? 14 : 0;
    connection->sampling = find_sampling(memory, set, values);
    if (layout.running)
        result = take_running(memory, set, values, connection);
    return result;
}

/* ---- Ends, flags */

static void set_4(struct address *address, uint64_t number)
{
    const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 8), (uint8_t)number};

    address_set(address, 4, bytes);
}

/* False: the record has no addresses, or is of another protocol. */
static bool take_ends(const struct ipfix_values *values, struct connection *connection)
{
    const uint64_t both_4 = IPFIX_BIT(IPFIX_SRC_4) | IPFIX_BIT(IPFIX_DST_4);
    const uint64_t both_6 = IPFIX_BIT(IPFIX_SRC_6) | IPFIX_BIT(IPFIX_DST_6);
    bool has_6 = (values->has & both_6) == both_6;

    if ((values->has & both_4) == both_4 &&
        !(has_6 && (values->number[IPFIX_SRC_4] | values->number[IPFIX_DST_4]) == 0)) {
        set_4(&connection->orig, values->number[IPFIX_SRC_4]);
        set_4(&connection->resp, values->number[IPFIX_DST_4]);
    } else if (has_6) {
        address_set(&connection->orig, 6, values->src);
        address_set(&connection->resp, 6, values->dst);
    } else {
        return false;
    }
    if (has_ports(connection->proto)) {
        connection->orig_port = (uint16_t)get(values, IPFIX_SRC_PORT);
        connection->resp_port = (uint16_t)get(values, IPFIX_DST_PORT);
    }
    return true;
}

/* Type and code, which NetFlow 5 and others write as a port; there, 0 means that they do not. */
static void take_icmp(const struct ipfix_values *values, struct connection *connection)
{
    bool is_6 = connection->proto == IPPROTO_ICMPV6;
    enum ipfix_field both = is_6 ? IPFIX_ICMP_6 : IPFIX_ICMP_4;
    uint64_t number = get(values, IPFIX_DST_PORT);

    connection->icmp_known = number != 0;
    if (has(values, both)) {
        number = values->number[both];
        connection->icmp_known = true;
    } else if (has(values, IPFIX_ICMP_TYPE)) {
        number =
            (values->number[IPFIX_ICMP_TYPE] & 255) << 8 | (get(values, IPFIX_ICMP_CODE) & 255);
        connection->icmp_known = true;
    }
    connection->icmp_type = (uint8_t)(number >> 8);
    connection->icmp_code = (uint8_t)number;
}

/* The SYN of a side tells who began only if the side sent no ACK, or if it was its first packet. */
static void take_flags(const struct ipfix_values *values, struct connection *connection)
{
    uint64_t first = get(values, IPFIX_FIRST_FLAGS), all = first | get(values, IPFIX_FLAGS);
    uint64_t back = get(values, IPFIX_BACK_FLAGS) | get(values, IPFIX_BACK_FIRST_FLAGS);
    uint64_t shown = first != 0 ? first : all;

    connection->orig_syn = all & TCP_SYN;
    connection->resp_syn = back & TCP_SYN;
    if ((shown & (TCP_SYN | TCP_ACK)) == TCP_SYN)
        connection->opener = OPENER_ORIG;
    else if (first != 0 && (first & TCP_SYN))
        connection->opener = OPENER_RESP;
}

static void take_opener(const struct ipfix_values *values, struct connection *connection)
{
    uint64_t who = get(values, IPFIX_WHO);

    if (connection->proto == IPPROTO_TCP)
        take_flags(values, connection);
    if (has(values, IPFIX_INITIATOR_OCTETS) || who == WHO_SOURCE)
        connection->opener = OPENER_ORIG;
    else if (who == WHO_DESTINATION)
        connection->opener = OPENER_RESP;
}

static void make_point(const struct ipfix_set *set, const struct ipfix_values *values,
                       struct ipfix_rows *rows)
{
    const struct ipfix_exporter *exporter = &set->head.exporter;

    memcpy(rows->point, exporter->address, 16);
    memcpy(rows->point + 16, &exporter->domain, 4);
    rows->point[20] = (char)(get(values, IPFIX_DIRECTION) == 1);
    rows->connections[0].point = rows->point;
    rows->connections[0].point_length = IPFIX_POINT;
}

/* ---- Records */

/* Makes two halves of a record of both directions, if it does not say who began. */
static void halve(struct ipfix_rows *rows, const struct ipfix_values *values)
{
    struct connection *one = &rows->connections[0], *other = &rows->connections[1];
    int64_t delay = (int64_t)(get(values, IPFIX_BACK_DELAY) & UINT32_MAX) * MILLI;

    one->half = true;
    *other = *one;
    other->orig = one->resp;
    other->resp = one->orig;
    other->orig_port = one->resp_port;
    other->resp_port = one->orig_port;
    other->orig_syn = one->resp_syn;
    other->resp_syn = false;
    other->icmp_known = false;
    other->orig_packets = one->resp_packets;
    other->orig_bytes = one->resp_bytes;
    one->resp_packets = one->resp_bytes = other->resp_packets = other->resp_bytes = 0;
    one->resp_syn = false;
    if (one->start + delay <= one->last)
        other->start = one->start + delay;
    rows->count = 2;
}

/* True for a record that counts nothing: a firewall's repeated news, or all counts are 0. */
static bool counts_nothing(const struct ipfix_values *values, const struct connection *connection)
{
    uint64_t event = get(values, IPFIX_EVENT);

    return event == EVENT_CREATED || event == EVENT_ALERT ||
           (connection->orig_packets | connection->orig_bytes | connection->resp_packets |
            connection->resp_bytes) == 0;
}

static uint8_t protocol(const struct ipfix_values *values)
{
    uint64_t proto = get(values, IPFIX_PROTO);

    return has_ports((uint8_t)proto) || proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6
               ? (uint8_t)proto
               : 0;
}

enum result ipfix_make_rows(struct ipfix_memory *memory, struct ipfix_set *set,
                            const struct ipfix_values *values, struct log_counts *counts,
                            bool multiply, struct ipfix_rows *rows)
{
    struct connection *connection = &rows->connections[0];
    enum result result;

    rows->count = 0;
    *connection = (struct connection){.proto = protocol(values)};
    if (!take_ends(values, connection)) {
        counts->other_rows++;
        return RESULT_OK;
    }
    counts->connections++;
    if (connection->proto == 0) {
        counts->other_protocols++;
        return RESULT_OK;
    }
    take_times(set, values, connection);
    result = take_counts(memory, set, values, connection);
    if (result != RESULT_OK)
        return result;
    if (counts_nothing(values, connection)) {
        counts->uncounted++;
        return RESULT_OK;
    }
    if (!has_ports(connection->proto))
        take_icmp(values, connection);
    take_opener(values, connection);
    make_point(set, values, rows);
    if (multiply)
        multiply_counts(connection);
    rows->count = 1;
    if (connection->resp_packets == 0 && connection->resp_bytes == 0)
        connection->half = true;
    else if (connection->opener == OPENER_UNKNOWN)
        halve(rows, values);
    return RESULT_OK;
}

enum result ipfix_take_options(struct ipfix_memory *memory, const struct ipfix_exporter *exporter,
                               const struct ipfix_values *values)
{
    const uint64_t rates =
        IPFIX_BIT(IPFIX_SAMPLING) | IPFIX_BIT(IPFIX_SAMPLING_TAKE) | IPFIX_BIT(IPFIX_SAMPLING_SIZE);
    int64_t init = absolute(get(values, IPFIX_INIT_MS), MILLI);
    enum result result = RESULT_OK;

    if (init != INT64_MIN)
        result = ipfix_remember(memory, exporter, IPFIX_INIT, 0, (uint64_t)init);
    if (result != RESULT_OK || !(values->has & rates))
        return result;
    return has(values, IPFIX_SELECTOR)
               ? ipfix_remember(memory, exporter, IPFIX_RATE, values->number[IPFIX_SELECTOR],
                                rate_of(values))
               : ipfix_remember(memory, exporter, IPFIX_RATE_OF_ALL, 0, rate_of(values));
}

/*
 * Without the time at which the exporter started, the latest end of the set is taken for the time
 * of the message.
 */
static int64_t guess_start(const struct ipfix_set *set)
{
    struct ipfix_values values;
    const uint8_t *at = set->at;
    uint64_t latest = 0;
    size_t used;

    while ((used = ipfix_decode(set->template, at, set->end, &values)) > 0) {
        uint64_t up = get(&values, IPFIX_END_UP) & UINT32_MAX;

        latest = up > latest ? up : latest;
        at += used;
    }
    return set->head.exported - (int64_t)latest * MILLI;
}

void ipfix_begin_set(struct ipfix_memory *memory, struct ipfix_set *set)
{
    const uint64_t up = IPFIX_BIT(IPFIX_START_UP) | IPFIX_BIT(IPFIX_END_UP);
    const struct ipfix_entry *init;

    set->up_since = INT64_MIN;
    set->selector = UINT64_MAX;
    set->selected = 0;
    set->sampling = set->head.sampling;
    if (set->head.exporter.version == 5)
        return;
    set->sampling = find_rate(memory, &set->head.exporter, IPFIX_RATE_OF_ALL, 0);
    if (set->head.exporter.version == 9 || !(set->template->has & up))
        return;
    init = ipfix_recall(memory, &set->head.exporter, IPFIX_INIT, 0);
    set->up_since = init ? (int64_t)init->value : guess_start(set);
}
