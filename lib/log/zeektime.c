/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times as Zeek writes them.
 */
#include "log/zeekread.h"

#include "base/clock.h"
#include "base/timestamp.h"

bool zeek_time(const char *text, size_t length, int64_t *microseconds)
{
    uint64_t milliseconds;

    if (length >= 20 && text[4] == '-')
        return timestamp_read(text, length, microseconds);
    if (length < 12 || length > 15 || !number_count(text, length, &milliseconds))
        return number_seconds(text, length, microseconds);
    if (milliseconds >= (uint64_t)TIME_END / 1000)
        return false;
    *microseconds = (int64_t)milliseconds * 1000;
    return true;
}
