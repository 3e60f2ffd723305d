/* SPDX-License-Identifier: Apache-2.0 */
#include "base/relay.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

struct relay {
    size_t slots;
    void (*run)(void *context);
    void *context;
    pthread_t thread;
    pthread_mutex_t mutex; /* protects everything below */
    pthread_cond_t changed;
    uint64_t given, put, taken, returned; /* slots; given: to be filled */
    bool full[RELAY_SLOTS_MAX];
    bool over;
};

static void *run(void *context)
{
    struct relay *relay = context;

    relay->run(relay->context);
    return NULL;
}

/* Signals are for the thread that knows what to do with them; these are about what a thread does
 * itself, and are blocked only if they were before. */
static int start_thread(struct relay *relay)
{
    static const int own[] = {SIGBUS, SIGFPE,  SIGILL,  SIGPIPE, SIGSEGV,
                              SIGSYS, SIGTRAP, SIGTTOU, SIGXFSZ};
    sigset_t blocked, before;
    int error = pthread_sigmask(SIG_SETMASK, NULL, &before);

    if (error != 0)
        return error;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (sigismember(&before, own[i]) == 0)
            sigdelset(&blocked, own[i]);
    error = pthread_sigmask(SIG_SETMASK, &blocked, NULL);
    if (error != 0)
        return error;
    error = pthread_create(&relay->thread, NULL, run, relay);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void free_relay(struct relay *relay)
{
    pthread_cond_destroy(&relay->changed);
    pthread_mutex_destroy(&relay->mutex);
    free(relay);
}

enum result relay_init(struct relay **relay, size_t slots, void (*run_thread)(void *context),
                       void *context)
{
    struct relay *new = calloc(1, sizeof *new);
    int error;

    *relay = NULL;
    if (!new)
        return RESULT_NO_MEMORY;
    new->slots = slots;
    new->run = run_thread;
    new->context = context;
    pthread_mutex_init(&new->mutex, NULL);
    pthread_cond_init(&new->changed, NULL);
    *relay = new; /* which the thread finds there */
    error = start_thread(new);
    if (error == 0)
        return RESULT_OK;
    *relay = NULL;
    free_relay(new);
    errno = error;
    return RESULT_SYSTEM;
}

void relay_destroy(struct relay **relay)
{
    struct relay *old = *relay;

    if (!old)
        return;
    pthread_mutex_lock(&old->mutex);
    old->over = true;
    pthread_cond_signal(&old->changed);
    pthread_mutex_unlock(&old->mutex);
    pthread_join(old->thread, NULL);
    free_relay(old);
    *relay = NULL;
}

bool relay_is_over(struct relay *relay)
{
    bool over;

    pthread_mutex_lock(&relay->mutex);
    over = relay->over;
    pthread_mutex_unlock(&relay->mutex);
    return over;
}

/* The mutex is held. */
static bool give(struct relay *relay, size_t *slot)
{
    if (relay->given - relay->returned == relay->slots)
        return false;
    *slot = (size_t)(relay->given++ % relay->slots);
    return true;
}

/*
 * The two sides never wait at the same time, since the one that takes holds fewer than all slots
 * when it waits: so there is one condition, and one thread to wake.
 */
bool relay_room(struct relay *relay, size_t *slot)
{
    bool over;

    pthread_mutex_lock(&relay->mutex);
    while (!relay->over && !give(relay, slot))
        pthread_cond_wait(&relay->changed, &relay->mutex);
    over = relay->over;
    pthread_mutex_unlock(&relay->mutex);
    return !over;
}

bool relay_spare(struct relay *relay, size_t *slot)
{
    bool spare;

    pthread_mutex_lock(&relay->mutex);
    spare = !relay->full[relay->taken % relay->slots] && give(relay, slot);
    pthread_mutex_unlock(&relay->mutex);
    return spare;
}

void relay_drain(struct relay *relay)
{
    pthread_mutex_lock(&relay->mutex);
    while (relay->returned < relay->put)
        pthread_cond_wait(&relay->changed, &relay->mutex);
    pthread_mutex_unlock(&relay->mutex);
}

void relay_put(struct relay *relay, size_t slot)
{
    pthread_mutex_lock(&relay->mutex);
    relay->full[slot] = true;
    relay->put++;
    pthread_cond_signal(&relay->changed);
    pthread_mutex_unlock(&relay->mutex);
}

bool relay_take(struct relay *relay, size_t *slot)
{
    bool any;

    pthread_mutex_lock(&relay->mutex);
    *slot = (size_t)(relay->taken % relay->slots);
    while (!relay->over && !relay->full[*slot])
        pthread_cond_wait(&relay->changed, &relay->mutex);
    any = relay->full[*slot];
    relay->full[*slot] = false;
    relay->taken += any;
    pthread_mutex_unlock(&relay->mutex);
    return any;
}

void relay_return(struct relay *relay)
{
    pthread_mutex_lock(&relay->mutex);
    relay->returned++;
    pthread_cond_signal(&relay->changed);
    pthread_mutex_unlock(&relay->mutex);
}
