/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/meter.h"

#include "base/clock.h"
#include "flow/communityid.h"
#include "flow/flowtable.h"
#include "flow/join.h"
#include "name/dnsfragment.h"
#include "name/dnstcp.h"
#include "name/sni.h"

#include <stdlib.h>
#include <string.h>

/* Evicted flows are sent at this number, or at the number of flows counted if that is less. */
#define EVICTED_MOST 16384u

/* Flows of an ended window copied per tick. */
#define SENT_AT_ONCE 4096u

struct meter {
    struct meter_options options;
    struct decoder *decoder;
    struct flowtable *flows;
    struct dnstcp *dnstcp;
    struct dnsfragment *dnsfragment;
    struct sni *sni; /* NULL: handshakes are not read */
    struct meter_counts counts;
    int64_t window_end;   /* of the open window; INT64_MIN before the first packet */
    int64_t sample_start; /* INT64_MAX before the first packet that counts */
    int64_t forgot_at;    /* when flows were last forgotten */
    int64_t short_memory; /* the last one that left few enough of them */
    size_t evicted_most;  /* flows evicted before they are sent on */
    bool sending;         /* an ended window is not sent completely yet */
    struct window ended;  /* that window */
};

enum result meter_init(struct meter **meter, const struct meter_options *options)
{
    struct meter *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->options = *options;
    new->window_end = INT64_MIN;
    new->sample_start = INT64_MAX;
    new->short_memory = options->flow_memory / 4;
    new->evicted_most = options->flow_limit > 0 && options->flow_limit < EVICTED_MOST
                            ? options->flow_limit
                            : EVICTED_MOST;
    result = decoder_init(&new->decoder, options->open_tunnels);
    if (result == RESULT_OK)
        result = flowtable_init(&new->flows, options->flow_limit, options->flow_names_limit);
    if (result == RESULT_OK)
        result = dnstcp_init(&new->dnstcp);
    if (result == RESULT_OK)
        result = dnsfragment_init(&new->dnsfragment);
    if (result == RESULT_OK && options->session_names)
        result = sni_init(&new->sni);
    if (result != RESULT_OK) {
        meter_destroy(&new);
        return result;
    }
    *meter = new;
    return RESULT_OK;
}

void meter_destroy(struct meter **meter)
{
    if (*meter) {
        decoder_destroy(&(*meter)->decoder);
        flowtable_destroy(&(*meter)->flows);
        dnstcp_destroy(&(*meter)->dnstcp);
        dnsfragment_destroy(&(*meter)->dnsfragment);
        sni_destroy(&(*meter)->sni);
        free(*meter);
        *meter = NULL;
    }
}

static bool is_service_port(uint16_t port)
{
#define SERVICE(port) case port:
    switch (port) {
        SERVICE_PORTS(SERVICE)
        return true;
    default:
        return false;
    }
#undef SERVICE
}

/* One of two ports is nearly always high; asking in this order is predictable for a processor. */
static bool uses_service_port(uint16_t sport, uint16_t dport)
{
    return is_service_port(sport < dport ? sport : dport) ||
           is_service_port(sport < dport ? dport : sport);
}

/* The context of learning names, with the time of the packet. */
struct learning {
    struct meter *meter;
    int64_t time;
};

static enum result learn(void *context, const struct address *address, const char *name,
                         size_t length)
{
    const struct learning *learning = context;

    return meter_name(learning->meter, address, name, length, learning->time);
}

static enum result read_dns(struct meter *meter, const struct packet *packet)
{
    struct learning learning = {meter, packet->time};
    enum result result = RESULT_OK;

    if (packet->proto == IPPROTO_UDP && packet->is_fragment)
        result = dnsfragment_read(meter->dnsfragment, packet, learn, &learning);
    else if (packet->proto == IPPROTO_UDP)
        result = dns_read(packet->payload, packet->captured, learn, &learning);
    else if (packet->sport == PORT_DNS)
        result = dnstcp_read(meter->dnstcp, packet, learn, &learning);
    return result == RESULT_DAMAGED ? RESULT_OK : result;
}

/*
 * True if the log has another id for the connection than would be computed. Usually, with seed 0,
 * it does not, which saves memory.
 */
static bool has_other_id(const struct connection *connection)
{
    bool ports = has_ports(connection->proto);
    char usual[COMMUNITYID_TEXT];

    if (!connection->community_id)
        return false;
    communityid_format(&connection->orig, &connection->resp, connection->proto,
                       ports ? connection->orig_port : connection->icmp_type,
                       ports ? connection->resp_port : connection->icmp_code, usual);
    return connection->community_id_length != strlen(usual) ||
           memcmp(connection->community_id, usual, strlen(usual)) != 0;
}

/* Returns its length; 0: nothing to keep. */
static size_t make_logged_id(const struct connection *connection,
                             char logged_id[FLOW_LOGGED_ID_MAX])
{
    size_t length = has_other_id(connection) ? connection->community_id_length : 0;

    if (length > 0)
        memcpy(logged_id, connection->community_id, length);
    else if (!connection->uid)
        return 0;
    logged_id[length++] = ' ';
    if (connection->uid)
        memcpy(logged_id + length, connection->uid, connection->uid_length);
    return length + connection->uid_length;
}

