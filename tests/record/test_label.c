/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The label module: a flow on each side of every threshold of every rule, and ids.
 */
#include "../tap.h"
#include "record/label.h"

#define S INT64_C(1000000)

/* Packets and bytes of the source, of the destination, the duration and the port. */
static const struct {
    uint64_t sp, sb, dp, db;
    int64_t duration;
    uint16_t port;
    const char *want;
} flows[] = {
    /* No packets, or none from the destination; bytes per packet are rounded half to even. */
    {0, 0, 0, 0, 0, 80, "unclassified"},
    {0, 5000, 0, 5000, 20 * S, 53, "unclassified"},
    {1, 66, 0, 0, 0, 80, "failedConnection"},
    {1, 67, 0, 0, 0, 80, "unidirectional"},
    {2, 133, 0, 0, 0, 80, "failedConnection"},
    {2, 134, 0, 0, 0, 80, "unidirectional"},
    {4, 266, 0, 0, 0, 80, "failedConnection"},
    {4, 267, 0, 0, 0, 80, "unidirectional"},
    {3, 0, 0, 0, 60 * S, 853, "failedConnection"},
    {1, UINT64_MAX, 0, 0, 0, 80, "unidirectional"},
    {UINT64_MAX, UINT64_MAX, 0, 0, 0, 80, "failedConnection"},
    /* DNS: one packet each way. */
    {1, 40, 1, 90, 0, 53, "dnsQuery"},
    {1, 40, 1, 90, 0, 54, "minorResourcesDownloadedQuickly"},
    {2, 40, 1, 45, 0, 53, "unclassified"},
    {1, 40, 2, 45, 0, 53, "unclassified"},
    {0, 0, 1, 90, 0, 53, "unclassified"},
    {1, 40, 1, 90, 0, 853, "dotsQuery"},
    {9, 0, 1, 0, 5 * S, 853, "dotsQuery"},
    {9, 0, 1, 0, 5 * S, 852, "unclassified"},
    /* Keep-alives. */
    {5, 0, 3, 1, 2 * S, 80, "keepAlive"},
    {3, 1, 5, 0, 2 * S, 80, "keepAlive"},
    {3, 0, 3, 0, 2 * S, 80, "keepAlive"},
    {3, 0, 3, 0, 2 * S - 1, 80, "unclassified"},
    {6, 0, 3, 1, 2 * S, 80, "unclassified"},
    {3, 1, 3, 1, 2 * S, 80, "singleResourceLoaded"},
    {3, 2, 3, 0, 2 * S, 80, "unclassified"},
    {3, UINT64_MAX, 3, 2, 2 * S, 80, "largeUpload"},
    /* TLS with nothing but the negotiation. */
    {5, 900, 6, 1147, S / 2, 443, "tlsNegotiationOnly"},
    {5, 900, 6, 1147, S / 2, 444, "singleResourceLoaded"},
    {5, 900, 6, 1148, S / 2, 443, "singleResourceLoaded"},
    {6, 900, 6, 1147, S / 2, 443, "singleResourceLoaded"},
    {5, 900, 6, 1147, S / 2 + 1, 443, "singleResourceLoaded"},
    {5, 101, 6, 101, 0, 443, "tlsNegotiationOnly"},
    {5, 100, 6, 101, 0, 443, "singleResourceLoaded"},
    {5, 101, 6, 100, 0, 443, "singleResourceLoaded"},
    {UINT64_MAX, 101, 2, 101, 0, 443, "unclassified"},
    /* Uploads: half of an odd number of bytes is rounded half to even. */
    {9, 1000, 1, 499, 0, 80, "smallUpload"},
    {9, 1000, 1, 500, 0, 80, "unclassified"},
    {9, 1001, 1, 499, 0, 80, "smallUpload"},
    {9, 1001, 1, 500, 0, 80, "unclassified"},
    {9, 1003, 1, 501, 0, 80, "smallUpload"},
    {9, 1003, 1, 502, 0, 80, "unclassified"},
    {9, 3, 1, 1, 0, 80, "smallUpload"},
    {9, 2, 1, 1, 0, 80, "unclassified"},
    {9, 1000, 1, 0, 0, 80, "unclassified"},
    {9, 1000000, 1, 1, 0, 80, "smallUpload"},
    {9, 1000001, 1, 300000, 0, 80, "largeUpload"},
    {9, 1000001, 1, 300001, 0, 80, "unclassified"},
    {9, 1000010, 1, 300002, 0, 80, "largeUpload"},
    {9, 1000010, 1, 300003, 0, 80, "unclassified"},
    {9, 1000001, 1, 0, 0, 80, "unclassified"},
    /* Downloads: the source sent less than half. */
    {9, 100, 1, 201, 0, 80, "minorResourcesDownloadedQuickly"},
    {9, 100, 1, 200, 0, 80, "unclassified"},
    {9, 0, 1, 201, 0, 80, "unclassified"},
    /* Quick ones: at least two packets, of more than 1211.2 bytes each. */
    {1, 10, 2, 2423, S, 80, "minorContentDownloadedQuickly"},
    {1, 10, 2, 2422, S, 80, "minorResourcesDownloadedQuickly"},
    {1, 10, 1, 2423, S, 80, "minorResourcesDownloadedQuickly"},
    {1, 10, 5, 6056, S, 80, "minorResourcesDownloadedQuickly"},
    {1, 10, 5, 6057, S, 80, "minorContentDownloadedQuickly"},
    {1, 10, 7, 9999, S, 80, "minorContentDownloadedQuickly"},
    {1, 10, 7, 10000, S, 80, "someContentDownloadedQuickly"},
    {1, 10, 700, 999999, S, 80, "someContentDownloadedQuickly"},
    {1, 10, 700, 1000000, S, 80, "majorContentDownloadedQuickly"},
    {1, 10, 70, 9999, S, 80, "minorResourcesDownloadedQuickly"},
    {1, 10, 70, 10000, S, 80, "someResourcesDownloadedQuickly"},
    {1, 10, 7000, 999999, S, 80, "someResourcesDownloadedQuickly"},
    {1, 10, 7000, 1000000, S, 80, "majorResourcesDownloadedQuickly"},
    {1, 10, 7000, UINT64_MAX, S, 80, "majorContentDownloadedQuickly"},
    /* Between one and ten seconds: at least two packets per second. */
    {1, 10, 7, 9999, S + 1, 80, "minorContentDownloaded"},
    {1, 10, 7, 9999, 7 * S / 2, 80, "minorContentDownloaded"},
    {1, 10, 7, 9999, 7 * S / 2 + 1, 80, "minorResourcesDownloaded"},
    {1, 10, 5, 6056, 2 * S, 80, "minorResourcesDownloaded"},
    {1, 10, 5, 6057, 2 * S, 80, "minorContentDownloaded"},
    {1, 10, 7, 10000, 2 * S, 80, "someContentDownloaded"},
    {1, 10, 700, 999999, 2 * S, 80, "someContentDownloaded"},
    {1, 10, 700, 1000000, 10 * S - 1, 80, "majorContentDownloaded"},
    {1, 10, 70, 9999, 2 * S, 80, "minorResourcesDownloaded"},
    {1, 10, 70, 10000, 2 * S, 80, "someResourcesDownloaded"},
    {1, 10, 7000, 999999, 2 * S, 80, "someResourcesDownloaded"},
    {1, 10, 7000, 1000000, 10 * S - 1, 80, "majorResourcesDownloaded"},
    /* Long ones. */
    {1, 10, 7, 9999, 10 * S, 80, "minorDataDownloadedViaLongSession"},
    {1, 10, 7, 10000, 10 * S, 80, "someDataDownloadedViaLongSession"},
    {1, 10, 7, 999999, 10 * S, 80, "someDataDownloadedViaLongSession"},
    {1, 10, 7, 1000000, 999 * S, 80, "majorDataDownloadedViaLongSession"},
    /* A resource: the packets of both sides are within 80 % to 120 % of each other, either way. */
    {10, 100, 8, 100, 10 * S, 80, "singleResourceLoaded"},
    {8, 100, 10, 100, 10 * S, 80, "singleResourceLoaded"},
    {12, 100, 10, 100, 10 * S, 80, "singleResourceLoaded"},
    {10, 100, 12, 100, 10 * S, 80, "singleResourceLoaded"},
    {5, 100, 4, 100, 10 * S, 80, "singleResourceLoaded"},
    {100, 100, 79, 100, 10 * S, 80, "unclassified"},
    {79, 100, 100, 100, 10 * S, 80, "unclassified"},
    {100, 100, 80, 100, 10 * S, 80, "singleResourceLoaded"},
    {125, 100, 100, 100, 10 * S, 80, "singleResourceLoaded"},
    {126, 100, 100, 100, 10 * S, 80, "unclassified"},
    {10, 9999, 10, 9999, 0, 80, "singleResourceLoaded"},
    {10, 10000, 10, 9999, 0, 80, "unclassified"},
    {10, 9999, 10, 10000, 0, 80, "unclassified"},
    {10, 0, 10, 100, 0, 80, "unclassified"},
    {10, 100, 10, 0, 0, 80, "unclassified"},
    {10, 100, 10, 100, 10 * S + 1, 80, "asNeededChannel"},
    /* Channels: more than ten seconds. */
    {3, 11, 3, 0, 10 * S + 1, 80, "continuousClientChannel"},
    {3, 11, 3, 0, 10 * S, 80, "unclassified"},
    {3, 10, 3, 0, 10 * S + 1, 80, "asNeededChannel"},
    {4, 11, 3, 0, 10 * S + 1, 80, "asNeededChannel"},
    {3, 11, 9, 0, 10 * S + 1, 80, "continuousClientChannel"},
    {0, 11, 9, 0, 10 * S + 1, 80, "continuousClientChannel"},
    {3, 0, 3, 11, 10 * S + 1, 80, "continuousServerChannel"},
    {3, 0, 3, 11, 10 * S, 80, "unclassified"},
    {3, 0, 3, 10, 10 * S + 1, 80, "asNeededChannel"},
    {3, 0, 4, 11, 10 * S + 1, 80, "asNeededChannel"},
    {9, 0, 3, 11, 10 * S + 1, 80, "continuousServerChannel"},
    {5, 100, 3, 100, 10 * S + 1, 80, "asNeededChannel"},
    {3, 100, 5, 100, 10 * S + 1, 80, "asNeededChannel"},
    {6, 100, 3, 100, 10 * S + 1, 80, "unclassified"},
    {0, 100, 2, 100, 10 * S + 1, 80, "unclassified"},
    /* Sessions that closed without sending a byte. */
    {2, 0, 2, 0, 2 * S - 1, 80, "closedSession"},
    {0, 0, 1, 0, 0, 80, "closedSession"},
    {3, 0, 2, 0, 0, 80, "unclassified"},
    {2, 0, 3, 0, 0, 80, "unclassified"},
    {2, 0, 2, 1, 0, 80, "unclassified"},
    {2, 0, 2, 0, 2 * S, 80, "keepAlive"},
};

