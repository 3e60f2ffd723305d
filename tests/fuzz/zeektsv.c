/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zeek's logs, except those in JSON.
 */
#include "log.h"
#include "log/zeeklog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return is_json(data, size) ? 0 : read_log(&zeek_reader, data, size);
}
