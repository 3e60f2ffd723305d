/* SPDX-License-Identifier: Apache-2.0 */
#include "send/backoff.h"

#include <sys/random.h>
#include <time.h>

int64_t backoff_wait(unsigned failures)
{
    int64_t most = BACKOFF_FIRST;
    uint64_t random;

    while (--failures > 0 && most < BACKOFF_MOST)
        most *= 2;
    if (most > BACKOFF_MOST)
        most = BACKOFF_MOST;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        random = (uint64_t)clock();
    return (int64_t)(random % (uint64_t)most) + 1;
}
