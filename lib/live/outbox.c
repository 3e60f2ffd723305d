/* SPDX-License-Identifier: Apache-2.0 */
#include "live/outbox.h"

#include "base/clock.h"
#include "name/namecache.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* Names go to the thread in blocks of this size; at most this many blocks may wait. */
#define BLOCK_BYTES ((size_t)64 << 10)
#define BLOCKS_MOST 128u

/* How long to wait for the lock of the name cache when nothing else is left to do. */
#define LAST_LOCK_WAIT (2 * SECOND)

/* Milliseconds until writing windows is retried. */
#define TRY_AGAIN 1000

/* Precedes each name in a block. */
struct told {
    struct address address;
    int64_t time;
    size_t length;
};

/* A queued item: flows, or names. */
struct item {
    struct item *next;
    struct flowlist *flows; /* NULL: names */
    struct window window;
    bool ends;     /* these are the last names */
    size_t length; /* of the names, in bytes */
    size_t count;  /* of the names */
    char *names;
};

struct outbox {
    struct outbox_options options;
    int failed, stop;   /* events */
    struct item *block; /* of names, which the meter's thread fills; NULL: none */
    bool names_told;    /* names came since the last cache update; used by the thread */
    pthread_t thread;
    pthread_mutex_t mutex; /* protects everything below */
    pthread_cond_t added, written;
    struct item *first, *last; /* the queue; the item being written is not in it */
    size_t blocks;             /* how many items are blocks of names */
    struct outbox_counts counts;
    bool writing, stopping;
    int error;
    uint64_t moved; /* bytes written */
    bool stuck;     /* the last operation on windows failed */
};

static void raise_event(int event)
{
    const uint64_t one = 1;
    ssize_t wrote = write(event, &one, sizeof one); /* its counter cannot be full */

    (void)wrote;
}

static void destroy_item(struct item *item)
{
    flowlist_destroy(&item->flows);
    free(item->names);
    free(item);
}

/* Waits until the output is writable; false: writing is to end. */
static bool wait_for_reader(const struct outbox *outbox)
{
    struct pollfd fds[] = {{.fd = outbox->options.fd, .events = POLLOUT},
                           {.fd = outbox->stop, .events = POLLIN}};

    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    return fds[1].revents == 0;
}

/* An output_write_fn: writes pieces that a pipe accepts without blocking, until told to end. */
static enum result write_pieces(void *context, const char *bytes, size_t length)
{
    struct outbox *outbox = context;
    ssize_t wrote;

    for (; length > 0; length -= (size_t)wrote, bytes += wrote) {
        if (!wait_for_reader(outbox)) {
            errno = ECANCELED;
            return RESULT_SYSTEM;
        }
        wrote = write(outbox->options.fd, bytes, length < PIPE_BUF ? length : PIPE_BUF);
        if (wrote < 0 && errno != EAGAIN && errno != EINTR)
            return RESULT_SYSTEM;
        wrote = wrote > 0 ? wrote : 0;
        __atomic_add_fetch(&outbox->moved, (uint64_t)wrote, __ATOMIC_RELAXED);
    }
    return RESULT_OK;
}

static void note_trouble(struct outbox *outbox, int error)
{
    pthread_mutex_lock(&outbox->mutex);
    outbox->counts.trouble = error;
    pthread_mutex_unlock(&outbox->mutex);
}

/*
 * True if an operation on windows is to be retried: it failed a second ago, and there may be space
 * by now. errno is ECANCELED if everything is to end.
 */
static bool try_again(struct outbox *outbox, enum result result)
{
    struct pollfd stop = {.fd = outbox->stop, .events = POLLIN};
    bool failed = result == RESULT_SYSTEM;

    __atomic_store_n(&outbox->stuck, failed, __ATOMIC_RELAXED);
    if (!failed)
        return false;
    note_trouble(outbox, errno);
    if (poll(&stop, 1, TRY_AGAIN) > 0) {
        errno = ECANCELED;
        return false;
    }
    windows_tidy(outbox->options.windows);
    return true;
}

