/* Windows that wait for a reader, in a thread of their own. */
#include "outbox.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST 1000u
#define SECOND 1000000

struct output {
    int ends[2];
    struct outbox *outbox;
};

static void begin(struct output *output)
{
    need(pipe(output->ends) == 0 && fcntl(output->ends[1], F_SETFL, O_NONBLOCK) == 0, "pipe");
    need(outbox_init(&output->outbox, output->ends[1], MOST) == RESULT_OK, "outbox_init");
}

static void end(struct output *output)
{
    outbox_destroy(&output->outbox);
    ok(!output->outbox, "it ends, whatever waits");
    close(output->ends[0]);
    close(output->ends[1]);
}

/* So that a thread stands at what comes next. */
static size_t fill(const struct output *output)
{
    static const char piece[4096];
    size_t filled = 0;
    ssize_t wrote;

    while ((wrote = write(output->ends[1], piece, sizeof piece)) > 0)
        filled += (size_t)wrote;
    return filled;
}

static void drain(const struct output *output, size_t length)
{
    char piece[4096];
    ssize_t got = 1;

    for (; length > 0 && got > 0; length -= (size_t)got)
        got = read(output->ends[0], piece, length < sizeof piece ? length : sizeof piece);
    need(length == 0, "what was filled is there");
}

static void add(struct outbox *outbox, char letter, size_t length)
{
    char text[MOST];
    int fd = memfd_create("window", MFD_CLOEXEC);

    memset(text, letter, length);
    need(fd >= 0 && write(fd, text, length) == (ssize_t)length, "a window");
    is_int(outbox_add(outbox, fd, length), RESULT_OK, "window %c is added", letter);
}

static void test_order(void)
{
    struct output output;
    struct outbox_counts counts;
    char text[301] = "", want[301] = "";

    begin(&output);
    for (int i = 0; i < 3; i++) {
        add(output.outbox, (char)('a' + i), 100);
        memset(want + 100 * i, 'a' + i, 100);
    }
    ok(outbox_wait(output.outbox, 60 * SECOND), "all is written");
    is_int(read(output.ends[0], text, 300), 300, "all is there");
    is_str(text, want, "in order");
    outbox_count(output.outbox, &counts);
    is_int(counts.windows, 0, "none waits");
    is_int(counts.dropped, 0, "none is dropped");
    is_int(outbox_error(output.outbox), 0, "no error");
    end(&output);
}

/* The first window is in the thread's hands, or among those that wait. */
static void test_bound(void)
{
    struct output output;
    struct outbox_counts counts;
    size_t filled;
    char text[2 * MOST + 1] = "";
    ssize_t got;

    begin(&output);
    filled = fill(&output);
    for (int i = 0; i < 10; i++)
        add(output.outbox, (char)('a' + i), 400);
    outbox_count(output.outbox, &counts);
    is_int(counts.windows, 2, "as many wait as there is room for");
    is_int(counts.bytes, 800, "their bytes");
    ok(counts.dropped == 7 || counts.dropped == 8, "the others are dropped, and counted");
    ok(!outbox_wait(output.outbox, 1000), "where nobody reads the wait ends");
    drain(&output, filled);
    ok(outbox_wait(output.outbox, 60 * SECOND), "where somebody reads all is written");
    got = read(output.ends[0], text, sizeof text - 1);
    ok(got >= 800, "it is there");
    ok(text[got - 1] == 'j' && text[got - 401] == 'i', "the last ones were kept");
    add(output.outbox, 'k', MOST);
    ok(outbox_wait(output.outbox, 60 * SECOND), "one window may be as large as the bound");
    end(&output);
}

static void test_reader_gone(void)
{
    struct output output;
    struct pollfd event;

    begin(&output);
    close(output.ends[0]);
    output.ends[0] = -1;
    add(output.outbox, 'a', 100);
    event = (struct pollfd){.fd = outbox_fd(output.outbox), .events = POLLIN};
    is_int(poll(&event, 1, 60000), 1, "a reader that is gone is told of");
    is_int(outbox_error(output.outbox), EPIPE, "by the error");
    ok(!outbox_wait(output.outbox, 60 * SECOND), "nothing is waited for then");
    add(output.outbox, 'b', 100);
    end(&output);
}

static void test_end(void)
{
    struct output output;

    begin(&output);
    end(&output);
    begin(&output);
    fill(&output);
    add(output.outbox, 'a', 100);
    add(output.outbox, 'b', 100);
    end(&output);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    test_order();
    test_bound();
    test_reader_gone();
    test_end();
    return done();
}
