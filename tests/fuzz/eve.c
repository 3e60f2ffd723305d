/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suricata's eve.json.
 */
#include "log.h"
#include "log/evelog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return read_log(&eve_reader, data, size);
}