/* An output_write_fn. */
static enum result write_window(void *context, const char *bytes, size_t length)
{
    struct outbox *outbox = context;
    enum result result = RESULT_OK;
    size_t wrote;

    for (; length > 0 && result == RESULT_OK; length -= wrote, bytes += wrote) {
        do
            result = windows_write(outbox->options.windows, bytes, length, &wrote);
        while (try_again(outbox, result));
        __atomic_add_fetch(&outbox->moved, wrote, __ATOMIC_RELAXED);
    }
    return result;
}

static enum result begin_window(struct outbox *outbox, const struct window *window)
{
    enum result result = RESULT_OK;

    if (outbox->options.windows)
        do
            result = windows_begin(outbox->options.windows, window);
        while (try_again(outbox, result));
    return result;
}

/* Completes a window; after that, nothing of it is stuck. */
static enum result end_window(struct outbox *outbox)
{
    enum result result;

    if (!outbox->options.windows)
        return RESULT_OK;
    do
        result = windows_end(outbox->options.windows);
    while (try_again(outbox, result));
    if (result == RESULT_OK) {
        note_trouble(outbox, 0);
        windows_tidy(outbox->options.windows);
    }
    return result;
}

/* Takes the first item off the queue. */
static struct item *take_first(struct outbox *outbox)
{
    struct item *item = outbox->first;

    outbox->first = item->next;
    if (!outbox->first)
        outbox->last = NULL;
    if (item->flows) {
        outbox->counts.waiting--;
        outbox->counts.bytes -= flowlist_bytes(item->flows);
    } else {
        outbox->blocks--;
    }
    return item;
}

/* NULL: there will be no more. */
static struct item *wait_for_item(struct outbox *outbox)
{
    struct item *item = NULL;

    pthread_mutex_lock(&outbox->mutex);
    while (!outbox->first && !outbox->stopping)
        pthread_cond_wait(&outbox->added, &outbox->mutex);
    if (!outbox->stopping)
        item = take_first(outbox);
    outbox->writing = item != NULL;
    pthread_mutex_unlock(&outbox->mutex);
    return item;
}

static enum result learn_names(struct outbox *outbox, const struct item *block)
{
    const struct sink sink = recorder_sink(outbox->options.recorder);
    enum result result = RESULT_OK;
    struct told told;

    outbox->names_told |= block->count > 0;
    for (size_t at = 0; at < block->length && result == RESULT_OK;) {
        memcpy(&told, block->names + at, sizeof told);
        at += sizeof told;
        result = sink.name(sink.context, &told.address, block->names + at, told.length, told.time);
        at += told.length;
    }
    return result;
}

/*
 * At the end of a window, adds new names to the cache. If another process has it locked, leaves
 * that to the next window.
 */
static void keep_cache(struct outbox *outbox, int64_t wait)
{
    struct namecache_keep keep = {
        .now = clock_wall(), .age = outbox->options.cache_age, .wait = wait};
    enum result result;
    int error;

    if (!outbox->options.cache_path || !outbox->names_told)
        return;
    result = namecache_learn(outbox->options.cache_path, recorder_names(outbox->options.recorder),
                             &keep);
    error = errno;
    outbox->names_told = result == RESULT_SYSTEM && error == EWOULDBLOCK;
    pthread_mutex_lock(&outbox->mutex);
    outbox->counts.cache = result;
    outbox->counts.cache_error = error;
    pthread_mutex_unlock(&outbox->mutex);
}

/* Results as of names_forget. */
static enum result forget_names(struct outbox *outbox, int64_t sample_start)
{
    if (outbox->options.name_memory == 0 || sample_start == INT64_MAX) /* an empty window */
        return RESULT_OK;
    return names_forget(recorder_names(outbox->options.recorder),
                        sample_start - outbox->options.name_memory);
}

static enum result write_flows(struct outbox *outbox, struct item *item)
{
    enum result result = begin_window(outbox, &item->window);

    if (result == RESULT_OK)
        result = recorder_write(outbox->options.recorder, item->flows, &item->window);
    flowlist_destroy(&item->flows); /* before anything that may take long */
    return result == RESULT_OK && item->window.ends ? end_window(outbox) : result;
}

