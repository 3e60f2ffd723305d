/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include "base/clock.h"
#include "base/text.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FIRST_AFTER 1000000
#define AGAIN_AFTER 250000

/* Calls between two looks at the clock. */
#define CALLS 4096u

void progress_init(struct progress *progress, bool wanted)
{
    *progress = (struct progress){.on = wanted && isatty(STDERR_FILENO)};
    progress->next = clock_monotonic() + FIRST_AFTER;
}

bool progress_due_now(struct progress *progress, int64_t now)
{
    if (!progress->on || now < progress->next)
        return false;
    progress->next = now + AGAIN_AFTER;
    return true;
}

bool progress_due_often(struct progress *progress)
{
    return ++progress->calls % CALLS == 0 && progress_due_now(progress, clock_monotonic());
}

/* Without what a terminal would obey. */
static void put_name(const char *name)
{
    char escaped[1024];

    text_escape(name, strlen(name), escaped, sizeof escaped);
    fprintf(stderr, "\r%s", escaped);
}

void progress_show(struct progress *progress, const char *file, uint64_t done, uint64_t size,
                   uint64_t count, const char *unit)
{
    put_name(file);
    if (size > 0)
        fprintf(stderr, ": %3u %%, %llu %s\033[K", (unsigned)(done * 100 / size),
                (unsigned long long)count, unit);
    else
        fprintf(stderr, ": %llu MB, %llu %s\033[K", (unsigned long long)(done / 1000000),
                (unsigned long long)count, unit);
    progress->shown = true;
}

/* False while Ctrl-S, for instance, stops output. */
static bool terminal_takes(void)
{
    struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&fd, 1, 0) > 0;
}

void progress_line(struct progress *progress, const char *text)
{
    char line[256];

    if (!progress->on || !terminal_takes())
        return;
    text_escape(text, strlen(text), line, sizeof line);
    fprintf(stderr, "\r\033[?7l%s\033[K\033[?7h", line); /* without wrapping at the right margin */
    progress->shown = true;
}

void progress_clear(struct progress *progress)
{
    if (!progress->shown || !terminal_takes())
        return;
    fputs("\r\033[K", stderr);
    progress->shown = false;
}
