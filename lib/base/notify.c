/* SPDX-License-Identifier: Apache-2.0 */
#include "base/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Space for a message; longer ones are cut. */
#define MESSAGE_MAX 512

/* Returns a connected socket; -1: the address cannot be reached. */
static int connect_to(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = name ? strlen(name) : 0;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    int fd;

    if (length < 2 || length > sizeof address.sun_path || (*name != '/' && *name != '@'))
        return -1;
    memcpy(address.sun_path, name, length);
    if (*name == '@') /* an abstract one, delimited by its length */
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, size) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int64_t number_of(const char *text)
{
    char *end;
    long long number = text ? strtoll(text, &end, 10) : 0;

    return text && *text && !*end && number > 0 ? number : 0;
}

/* Half of the watchdog time, as sd_watchdog_enabled(3) advises. */
static int64_t watchdog_of_environment(void)
{
    const char *pid = getenv("WATCHDOG_PID");

    return !pid || number_of(pid) == getpid() ? number_of(getenv("WATCHDOG_USEC")) / 2 : 0;
}

void notify_open(struct notify *notify)
{
    *notify = (struct notify){.fd = connect_to(getenv("NOTIFY_SOCKET"))};
    if (notify->fd >= 0)
        notify->watchdog = watchdog_of_environment();
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

static void send_message(const struct notify *notify, const char *message, size_t length)
{
    ssize_t wrote = notify->fd >= 0 ? write(notify->fd, message, length) : 0;

    (void)wrote; /* nothing depends on it */
}

/* One assignment per line; the last is the status, which must be a single line. */
static void send_status(const struct notify *notify, const char *assignment, const char *status)
{
    char message[MESSAGE_MAX];
    size_t begin = strlen(assignment) + strlen("\nSTATUS=");

    snprintf(message, sizeof message, "%s\nSTATUS=%s", assignment, status);
    for (char *p = message + begin; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    send_message(notify, message, strlen(message));
}

void notify_ready(struct notify *notify, const char *status)
{
    send_status(notify, "READY=1", status);
}

void notify_stopping(struct notify *notify, const char *status)
{
    send_status(notify, "STOPPING=1", status);
}

int64_t notify_watchdog(struct notify *notify, int64_t now)
{
    static const char message[] = "WATCHDOG=1";

    if (notify->watchdog == 0)
        return INT64_MAX;
    if (now >= notify->next_watchdog) {
        send_message(notify, message, strlen(message));
        notify->next_watchdog = now + notify->watchdog;
    }
    return notify->next_watchdog - now;
}
