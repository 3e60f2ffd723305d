/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows and names from a meter, named and written by a separate thread, for a reader that may
 * stall.
 */
#include "../folder.h"
#include "../tap.h"
#include "flow/flowtable.h"
#include "live/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define SECOND 1000000
#define TEXT_BYTES 100000u

struct piped {
    int ends[2];
    struct record_writer *writer;
    struct recorder *recorder;
    struct windows *windows;
    struct outbox *outbox;
    struct sink sink;
};

static int64_t name_memory; /* for outboxes that begin */

static void begin_windows(struct piped *piped, uint64_t most, const char *cache_path,
                          struct windows *windows)
{
    struct recorder_options recording = {.names_budget = NAMES_BUDGET_LEAST};
    struct outbox_options options = {.most = most,
                                     .cache_path = cache_path,
                                     .cache_age = 30,
                                     .windows = windows,
                                     .name_memory = name_memory};

    need(pipe(piped->ends) == 0 && fcntl(piped->ends[1], F_SETFL, O_NONBLOCK) == 0, "pipe");
    options.fd = piped->ends[1];
    need(record_writer_init(&piped->writer, options.fd) == RESULT_OK, "record_writer_init");
    recording.writer = options.writer = piped->writer;
    need(recorder_init(&piped->recorder, &recording) == RESULT_OK, "recorder_init");
    options.recorder = piped->recorder;
    need(outbox_init(&piped->outbox, &options) == RESULT_OK, "outbox_init");
    piped->windows = windows;
    piped->sink = outbox_sink(piped->outbox);
}

static void begin(struct piped *piped, uint64_t most, const char *cache_path)
{
    begin_windows(piped, most, cache_path, NULL);
}

static void end(struct piped *piped)
{
    outbox_destroy(&piped->outbox);
    ok(!piped->outbox, "it ends, whatever waits");
    windows_destroy(&piped->windows);
    recorder_destroy(&piped->recorder);
    record_writer_destroy(&piped->writer);
    close(piped->ends[0]);
    close(piped->ends[1]);
}

/* Makes a thread stall at what comes next. */
static size_t fill(const struct piped *piped)
{
    static const char piece[4096];
    size_t filled = 0;
    ssize_t wrote;

    while ((wrote = write(piped->ends[1], piece, sizeof piece)) > 0)
        filled += (size_t)wrote;
    return filled;
}

static void drain(const struct piped *piped, size_t length)
{
    char piece[4096];
    ssize_t got = 1;

    for (; length > 0 && got > 0; length -= (size_t)got)
        got = read(piped->ends[0], piece, length < sizeof piece ? length : sizeof piece);
    need(length == 0, "what was filled is there");
}

/* Flows to 8.8.8.8, the first from that port. */
static struct flowlist *make_flows(uint16_t port, unsigned count)
{
    struct packet packet = {.proto = IPPROTO_UDP, .dport = 443, .time = SECOND, .bytes = 1};
    struct flowtable *table;
    struct flowlist *flows;

    need(address_parse("10.0.0.1", &packet.src) && address_parse("8.8.8.8", &packet.dst), "parse");
    need(flowtable_init(&table, 0, 0) == RESULT_OK, "flowtable_init");
    for (unsigned i = 0; i < count; i++) {
        packet.sport = (uint16_t)(port + i);
        need(flowtable_add(table, &packet, true, false, NULL) == RESULT_OK, "flowtable_add");
    }
    need(flowtable_take(table, false, &flows) == RESULT_OK, "flowtable_take");
    flowtable_destroy(&table);
    return flows;
}

static const struct window a_window = {.start = 0, .sample_start = SECOND, .ends = true};

static void send_window(struct piped *piped, uint16_t port, unsigned count,
                        const struct window *window)
{
    is_int(piped->sink.flows(piped->sink.context, make_flows(port, count), window), RESULT_OK,
           "flows from port %u are taken", port);
}

static void send_flows(struct piped *piped, uint16_t port, unsigned count)
{
    send_window(piped, port, count, &a_window);
}

static void send_name(struct piped *piped, const char *text, const char *name, int64_t time)
{
    struct address address = {0};

    need(address_parse(text, &address), text);
    need(piped->sink.name(piped->sink.context, &address, name, strlen(name), time) == RESULT_OK,
         "a name is taken");
}

