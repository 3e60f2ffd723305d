/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic KIND FILE: writes a capture to measure with, or to show the tools on. Real captures can
 * be neither published nor made larger; these can, and one KIND is the same bytes at every run.
 *
 *   big    100,000 flows of about 20 packets each, whole: two million packets, 1.3 GB
 *   hdr    the same packets, 128 bytes kept of each
 *   many   1,000,000 flows of about 4 packets, 96 bytes kept of each
 *   many6  the same over IPv6
 *   demo   a few hundred packets of a small network, in which everything happens once, and one host
 *          calls home
 *
 * Local clients talk to public servers: 80% TCP with handshake, data, acknowledgements and end, 10%
 * DNS lookups whose answers name the addresses of later flows, 5% other UDP and 5% ICMP echo. Sizes
 * are heavy-tailed and flows interleave. Lengths and checksums are right, payload is noise behind a
 * plausible first line, or the handshake of TLS or QUIC that names the server.
 *
 * Only the flows under way are in memory: they wait in a heap, and each builds a packet when it is
 * due, straight into the output buffer.
 */
#include "quic_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { ETHERNET = 14, RECORD_HEADER = 16, FRAME_MAX = 1514, BUFFER_SIZE = 1 << 20 };
enum { POOL_SIZE = 1 << 20, MAX_PACKETS = 20000, MAX_RESOLVED = 5000 };
enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_PTR = 12, TYPE_AAAA = 28 };

#define EPOCH 1700000000u        /* of the first packets, in seconds */
#define SECOND UINT64_C(1000000) /* all times are microseconds since EPOCH */
#define END (3600 * SECOND)      /* flows are spread over this long */
#define WHOLE 262144u            /* a snap length that cuts nothing */
#define SEED UINT64_C(0x5ec2f10e)

/* The properties of a capture. */
struct recipe {
    const char *kind;
    uint32_t flows; /* 0: the flows of the demonstration */
    double mean_packets;
    uint32_t snaplen;
    bool v6;
};

/* A public service: a name, the aliases behind it, and the addresses at their end. */
struct site {
    char name[48];
    char chain[3][48];
    size_t aliases, addresses;
    uint8_t v4[4][4], v6[4][16];
    uint16_t port;
};

struct client {
    uint8_t v4[4], v6[16];
    uint16_t next_port;
};

/* A client and the site that it has looked up or talks to. */
struct pair {
    struct client *client;
    const struct site *site;
};

enum flow_kind { FLOW_TCP, FLOW_DNS, FLOW_MDNS, FLOW_NTP, FLOW_QUIC, FLOW_ECHO };

/* A flow under way. Of pairs, [0] is the client and [1] the server. */
struct flow {
    uint64_t due;    /* when its next packet is sent */
    uint64_t serial; /* the order of packets due at the same time */
    enum flow_kind kind;
    bool v6;
    uint8_t protocol;
    uint8_t ends[2][16]; /* addresses; an IPv4 one takes the first 4 bytes */
    uint16_t ports[2];
    uint8_t ttl[2];
    uint16_t ident[2];
    uint32_t label;          /* IPv6 flow label */
    const struct site *site; /* NULL: a server that has no name */
    uint32_t size, sent;     /* packets; ICMP: requests */
    uint32_t rtt, gap;       /* microseconds */
    uint16_t query_type, query_id;
    bool exists;   /* the name looked up */
    bool replying; /* ICMP: the reply is due, not the next request */
    uint32_t seq[2];
    bool stamps;                 /* TCP timestamps are in use */
    uint32_t stamp[2], heard[2]; /* timestamp clocks; the last value from the other side */
    bool greeted[2];             /* the first line was sent */
    bool unacked;                /* the previous packet was data, of `last`: */
    int last;
    uint32_t last_size, last_at; /* bytes, and their offset in the pool; 0 bytes: not sent again */
};

struct writer {
    const char *path;
    int fd;
    uint32_t snaplen;
    uint64_t packets, wire_bytes;
    size_t used;
    uint8_t buffer[BUFFER_SIZE];
};

struct traffic {
    uint64_t rng;
    bool v6;
    double size_low, size_tail; /* of the bounded Pareto distribution of flow sizes */
    struct client *clients;
    struct site *sites;
    size_t client_count, site_count;
    struct pair resolved[MAX_RESOLVED]; /* a ring of lookups that no flow has followed yet */
    size_t resolved_first, resolved_count;
    struct flow **heap; /* the earliest due on top */
    size_t heap_count, heap_room;
    uint64_t flows;
    struct writer out;
    uint8_t pool[POOL_SIZE + 2048]; /* random bytes, from which payload is sliced */
};

/* ---- small helpers ---- */

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void *allocate(void *old, size_t count, size_t size)
{
    void *p = reallocarray(old, count, size);

    if (!p)
        die("memory");
    return p;
}

/* splitmix64 */
static uint64_t rng_next(struct traffic *g)
{
    uint64_t z = g->rng += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* low <= answer < high */
static uint32_t rng_range(struct traffic *g, uint32_t low, uint32_t high)
{
    return low + (uint32_t)((rng_next(g) >> 32) * (high - low) >> 32);
}

/* 0 <= answer < 1 */
static double rng_unit(struct traffic *g)
{
    return (double)(rng_next(g) >> 11) * 0x1p-53;
}

static bool rng_chance(struct traffic *g, double p)
{
    return rng_unit(g) < p;
}

static uint64_t rng_exponential(struct traffic *g, uint32_t mean)
{
    return (uint64_t)(-log(1 - rng_unit(g)) * mean);
}

static void rng_fill(struct traffic *g, uint8_t *p, size_t length)
{
    for (size_t i = 0; i < length; i++)
        p[i] = (uint8_t)rng_next(g);
}

/* Each put_ function writes at p and returns where the next one writes. */
static uint8_t *put8(uint8_t *p, uint32_t value)
{
    *p = (uint8_t)value;
    return p + 1;
}

static uint8_t *put16(uint8_t *p, size_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
    return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t value)
{
    return put16(put16(p, value >> 16), value & 0xffff);
}

static uint8_t *put_le32(uint8_t *p, uint64_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> 8 * i);
    return p + 4;
}

