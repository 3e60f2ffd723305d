/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals of tools that run for months: they are read like all else that is waited for.
 */
#ifndef SECFLOW_SIGNALS_H
#define SECFLOW_SIGNALS_H

#include "base/result.h"

#include <stddef.h>

/*
 * Signals are not delivered any more, but can be read from the descriptor, a signalfd(2) that does
 * not block; what is ignored stays so. -1: errno says why.
 */
MUST_CHECK int signal_descriptor(const int *signals, size_t count);

#endif
