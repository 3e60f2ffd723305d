#include "outbox.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct window {
    int fd;
    uint64_t bytes;
    struct window *next;
};

struct outbox {
    int fd, failed, stop; /* failed and stop: events */
    uint64_t most;
    pthread_t thread;
    pthread_mutex_t mutex; /* of all that follows */
    pthread_cond_t added, written;
    struct window *first, *last; /* that wait; the one that is written is not among them */
    struct outbox_counts counts;
    bool writing, stopping;
    int error;
    uint64_t moved; /* bytes that have been written */
};

static void raise_event(int event)
{
    const uint64_t one = 1;
    ssize_t wrote = write(event, &one, sizeof one); /* which its counter has room for */

    (void)wrote;
}

/* Waits until something can be written; false: it is not to be any more. */
static bool wait_for_reader(const struct outbox *outbox)
{
    struct pollfd fds[] = {{.fd = outbox->fd, .events = POLLOUT},
                           {.fd = outbox->stop, .events = POLLIN}};

    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    return fds[1].revents == 0;
}

/* Pieces that a pipe takes without being waited for. False: it failed, or is to end. */
static bool copy(struct outbox *outbox, int from)
{
    char piece[PIPE_BUF];
    off_t offset = 0;
    ssize_t got, wrote;

    while ((got = pread(from, piece, sizeof piece, offset)) > 0) {
        if (!wait_for_reader(outbox)) {
            errno = ECANCELED;
            return false;
        }
        wrote = write(outbox->fd, piece, (size_t)got);
        if (wrote < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        offset += wrote > 0 ? wrote : 0;
        __atomic_add_fetch(&outbox->moved, wrote > 0 ? (uint64_t)wrote : 0, __ATOMIC_RELAXED);
    }
    return got == 0;
}

/* The first window, taken out of those that wait. */
static struct window *take_first(struct outbox *outbox)
{
    struct window *window = outbox->first;

    outbox->first = window->next;
    if (!outbox->first)
        outbox->last = NULL;
    outbox->counts.windows--;
    outbox->counts.bytes -= window->bytes;
    return window;
}

static void destroy_window(struct window *window)
{
    close(window->fd);
    free(window);
}

/* NULL: there is to be no more. */
static struct window *wait_for_window(struct outbox *outbox)
{
    struct window *window = NULL;

    pthread_mutex_lock(&outbox->mutex);
    while (!outbox->first && !outbox->stopping)
        pthread_cond_wait(&outbox->added, &outbox->mutex);
    if (!outbox->stopping)
        window = take_first(outbox);
    outbox->writing = window != NULL;
    pthread_mutex_unlock(&outbox->mutex);
    return window;
}

static void note_written(struct outbox *outbox, int error)
{
    pthread_mutex_lock(&outbox->mutex);
    outbox->writing = false;
    outbox->error = error;
    pthread_cond_signal(&outbox->written);
    pthread_mutex_unlock(&outbox->mutex);
    if (error != 0)
        raise_event(outbox->failed);
}

/* The thread: until it is stopped, or writing fails. */
static void *write_windows(void *context)
{
    struct outbox *outbox = context;
    struct window *window;
    int error = 0;

    while (error == 0 && (window = wait_for_window(outbox))) {
        error = copy(outbox, window->fd) ? 0 : errno;
        destroy_window(window);
        note_written(outbox, error);
    }
    return NULL;
}

static void close_events(struct outbox *outbox)
{
    if (outbox->failed >= 0)
        close(outbox->failed);
    if (outbox->stop >= 0)
        close(outbox->stop);
}

enum result outbox_init(struct outbox **outbox, int fd, uint64_t most)
{
    struct outbox *new = calloc(1, sizeof *new);
    pthread_condattr_t attributes;
    int error;

    if (!new)
        return RESULT_NO_MEMORY;
    new->fd = fd;
    new->most = most;
    new->failed = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    new->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&new->mutex, NULL);
    pthread_cond_init(&new->added, NULL);
    pthread_cond_init(&new->written, &attributes);
    pthread_condattr_destroy(&attributes);
    error = new->failed < 0 || new->stop < 0
                ? errno
                : pthread_create(&new->thread, NULL, write_windows, new);
    if (error != 0) {
        close_events(new);
        free(new);
        errno = error;
        return RESULT_SYSTEM;
    }
    *outbox = new;
    return RESULT_OK;
}

void outbox_destroy(struct outbox **outbox)
{
    struct outbox *old = *outbox;

    if (!old)
        return;
    pthread_mutex_lock(&old->mutex);
    old->stopping = true;
    pthread_cond_signal(&old->added);
    pthread_mutex_unlock(&old->mutex);
    raise_event(old->stop);
    pthread_join(old->thread, NULL);
    while (old->first)
        destroy_window(take_first(old));
    pthread_cond_destroy(&old->added);
    pthread_cond_destroy(&old->written);
    pthread_mutex_destroy(&old->mutex);
    close_events(old);
    free(old);
    *outbox = NULL;
}

enum result outbox_add(struct outbox *outbox, int fd, uint64_t bytes)
{
    struct window *window = malloc(sizeof *window);

    if (!window)
        return RESULT_NO_MEMORY;
    *window = (struct window){.fd = fd, .bytes = bytes};
    pthread_mutex_lock(&outbox->mutex);
    if (outbox->last)
        outbox->last->next = window;
    else
        outbox->first = window;
    outbox->last = window;
    outbox->counts.windows++;
    outbox->counts.bytes += bytes;
    while (outbox->counts.bytes > outbox->most && outbox->first != outbox->last) {
        destroy_window(take_first(outbox));
        outbox->counts.dropped++;
    }
    pthread_cond_signal(&outbox->added);
    pthread_mutex_unlock(&outbox->mutex);
    return RESULT_OK;
}

void outbox_count(struct outbox *outbox, struct outbox_counts *counts)
{
    pthread_mutex_lock(&outbox->mutex);
    *counts = outbox->counts;
    pthread_mutex_unlock(&outbox->mutex);
}

int outbox_fd(const struct outbox *outbox)
{
    return outbox->failed;
}

int outbox_error(struct outbox *outbox)
{
    int error;

    pthread_mutex_lock(&outbox->mutex);
    error = outbox->error;
    pthread_mutex_unlock(&outbox->mutex);
    return error;
}

static struct timespec in_future(int64_t microseconds)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += microseconds / 1000000;
    time.tv_nsec += microseconds % 1000000 * 1000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

bool outbox_wait(struct outbox *outbox, int64_t most)
{
    struct timespec until = in_future(most);
    uint64_t moved = __atomic_load_n(&outbox->moved, __ATOMIC_RELAXED), now;
    bool done;

    pthread_mutex_lock(&outbox->mutex);
    while ((outbox->first || outbox->writing) && outbox->error == 0) {
        if (pthread_cond_timedwait(&outbox->written, &outbox->mutex, &until) == 0)
            continue;
        now = __atomic_load_n(&outbox->moved, __ATOMIC_RELAXED);
        if (now == moved)
            break;
        moved = now;
        until = in_future(most);
    }
    done = !outbox->first && !outbox->writing && outbox->error == 0;
    pthread_mutex_unlock(&outbox->mutex);
    return done;
}