static uint8_t *put_bytes(uint8_t *p, const void *bytes, size_t length)
{
    memcpy(p, bytes, length);
    return p + length;
}

static uint8_t *put_text(uint8_t *p, const char *text)
{
    return put_bytes(p, text, strlen(text));
}

/* ---- the capture file ---- */

static void writer_flush(struct writer *w)
{
    for (size_t done = 0; done < w->used;) {
        ssize_t n = write(w->fd, w->buffer + done, w->used - done);

        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            die(w->path);
    }
    w->used = 0;
}

static void writer_open(struct writer *w, const char *path, uint32_t snaplen)
{
    uint8_t *p = w->buffer;

    w->path = path;
    w->snaplen = snaplen;
    w->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (w->fd < 0)
        die(path);
    p = put_le32(p, 0xa1b2c3d4);
    p = put_le32(p, 4 << 16 | 2); /* version 2.4 */
    p = put_le32(p, 0);
    p = put_le32(p, 0);
    p = put_le32(p, snaplen);
    p = put_le32(p, 1); /* Ethernet */
    w->used = (size_t)(p - w->buffer);
}

static void writer_close(struct writer *w)
{
    writer_flush(w);
    if (close(w->fd) != 0)
        die(w->path);
}

/* Where to build the next frame; there is space for FRAME_MAX bytes. */
static uint8_t *writer_begin(struct writer *w)
{
    if (BUFFER_SIZE - w->used < RECORD_HEADER + FRAME_MAX)
        writer_flush(w);
    return w->buffer + w->used + RECORD_HEADER;
}

static void writer_end(struct writer *w, uint64_t when, size_t length)
{
    size_t kept = length < w->snaplen ? length : w->snaplen;
    uint8_t *p = w->buffer + w->used;

    p = put_le32(p, EPOCH + when / SECOND);
    p = put_le32(p, when % SECOND);
    p = put_le32(p, kept);
    put_le32(p, length);
    w->used += RECORD_HEADER + kept;
    w->packets++;
    w->wire_bytes += length;
}

/* ---- frames ---- */

/* The ones' complement sum of 16-bit words is the same in either byte order. */
static uint64_t sum_bytes(const uint8_t *p, size_t length)
{
    uint64_t sum = 0;
    uint32_t word;

    for (; length >= sizeof word; p += sizeof word, length -= sizeof word) {
        memcpy(&word, p, sizeof word);
        sum += word;
    }
    word = 0;
    memcpy(&word, p, length);
    return sum + word;
}

static void put_checksum(uint8_t *p, uint64_t sum)
{
    uint16_t value;

    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    value = (uint16_t)~sum;
    memcpy(p, &value, sizeof value);
}

static size_t ip_size(const struct flow *f)
{
    return f->v6 ? 40 : 20;
}

/* Starts a frame of the flow; returns where its transport header goes. */
static uint8_t *frame_begin(struct traffic *g, const struct flow *f)
{
    return writer_begin(&g->out) + ETHERNET + ip_size(f);
}

static void put_ethernet(uint8_t *p, const struct flow *f, int from)
{
    static const uint8_t macs[2][6] = {{2, 0, 10, 0, 0, 1}, {2, 0, 10, 0, 0, 254}};
    static const uint8_t mdns_mac[6] = {1, 0, 94, 0, 0, 251};

    p = put_bytes(p, f->kind == FLOW_MDNS ? mdns_mac : macs[!from], 6);
    p = put_bytes(p, macs[from], 6);
    put16(p, f->v6 ? 0x86dd : 0x0800);
}

/* Returns the sum of the addresses, for the pseudo header. */
static uint64_t put_ipv4(uint8_t *ip, struct flow *f, int from, size_t payload)
{
    uint8_t *p = put16(ip, 0x4500);

    p = put16(p, 20 + payload);
    p = put16(p, ++f->ident[from]);
    p = put16(p, 0x4000); /* not to be fragmented */
    p = put8(p, f->ttl[from]);
    p = put8(p, f->protocol);
    p = put16(p, 0);
    p = put_bytes(p, f->ends[from], 4);
    put_bytes(p, f->ends[!from], 4);
    put_checksum(ip + 10, sum_bytes(ip, 20));
    return sum_bytes(ip + 12, 8);
}

static uint64_t put_ipv6(uint8_t *ip, const struct flow *f, int from, size_t payload)
{
    uint8_t *p = put32(ip, 6u << 28 | f->label);

    p = put16(p, payload);
    p = put8(p, f->protocol);
    p = put8(p, f->ttl[from]);
    p = put_bytes(p, f->ends[from], 16);
    put_bytes(p, f->ends[!from], 16);
    return sum_bytes(ip + 8, 32);
}

/* Ends the frame that frame_begin() started; its transport segment reaches to `end`. */
static void frame_end(struct traffic *g, struct flow *f, int from, const uint8_t *end)
{
    uint8_t *frame = g->out.buffer + g->out.used + RECORD_HEADER, *ip = frame + ETHERNET;
    uint8_t *segment = ip + ip_size(f), *checksum = segment + 2;
    size_t size = (size_t)(end - segment);
    uint64_t pseudo;

    if (f->protocol == IPPROTO_UDP)
        put16(segment + 4, size);
    if (f->protocol == IPPROTO_UDP)
        checksum = segment + 6;
    else if (f->protocol == IPPROTO_TCP)
        checksum = segment + 16;
    put_ethernet(frame, f, from);
    pseudo = f->v6 ? put_ipv6(ip, f, from, size) : put_ipv4(ip, f, from, size);
    pseudo += htons(f->protocol) + (uint64_t)htons((uint16_t)size);
    if (f->protocol == IPPROTO_ICMP)
        pseudo = 0;
    put_checksum(checksum, pseudo + sum_bytes(segment, size));
    writer_end(&g->out, f->due, (size_t)(end - frame));
}