/* The open window. */
static struct window open_window(const struct meter *meter, bool ends)
{
    bool cut = meter->options.window > 0 && meter->window_end != INT64_MIN;

    return (struct window){cut ? meter->window_end - meter->options.window : INT64_MIN,
                           meter->sample_start, ends};
}

static enum result send_flows(const struct meter *meter, struct flowlist *flows,
                              struct window window)
{
    return meter->options.sink.flows(meter->options.sink.context, flows, &window);
}

/* Continues to send the ended window, by up to `most` flows. */
static enum result send_ended(struct meter *meter, size_t most)
{
    struct flowlist *flows;
    enum result result = flowtable_collect(meter->flows, most, &flows);

    if (result != RESULT_OK || !flows)
        return result;
    meter->sending = false;
    return send_flows(meter, flows, meter->ended);
}

/* Sends the flows evicted from the open window, once the window before it is sent. */
static enum result send_evicted(struct meter *meter)
{
    enum result result = meter->sending ? send_ended(meter, 0) : RESULT_OK;
    struct flowlist *flows;

    if (result != RESULT_OK || meter->sending)
        return result;
    flows = flowtable_take_evicted(meter->flows);
    meter->counts.early += flowlist_count(flows);
    return send_flows(meter, flows, open_window(meter, false));
}

/* Sends evicted flows once there are many. */
static enum result make_way(struct meter *meter)
{
    return flowtable_evicted(meter->flows) >= meter->evicted_most ? send_evicted(meter) : RESULT_OK;
}

bool meter_is_sending(const struct meter *meter)
{
    return meter->sending;
}

enum result meter_send_rest(struct meter *meter)
{
    return meter->sending ? send_ended(meter, SIZE_MAX) : RESULT_OK;
}

enum result meter_finish(struct meter *meter)
{
    struct flowlist *flows;
    enum result result = meter_send_rest(meter);

    if (result == RESULT_OK)
        result = flowtable_take(meter->flows, meter->options.window == 0, &flows);
    if (result != RESULT_OK)
        return result;
    return send_flows(meter, flows, open_window(meter, true));
}

static enum result end_window(struct meter *meter)
{
    enum result result;

    meter->counts.windows++;
    if (!meter->options.in_pieces)
        return meter_finish(meter);
    result = meter_send_rest(meter);
    if (result == RESULT_OK)
        result = flowtable_end_window(meter->flows);
    meter->sending = result == RESULT_OK;
    meter->ended = open_window(meter, true);
    return result;
}

/*
 * Forgets flows that have not been seen for long, or for half of that, and so on, until half as
 * many are left as may be. Each look takes time, so it begins near where the last one ended.
 */
static void forget_many(struct meter *meter, int64_t time)
{
    int64_t memory = 4 * meter->short_memory + SECOND;

    if (memory > meter->options.flow_memory)
        memory = meter->options.flow_memory;
    do {
        memory /= 2;
        flowtable_forget(meter->flows, time, memory);
    } while (memory > 0 && flowtable_count(meter->flows) > meter->options.remembered_most / 2);
    meter->short_memory = memory;
}

/* From time to time, forgets flows that have not been seen for long. */
static void forget_flows(struct meter *meter, int64_t time)
{
    int64_t memory = meter->options.flow_memory;
    size_t most = meter->options.remembered_most;
    bool many = most > 0 && flowtable_count(meter->flows) > most;

    if (memory == 0 || (!many && llabs(time - meter->forgot_at) < memory / 24))
        return;
    meter->forgot_at = time;
    if (many)
        forget_many(meter, time);
    else
        flowtable_forget(meter->flows, time, memory);
}

/* Ends the open window, if any, and begins the one at that time. */
static enum result begin_window(struct meter *meter, int64_t time)
{
    int64_t window = meter->options.window;
    enum result result = RESULT_OK;

    if (meter->window_end != INT64_MIN) {
        result = end_window(meter);
        forget_flows(meter, time);
    }
    meter->sample_start = INT64_MAX;
    meter->window_end = time - time % window + window;
    return result;
}

/* True if it lies so far before the open window that the clock must have been set back. */
static bool is_before(const struct meter *meter, int64_t time)
{
    return meter->window_end != INT64_MIN && time < meter->window_end - 2 * meter->options.window;
}

/* Ends the open window if something that began and was seen at these times is not part of it. */
static enum result look_at_time(struct meter *meter, int64_t start, int64_t seen)
{
    return start >= meter->window_end || is_before(meter, seen) ? begin_window(meter, start)
                                                                : RESULT_OK;
}

enum result meter_tick(struct meter *meter, int64_t time)
{
    enum result result = look_at_time(meter, time, time);

    return result == RESULT_OK && meter->sending ? send_ended(meter, SENT_AT_ONCE) : result;
}