/* What has been written, as text. */
static const char *received(const struct piped *piped)
{
    static char text[TEXT_BYTES];
    ssize_t got = read(piped->ends[0], text, sizeof text - 1);

    text[got > 0 ? got : 0] = '\0';
    return text;
}

static void test_order(void)
{
    struct piped piped;
    struct outbox_counts counts;
    const char *text, *first, *second;

    begin(&piped, 1 << 20, NULL);
    send_flows(&piped, 1001, 1);
    send_name(&piped, "8.8.8.8", "dns.example", 10);
    send_flows(&piped, 1002, 1);
    send_name(&piped, "8.8.8.8", "later.example", 20);
    send_flows(&piped, 1003, 1);
    ok(outbox_wait(piped.outbox, 60 * SECOND), "all is written");
    text = received(&piped);
    first = strstr(text, "{\"src\":\"10.0.0.1:1001\",\"dst\":\"8.8.8.8:443\"");
    second = strstr(text, "{\"src\":\"10.0.0.1:1002\",\"dst\":\"dns.example:443\"");
    ok(first == text, "flows before a name are written without it");
    ok(second > first, "those behind it with it");
    ok(strstr(text, "{\"src\":\"10.0.0.1:1003\",\"dst\":\"later.example:443\"") > second,
       "all in order");
    outbox_count(piped.outbox, &counts);
    is_int(counts.waiting, 0, "none waits");
    is_int(counts.bytes, 0, "no bytes wait");
    is_int(counts.dropped, 0, "none is dropped");
    is_int(counts.records, 3, "records are counted");
    is_int(outbox_error(piped.outbox), 0, "no error");
    end(&piped);
}

/* The first list is with the thread or in the queue. */
static void test_bound(void)
{
    struct flowlist *one = make_flows(1, 10);
    size_t bytes = flowlist_bytes(one), filled;
    struct piped piped;
    struct outbox_counts counts;
    const char *text;

    flowlist_destroy(&one);
    begin(&piped, 2 * bytes, NULL);
    filled = fill(&piped);
    for (uint16_t i = 0; i < 10; i++)
        send_flows(&piped, (uint16_t)(1000 + 100 * i), 10);
    outbox_count(piped.outbox, &counts);
    is_int(counts.waiting, 2, "as many wait as there is room for");
    is_int(counts.bytes, 2 * bytes, "their bytes");
    ok(counts.dropped == 7 || counts.dropped == 8, "the others are dropped, and counted");
    is_int(counts.dropped_flows, 10 * counts.dropped, "flow by flow");
    ok(!outbox_wait(piped.outbox, 1000), "where nobody reads the wait ends");
    drain(&piped, filled);
    ok(outbox_wait(piped.outbox, 60 * SECOND), "where somebody reads all is written");
    text = received(&piped);
    ok(strstr(text, "10.0.0.1:1800\"") && strstr(text, "10.0.0.1:1909\""),
       "the last ones were kept");
    send_flows(&piped, 3000, 100);
    ok(outbox_wait(piped.outbox, 60 * SECOND), "one window may be larger than the bound");
    ok(strstr(received(&piped), "10.0.0.1:3099\""), "it is written");
    end(&piped);
}

/* Many small windows may wait like a few large ones: they need no descriptors. */
static void test_many(void)
{
    struct piped piped;
    struct outbox_counts counts;
    size_t filled;

    begin(&piped, 64 << 20, NULL);
    filled = fill(&piped);
    for (int i = 0; i < 5000; i++)
        need(piped.sink.flows(piped.sink.context, make_flows(1000, 1), &a_window) == RESULT_OK,
             "a window is taken");
    outbox_count(piped.outbox, &counts);
    ok(counts.waiting >= 4999 && counts.dropped == 0, "5000 windows wait");
    ok(counts.bytes < 16 << 20, "in %llu bytes", (unsigned long long)counts.bytes);
    drain(&piped, filled);
    end(&piped);
}