static const uint8_t *noise(struct traffic *g)
{
    return g->pool + rng_range(g, 0, POOL_SIZE);
}

/* Starts a UDP datagram; returns where its payload goes. */
static uint8_t *udp_begin(struct traffic *g, const struct flow *f, int from)
{
    uint8_t *p = frame_begin(g, f);

    p = put16(p, f->ports[from]);
    p = put16(p, f->ports[!from]);
    return put32(p, 0); /* frame_end() sets it */
}

/* ---- DNS ---- */

static uint8_t *put_name(uint8_t *p, const char *name)
{
    while (*name) {
        size_t length = strcspn(name, ".");

        p = put_bytes(put8(p, (uint32_t)length), name, length);
        name += length + (name[length] == '.');
    }
    return put8(p, 0);
}

/* Header and question; a name that does not exist is made from one that does. */
static uint8_t *put_question(uint8_t *p, const struct flow *f, uint32_t flags, size_t answers)
{
    bool invent = !f->exists && f->site->addresses > 0;
    char label[16];

    p = put16(p, f->kind == FLOW_MDNS ? 0 : f->query_id);
    p = put16(p, flags);
    p = put16(p, 1);
    p = put16(p, answers);
    p = put32(p, 0);
    if (invent) {
        int length = snprintf(label, sizeof label, "nx%u", f->query_id);

        p = put_text(put8(p, (uint32_t)length), label);
    }
    p = put_name(p, f->site->name);
    p = put16(p, f->query_type);
    return put16(p, 1);
}

static uint8_t *put_answer(uint8_t *p, size_t owner, uint16_t type, uint32_t ttl)
{
    p = put16(p, 0xc000 | owner); /* the name is the one at that offset */
    p = put16(p, type);
    p = put16(p, 1);
    return put32(p, ttl);
}

static uint8_t *put_response(uint8_t *message, const struct flow *f)
{
    const struct site *s = f->site;
    size_t owner = 12;
    uint8_t *p;

    if (!f->exists)
        return put_question(message, f, 0x8183, 0);
    p = put_question(message, f, 0x8180, s->aliases + s->addresses);
    for (size_t i = 0; i < s->aliases; i++) {
        uint8_t *data = put_answer(p, owner, TYPE_CNAME, 300) + 2;

        owner = (size_t)(data - message);
        p = put_name(data, s->chain[i]);
        put16(data - 2, (size_t)(p - data));
    }
    for (size_t i = 0; i < s->addresses; i++) {
        bool v6 = f->query_type == TYPE_AAAA;
        size_t size = v6 ? 16 : 4;

        p = put16(put_answer(p, owner, f->query_type, 60), size);
        p = put_bytes(p, v6 ? s->v6[i] : s->v4[i], size);
    }
    return p;
}

/* ---- what flows do: a step sends the packet that is due, and says whether there is a next ---- */

static bool dns_step(struct traffic *g, struct flow *f)
{
    int from = f->sent++ == 0 ? 0 : 1;
    uint8_t *p = udp_begin(g, f, from);

    if (f->kind == FLOW_MDNS)
        p = put_question(p, f, 0, 0);
    else
        p = from == 0 ? put_question(p, f, 0x0100, 0) : put_response(p, f);
    frame_end(g, f, from, p);
    f->due += rng_range(g, 300, 60000);
    return f->sent < f->size;
}

static bool ntp_step(struct traffic *g, struct flow *f)
{
    int from = f->sent++ == 0 ? 0 : 1;
    uint8_t *p = udp_begin(g, f, from), *end = put_bytes(p, noise(g), 48);

    p[0] = from == 0 ? 0x23 : 0x24; /* version 4, client or server */
    frame_end(g, f, from, end);
    f->due += rng_range(g, 5000, 90000);
    return f->sent < f->size;
}

static const char *name_of(const struct flow *f)
{
    return f->site ? f->site->name : "unknown";
}