static enum result carry_out(struct outbox *outbox, struct item *item)
{
    enum result result;

    if (item->flows) {
        result = write_flows(outbox, item);
        if (result != RESULT_OK || !item->window.ends)
            return result;
        keep_cache(outbox, 0);
        return forget_names(outbox, item->window.sample_start);
    }
    result = learn_names(outbox, item);
    if (result != RESULT_OK || !item->ends)
        return result;
    keep_cache(outbox, LAST_LOCK_WAIT);
    return end_window(outbox); /* its last flows may have been dropped */
}

static void note_done(struct outbox *outbox, int error)
{
    struct names *names = recorder_names(outbox->options.recorder);

    pthread_mutex_lock(&outbox->mutex);
    outbox->writing = false;
    outbox->error = error;
    outbox->counts.records = record_writer_count(outbox->options.writer);
    outbox->counts.names = names_count(names);
    outbox->counts.names_bytes = names_bytes(names);
    outbox->counts.names_forgotten = names_forgotten(names);
    if (outbox->options.windows)
        windows_count(outbox->options.windows, &outbox->counts.windows);
    pthread_cond_signal(&outbox->written);
    pthread_mutex_unlock(&outbox->mutex);
    if (error != 0)
        raise_event(outbox->failed);
}

/* The thread: runs until it is stopped or writing fails. */
static void *run(void *context)
{
    struct outbox *outbox = context;
    struct item *item;
    int error = 0;

    if (outbox->options.windows) {
        windows_tidy(outbox->options.windows);
        note_done(outbox, 0);
    }
    while (error == 0 && (item = wait_for_item(outbox))) {
        enum result result = carry_out(outbox, item);

        error = result == RESULT_OK ? 0 : result == RESULT_NO_MEMORY ? ENOMEM : errno;
        destroy_item(item);
        note_done(outbox, error);
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

enum result outbox_init(struct outbox **outbox, const struct outbox_options *options)
{
    struct outbox *new = calloc(1, sizeof *new);
    pthread_condattr_t attributes;
    int error;

    if (!new)
        return RESULT_NO_MEMORY;
    new->options = *options;
    record_writer_redirect(options->writer, options->windows ? write_window : write_pieces, new);
    new->failed = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    new->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&new->mutex, NULL);
    pthread_cond_init(&new->added, NULL);
    pthread_cond_init(&new->written, &attributes);
    pthread_condattr_destroy(&attributes);
    error = new->failed < 0 || new->stop < 0 ? errno : pthread_create(&new->thread, NULL, run, new);
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
        destroy_item(take_first(old));
    if (old->block)
        destroy_item(old->block);
    pthread_cond_destroy(&old->added);
    pthread_cond_destroy(&old->written);
    pthread_mutex_destroy(&old->mutex);
    close_events(old);
    free(old);
    *outbox = NULL;
}

/* Takes the oldest flows off the queue; names between them stay. */
static struct item *take_oldest(struct outbox *outbox)
{
    struct item **link = &outbox->first, *before = NULL, *item;

    while (!(*link)->flows) {
        before = *link;
        link = &(*link)->next;
    }
    item = *link;
    *link = item->next;
    if (outbox->last == item)
        outbox->last = before;
    outbox->counts.waiting--;
    outbox->counts.bytes -= flowlist_bytes(item->flows);
    outbox->counts.dropped++;
    outbox->counts.dropped_flows += flowlist_count(item->flows);
    return item;
}

/* Appends an item, possibly the first, to the queue. The mutex is held. */
static void append(struct outbox *outbox, struct item *item)
{
    if (outbox->last)
        outbox->last->next = item;
    else
        outbox->first = item;
    outbox->last = item;
    pthread_cond_signal(&outbox->added);
}

/* Queues the block of names; drops it if too many wait. */
static void send_names(struct outbox *outbox)
{
    struct item *block = outbox->block;
    bool full;

    if (!block)
        return;
    outbox->block = NULL;
    pthread_mutex_lock(&outbox->mutex);
    full = outbox->blocks >= BLOCKS_MOST;
    if (full) {
        outbox->counts.dropped_names += block->count;
    } else {
        outbox->blocks++;
        append(outbox, block);
    }
    pthread_mutex_unlock(&outbox->mutex);
    if (full)
        destroy_item(block);
}

static struct item *new_block(void)
{
    struct item *block = calloc(1, sizeof *block);

    if (block)
        block->names = malloc(BLOCK_BYTES);
    if (block && !block->names) {
        free(block);
        block = NULL;
    }
    return block;
}

static enum result take_name(void *context, const struct address *address, const char *name,
                             size_t length, int64_t time)
{
    const struct told told = {*address, time, length};
    struct outbox *outbox = context;

    if (outbox->block && outbox->block->length + sizeof told + length > BLOCK_BYTES)
        send_names(outbox);
    if (!outbox->block)
        outbox->block = new_block();
    if (!outbox->block)
        return RESULT_NO_MEMORY;
    memcpy(outbox->block->names + outbox->block->length, &told, sizeof told);
    memcpy(outbox->block->names + outbox->block->length + sizeof told, name, length);
    outbox->block->length += sizeof told + length;
    outbox->block->count++;
    return RESULT_OK;
}

static enum result take_flows(void *context, struct flowlist *flows, const struct window *window)
{
    struct outbox *outbox = context;
    struct item *item = calloc(1, sizeof *item), *dropped = NULL;

    if (!item) {
        flowlist_destroy(&flows);
        return RESULT_NO_MEMORY;
    }
    *item = (struct item){.flows = flows, .window = *window};
    send_names(outbox);
    pthread_mutex_lock(&outbox->mutex);
    append(outbox, item);
    outbox->counts.waiting++;
    outbox->counts.bytes += flowlist_bytes(flows);
    while (outbox->counts.bytes > outbox->options.most && outbox->counts.waiting > 1) {
        struct item *oldest = take_oldest(outbox);

        oldest->next = dropped;
        dropped = oldest;
    }
    pthread_mutex_unlock(&outbox->mutex);
    while (dropped) {
        struct item *next = dropped->next;

        destroy_item(dropped);
        dropped = next;
    }
    return RESULT_OK;
}

struct sink outbox_sink(struct outbox *outbox)
{
    return (struct sink){outbox, take_name, take_flows};
}

void outbox_count(struct outbox *outbox, struct outbox_counts *counts)
{
    pthread_mutex_lock(&outbox->mutex);
    *counts = outbox->counts;
    counts->writing = outbox->writing;
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
    time.tv_sec += (time_t)(microseconds / 1000000);
    time.tv_nsec += (long)(microseconds % 1000000 * 1000);
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

/* Queues the names that came after the last flows, marked as the last. */
static void send_last(struct outbox *outbox)
{
    if (!outbox->block)
        outbox->block = new_block();
    if (outbox->block)
        outbox->block->ends = true;
    send_names(outbox);
}

/* True while its current work will end although no bytes move. */
static bool is_syncing(const struct outbox *outbox)
{
    return outbox->options.windows && !__atomic_load_n(&outbox->stuck, __ATOMIC_RELAXED);
}

bool outbox_wait(struct outbox *outbox, int64_t most)
{
    struct timespec until = in_future(most);
    uint64_t moved = __atomic_load_n(&outbox->moved, __ATOMIC_RELAXED), now;
    bool done;

    send_last(outbox);
    pthread_mutex_lock(&outbox->mutex);
    while ((outbox->first || outbox->writing) && outbox->error == 0) {
        if (pthread_cond_timedwait(&outbox->written, &outbox->mutex, &until) == 0)
            continue;
        now = __atomic_load_n(&outbox->moved, __ATOMIC_RELAXED);
        if (now == moved && !is_syncing(outbox))
            break;
        moved = now;
        until = in_future(most);
    }
    done = !outbox->first && !outbox->writing && outbox->error == 0;
    pthread_mutex_unlock(&outbox->mutex);
    return done;
}