/* Names that nobody takes are dropped and counted. */
static void test_names_bound(void)
{
    struct piped piped;
    struct outbox_counts counts;
    size_t filled;

    begin(&piped, 1 << 20, NULL);
    filled = fill(&piped);
    send_flows(&piped, 1000, 100); /* at which the thread stalls */
    for (int i = 0; i < 1000000; i++)
        send_name(&piped, "9.9.9.9", "a.long.name.that.somebody.floods.us.with.example", i);
    outbox_count(piped.outbox, &counts);
    ok(counts.dropped_names > 0 && counts.dropped_names < 1000000, "%llu names are dropped",
       (unsigned long long)counts.dropped_names);
    drain(&piped, filled);
    end(&piped);
}

/* Names that no window can need any more are forgotten at a window's end. */
static void test_name_memory(void)
{
    const struct window part = {.start = 0, .sample_start = 300 * SECOND, .ends = false};
    const struct window early = {.start = 0, .sample_start = 100 * SECOND, .ends = true};
    const struct window late = {.start = 0, .sample_start = 100 * SECOND + 11, .ends = true};
    struct outbox_counts counts;
    struct piped piped;

    name_memory = 100 * SECOND;
    begin(&piped, 1 << 20, NULL);
    name_memory = 0;
    send_name(&piped, "8.8.8.8", "dns.example", 10);
    send_window(&piped, 1001, 1, &part);
    send_window(&piped, 1002, 1, &early);
    ok(outbox_wait(piped.outbox, 60 * SECOND), "all is written");
    outbox_count(piped.outbox, &counts);
    is_int(counts.names, 1, "a name is remembered, to the end of a window that needs it");
    send_window(&piped, 1003, 1, &late);
    send_window(&piped, 1004, 1, &late);
    ok(outbox_wait(piped.outbox, 60 * SECOND), "all is written");
    outbox_count(piped.outbox, &counts);
    is_int(counts.names, 0, "and forgotten then");
    ok(strstr(received(&piped), "{\"src\":\"10.0.0.1:1004\",\"dst\":\"8.8.8.8:443\""),
       "so that the next window does not have it");
    end(&piped);
}

static void test_reader_gone(void)
{
    struct piped piped;
    struct pollfd event;

    begin(&piped, 1 << 20, NULL);
    close(piped.ends[0]);
    piped.ends[0] = -1;
    send_flows(&piped, 1, 1);
    event = (struct pollfd){.fd = outbox_fd(piped.outbox), .events = POLLIN};
    is_int(poll(&event, 1, 60000), 1, "a reader that is gone is told of");
    is_int(outbox_error(piped.outbox), EPIPE, "by the error");
    ok(!outbox_wait(piped.outbox, 60 * SECOND), "nothing is waited for then");
    send_flows(&piped, 2, 1);
    end(&piped);
}

static void test_cache(void)
{
    struct piped piped;
    struct outbox_counts counts;
    char path[PATH_MAX];

    make_folder("outbox");
    snprintf(path, sizeof path, "%s", path_of("cache"));
    begin(&piped, 1 << 20, path);
    send_name(&piped, "8.8.8.8", "dns.example", 10);
    send_flows(&piped, 1, 1);
    ok(outbox_wait(piped.outbox, 60 * SECOND), "all is written");
    ok(strstr(text_at(path), "8.8.8.8 dns.example"), "the cache has learned at the window's end");
    outbox_count(piped.outbox, &counts);
    is_int(counts.cache, RESULT_OK, "which is told");
    end(&piped);
    begin(&piped, 1 << 20, "/nowhere/at/all");
    send_name(&piped, "8.8.8.8", "dns.example", 10);
    send_flows(&piped, 1, 1);
    ok(outbox_wait(piped.outbox, 60 * SECOND), "without a cache all is written, too");
    outbox_count(piped.outbox, &counts);
    is_int(counts.cache, RESULT_SYSTEM, "that it cannot be kept is told");
    is_int(counts.cache_error, ENOENT, "with the reason");
    end(&piped);
    remove_folder();
}

static struct windows *open_windows(void)
{
    struct windows_options options = {.folder = folder, .interface = "eth0"};
    struct windows *windows;

    need(windows_init(&windows, &options) == RESULT_OK, "windows_init");
    return windows;
}