/* A small TLS ClientHello with a server name. */
static uint8_t *put_client_hello(struct traffic *g, uint8_t *record, const char *name)
{
    static const uint8_t suites[] = {0,    14,   0x13, 1,    0x13, 2,    0x13, 3, 0xc0,
                                     0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 1, 0};
    static const uint8_t alpn[] = {0, 16,  0,   14,  0,   12,  2,   'h', '2',
                                   8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    uint8_t *hello = put32(record, 0x16030100) + 1, *p = put16(hello + 4, 0x0303), *extensions;
    size_t length = strlen(name);

    p = put_bytes(p, noise(g), 32);
    p = put_bytes(put8(p, 32), noise(g), 32);
    p = extensions = put_bytes(p, suites, sizeof suites);
    p = put32(p + 2, (uint32_t)length + 5); /* the extension server_name */
    p = put16(p, length + 3);
    p = put_bytes(put16(put8(p, 0), length), name, length);
    p = put_bytes(p, alpn, sizeof alpn);
    p = put32(p, 21 << 16 | 180); /* padding */
    memset(p, 0, 180);
    p += 180;
    put16(extensions, (size_t)(p - extensions - 2));
    put32(hello, 1u << 24 | (uint32_t)(p - hello - 4));
    put16(record + 3, (size_t)(p - hello));
    return p;
}

/* The first packet of a client of QUIC. */
static uint8_t *put_initial(struct traffic *g, uint8_t *p, const char *name)
{
    uint8_t record[512], frames[1165] = {0}, id[QUIC_ID];
    size_t length = (size_t)(put_client_hello(g, record, name) - record) - 5;
    uint8_t *data = put16(put16(frames, 6 << 8), 0x4000 | length); /* CRYPTO, of offset 0 */
    struct quic_keys keys;

    memcpy(data, record + 5, length);
    rng_fill(g, id, sizeof id);
    quic_client_keys(id, &keys);
    return p + quic_client_packet(p, id, &keys, frames, sizeof frames);
}

static bool quic_data(struct traffic *g, struct flow *f)
{
    int from = rng_chance(g, 0.25) ? 0 : 1;
    bool full = f->sent == 1 || rng_chance(g, 0.6);
    uint32_t size = full ? 1200 : rng_range(g, 30, 1200);
    uint8_t *p = udp_begin(g, f, from), *end = put_bytes(p, noise(g), size);

    put32(put8(p, 0x43), 0xc1d00000 | f->query_id); /* short header and a connection id */
    frame_end(g, f, from, end);
    f->due += 10 + rng_exponential(g, f->gap);
    return ++f->sent < f->size;
}

static bool quic_step(struct traffic *g, struct flow *f)
{
    if (f->sent == 0) {
        frame_end(g, f, 0, put_initial(g, udp_begin(g, f, 0), name_of(f)));
        f->due += f->rtt;
        return ++f->sent < f->size;
    }
    return quic_data(g, f);
}

/* One request per second; nearly all are answered. */
static bool echo_step(struct traffic *g, struct flow *f)
{
    static const uint8_t types[2][2] = {{8, 0}, {128, 129}};
    int from = f->replying ? 1 : 0;
    uint8_t *p = put8(frame_begin(g, f), types[f->v6][from]);

    p = put8(p, 0);
    p = put16(p, 0);
    p = put16(p, f->query_id);
    p = put16(p, f->sent);
    frame_end(g, f, from, put_bytes(p, g->pool, 56));
    if (!f->replying && (f->replying = rng_chance(g, 0.95))) {
        f->due += f->rtt;
        return true;
    }
    f->due += SECOND - (f->replying ? f->rtt : 0);
    f->replying = false;
    return ++f->sent < f->size;
}

static uint8_t *put_tcp_options(uint8_t *p, struct flow *f, int from, uint32_t flags)
{
    uint32_t now = f->stamp[from] + (uint32_t)(f->due / 1000);

    if (flags & SYN) {
        p = put32(p, 0x02040000 | (f->v6 ? 1440 : 1460)); /* segment size */
        p = put32(p, 0x01030307);                         /* window scale */
        p = put32(p, 0x01010402);                         /* selective acknowledgement */
    }
    if (!f->stamps)
        return p;
    f->heard[!from] = now;
    p = put32(p, 0x0101080a);
    p = put32(p, now);
    return put32(p, f->heard[from]);
}

/* Starts a TCP segment; returns where its payload goes. */
static uint8_t *tcp_begin(struct traffic *g, struct flow *f, int from, uint32_t flags)
{
    uint8_t *head = frame_begin(g, f), *p = head;

    p = put16(p, f->ports[from]);
    p = put16(p, f->ports[!from]);
    p = put32(p, f->seq[from]);
    p = put32(p, flags & ACK ? f->seq[!from] : 0);
    p = put16(p, flags); /* and the header length, below */
    p = put16(p, flags & SYN ? 64000 : 501);
    p = put32(p, 0);
    p = put_tcp_options(p, f, from, flags);
    put8(head + 12, (uint32_t)(p - head) << 2);
    if (flags & (SYN | FIN))
        f->seq[from]++;
    return p;
}

static void tcp_end(struct traffic *g, struct flow *f, int from, const uint8_t *payload,
                    uint8_t *end)
{
    f->seq[from] += (uint32_t)(end - payload);
    frame_end(g, f, from, end);
}

static void tcp_bare(struct traffic *g, struct flow *f, int from, uint32_t flags)
{
    frame_end(g, f, from, tcp_begin(g, f, from, flags));
}

static bool is_tls(const struct flow *f)
{
    return f->ports[1] == 443 || f->ports[1] == 8443 || f->ports[1] == 993;
}

/* The client's first data. */
static void tcp_greet(struct traffic *g, struct flow *f)
{
    const char *name = name_of(f);
    uint8_t *payload = tcp_begin(g, f, 0, PSH | ACK), *p = payload;

    if (is_tls(f)) {
        p = put_client_hello(g, p, name);
    } else if (f->ports[1] == 22) {
        p = put_text(p, "SSH-2.0-OpenSSH_9.2\r\n");
    } else if (f->ports[1] == 25) {
        p = put_text(p, "EHLO client\r\n");
    } else if (f->ports[1] == 80) {
        p = put_text(put_text(p, "GET / HTTP/1.1\r\nHost: "), name);
        p = put_text(p, "\r\nAccept: */*\r\n\r\n");
    } else {
        p = put_bytes(p, noise(g), 100);
    }
    tcp_end(g, f, 0, payload, p);
    f->greeted[0] = f->unacked = true;
    f->last = 0;
}

static void put_request(uint8_t *p, size_t size)
{
    memset(p, 'x', size);
    put_text(p, "GET / HTTP/1.1\r\nCookie: ");
    put_text(p + size - 4, "\r\n\r\n");
}

/* Data in the frame of its protocol; each segment holds one message. */
static uint8_t *put_data(struct flow *f, uint8_t *p, const uint8_t *bytes, size_t size)
{
    memcpy(p, bytes, size);
    if (is_tls(f))
        put16(put_bytes(p, "\x17\x03\x03", 3), size - 5);
    else if (f->ports[1] == 445)
        put32(p, (uint32_t)size - 4);
    else if (f->ports[1] == 80 && f->last == 0)
        put_request(p, size);
    else if (f->ports[1] == 80 && !f->greeted[1])
        put_text(p, "HTTP/1.1 200 OK\r\n\r\n");
    f->greeted[f->last] = true;
    return p + size;
}

static void tcp_segment(struct traffic *g, struct flow *f, uint32_t mss)
{
    uint8_t *p = tcp_begin(g, f, f->last, f->last_size == mss ? ACK : PSH | ACK);
    bool first = !f->greeted[f->last];

    tcp_end(g, f, f->last, p, put_data(f, p, g->pool + f->last_at, f->last_size));
    f->unacked = true;
    if (first)
        f->last_size = 0;
}

/* Mostly the server sends; every third packet is an acknowledgement, a few are sent again. */
static void tcp_data(struct traffic *g, struct flow *f)
{
    uint32_t mss = f->v6 ? 1428 : 1448;
    double u = rng_unit(g);

    if (f->unacked && u < 0.32) {
        tcp_bare(g, f, !f->last, ACK);
        f->unacked = false;
        return;
    }
    if (f->unacked && f->last_size > 0 && rng_chance(g, 0.003)) {
        f->seq[f->last] -= f->last_size;
    } else {
        f->last = u < 0.83;
        if (f->last == 1)
            f->last_size = rng_chance(g, 0.6) ? mss : rng_range(g, 40, mss);
        else
            f->last_size = rng_range(g, 30, 800);
        f->last_at = rng_range(g, 0, POOL_SIZE);
    }
    tcp_segment(g, f, mss);
}

static void tcp_open(struct traffic *g, struct flow *f)
{
    if (f->sent == 0)
        tcp_bare(g, f, 0, SYN);
    else if (f->sent == 1)
        tcp_bare(g, f, 1, f->size == 2 ? RST | ACK : SYN | ACK);
    else
        tcp_bare(g, f, 0, f->size == 3 ? RST : ACK);
}

static void tcp_close(struct traffic *g, struct flow *f, uint32_t phase)
{
    if (phase == 0)
        tcp_bare(g, f, 0, (f->size == 4 ? RST : FIN) | ACK);
    else if (phase == 1)
        tcp_bare(g, f, 1, (f->size == 5 ? RST : FIN) | ACK);
    else
        tcp_bare(g, f, 0, ACK);
}

/* From the packet just sent to the next one. */
static uint64_t tcp_pause(struct traffic *g, const struct flow *f, uint32_t data_end)
{
    uint64_t answer = f->sent == 4 && data_end > 3 ? f->rtt : 0; /* to the greeting */

    if (f->sent == 1)
        return f->rtt;
    if (f->sent == 2)
        return 200;
    if (f->sent < data_end)
        return f->sent == 3 ? 300 : answer + 10 + rng_exponential(g, f->gap);
    if (f->sent == data_end)
        return answer + f->rtt / 2;
    return f->sent == data_end + 1 ? f->rtt : 150;
}

static bool tcp_step(struct traffic *g, struct flow *f)
{
    uint32_t data_end = f->size > 6 ? f->size - 3 : 3;

    if (f->sent < 3)
        tcp_open(g, f);
    else if (f->sent >= data_end)
        tcp_close(g, f, f->sent - data_end);
    else if (!f->greeted[0])
        tcp_greet(g, f);
    else
        tcp_data(g, f);
    f->sent++;
    f->due += tcp_pause(g, f, data_end);
    return f->sent < f->size;
}

static bool flow_step(struct traffic *g, struct flow *f)
{
    switch (f->kind) {
    case FLOW_TCP:
        return tcp_step(g, f);
    case FLOW_DNS:
    case FLOW_MDNS:
        return dns_step(g, f);
    case FLOW_NTP:
        return ntp_step(g, f);
    case FLOW_QUIC:
        return quic_step(g, f);
    case FLOW_ECHO:
        break;
    }
    return echo_step(g, f);
}

/* ---- the heap of flows under way ---- */

static bool flow_before(const struct flow *a, const struct flow *b)
{
    return a->due != b->due ? a->due < b->due : a->serial < b->serial;
}

static void heap_push(struct traffic *g, struct flow *f)
{
    size_t i = g->heap_count++;

    if (i == g->heap_room) {
        g->heap_room = i ? 2 * i : 1024;
        g->heap = allocate(g->heap, g->heap_room, sizeof *g->heap);
    }
    for (; i > 0 && flow_before(f, g->heap[(i - 1) / 2]); i = (i - 1) / 2)
        g->heap[i] = g->heap[(i - 1) / 2];
    g->heap[i] = f;
}

/* Puts f in the place of the flow on top. */
static void heap_replace(struct traffic *g, struct flow *f)
{
    size_t i = 0, child;

    while ((child = 2 * i + 1) < g->heap_count) {
        if (child + 1 < g->heap_count && flow_before(g->heap[child + 1], g->heap[child]))
            child++;
        if (!flow_before(g->heap[child], f))
            break;
        g->heap[i] = g->heap[child];
        i = child;
    }
    g->heap[i] = f;
}

/* Sends everything that is due before `until`. */
static void run(struct traffic *g, uint64_t until)
{
    while (g->heap_count > 0 && g->heap[0]->due < until) {
        struct flow *f = g->heap[0];

        if (flow_step(g, f)) {
            heap_replace(g, f);
        } else {
            heap_replace(g, g->heap[--g->heap_count]);
            free(f);
        }
    }
}

/* ---- the start of a flow ---- */

static uint8_t protocol_of(enum flow_kind kind, bool v6)
{
    if (kind == FLOW_TCP)
        return IPPROTO_TCP;
    if (kind == FLOW_ECHO)
        return v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
    return IPPROTO_UDP;
}

/* The kind, site, size and query are set by the caller, all before the next run(). */
static struct flow *flow_start(struct traffic *g, uint64_t due, bool v6, const uint8_t *client,
                               const uint8_t *server)
{
    static const uint32_t gaps[] = {2000, 20000, 200000};
    struct flow *f = allocate(NULL, 1, sizeof *f);

    memset(f, 0, sizeof *f);
    f->due = due;
    f->serial = g->flows++;
    f->v6 = v6;
    memcpy(f->ends[0], client, v6 ? 16 : 4);
    memcpy(f->ends[1], server, v6 ? 16 : 4);
    f->ttl[0] = 64;
    f->ttl[1] = (uint8_t)(64 - rng_range(g, 5, 20));
    f->label = rng_range(g, 0, 1 << 20);
    f->rtt = rng_range(g, 4000, 120000);
    f->gap = gaps[rng_range(g, 0, 3)];
    f->query_id = (uint16_t)rng_next(g);
    f->exists = true;
    f->stamps = rng_chance(g, 0.6);
    for (int i = 0; i < 2; i++) {
        f->ident[i] = (uint16_t)rng_next(g);
        f->seq[i] = (uint32_t)rng_next(g);
        f->stamp[i] = (uint32_t)rng_next(g);
    }
    heap_push(g, f);
    return f;
}

static void flow_set(struct flow *f, enum flow_kind kind, uint16_t from, uint16_t to, uint32_t size)
{
    f->kind = kind;
    f->protocol = protocol_of(kind, f->v6);
    f->ports[0] = from;
    f->ports[1] = to;
    f->size = size;
}

/* ---- a population of flows ---- */

static const double alpha = 1.2; /* of the Pareto distribution of sizes */

/* The mean of that distribution when it is bounded by `low` and MAX_PACKETS. */
static double pareto_mean(double low)
{
    double r = low / MAX_PACKETS;

    return low * alpha / (alpha - 1) * (1 - pow(r, alpha - 1)) / (1 - pow(r, alpha));
}

static void set_mean_size(struct traffic *g, double mean)
{
    double low = 1e-3, high = mean;

    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        if (pareto_mean(middle) < mean)
            low = middle;
        else
            high = middle;
    }
    g->size_low = low;
    g->size_tail = pow(low / MAX_PACKETS, alpha);
}

