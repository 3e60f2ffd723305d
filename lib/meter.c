#include "meter.h"

#include "bytes.h"
#include "communityid.h"
#include "dns.h"
#include "flowtable.h"
#include "sni.h"

#include <stdlib.h>
#include <string.h>

#define DNS_PORT 53

/* What names may remember before they are forgotten early, where they are to be forgotten. */
#define NAMES_MOST 2000000u

struct meter {
    struct meter_options options;
    struct decoder *decoder;
    struct flowtable *flows;
    struct sni *sni; /* NULL: handshakes are not read */
    struct names *names;
    struct names *older_names; /* from before names_since, where names are forgotten; else NULL */
    int64_t names_since;
    struct meter_counts counts;
    int64_t window_end;   /* of the window that is open; INT64_MIN before the first packet */
    int64_t sample_start; /* INT64_MAX before the first packet that counts */
};

static enum result begin_names(struct meter *meter)
{
    enum result result = names_init(&meter->names);

    if (result == RESULT_OK && meter->options.name_horizon > 0)
        names_set_horizon(meter->names, meter->options.name_horizon);
    return result;
}

enum result meter_init(struct meter **meter, const struct meter_options *options)
{
    struct meter *new = calloc(1, sizeof *new);
    enum result result;

    if (!new)
        return RESULT_NO_MEMORY;
    new->options = *options;
    new->window_end = INT64_MIN;
    new->sample_start = INT64_MAX;
    result = decoder_init(&new->decoder, options->open_tunnels);
    if (result == RESULT_OK)
        result = flowtable_init(&new->flows);
    if (result == RESULT_OK)
        result = begin_names(new);
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
        sni_destroy(&(*meter)->sni);
        names_destroy(&(*meter)->names);
        names_destroy(&(*meter)->older_names);
        free(*meter);
        *meter = NULL;
    }
}

/* Protocols that tell of the inside, whoever the peer is: DHCP, NetBIOS, LDAP, SMB, SSDP, mDNS. */
static bool is_service_port(uint16_t port)
{
    switch (port) {
    case 67:
    case 68:
    case 137:
    case 139:
    case 389:
    case 445:
    case 636:
    case 1900:
    case 5353:
    case 5355:
        return true;
    default:
        return false;
    }
}

/* Of two ports one is high nearly always; to ask in this order is what a processor can foresee. */
static bool uses_service_port(uint16_t sport, uint16_t dport)
{
    return is_service_port(sport < dport ? sport : dport) ||
           is_service_port(sport < dport ? dport : sport);
}

/* A dns_answer_fn: what a response told, at the time of its packet. */
struct learning {
    struct names *names;
    int64_t time;
};

static enum result learn(void *context, const struct address *address, const char *name,
                         size_t length)
{
    const struct learning *learning = context;

    return names_add(learning->names, address, name, length, learning->time);
}

/* Over TCP each message has its length in front (RFC 1035 section 4.2.2). */
static enum result read_dns(struct meter *meter, const struct packet *packet)
{
    struct learning learning = {meter->names, packet->time};
    const uint8_t *p = packet->payload;
    uint32_t left = packet->captured;
    enum result result = RESULT_OK;

    if (packet->proto == IPPROTO_UDP) {
        result = dns_read(p, left, learn, &learning);
    } else {
        while (left > 2 && be16(p) <= left - 2 && result == RESULT_OK) {
            uint16_t length = be16(p);

            result = dns_read(p + 2, length, learn, &learning);
            p += 2u + length;
            left -= 2u + length;
        }
    }
    return result == RESULT_DAMAGED ? RESULT_OK : result;
}

static bool is_dns(const struct packet *packet)
{
    return packet->sport == DNS_PORT || packet->dport == DNS_PORT;
}

/* The older names are those of before, or the earliest of after. */
static bool find_passive(struct meter *meter, const struct record *record, struct name_ref *found)
{
    struct name_ref older;
    bool is_found = names_find(meter->names, &record->dst, record->start, found);

    if ((is_found && found->before) || !meter->older_names ||
        !names_find(meter->older_names, &record->dst, record->start, &older))
        return is_found;
    *found = older;
    return true;
}