static size_t count_lines(const char *path)
{
    size_t count = 0;

    for (const char *p = text_at(path); (p = strchr(p, '\n')); p++)
        count++;
    return count;
}

/* Parts of a window come before its end; a window whose end was dropped ends with the next. */
static void test_windows(void)
{
    struct window window = {.start = 0, .sample_start = SECOND, .ends = false};
    struct outbox_counts counts;
    struct piped piped;

    make_folder("outbox");
    begin_windows(&piped, 1 << 20, NULL, open_windows());
    send_window(&piped, 1001, 1, &window);
    send_window(&piped, 1002, 2, &window);
    window.ends = true;
    send_window(&piped, 1004, 3, &window);
    window = (struct window){.start = 10 * SECOND, .sample_start = 11 * SECOND, .ends = false};
    send_window(&piped, 1001, 4, &window);
    window.start += 10 * SECOND;
    send_window(&piped, 1001, 5, &window);
    ok(outbox_wait(piped.outbox, 60 * SECOND), "all is written");
    is_int(count_lines(path_of("19700101T000000Z-eth0.sf")), 6, "all of a window is in one file");
    is_int(count_lines(path_of("19700101T000010Z-eth0.sf")), 4, "another window ends it, too");
    is_int(count_lines(path_of("19700101T000020Z-eth0.sf")), 5, "and so does the end of all");
    outbox_count(piped.outbox, &counts);
    is_int(counts.windows.written, 3, "files are counted");
    is_int(counts.records, 15, "records as well");
    end(&piped);
    remove_folder();
}

static int trouble_of(const struct piped *piped)
{
    struct outbox_counts counts;

    outbox_count(piped->outbox, &counts);
    return counts.trouble;
}

/* Up to a minute. */
static bool has_trouble(const struct piped *piped, int trouble)
{
    for (int i = 0; i < 6000 && trouble_of(piped) != trouble; i++)
        poll(NULL, 0, 10);
    return trouble_of(piped) == trouble;
}

static void test_windows_trouble(void)
{
    struct flowlist *one = make_flows(1, 10);
    const uint64_t bytes = flowlist_bytes(one);
    struct outbox_counts counts;
    struct piped piped;

    flowlist_destroy(&one);
    make_folder("outbox");
    begin_windows(&piped, 2 * bytes, NULL, open_windows());
    remove_folder();
    send_flows(&piped, 1000, 10);
    ok(has_trouble(&piped, ENOENT), "a folder that is gone is told of");
    is_int(outbox_error(piped.outbox), 0, "it does not end the work");
    for (uint16_t i = 1; i < 5; i++)
        send_flows(&piped, (uint16_t)(1000 + 100 * i), 10);
    outbox_count(piped.outbox, &counts);
    is_int(counts.waiting, 2, "windows wait, as many as there is room for");
    is_int(counts.dropped_flows, 20, "the oldest are dropped, but not the one that is written");
    ok(!outbox_wait(piped.outbox, 1000), "that is not waited for at the end");
    need(mkdir(folder, 0700) == 0, "mkdir");
    ok(has_trouble(&piped, 0), "it is told that it is over");
    ok(outbox_wait(piped.outbox, 60 * SECOND), "what waited is written");
    is_int(count_lines(path_of("19700101T000000Z-eth0.sf")), 10, "all of the first one");
    ok(is_there(path_of("19700101T000000Z-eth0-3.sf")) &&
           !is_there(path_of("19700101T000000Z-eth0-4.sf")),
       "and the others that waited");
    remove_folder();
    send_flows(&piped, 1000, 10);
    ok(has_trouble(&piped, ENOENT), "it goes again");
    end(&piped);
}

static void test_end(void)
{
    struct piped piped;

    begin(&piped, 1 << 20, NULL);
    end(&piped);
    begin(&piped, 1 << 20, NULL);
    fill(&piped);
    send_flows(&piped, 1, 1);
    send_flows(&piped, 2, 1);
    send_name(&piped, "8.8.8.8", "dns.example", 10);
    end(&piped);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    test_order();
    test_bound();
    test_many();
    test_names_bound();
    test_name_memory();
    test_reader_gone();
    test_cache();
    test_windows();
    test_windows_trouble();
    test_end();
    return done();
}
