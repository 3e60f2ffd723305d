/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First messages of clients: as a stream, as a handshake message, and host names.
 */
#include "fuzz.h"
#include "name/clienthello.h"
#include "name/httprequest.h"

typedef enum hello_verdict read_fn(const uint8_t *bytes, size_t length, struct hello *hello);

static void check_name(const struct hostname *name)
{
    must(name->length <= HOSTNAME_MAX);
    must(name->length == 0 || fuzz_is_word(name->text, name->length));
    for (size_t i = 0; i < name->length; i++)
        must(name->text[i] < 'A' || name->text[i] > 'Z');
}

/* What is known from a prefix stays true, unless the rest makes it nonsense. */
static void read_part(read_fn *read, const uint8_t *data, size_t part, size_t size)
{
    struct fuzz fuzz = {data, part};
    uint8_t *bytes = fuzz_bytes(&fuzz, &part);
    struct hello some, all;
    enum hello_verdict of_some = read(bytes, part, &some), of_all = read(data, size, &all);

    check_name(&some.name);
    check_name(&all.name);
    must(of_some != HELLO_NONE || of_all == HELLO_NONE);
    must(of_some != HELLO_WHOLE || of_all != HELLO_CUT);
    must(of_some != HELLO_WHOLE || of_all != HELLO_WHOLE || some.name.length == all.name.length);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hello hello;
    struct hostname name;
    size_t part = size > 0 ? data[size - 1] * size / 256 : 0;

    read_part(clienthello_read, data, part, size);
    read_part(clienthello_read_message, data, part, size);
    read_part(httprequest_read, data, part, size);
    must(clienthello_begins(data, size) || size == 0 ||
         clienthello_read(data, size, &hello) == HELLO_NONE);
    must(httprequest_begins(data, size) || size == 0 ||
         httprequest_read(data, size, &hello) == HELLO_NONE);
    must(!clienthello_begins(data, size) || !httprequest_begins(data, size));
    must(hostname_set_host(&name, (const char *)data, size) == (name.length > 0));
    check_name(&name);
    must(hostname_set(&name, (const char *)data, size) == (name.length > 0));
    check_name(&name);
    return 0;
}