static uint32_t random_size(struct traffic *g)
{
    double u = rng_unit(g);

    return (uint32_t)fmax(1, round(g->size_low * pow(1 - u * (1 - g->size_tail), -1 / alpha)));
}

/* Index into weights that add up to 100. */
static size_t rng_weighted(struct traffic *g, const uint8_t *weights)
{
    uint32_t u = rng_range(g, 0, 100);
    size_t i = 0;

    for (; u >= weights[i]; i++)
        u -= weights[i];
    return i;
}

/* Avoids every first byte of a special-purpose network. */
static void random_public(struct traffic *g, uint8_t *v4)
{
    do {
        rng_fill(g, v4, 4);
    } while (v4[0] == 0 || v4[0] >= 224 || memchr("\x0a\x64\x7f\xa9\xac\xc0\xc6\xcb", v4[0], 8));
}

static void site_init(struct traffic *g, struct site *s, unsigned number)
{
    static const char *const prefixes[] = {"www.", "api.", "cdn.", "static.", ""};
    static const char *const tops[] = {"com", "com", "net", "org", "io", "example"};
    static const uint8_t depths[] = {50, 30, 15, 5}, sizes[] = {50, 30, 20};
    static const uint8_t port_weights[] = {76, 16, 3, 2, 2, 1};
    static const uint16_t ports[] = {443, 80, 8443, 22, 993, 25};
    const char *prefix = prefixes[rng_range(g, 0, COUNT(prefixes))];
    const char *top = tops[rng_range(g, 0, COUNT(tops))];

    snprintf(s->name, sizeof s->name, "%ssite%u.%s", prefix, number, top);
    s->aliases = rng_weighted(g, depths);
    for (unsigned i = 0; i < s->aliases; i++)
        snprintf(s->chain[i], sizeof s->chain[i], "edge%u-%u.provider%u.net", i, number,
                 rng_range(g, 0, 40));
    s->addresses = (size_t)1 << rng_weighted(g, sizes);
    for (size_t i = 0; i < s->addresses; i++) {
        random_public(g, s->v4[i]);
        put16(s->v6[i], 0x2a00);
        rng_fill(g, s->v6[i] + 2, 14);
    }
    s->port = ports[rng_weighted(g, port_weights)];
}

