/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients say first: as a stream, as a handshake message, and host names.
 */
#include "name/hello.h"
#include "fuzz.h"

typedef enum hello_verdict read_fn(const uint8_t *bytes, size_t length, struct hello *hello);

static void check_name(const struct hello *hello)
{
    must(hello->length <= HELLO_NAME_MAX);
    must(hello->length == 0 || fuzz_is_word(hello->name, hello->length));
    for (size_t i = 0; i < hello->length; i++)
        must(hello->name[i] < 'A' || hello->name[i] > 'Z');
}

/* What is known of a part of the bytes stays true, unless what follows makes nonsense of it. */
static void read_part(read_fn *read, const uint8_t *data, size_t part, size_t size)
{
    struct fuzz fuzz = {data, part};
    uint8_t *bytes = fuzz_bytes(&fuzz, &part);
    struct hello some, all;
    enum hello_verdict of_some = read(bytes, part, &some), of_all = read(data, size, &all);

    check_name(&some);
    check_name(&all);
    must(of_some != HELLO_NONE || of_all == HELLO_NONE);
    must(of_some != HELLO_WHOLE || of_all != HELLO_CUT);
    must(of_some != HELLO_WHOLE || of_all != HELLO_WHOLE || some.length == all.length);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hello hello;
    size_t part = size > 0 ? data[size - 1] * size / 256 : 0;

    read_part(hello_read, data, part, size);
    read_part(hello_read_message, data, part, size);
    must(hello_begins(data, size) || size == 0 || hello_read(data, size, &hello) == HELLO_NONE);
    must(hello_set_host(&hello, (const char *)data, size) == (hello.length > 0));
    check_name(&hello);
    must(hello_set_name(&hello, (const char *)data, size) == (hello.length > 0));
    check_name(&hello);
    return 0;
}
