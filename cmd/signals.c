/* SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include <signal.h>
#include <sys/signalfd.h>

void signals_keep(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

int signal_descriptor(const int *signals, size_t count)
{
    struct sigaction old;
    sigset_t set;

    /* The kernel queues a blocked signal for the descriptor even if it is ignored. */
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}
