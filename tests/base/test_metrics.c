/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics: their text, as Prometheus reads it, and the file, whole or not at all.
 */
#include "base/metrics.h"

#include "../folder.h"

#include <errno.h>

static struct metrics *init(const char *path, const struct metric_label *labels, size_t count)
{
    struct metrics *metrics;

    need(metrics_init(&metrics, path, labels, count) == RESULT_OK, "metrics");
    return metrics;
}

static const char *string_of(const struct metrics *metrics)
{
    static char string[4096];
    size_t length;
    const char *text = metrics_text(metrics, &length);

    need(length < sizeof string, "a short text");
    memcpy(string, text, length);
    string[length] = '\0';
    return string;
}

static void test_text(void)
{
    static const struct metric_label labels[] = {{"interface", "eth0"}, {"sensor", "attic"}};
    struct metrics *metrics = init(path_of("none"), labels, 2);

    metrics_begin(metrics);
    metrics_counter(metrics, "packets_total", "Packets.", UINT64_MAX);
    metrics_family(metrics, "memory_bytes", METRIC_GAUGE, "Memory, by part.");
    metrics_sample(metrics, "part", "flows", 0);
    metrics_sample(metrics, "part", "names", 7);
    is_str(string_of(metrics),
           "# HELP packets_total Packets.\n"
           "# TYPE packets_total counter\n"
           "packets_total{interface=\"eth0\",sensor=\"attic\"} 18446744073709551615\n"
           "# HELP memory_bytes Memory, by part.\n"
           "# TYPE memory_bytes gauge\n"
           "memory_bytes{interface=\"eth0\",sensor=\"attic\",part=\"flows\"} 0\n"
           "memory_bytes{interface=\"eth0\",sensor=\"attic\",part=\"names\"} 7\n",
           "families with labels");
    metrics_begin(metrics);
    is_str(string_of(metrics), "", "begun anew: nothing");
    metrics_destroy(&metrics);
    ok(!metrics, "destroyed");
}

static void test_without_labels(void)
{
    struct metrics *metrics = init(path_of("none"), NULL, 0);

    metrics_begin(metrics);
    metrics_gauge(metrics, "a", "b", 1);
    metrics_family(metrics, "c_total", METRIC_COUNTER, "d");
    metrics_sample(metrics, "e", "f", 2);
    is_str(string_of(metrics),
           "# HELP a b\n# TYPE a gauge\na 1\n# HELP c_total d\n# TYPE c_total counter\n"
           "c_total{e=\"f\"} 2\n",
           "no labels but a sample's own");
    metrics_destroy(&metrics);
}

static void test_times(void)
{
    static const struct {
        int64_t time;
        const char *want;
    } cases[] = {
        {0, "0.000000"},
        {1, "0.000001"},
        {-1, "-0.000001"},
        {1795888800500000, "1795888800.500000"},
        {INT64_MIN, "-9223372036854.775808"},
        {INT64_MAX, "9223372036854.775807"},
    };
    struct metrics *metrics = init(path_of("none"), NULL, 0);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[128];

        metrics_begin(metrics);
        metrics_gauge_time(metrics, "t_seconds", "T.", cases[i].time);
        snprintf(want, sizeof want, "# HELP t_seconds T.\n# TYPE t_seconds gauge\nt_seconds %s\n",
                 cases[i].want);
        is_str(string_of(metrics), want, "a time: %s", cases[i].want);
    }
    metrics_destroy(&metrics);
}

