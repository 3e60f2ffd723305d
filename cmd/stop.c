/* SPDX-License-Identifier: Apache-2.0 */
#include "stop.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

static const int stop_signals[] = {SIGHUP, SIGINT, SIGTERM};

#define STOP_SIGNALS (sizeof stop_signals / sizeof *stop_signals)

static int ends[2] = {-1, -1}; /* a pipe; each signal writes a byte to it */
static atomic_int count;       /* a thread may ask, and signals come to another one */
static volatile sig_atomic_t hangups;
static size_t first; /* of the stop signals; SIGHUP is the first unless it is spared */
/* Of the one thread that asks, at any time. */
static bool asked;
static int64_t asked_at; /* when the signal was noticed */

static void act(void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_flags = flags}, old;

    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    for (size_t i = first; i < STOP_SIGNALS; i++)
        sigaddset(&action.sa_mask, stop_signals[i]); /* so that each is counted */
    for (size_t i = first; i < STOP_SIGNALS; i++)
        if (sigaction(stop_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(stop_signals[i], &action, NULL);
}

static void note(int signal)
{
    int saved = errno;
    bool second = ++count == 2;            /* before the byte, since who reads that looks at it */
    ssize_t wrote = write(ends[1], "", 1); /* if the pipe is full, a signal is already known */

    (void)signal;
    (void)wrote;
    if (second)
        act(SIG_DFL, 0);
    errno = saved;
}

static void note_hangup(int signal)
{
    (void)signal;
    hangups = 1;
}

void stop_spare_hangup(void)
{
    struct sigaction action = {.sa_flags = SA_RESTART}, old;

    first = 1;
    action.sa_handler = note_hangup;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}

bool stop_hangup(void)
{
    if (hangups == 0)
        return false;
    hangups = 0; /* the caller reads after this, and so answers one that comes now, too */
    return true;
}

int stop_init(void)
{
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return start_failed(RESULT_SYSTEM);
    act(note, SA_RESTART);
    return EX_OK;
}

int stop_descriptor(void)
{
    return ends[0];
}

bool stop_asked(void)
{
    char bytes[16];

    while (read(ends[0], bytes, sizeof bytes) > 0)
        ;
    if (count > 0 && !asked) {
        asked = true;
        asked_at = clock_monotonic();
    }
    return asked;
}

static bool is_pipe(int fd)
{
    struct stat stat;

    return fstat(fd, &stat) == 0 && (S_ISFIFO(stat.st_mode) || S_ISSOCK(stat.st_mode));
}

int64_t stop_time(int fd, int64_t since)
{
    if (!stop_asked())
        return INT64_MAX;
    return fd < 0 || is_pipe(fd) ? (since > asked_at ? since : asked_at) + STOP_PAUSE : 0;
}

bool stop_wait(int fd)
{
    int64_t since = clock_monotonic();

    for (;;) {
        struct pollfd fds[] = {{.fd = ends[0], .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        int64_t end = stop_time(fd, since), left = end - clock_monotonic();

        poll(fds, 2, end == INT64_MAX ? -1 : left > 0 ? (int)(left / 1000 + 1) : 0);
        if (fds[1].revents != 0)
            return stop_time(fd, since) > 0;
        if (clock_monotonic() >= stop_time(fd, since))
            return false;
    }
}

bool stop_wait_input(void *context, int fd)
{
    (void)context;
    return stop_wait(fd);
}