static void note_start(struct meter *meter, int64_t time)
{
    if (time < meter->sample_start)
        meter->sample_start = time;
    if (meter->options.window > 0 && time < meter->window_end - meter->options.window)
        meter->counts.late++;
}

/* Which of the two ends are local. */
struct locals {
    bool src, dst;
};

/* True if traffic between the two is kept; otherwise counts it by reason. */
static bool is_kept(struct meter *meter, const struct address *src, const struct address *dst,
                    uint16_t sport, uint16_t dport, struct locals *locals)
{
    const struct meter_options *options = &meter->options;

    *locals = (struct locals){false, false};
    if (options->family != 0 && src->family != options->family) {
        meter->counts.other_family++;
        return false;
    }
    locals->src = locality_has(options->locality, src);
    locals->dst = locality_has(options->locality, dst);
    if (options->keep_all)
        return true;
    if (locals->src & locals->dst) { /* one branch: each alone is unpredictable */
        meter->counts.local++;
        return false;
    }
    if (uses_service_port(sport, dport)) {
        meter->counts.service++;
        return false;
    }
    return true;
}

/*
 * Reads the packet's part of a handshake. RESULT_END: nothing that names its flow. QUIC is not
 * decrypted for a name that would not be used.
 */
static enum result read_session(struct meter *meter, const struct packet *packet,
                                struct hello *hello)
{
    enum sni_part part = meter->sni ? sni_look(meter->sni, packet) : SNI_NOTHING;

    if (part == SNI_NOTHING || (part == SNI_BEGINS && packet->proto == IPPROTO_UDP &&
                                !flowtable_lacks_name(meter->flows, packet)))
        return RESULT_END;
    return sni_read(meter->sni, packet, hello);
}

/* Decides whether the packet is kept, and counts it if so. */
static enum result sort_packet(struct meter *meter, const struct packet *packet)
{
    bool dns = packet_is_dns(packet);
    struct locals locals;
    struct hello hello;
    enum result result;

    if (dns) {
        result = read_dns(meter, packet);
        if (result != RESULT_OK)
            return result;
    }
    if (!is_kept(meter, &packet->src, &packet->dst, packet->sport, packet->dport, &locals)) {
        if (dns && locals.src && locals.dst)
            note_start(meter, packet->time);
        return RESULT_OK;
    }
    note_start(meter, packet->time);
    result = read_session(meter, packet, &hello);
    if (result != RESULT_OK && result != RESULT_END)
        return result;
    result = flowtable_add(meter->flows, packet, locals.src, locals.dst,
                           result == RESULT_OK ? &hello : NULL);
    return result == RESULT_OK ? make_way(meter) : result;
}

enum result meter_frame(struct meter *meter, const struct frame *frame,
                        enum packet_verdict *verdict)
{
    struct packet packet;
    enum result result = RESULT_OK;

    *verdict = decoder_packet(meter->decoder, frame, &packet);
    meter->counts.verdicts[*verdict]++;
    if (*verdict != PACKET_OK)
        return RESULT_OK;
    if (meter->options.window > 0)
        result = look_at_time(meter, packet.time, packet.time);
    return result == RESULT_OK ? sort_packet(meter, &packet) : result;
}

enum result meter_connection(struct meter *meter, const struct connection *connection)
{
    struct connection kept = *connection;
    char logged_id[FLOW_LOGGED_ID_MAX];
    size_t length = 0;
    struct locals locals;
    enum result result = RESULT_OK;

    if (meter->options.window > 0)
        result = connection->seen > 0 ? look_at_time(meter, connection->seen, connection->seen)
                                      : look_at_time(meter, connection->start, connection->last);
    if (result != RESULT_OK || !is_kept(meter, &connection->orig, &connection->resp,
                                        connection->orig_port, connection->resp_port, &locals))
        return result;
    if (meter->options.extended)
        length = make_logged_id(connection, logged_id);
    else
        kept.service = NULL;
    if (!meter->options.session_names)
        kept.uid = NULL;
    join_payload(&kept);
    note_start(meter, connection->start);
    result = flowtable_add_connection(meter->flows, &kept, length > 0 ? logged_id : NULL, length,
                                      locals.src, locals.dst);
    return result == RESULT_OK ? make_way(meter) : result;
}

enum result meter_session(struct meter *meter, const char *uid, size_t uid_length,
                          const struct hostname *said)
{
    return flowtable_name_connection(meter->flows, uid, uid_length, said);
}

enum result meter_name(struct meter *meter, const struct address *address, const char *name,
                       size_t length, int64_t time)
{
    return meter->options.sink.name(meter->options.sink.context, address, name, length, time);
}

const struct meter_counts *meter_counts(const struct meter *meter)
{
    return &meter->counts;
}

uint64_t meter_unnamed(const struct meter *meter)
{
    return flowtable_unnamed(meter->flows);
}

size_t meter_flows(const struct meter *meter)
{
    return flowtable_count(meter->flows);
}

size_t meter_bytes(const struct meter *meter)
{
    return flowtable_bytes(meter->flows);
}