static void test_escapes(void)
{
    static const struct {
        const char *value, *label, *help;
    } cases[] = {
        {"a\\b", "a\\\\b", "a\\\\b"},
        {"a\"b", "a\\\"b", "a\"b"},
        {"a\nb", "a\\nb", "a\\nb"},
        {"a\tb}", "a\tb}", "a\tb}"},
        {"", "", ""},
        {"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9"},
        {"a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd", "a\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct metric_label label = {"l", cases[i].value};
        struct metrics *metrics = init(path_of("none"), &label, 1);
        char want[256];

        metrics_begin(metrics);
        metrics_family(metrics, "a", METRIC_GAUGE, cases[i].value);
        metrics_sample(metrics, "m", cases[i].value, 1);
        snprintf(want, sizeof want, "# HELP a %s\n# TYPE a gauge\na{l=\"%s\",m=\"%s\"} 1\n",
                 cases[i].help, cases[i].label, cases[i].label);
        is_str(string_of(metrics), want, "escaped: text %zu", i);
        metrics_destroy(&metrics);
    }
}

static int mode_of(const char *path)
{
    struct stat stat;

    return lstat(path, &stat) < 0 ? -1 : (int)(stat.st_mode & 07777);
}

/* Writes a text with the number. Returns the result, and whether a message is due. */
static enum result write_number(struct metrics *metrics, uint64_t number, bool *turned)
{
    metrics_begin(metrics);
    metrics_gauge(metrics, "a", "b", number);
    return metrics_write(metrics, turned);
}

static void test_file(void)
{
    struct metrics *metrics = init(path_of("tool.prom"), NULL, 0);
    mode_t mask = umask(0077);
    bool turned = true;
    char own[64];

    snprintf(own, sizeof own, "tool.prom.%ld.new", (long)getpid());
    put_file(path_of(own), "left over", 9);
    put_file(path_of("tool.prom.1.new"), "another's", 9);
    is_int(write_number(metrics, 1, &turned), RESULT_OK, "written");
    ok(!turned, "which is as it should be");
    is_str(text_at(path_of("tool.prom")), "# HELP a b\n# TYPE a gauge\na 1\n", "its text");
    is_int(mode_of(path_of("tool.prom")), 0644, "everyone may read it, whatever the umask is");
    ok(!is_there(path_of(own)), "nothing is left beside it");
    is_str(text_at(path_of("tool.prom.1.new")), "another's",
           "what another process writes is left alone");
    is_int(write_number(metrics, 2, &turned), RESULT_OK, "written again");
    is_str(text_at(path_of("tool.prom")), "# HELP a b\n# TYPE a gauge\na 2\n", "its text then");
    umask(mask);
    metrics_destroy(&metrics);
}

static void test_failure(void)
{
    struct metrics *metrics;
    bool turned = false;

    need(mkdir(path_of("away"), 0700) == 0, "a folder");
    metrics = init(path_of("away/tool.prom"), NULL, 0);
    is_int(write_number(metrics, 1, &turned), RESULT_OK, "written");
    need(rename(path_of("away"), path_of("moved")) == 0, "a rename");
    is_int(write_number(metrics, 2, &turned), RESULT_SYSTEM, "its folder is gone");
    is_int(errno, ENOENT, "and errno says so");
    ok(turned, "which is to be said");
    is_int(write_number(metrics, 3, &turned), RESULT_SYSTEM, "it is gone still");
    ok(!turned, "which has been said");
    is_str(text_at(path_of("moved/tool.prom")), "# HELP a b\n# TYPE a gauge\na 1\n",
           "what was there is as it was");
    need(rename(path_of("moved"), path_of("away")) == 0, "a rename back");
    is_int(write_number(metrics, 4, &turned), RESULT_OK, "it is there again");
    ok(turned, "which is to be said, too");
    is_int(write_number(metrics, 5, &turned), RESULT_OK, "and still is");
    ok(!turned, "which has been said");
    metrics_destroy(&metrics);
}

/* A text that cannot be completed, as on a full disk, leaves nothing. */
static void test_cut(void)
{
    struct metrics *metrics = init(path_of("cut.prom"), NULL, 0);
    bool turned = false;
    char own[64];

    is_int(write_number(metrics, 1, &turned), RESULT_OK, "written");
    snprintf(own, sizeof own, "cut.prom.%ld.new", (long)getpid());
    need(mkdir(path_of(own), 0700) == 0, "a folder in its way");
    is_int(write_number(metrics, 2, &turned), RESULT_SYSTEM, "there is a folder in its way");
    ok(turned, "which is to be said");
    is_str(text_at(path_of("cut.prom")), "# HELP a b\n# TYPE a gauge\na 1\n", "it is as it was");
    metrics_destroy(&metrics);
}

static void test_no_file(void)
{
    struct metrics *metrics = NULL;

    is_int(metrics_init(&metrics, "/dev/null", NULL, 0), RESULT_INVALID,
           "a device is not replaced");
    is_int(metrics_init(&metrics, folder, NULL, 0), RESULT_INVALID, "nor is a folder");
    need(symlink("/dev/null", path_of("link")) == 0, "a link");
    is_int(metrics_init(&metrics, path_of("link"), NULL, 0), RESULT_INVALID, "nor is a link");
    ok(!metrics, "there are none then");
}

int main(void)
{
    make_folder("metrics");
    test_text();
    test_without_labels();
    test_times();
    test_escapes();
    test_file();
    test_failure();
    test_cut();
    test_no_file();
    remove_folder();
    return done();
}
