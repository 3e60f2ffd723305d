/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the bytes of a call stand its rank, the length of the pair as a varint, the pair: the number
 * of the source and the bytes of the destination; its start; and as varints the duration and what
 * was sent and received.
 *
 * A rank is half from a hash of the destination and half from one of the pair.
 */
#include "show/call.h"

#include "base/varint.h"

#include <string.h>

#define GROUP_SHIFT 16

static char *put(char *p, const void *bytes, size_t length)
{
    memcpy(p, bytes, length);
    return p + length;
}

void call_host_address(struct call_host *host, const struct address *address)
{
    size_t length = address->family == 4 ? 4 : 16;

    host->bytes[0] = (char)address->family;
    memcpy(host->bytes + 1, address->bytes, length);
    host->length = 1 + length;
}

void call_host_name(struct call_host *host, struct record_text name)
{
    struct address address;

    if (address_read(name.bytes, name.length, &address)) {
        call_host_address(host, &address);
        return;
    }
    host->length = 1 + text_cut(name.bytes, name.length, BEACON_NAME_MOST);
    host->bytes[0] = 0;
    memcpy(host->bytes + 1, name.bytes, host->length - 1);
}

struct record_text call_host_text(const char *bytes, size_t length, char room[ADDRESS_TEXT])
{
    struct address address;

    if (bytes[0] == 0)
        return (struct record_text){bytes + 1, length - 1};
    address_set(&address, (uint8_t)bytes[0], (const uint8_t *)bytes + 1);
    return (struct record_text){room, address_format(&address, room)};
}

size_t call_put(const struct call *call, const struct hash_seed *seed, char *begin)
{
    uint32_t group = hash_bytes(seed, call->dst.bytes, call->dst.length) >> GROUP_SHIFT;
    uint32_t rank = group << GROUP_SHIFT | hash_pair(seed, group, call->src) >> GROUP_SHIFT;
    char *p = put(begin, &rank, sizeof rank);

    p = varint_put(p, sizeof call->src + call->dst.length);
    p = put(p, &call->src, sizeof call->src);
    p = put(p, call->dst.bytes, call->dst.length);
    p = put(p, &call->start, sizeof call->start);
    p = varint_put(p, (uint64_t)(call->end - call->start));
    p = varint_put(varint_put(p, call->sent), call->received);
    return (size_t)(p - begin);
}

static struct record_text pair_of(const char *bytes)
{
    uint64_t length;
    const char *pair = varint_take(bytes + sizeof(uint32_t), &length);

    return (struct record_text){pair, (size_t)length};
}

void call_take(const char *bytes, struct call *call)
{
    uint64_t duration;
    const char *p;

    call->pair = pair_of(bytes);
    call->group = (uint16_t)(call_rank(NULL, bytes) >> GROUP_SHIFT);
    memcpy(&call->src, call->pair.bytes, sizeof call->src);
    call->dst = (struct record_text){call->pair.bytes + sizeof call->src,
                                     call->pair.length - sizeof call->src};
    p = call->pair.bytes + call->pair.length;
    memcpy(&call->start, p, sizeof call->start);
    p = varint_take(p + sizeof call->start, &duration);
    call->end = call->start + (int64_t)duration;
    varint_take(varint_take(p, &call->sent), &call->received);
}

uint32_t call_rank(const void *context, const char *bytes)
{
    uint32_t rank;

    (void)context;
    memcpy(&rank, bytes, sizeof rank);
    return rank;
}

int call_compare(const char *a, const char *b)
{
    struct record_text x = pair_of(a), y = pair_of(b);

    if (x.length != y.length)
        return x.length < y.length ? -1 : 1;
    return memcmp(x.bytes, y.bytes, x.length);
}
