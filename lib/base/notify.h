/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status messages of a service to systemd, in the protocol of sd_notify(3) but without its library:
 * one datagram per message, to the socket that NOTIFY_SOCKET names.
 *
 * Sending never blocks, and a message that does not arrive is lost; the next one says again that
 * the service is ready. The socket is connected at once, so a sandbox needs to allow only write(2)
 * on it.
 */
#ifndef SECFLOW_NOTIFY_H
#define SECFLOW_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct notify {
    int fd;                /* -1: no socket was given */
    int64_t watchdog;      /* microseconds between signs of life; 0: none are wanted */
    int64_t next_watchdog; /* monotonic microseconds */
};

/*
 * Reads and clears the environment variables, which are not meant for child processes. Call it
 * before there are threads and before rights are dropped.
 */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/*
 * Says that the service works, or that it is stopping, with a one-line status, which `systemctl
 * status` shows.
 */
void notify_ready(struct notify *notify, const char *status);
void notify_stopping(struct notify *notify, const char *status);

/*
 * Sends a sign of life if one is due; now: monotonic microseconds. Returns the time until the next
 * one; INT64_MAX: none is wanted. Call it from the main loop.
 */
int64_t notify_watchdog(struct notify *notify, int64_t now);

#endif