/* Names the destination, in the order of secflow(7), "How a destination gets its name". */
static void name_destination(struct meter *meter, const struct flow *flow, struct record *record)
{
    struct name_ref passive, cached;
    bool is_passive, is_cached;

    if (flow->name) {
        record->name_source = NAME_SESSION;
        record->name = flow->name;
        record->name_length = flow->name_length;
        return;
    }
    is_passive = find_passive(meter, record, &passive);
    is_cached = !(is_passive && passive.before) && meter->options.cache &&
                names_find(meter->options.cache, &record->dst, record->start, &cached);

    record->name_source = NAME_ORIGINAL;
    if (is_cached) {
        record->name_source = NAME_CACHE;
        record->name = cached.text;
        record->name_length = cached.length;
    } else if (is_passive) {
        record->name_source = NAME_PASSIVE;
        record->name = passive.text;
        record->name_length = passive.length;
    }
}

static bool has_ports(uint8_t proto)
{
    return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

/* The id of the flow's first packet; "" for ICMP whose type was not captured. */
static void identify_flow(const struct flow *flow, char text[COMMUNITYID_TEXT])
{
    const struct address *from = flow->first_from_src ? &flow->src : &flow->dst;
    const struct address *to = flow->first_from_src ? &flow->dst : &flow->src;
    uint16_t sport = flow->first_from_src ? flow->sport : flow->dport;
    uint16_t dport = flow->first_from_src ? flow->dport : flow->sport;

    text[0] = '\0';
    if (has_ports(flow->proto))
        communityid_format(from, to, flow->proto, sport, dport, text);
    else if (flow->icmp_known)
        communityid_format(from, to, flow->proto, flow->icmp_type, flow->icmp_code, text);
}

/*
 * Whether the log has another id for the connection than it would be given anyway. In the usual
 * log, of seed 0, it has not, which saves the memory.
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

static enum result write_flow(struct meter *meter, const struct flow *flow)
{
    char community_id[COMMUNITYID_TEXT];
    struct record record = {
        .src = flow->src,
        .dst = flow->dst,
        .sport = flow->sport,
        .dport = flow->dport,
        .proto = flow->proto,
        .src_packets = flow->src_packets,
        .src_bytes = flow->src_bytes,
        .dst_packets = flow->dst_packets,
        .dst_bytes = flow->dst_bytes,
        .start = flow->start,
        .last = flow->last,
    };

    name_destination(meter, flow, &record);
    if (meter->options.extended && flow->label) {
        record.community_id = flow->label;
    } else if (meter->options.extended) {
        identify_flow(flow, community_id);
        record.community_id = community_id;
    }
    return record_write(meter->options.writer, &record);
}

/* Writes flows from an index on, at most as many as names are fetched for at once. */
static enum result write_flows(struct meter *meter, size_t first, size_t count)
{
    struct flow flows[NAMES_PREFETCH];
    const struct address *destinations[NAMES_PREFETCH] = {NULL};
    enum result result = RESULT_OK;

    for (size_t i = 0; i < count; i++) {
        flowtable_get(meter->flows, first + i, &flows[i]);
        destinations[i] = &flows[i].dst;
    }
    names_prefetch(meter->names, destinations, count);
    for (size_t i = 0; i < count && result == RESULT_OK; i++)
        result = write_flow(meter, &flows[i]);
    return result;
}

/* Writes the first flows of the table. */
static enum result write_first(struct meter *meter, size_t count)
{
    enum result result = RESULT_OK;

    if (count > 0)
        record_writer_begin(meter->options.writer, meter->sample_start);
    for (size_t i = 0; i < count && result == RESULT_OK; i += NAMES_PREFETCH)
        result = write_flows(meter, i, count - i < NAMES_PREFETCH ? count - i : NAMES_PREFETCH);
    return result == RESULT_OK ? record_writer_flush(meter->options.writer) : result;
}

enum result meter_finish(struct meter *meter)
{
    size_t count;
    enum result result = flowtable_finish(meter->flows, meter->options.window == 0, &count);

    return result == RESULT_OK ? write_first(meter, count) : result;
}

/* Makes room: of flows of which only direction and name were kept, else of those idle longest. */
static enum result limit_flows(struct meter *meter)
{
    size_t limit = meter->options.flow_limit, count;
    enum result result;

    if (limit == 0 || flowtable_count(meter->flows) < limit)
        return RESULT_OK;
    result = flowtable_keep(meter->flows, 0);
    if (result != RESULT_OK || flowtable_count(meter->flows) < limit / 4 * 3)
        return result;
    result = flowtable_divide(meter->flows, &count);
    if (result == RESULT_OK)
        result = write_first(meter, count);
    meter->counts.early += count;
    return result == RESULT_OK ? flowtable_keep(meter->flows, count) : result;
}

/* Forgets names that were old when the latest ones began. */
static enum result limit_names(struct meter *meter, int64_t time)
{
    int64_t memory = meter->options.name_memory;

    if (memory == 0 ||
        (time - meter->names_since < memory && names_count(meter->names) < NAMES_MOST))
        return RESULT_OK;
    names_destroy(&meter->older_names);
    meter->older_names = meter->names;
    meter->names = NULL;
    meter->names_since = time;
    return begin_names(meter);
}

/* Ends the open window, if one is, and begins that of the time. */
static enum result begin_window(struct meter *meter, int64_t time)
{
    int64_t window = meter->options.window;
    enum result result = RESULT_OK;

    if (meter->window_end != INT64_MIN) {
        result = meter_finish(meter);
        meter->counts.windows++;
    }
    flowtable_next_window(meter->flows);
    meter->sample_start = INT64_MAX;
    meter->window_end = time - time % window + window;
    return result == RESULT_OK ? limit_names(meter, time) : result;
}

enum result meter_tick(struct meter *meter, int64_t time)
{
    bool back =
        meter->window_end != INT64_MIN && time < meter->window_end - 3 * meter->options.window;

    if (back)
        meter->names_since = time;
    return back || time >= meter->window_end ? begin_window(meter, time) : RESULT_OK;
}

static void note_start(struct meter *meter, int64_t time)
{
    if (time < meter->sample_start)
        meter->sample_start = time;
    if (meter->options.window > 0 && time < meter->window_end - meter->options.window)
        meter->counts.late++;
}

/* Which of two ends are local. */
struct locals {
    bool src, dst;
};

/* Whether traffic between the two is kept; what is not is counted, by reason. */
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
    if (locals->src & locals->dst) { /* one branch: either alone is a toss-up */
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
 * Reads what the packet is of a handshake. RESULT_END: nothing that names its flow. QUIC is not
 * decrypted for a name that would not be taken.
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

/* Decides whether the packet is kept, and counts it where it is. */
static enum result sort_packet(struct meter *meter, const struct packet *packet)
{
    bool dns = is_dns(packet);
    struct locals locals;
    struct hello hello;
    enum result result;

    if (dns && packet->captured > 0) {
        result = read_dns(meter, packet);
        if (result == RESULT_OK && names_count(meter->names) >= NAMES_MOST)
            result = limit_names(meter, packet->time);
        if (result != RESULT_OK)
            return result;
    }
    if (!is_kept(meter, &packet->src, &packet->dst, packet->sport, packet->dport, &locals)) {
        if (dns && locals.src && locals.dst)
            note_start(meter, packet->time);
        return RESULT_OK;
    }
    note_start(meter, packet->time);
    result = limit_flows(meter);
    if (result != RESULT_OK)
        return result;
    result = read_session(meter, packet, &hello);
    if (result != RESULT_OK && result != RESULT_END)
        return result;
    return flowtable_add(meter->flows, packet, locals.src, locals.dst,
                         result == RESULT_OK ? &hello : NULL);
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
    if (meter->options.window > 0 && packet.time >= meter->window_end)
        result = begin_window(meter, packet.time);
    return result == RESULT_OK ? sort_packet(meter, &packet) : result;
}

enum result meter_connection(struct meter *meter, const struct connection *connection)
{
    const char *label = NULL;
    struct locals locals;

    if (!is_kept(meter, &connection->orig, &connection->resp, connection->orig_port,
                 connection->resp_port, &locals))
        return RESULT_OK;
    if (meter->options.extended && has_other_id(connection))
        label = connection->community_id;
    note_start(meter, connection->start);
    return flowtable_add_connection(meter->flows, connection, label,
                                    connection->community_id_length, locals.src, locals.dst);
}

enum result meter_session(struct meter *meter, const char *uid, size_t uid_length,
                          const struct hello *hello)
{
    return flowtable_name_connection(meter->flows, uid, uid_length, hello);
}

const struct meter_counts *meter_counts(const struct meter *meter)
{
    return &meter->counts;
}

struct names *meter_names(struct meter *meter)
{
    return meter->names;
}

struct names *meter_older_names(struct meter *meter)
{
    return meter->older_names;
}
