/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to systemd: what arrives at a socket in its place.
 */
#include "base/notify.h"

#include "../folder.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A socket of that name; @ begins the name of one that is not a file. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    need(length < sizeof address.sun_path, "a short path");
    memcpy(address.sun_path, name, length);
    if (*name == '@')
        address.sun_path[0] = '\0';
    need(fd >= 0 && bind(fd, (const struct sockaddr *)&address,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0,
         "a socket");
    return fd;
}

/* The next message, "(none)" if there is none; valid until the next call. */
static const char *message_at(int fd)
{
    static char message[4096];
    ssize_t got = recv(fd, message, sizeof message - 1, 0);

    message[got > 0 ? got : 0] = '\0';
    return got < 0 ? "(none)" : message;
}

static struct notify open_with(const char *socket, const char *usec, const char *pid)
{
    struct notify notify;

    need(setenv("NOTIFY_SOCKET", socket, 1) == 0, "the environment");
    need((usec ? setenv("WATCHDOG_USEC", usec, 1) : unsetenv("WATCHDOG_USEC")) == 0, "another");
    need((pid ? setenv("WATCHDOG_PID", pid, 1) : unsetenv("WATCHDOG_PID")) == 0, "a third");
    notify_open(&notify);
    return notify;
}

static void test_messages(const char *name, const char *title)
{
    int fd = listen_at(name);
    struct notify notify = open_with(name, NULL, NULL);

    ok(!getenv("NOTIFY_SOCKET"), "%s: the environment does not tell others", title);
    is_str(message_at(fd), "(none)", "%s: nothing at first", title);
    notify_ready(&notify, "eth0: 1 packet");
    is_str(message_at(fd), "READY=1\nSTATUS=eth0: 1 packet", "%s: ready", title);
    notify_stopping(&notify, "the last window");
    is_str(message_at(fd), "STOPPING=1\nSTATUS=the last window", "%s: stopping", title);
    is_int(notify_watchdog(&notify, 5), INT64_MAX, "%s: no sign of life is wanted", title);
    is_str(message_at(fd), "(none)", "%s: so none is given", title);
    ok((fcntl(notify.fd, F_GETFD) & FD_CLOEXEC) != 0, "%s: others do not inherit it", title);
    notify_close(&notify);
    notify_ready(&notify, "closed");
    is_str(message_at(fd), "(none)", "%s: nothing once it is closed", title);
    close(fd);
}

/* A name that would be looked for in the folder of the process is none. */
static void test_relative(void)
{
    struct notify notify;
    int fd;

    need(chdir(folder) == 0, "chdir");
    fd = listen_at("here");
    notify = open_with("here", NULL, NULL);
    is_int(notify.fd, -1, "a relative name is not one");
    notify_close(&notify);
    close(fd);
}

/* A status is one line and cannot contain another assignment. */
static void test_status(void)
{
    int fd = listen_at(path_of("status"));
    struct notify notify = open_with(path_of("status"), NULL, NULL);
    char long_status[2000];

    notify_ready(&notify, "a\nMAINPID=1\tb");
    is_str(message_at(fd), "READY=1\nSTATUS=a MAINPID=1 b", "a status of two lines becomes one");
    memset(long_status, 'x', sizeof long_status - 1);
    long_status[sizeof long_status - 1] = '\0';
    notify_ready(&notify, long_status);
    is_int(strlen(message_at(fd)), 511, "a long one is cut");
    notify_close(&notify);
    close(fd);
}

static void test_nobody(void)
{
    char long_name[200];
    const char *const names[] = {
        "", "/", "@", "relative", "vsock:2:1234", "/nothing/of/the/kind", "@nobody", long_name,
    };

    memset(long_name, '/', sizeof long_name - 1); /* longer than any socket address */
    long_name[sizeof long_name - 1] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct notify notify = open_with(names[i], "1000", NULL);

        is_int(notify.fd, -1, "nobody listens at '%s'", names[i]);
        is_int(notify_watchdog(&notify, 5), INT64_MAX, "so no sign of life is wanted");
        notify_ready(&notify, "");
        notify_close(&notify);
    }
}

/* Nobody reads: sending does not block. */
static void test_full(void)
{
    int fd = listen_at(path_of("full"));
    struct notify notify = open_with(path_of("full"), NULL, NULL);

    for (int i = 0; i < 100000; i++)
        notify_ready(&notify, "a message of many");
    is_str(message_at(fd), "READY=1\nSTATUS=a message of many",
           "what nobody reads is not waited for");
    close(fd);
    notify_ready(&notify, "to nobody");
    ok(true, "nor who is gone");
    notify_close(&notify);
}

static void test_watchdog(void)
{
    static const char alive[] = "WATCHDOG=1", none[] = "(none)";
    int fd = listen_at(path_of("watchdog"));
    struct notify notify = open_with(path_of("watchdog"), "20000000", NULL);

    is_int(notify_watchdog(&notify, 1000), 10000000, "half of the time is left at first");
    is_str(message_at(fd), alive, "a sign of life");
    is_int(notify_watchdog(&notify, 10000999), 1, "then less");
    is_str(message_at(fd), none, "which is none yet");
    is_int(notify_watchdog(&notify, 10001000), 10000000, "then all of it again");
    is_str(message_at(fd), alive, "the next");
    is_int(notify_watchdog(&notify, 99000000), 10000000, "it is late");
    is_str(message_at(fd), alive, "one for all that were not given");
    is_str(message_at(fd), none, "and no more");
    notify_close(&notify);
    close(fd);
}

static void test_watchdog_environment(void)
{
    char own[32];
    const struct {
        const char *usec, *pid;
        int64_t want;
    } cases[] = {
        {"2000000", NULL, 1000000},
        {"2000000", own, 1000000},
        {"2000000", "1", 0},
        {"", NULL, 0},
        {"x", NULL, 0},
        {"5x", NULL, 0},
        {"-5", NULL, 0},
        {"0", NULL, 0},
        {NULL, own, 0},
        {"2000000", "", 0},
    };
    int fd = listen_at(path_of("other"));

    snprintf(own, sizeof own, "%d", (int)getpid());
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct notify notify = open_with(path_of("other"), cases[i].usec, cases[i].pid);

        is_int(notify.watchdog, cases[i].want, "a watchdog of '%s' for '%s'",
               cases[i].usec ? cases[i].usec : "(none)", cases[i].pid ? cases[i].pid : "(none)");
        ok(!getenv("WATCHDOG_USEC") && !getenv("WATCHDOG_PID"), "which others are not told");
        notify_close(&notify);
    }
    close(fd);
}

int main(void)
{
    char name[64];

    make_folder("notify");
    snprintf(name, sizeof name, "@secflow-test-%d", (int)getpid());
    test_messages(path_of("socket"), "a file");
    test_messages(name, "an abstract one");
    test_relative();
    test_status();
    test_nobody();
    test_full();
    test_watchdog();
    test_watchdog_environment();
    remove_folder();
    return done();
}