static void client_init(struct traffic *g, struct client *c, bool in_ten)
{
    rng_fill(g, c->v4, 4);
    memcpy(c->v4, in_ten ? "\x0a" : "\xc0\xa8", in_ten ? 1 : 2);
    c->v4[3] = (uint8_t)rng_range(g, 2, 255);
    put16(c->v6, 0xfd00);
    rng_fill(g, c->v6 + 2, 14);
    c->next_port = (uint16_t)rng_range(g, 49152, 53152);
}

static void populate(struct traffic *g, uint32_t flows)
{
    g->client_count = flows / 500;
    g->clients = allocate(NULL, g->client_count, sizeof *g->clients);
    for (size_t i = 0; i < g->client_count; i++)
        client_init(g, &g->clients[i], i % 2);
    g->site_count = flows / 20;
    g->sites = allocate(NULL, g->site_count, sizeof *g->sites);
    for (size_t i = 0; i < g->site_count; i++)
        site_init(g, &g->sites[i], (unsigned)i);
}

static uint16_t client_port(struct client *c)
{
    uint16_t port = c->next_port;

    c->next_port = port == 65535 ? 49152 : (uint16_t)(port + 1);
    return port;
}

/* Squaring favors the sites with low numbers. */
static struct pair random_pair(struct traffic *g)
{
    double u = rng_unit(g);

    return (struct pair){&g->clients[rng_range(g, 0, (uint32_t)g->client_count)],
                         &g->sites[(size_t)(u * u * (double)g->site_count)]};
}

/* A client and the site that it talks to next: often one that it has just looked up. */
static struct pair next_pair(struct traffic *g)
{
    if (g->resolved_count == 0 || rng_chance(g, 0.5))
        return random_pair(g);
    g->resolved_count--;
    return g->resolved[g->resolved_first++ % MAX_RESOLVED];
}

static void remember_lookup(struct traffic *g, struct pair pair)
{
    if (g->resolved_count == MAX_RESOLVED) {
        g->resolved_first++;
        g->resolved_count--;
    }
    g->resolved[(g->resolved_first + g->resolved_count++) % MAX_RESOLVED] = pair;
}

