/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals, for tools that run for months: read from a descriptor in the same loop as everything
 * else.
 */
#ifndef SECFLOW_SIGNALS_H
#define SECFLOW_SIGNALS_H

#include "base/result.h"

#include <stddef.h>

/* Keeps SIGUSR1, which would end the tool, for the descriptor. Call it first in main. */
void signals_keep(void);

/*
 * Blocks the signals and returns a non-blocking signalfd(2) to read them from; ignored signals stay
 * ignored. -1: see errno.
 */
MUST_CHECK int signal_descriptor(const int *signals, size_t count);

#endif
