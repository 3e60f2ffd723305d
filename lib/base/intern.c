/* SPDX-License-Identifier: Apache-2.0 */
#include "base/intern.h"

enum result intern_init(struct intern *intern)
{
    enum result result;

    *intern = (struct intern){.end = 0};
    result = index_init(&intern->index);
    return result == RESULT_OK ? hash_seed_init(&intern->seed) : result;
}

void intern_destroy(struct intern *intern)
{
    pool_destroy(&intern->texts);
    pool_destroy(&intern->bytes);
    index_destroy(&intern->index);
    *intern = (struct intern){.end = 0};
}

size_t intern_bytes(const struct intern *intern)
{
    return pool_bytes(&intern->texts, sizeof(struct interned)) +
           pool_bytes(&intern->bytes, INTERN_UNIT) + index_bytes(&intern->index);
}

static char *bytes_at(const struct intern *intern, uint32_t offset)
{
    return intern->bytes.blocks[offset / INTERN_MOST] + offset % INTERN_MOST;
}

struct key {
    const char *text;
    size_t length;
    uint32_t hash;
};

/* An index_same_fn. */
static bool is_text(const void *owner, uint32_t number, const void *sought)
{
    const struct intern *intern = owner;
    const struct interned *known = intern_at(intern, number - 1);
    const struct key *key = sought;

    return known->hash == key->hash && known->length == key->length &&
           memcmp(bytes_at(intern, known->offset), key->text, key->length) == 0;
}

/* An index_hash_fn. */
static uint32_t text_hash(const void *owner, uint32_t number)
{
    return intern_at(owner, number - 1)->hash;
}

/* Where the bytes of a string go, after others. */
static uint32_t place(uint32_t end, size_t length)
{
    size_t left = INTERN_MOST - end % INTERN_MOST;

    return length <= left ? end : end + (uint32_t)left;
}

static enum result add(struct intern *intern, const char *text, size_t length, uint32_t hash)
{
    uint32_t offset = place(intern->end, length);
    enum result result = pool_reserve(&intern->texts, sizeof(struct interned));

    if (length > INTERN_MOST || offset > UINT32_MAX - 2 * INTERN_MOST)
        return RESULT_NO_MEMORY;
    intern->bytes.count = offset / INTERN_UNIT;
    if (result == RESULT_OK)
        result = pool_reserve(&intern->bytes, INTERN_UNIT);
    if (result != RESULT_OK)
        return result;
    memcpy(bytes_at(intern, offset), text, length);
    intern->end = offset + (uint32_t)length;
    *(struct interned *)pool_at(&intern->texts, sizeof(struct interned), intern->texts.count++) =
        (struct interned){offset, (uint32_t)length, hash};
    return RESULT_OK;
}

bool intern_find(const struct intern *intern, const char *text, size_t length, uint32_t *index)
{
    struct key key = {text, length, intern_hash(intern, text, length)};
    uint32_t number = *index_find(&intern->index, key.hash, is_text, intern, &key);

    if (number == 0)
        return false;
    *index = number - 1;
    return true;
}

enum result intern_add(struct intern *intern, const char *text, size_t length, uint32_t *index)
{
    return intern_add_hashed(intern, text, length, intern_hash(intern, text, length), index);
}

enum result intern_add_hashed(struct intern *intern, const char *text, size_t length, uint32_t hash,
                              uint32_t *index)
{
    struct key key = {text, length, hash};
    uint32_t *slot;
    enum result result = RESULT_OK;

    if (index_full(&intern->index, intern->texts.count))
        result = index_grow(&intern->index, intern->texts.count, text_hash, intern);
    if (result != RESULT_OK)
        return result;
    slot = index_find(&intern->index, key.hash, is_text, intern, &key);
    if (*slot == 0) {
        result = add(intern, text, length, hash);
        if (result != RESULT_OK)
            return result;
        *slot = intern->texts.count;
    }
    *index = *slot - 1;
    return RESULT_OK;
}

uint32_t intern_fetch_text(const struct intern *intern, uint32_t hash)
{
    for (uint32_t at = hash;; at++) {
        uint32_t index = *index_slot(&intern->index, at) - 1;

        if (index == UINT32_MAX)
            return index;
        if (intern_at(intern, index)->hash == hash) {
            size_t length;
            const char *text = intern_text(intern, index, &length);

            __builtin_prefetch(text);
            __builtin_prefetch(text + length);
            return index;
        }
    }
}

/* No string moves to a later place, so those that stay can be moved in turn. */
void intern_keep(struct intern *intern, uint32_t *map)
{
    uint32_t kept = 0, end = 0;

    for (uint32_t i = 0; i < intern->texts.count; i++) {
        struct interned text = *intern_at(intern, i);
        uint32_t offset = place(end, text.length);

        if (map[i] == 0)
            continue;
        memmove(bytes_at(intern, offset), bytes_at(intern, text.offset), text.length);
        text.offset = offset;
        end = offset + text.length;
        map[i] = kept;
        *(struct interned *)pool_at(&intern->texts, sizeof text, kept++) = text;
    }
    pool_trim(&intern->texts, kept);
    pool_trim(&intern->bytes, (end + INTERN_UNIT - 1) / INTERN_UNIT);
    intern->end = end;
    index_renew(&intern->index, kept, text_hash, intern);
}