static void start_lookup(struct traffic *g, uint64_t due)
{
    static const uint8_t local4[2][4] = {{192, 168, 0, 53}, {10, 0, 0, 53}};
    static const uint8_t public4[3][4] = {{8, 8, 8, 8}, {1, 1, 1, 1}, {9, 9, 9, 9}};
    static const uint8_t local6[16] = {0xfd, [15] = 0x53};
    static const uint8_t public6[16] = {0x26, 0x20, 0, 0xfe, [15] = 0xfe};
    struct pair pair = random_pair(g);
    struct client *c = pair.client;
    bool local = rng_chance(g, 0.5);
    const uint8_t *resolver = local ? local4[c->v4[0] == 10] : public4[rng_range(g, 0, 3)];
    struct flow *f;

    if (g->v6)
        resolver = local ? local6 : public6;
    f = flow_start(g, due, g->v6, g->v6 ? c->v6 : c->v4, resolver);
    flow_set(f, FLOW_DNS, client_port(c), 53, rng_chance(g, 0.01) ? 1 : 2);
    f->site = pair.site;
    f->query_type = g->v6 || rng_chance(g, 0.1) ? TYPE_AAAA : TYPE_A;
    f->exists = !rng_chance(g, 0.05);
    if (f->exists)
        remember_lookup(g, pair);
}

static void start_conversation(struct traffic *g, uint64_t due, enum flow_kind kind)
{
    struct pair pair = next_pair(g);
    struct client *c = pair.client;
    const struct site *s = pair.site;
    size_t i = rng_range(g, 0, (uint32_t)s->addresses);
    struct flow *f = flow_start(g, due, g->v6, g->v6 ? c->v6 : c->v4, g->v6 ? s->v6[i] : s->v4[i]);
    uint16_t port = client_port(c);
    uint64_t room;

    f->site = s;
    if (kind == FLOW_ECHO)
        flow_set(f, kind, 0, 0, (uint32_t)fmin(20, 1 - 1.6 * log(1 - rng_unit(g))));
    else if (kind == FLOW_QUIC && rng_chance(g, 0.2))
        flow_set(f, FLOW_NTP, port, 123, 2);
    else
        flow_set(f, kind, port, kind == FLOW_QUIC ? 443 : s->port, random_size(g));
    if (kind == FLOW_QUIC)
        f->gap /= 2;
    room = (END - due) / (f->size + 1); /* large flows must be fast to end in time */
    if (room < f->gap)
        f->gap = (uint32_t)fmax(50, (double)room);
}

static void generate(struct traffic *g, const struct recipe *r)
{
    static const uint8_t weights[] = {80, 10, 5, 5};
    static const enum flow_kind kinds[] = {FLOW_TCP, FLOW_DNS, FLOW_QUIC, FLOW_ECHO};
    double slot = (double)END * 0.97 / r->flows;

    /*
     * of 100 flows, 10 lookups have 2 packets and 5 echoes about 4; the rest must make up for that
     */
    set_mean_size(g, (100 * r->mean_packets - 10 * 2 - 5 * 4) / 85);
    populate(g, r->flows);
    for (uint32_t i = 0; i < r->flows; i++) {
        uint64_t due = (uint64_t)((i + rng_unit(g)) * slot);
        enum flow_kind kind = kinds[rng_weighted(g, weights)];

        run(g, due);
        if (kind == FLOW_DNS)
            start_lookup(g, due);
        else
            start_conversation(g, due, kind);
    }
    run(g, UINT64_MAX);
    free(g->clients);
    free(g->sites);
}

/* ---- the demonstration ---- */

/* NULL ends a chain or a list of addresses. */
static const struct {
    const char *name, *chain[3], *v4[3], *v6[3];
} demo_sites[] = {
    {"www.example.com", {0}, {"93.184.215.14"}, {"2606:2800:21f:cb07:6820:80da:af6b:8b2c"}},
    {"cdn.example.org",
     {"cdn.example.org.edge.example.net", "pop7.edge.example.net"},
     {"1.1.1.1", "1.0.0.1"},
     {"2606:4700:4700::1111", "2606:4700:4700::1001"}},
    {"mail.example.net", {0}, {"193.0.14.129"}, {"2001:7fd::1"}},
    {"video.example.com", {"video.edge.example.net"}, {"199.7.83.42"}, {"2001:500:9f::42"}},
    {"time.example.org", {0}, {"162.159.200.1", "162.159.200.123"}, {"2606:4700:f1::1"}},
    {"printer.example.com", {0}, {0}, {0}}, /* does not exist */
    {"_smb._tcp.local", {0}, {0}, {0}},
};

#define LAPTOP "192.168.1.20"
#define LAPTOP6 "fd5e:cf10:e::20"
#define PHONE "192.168.1.31"
#define PHONE6 "fd5e:cf10:e::31"
#define STORE "192.168.1.77"
#define ROUTER "192.168.1.1"
#define ROUTER6 "fd5e:cf10:e::1"
#define QUAD9 "9.9.9.9"

