/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages.
 */
#include "name/dns.h"
#include "fuzz.h"

static enum result tell(void *context, const struct address *address, const char *name,
                        size_t length)
{
    size_t *told = context;

    must(address->family == 4 || address->family == 6);
    must(length < DNS_NAME_TEXT && name[length] == '\0' && fuzz_is_word(name, length));
    for (size_t i = 0; i < length; i++)
        must(name[i] < 'A' || name[i] > 'Z');
    ++*told;
    return RESULT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t told = 0;
    enum result result = dns_read(data, size, tell, &told);

    must(result == RESULT_OK || (result == RESULT_DAMAGED && told == 0));
    return 0;
}