static void test_categories(void)
{
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++) {
        struct record flow = {.src_packets = flows[i].sp,
                              .src_bytes = flows[i].sb,
                              .dst_packets = flows[i].dp,
                              .dst_bytes = flows[i].db,
                              .duration = flows[i].duration,
                              .dport = flows[i].port};

        is_str(label_category(&flow), flows[i].want, "flow %zu", i);
    }
}

/* Each category is in the list, and each in the list is that of some flow above. */
static void test_list(void)
{
    size_t flow_count = sizeof flows / sizeof *flows;

    for (size_t i = 0; i < LABEL_CATEGORIES; i++) {
        size_t j = 0;

        while (j < flow_count && strcmp(flows[j].want, label_categories[i]) != 0)
            j++;
        ok(j < flow_count, "%s is a category", label_categories[i]);
    }
    for (size_t i = 0; i < flow_count; i++) {
        size_t j = 0;

        while (j < LABEL_CATEGORIES && strcmp(flows[i].want, label_categories[j]) != 0)
            j++;
        ok(j < LABEL_CATEGORIES, "flow %zu: its category is in the list", i);
    }
}

static void is_id(const char *category, const char *dst, const char *protocol, const char *want)
{
    struct record flow = {.destination = {dst, strlen(dst)},
                          .protocol_information = {protocol, strlen(protocol)}};
    char id[LABEL_ID_TEXT];

    memset(id, 'x', sizeof id);
    label_id(&flow, category, id);
    ok(id[LABEL_ID_TEXT - 1] == '\0', "the id of %s %s ends", category, dst);
    is_str(id, want, "and is");
}

int main(void)
{
    test_categories();
    test_list();
    is_id("dnsQuery", "9.9.9.9:53", "",
          "867e4312c6547d99edd52c07b8b3764e5bd11fbf9882ad272f2857227362fd73");
    is_id("failedConnection", "10.0.0.1", "ICMP",
          "eb2aafbe0cea9c677f2e50264c3581f363fd3c0626e05d61387b5258bd9e2b06");
    return done();
}