/* `size` counts packets; ICMP: requests; of lookups it is the type asked for. */
static const struct scene {
    uint32_t milliseconds;
    enum flow_kind kind;
    const char *client, *server, *name;
    uint16_t port, size;
} scenes[] = {
    {0, FLOW_MDNS, LAPTOP, "224.0.0.251", "_smb._tcp.local", 5353, TYPE_PTR},
    {210, FLOW_DNS, LAPTOP, ROUTER, "www.example.com", 53, TYPE_A},
    {211, FLOW_DNS, LAPTOP, ROUTER, "www.example.com", 53, TYPE_AAAA},
    {290, FLOW_TCP, LAPTOP, "93.184.215.14", "www.example.com", 80, 12},
    {640, FLOW_TCP, LAPTOP, "93.184.215.14", "www.example.com", 443, 34},
    {900, FLOW_DNS, PHONE, QUAD9, "cdn.example.org", 53, TYPE_A},
    {980, FLOW_TCP, PHONE, "1.1.1.1", "cdn.example.org", 443, 48},
    {1020, FLOW_TCP, PHONE, "1.0.0.1", "cdn.example.org", 443, 17},
    {1300, FLOW_DNS, LAPTOP6, ROUTER6, "cdn.example.org", 53, TYPE_AAAA},
    {1390, FLOW_TCP, LAPTOP6, "2606:4700:4700::1111", "cdn.example.org", 443, 41},
    {1800, FLOW_DNS, STORE, ROUTER, "time.example.org", 53, TYPE_A},
    {1880, FLOW_NTP, STORE, "162.159.200.1", "time.example.org", 123, 2},
    {2100, FLOW_DNS, PHONE, QUAD9, "video.example.com", 53, TYPE_A},
    {2190, FLOW_QUIC, PHONE, "199.7.83.42", "video.example.com", 443, 52},
    {2600, FLOW_DNS, LAPTOP, QUAD9, "printer.example.com", 53, TYPE_A},
    {3000, FLOW_TCP, LAPTOP, STORE, NULL, 445, 22},
    {3500, FLOW_ECHO, LAPTOP, QUAD9, NULL, 0, 4},
    {3700, FLOW_ECHO, LAPTOP6, "2620:fe::fe", NULL, 0, 3},
    {4200, FLOW_DNS, PHONE6, ROUTER6, "mail.example.net", 53, TYPE_AAAA},
    {4290, FLOW_TCP, PHONE6, "2001:7fd::1", "mail.example.net", 993, 24},
    {5000, FLOW_TCP, STORE, "208.67.222.222", NULL, 8080, 1},
    {5600, FLOW_TCP, STORE, "198.41.0.4", NULL, 22, 26},
    {30000, FLOW_TCP, LAPTOP, "93.184.215.14", "www.example.com", 443, 9},
    {60000, FLOW_TCP, LAPTOP, "93.184.215.14", "www.example.com", 443, 9},
};

/* A call home every five seconds, for two minutes. */
static const struct scene call_home = {7300, FLOW_TCP, STORE, "198.97.190.53", NULL, 8443, 9};

/* Both forms of address are 16 bytes here; returns whether it is an IPv6 one. */
static bool parse_address(const char *text, uint8_t *address)
{
    return inet_pton(AF_INET, text, address) != 1 && inet_pton(AF_INET6, text, address) == 1;
}

static void demo_sites_init(struct traffic *g)
{
    g->site_count = COUNT(demo_sites);
    g->sites = allocate(NULL, g->site_count, sizeof *g->sites);
    for (size_t i = 0; i < g->site_count; i++) {
        struct site *s = &g->sites[i];

        snprintf(s->name, sizeof s->name, "%s", demo_sites[i].name);
        for (s->aliases = 0; demo_sites[i].chain[s->aliases]; s->aliases++)
            snprintf(s->chain[s->aliases], sizeof *s->chain, "%s", demo_sites[i].chain[s->aliases]);
        for (s->addresses = 0; demo_sites[i].v4[s->addresses]; s->addresses++)
            parse_address(demo_sites[i].v4[s->addresses], s->v4[s->addresses]);
        for (size_t k = 0; demo_sites[i].v6[k]; k++)
            parse_address(demo_sites[i].v6[k], s->v6[k]);
    }
}

static const struct site *find_site(const struct traffic *g, const char *name)
{
    for (size_t i = 0; name && i < g->site_count; i++)
        if (strcmp(g->sites[i].name, name) == 0)
            return &g->sites[i];
    return NULL;
}

static void start_scene(struct traffic *g, const struct scene *scene, uint32_t milliseconds)
{
    bool lookup = scene->kind == FLOW_DNS || scene->kind == FLOW_MDNS;
    uint16_t port = (uint16_t)rng_range(g, 49152, 65536);
    uint8_t client[16], server[16];
    bool v6 = parse_address(scene->client, client);
    struct flow *f;

    parse_address(scene->server, server);
    f = flow_start(g, milliseconds * (SECOND / 1000), v6, client, server);
    flow_set(f, scene->kind, port, scene->port, lookup ? 2 : scene->size);
    f->site = find_site(g, scene->name);
    if (f->gap > 20000)
        f->gap = 20000;
    if (!lookup)
        return;
    f->query_type = scene->size;
    f->exists = scene->kind == FLOW_MDNS || f->site->addresses > 0;
    if (scene->kind == FLOW_MDNS) {
        f->ports[0] = scene->port;
        f->ttl[0] = 255;
        f->size = 1;
    }
}

static void demonstrate(struct traffic *g)
{
    demo_sites_init(g);
    for (size_t i = 0; i < COUNT(scenes); i++)
        start_scene(g, &scenes[i], scenes[i].milliseconds);
    for (uint32_t i = 0; i < 23; i++)
        start_scene(g, &call_home, call_home.milliseconds + 5000 * i);
    run(g, UINT64_MAX);
    free(g->sites);
}

static const struct recipe recipes[] = {
    {"big", 100000, 20, WHOLE, false}, {"hdr", 100000, 20, 128, false},
    {"many", 1000000, 4, 96, false},   {"many6", 1000000, 4, 96, true},
    {"demo", 0, 0, WHOLE, false},
};

static const struct recipe *find_recipe(const char *kind)
{
    for (size_t i = 0; i < COUNT(recipes); i++)
        if (strcmp(recipes[i].kind, kind) == 0)
            return &recipes[i];
    return NULL;
}

int main(int argc, char **argv)
{
    static struct traffic traffic;
    struct traffic *g = &traffic;
    const struct recipe *recipe = argc == 3 ? find_recipe(argv[1]) : NULL;

    if (!recipe) {
        fprintf(stderr, "usage: traffic big|hdr|many|many6|demo FILE\n");
        return EX_USAGE;
    }
    g->rng = SEED;
    g->v6 = recipe->v6;
    rng_fill(g, g->pool, sizeof g->pool);
    writer_open(&g->out, argv[2], recipe->snaplen);
    if (recipe->flows > 0)
        generate(g, recipe);
    else
        demonstrate(g);
    writer_close(&g->out);
    free(g->heap);
    printf("%s: %" PRIu64 " flows, %" PRIu64 " packets, %" PRIu64 " bytes on the wire\n", argv[2],
           g->flows, g->out.packets, g->out.wire_bytes);
    return EXIT_SUCCESS;
}
