/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service tells systemd of itself, in the protocol of sd_notify(3), without its library: a
 * datagram a message, to the socket that NOTIFY_SOCKET names.
 *
 * No message is waited for, and one that does not arrive is lost; the next one tells again that the
 * service is ready. The socket is connected at once, so that a sandbox needs to leave nothing but
 * write(2) to it.
 */
#ifndef SECFLOW_NOTIFY_H
#define SECFLOW_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct notify {
    int fd;                /* -1: nobody wants to know */
    int64_t watchdog;      /* microseconds from one sign of life to the next; 0: none is wanted */
    int64_t next_watchdog; /* monotonic microseconds */
};

/*
 * Reads what the environment says and takes it away, for it is not meant for programs that this one
 * starts. Before there are threads, and before rights are dropped.
 */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/*
 * That the service does its work, or that it ends, and how that goes, in one line. systemd shows it
 * with `systemctl status`.
 */
void notify_ready(struct notify *notify, const char *status);
void notify_stopping(struct notify *notify, const char *status);

/*
 * Gives a sign of life where one is due, at a monotonic time in microseconds. Returns how long it
 * is until the next one, INT64_MAX: none is wanted. For the loop that does the work.
 */
int64_t notify_watchdog(struct notify *notify, int64_t now);

#endif
