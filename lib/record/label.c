/* SPDX-License-Identifier: Apache-2.0 */
#include "record/label.h"

#include "base/clock.h"
#include "base/wide.h"
#include "record/put.h"

#include <nettle/sha2.h>
#include <stdbool.h>
#include <string.h>

/* The bytes of a full packet, 80 % of 1514, times ten. */
#define FULL_PACKET_10 (8u * 1514u)

const char *const label_categories[LABEL_CATEGORIES] = {
    "minorContentDownloadedQuickly",
    "someContentDownloadedQuickly",
    "majorContentDownloadedQuickly",
    "minorResourcesDownloadedQuickly",
    "someResourcesDownloadedQuickly",
    "majorResourcesDownloadedQuickly",
    "minorContentDownloaded",
    "someContentDownloaded",
    "majorContentDownloaded",
    "minorResourcesDownloaded",
    "someResourcesDownloaded",
    "majorResourcesDownloaded",
    "minorDataDownloadedViaLongSession",
    "someDataDownloadedViaLongSession",
    "majorDataDownloadedViaLongSession",
    "unclassified",
    "failedConnection",
    "unidirectional",
    "dnsQuery",
    "dotsQuery",
    "keepAlive",
    "tlsNegotiationOnly",
    "smallUpload",
    "largeUpload",
    "singleResourceLoaded",
    "continuousClientChannel",
    "continuousServerChannel",
    "asNeededChannel",
    "closedSession",
};

#define SOME_BYTES 10000u
#define MAJOR_BYTES 1000000u

static uint64_t difference(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* a / b, rounded half to even. */
static uint64_t divide(uint64_t a, uint64_t b)
{
    uint64_t quotient = a / b, rest = a % b;

    if (rest > b - rest || (rest == b - rest && quotient % 2 == 1))
        quotient++;
    return quotient;
}

/* Counts have 64 bits, so their sums and multiples could overflow. */

static bool is_sum_below(uint64_t a, uint64_t b, uint64_t limit)
{
    return a < limit && b < limit - a;
}

/* True if a * m < b * n. */
static bool is_less(uint64_t a, uint64_t m, uint64_t b, uint64_t n)
{
    return wide_less(wide_multiply(a, m), wide_multiply(b, n));
}

static bool is_keep_alive(const struct record *f)
{
    return difference(f->dst_packets, f->src_packets) <= 2 &&
           is_sum_below(f->src_bytes, f->dst_bytes, 2) && f->duration >= 2 * SECOND;
}

static bool is_tls_negotiation(const struct record *f)
{
    return f->dport == 443 && f->src_bytes > 100 && f->dst_bytes > 100 &&
           is_sum_below(f->src_packets, f->dst_packets, 12) &&
           is_sum_below(f->src_bytes, f->dst_bytes, 2048) && f->duration <= SECOND / 2;
}

static bool is_small_upload(const struct record *f)
{
    return f->dst_bytes > 0 && f->dst_bytes < divide(f->src_bytes, 2) && f->src_bytes <= 1000000;
}

static bool is_large_upload(const struct record *f)
{
    return f->dst_bytes > 0 && is_less(f->dst_bytes, 10, f->src_bytes, 3) && f->src_bytes > 1000000;
}

static bool is_download(const struct record *f)
{
    return f->src_bytes > 0 && f->dst_bytes > 0 && is_less(f->src_bytes, 2, f->dst_bytes, 1);
}

/* A download: by its duration, whether packets were many and full, and its size. */
static const char *download_category(const struct record *f)
{
    const char *const *names = label_categories; /* the first: five kinds, of three sizes each */
    bool full = is_less(f->dst_packets, FULL_PACKET_10, f->dst_bytes, 10);
    size_t size = f->dst_bytes >= MAJOR_BYTES ? 2 : f->dst_bytes >= SOME_BYTES;

    if (f->duration <= SECOND)
        return names[(full && f->dst_packets >= 2 ? 0u : 3u) + size];
    if (f->duration >= 10 * SECOND)
        return names[12 + size];
    full = full && !is_less(f->dst_packets, SECOND, (uint64_t)f->duration, 2);
    return names[(full ? 6u : 9u) + size];
}

/* True if a lies between 80 % and 120 % of b. */
static bool is_near(uint64_t a, uint64_t b)
{
    return !is_less(a, 10, b, 8) && !is_less(b, 12, a, 10);
}

static bool is_single_resource(const struct record *f)
{
    return f->duration <= 10 * SECOND && f->src_bytes > 0 && f->src_bytes < SOME_BYTES &&
           f->dst_bytes > 0 && f->dst_bytes < SOME_BYTES &&
           (is_near(f->src_packets, f->dst_packets) || is_near(f->dst_packets, f->src_packets));
}

/* Sessions longer than ten seconds; NULL: none of these. */
static const char *channel_category(const struct record *f)
{
    if (f->duration <= 10 * SECOND)
        return NULL;
    if (f->dst_packets >= f->src_packets && f->dst_bytes == 0 && f->src_bytes > 10)
        return "continuousClientChannel";
    if (f->src_packets >= f->dst_packets && f->src_bytes == 0 && f->dst_bytes > 10)
        return "continuousServerChannel";
    if (f->src_packets > 0 && difference(f->src_packets, f->dst_packets) <= 2)
        return "asNeededChannel";
    return NULL;
}

/* The first matching rule decides; from the third rule on, the destination has sent a packet. */
const char *label_category(const struct record *f)
{
    const char *channel;

    if (f->src_packets == 0 && f->dst_packets == 0)
        return "unclassified";
    if (f->dst_packets == 0)
        return divide(f->src_bytes, f->src_packets) <= 66 ? "failedConnection" : "unidirectional";
    if (f->src_packets == 1 && f->dst_packets == 1 && f->dport == 53)
        return "dnsQuery";
    if (f->dport == 853)
        return "dotsQuery";
    if (is_keep_alive(f))
        return "keepAlive";
    if (is_tls_negotiation(f))
        return "tlsNegotiationOnly";
    if (is_small_upload(f))
        return "smallUpload";
    if (is_large_upload(f))
        return "largeUpload";
    if (is_download(f))
        return download_category(f);
    if (is_single_resource(f))
        return "singleResourceLoaded";
    channel = channel_category(f);
    if (channel)
        return channel;
    if (f->src_packets <= 2 && f->dst_packets <= 2 && f->src_bytes == 0 && f->dst_bytes == 0 &&
        f->duration < 2 * SECOND)
        return "closedSession";
    return "unclassified";
}

struct record_text label_text(const struct record *record)
{
    const char *name;

    if (record->category.length > 0)
        return record->category;
    name = label_category(record);
    return (struct record_text){name, strlen(name)};
}

void label_id(const struct record *record, const char *category, char text[LABEL_ID_TEXT])
{
    static const char day_zero[] = " 07/04/2020 ";
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx sha256;

    sha256_init(&sha256);
    sha256_update(&sha256, strlen(category), (const uint8_t *)category);
    sha256_update(&sha256, sizeof day_zero - 1, (const uint8_t *)day_zero);
    sha256_update(&sha256, record->destination.length, (const uint8_t *)record->destination.bytes);
    if (!record_has_ports(record)) {
        sha256_update(&sha256, 1, (const uint8_t *)":");
        sha256_update(&sha256, record->protocol_information.length,
                      (const uint8_t *)record->protocol_information.bytes);
    }
    sha256_digest(&sha256, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i += 4)
        text = put_hex(text, digest + i);
    *text = '\0';
}
