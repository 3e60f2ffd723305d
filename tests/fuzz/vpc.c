/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow logs of clouds.
 */
#include "log.h"
#include "log/vpclog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return read_log(&vpc_reader, data, size);
}
