/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of NetFlow and IPFIX, with little memory for what waits and for templates.
 */
#include "log.h"
#include "log/ipfixlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return read_log(&ipfix_reader, data, size);
}
