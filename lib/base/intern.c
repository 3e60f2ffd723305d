#include "base/intern.h"

enum result intern_init(struct intern *intern)
{
    enum result result;

    *intern = (struct intern){.end = 0};
    result = slots_init(&intern->slots);
    return result == RESULT_OK ? hash_seed_init(&intern->seed) : result;
}

void intern_destroy(struct intern *intern)
{
    pool_destroy(&intern->texts);
    pool_destroy(&intern->bytes);
    free(intern->slots.list);
    *intern = (struct intern){.end = 0};
}

size_t intern_bytes(const struct intern *intern)
{
    return pool_bytes(&intern->texts, sizeof(struct interned)) +
           pool_bytes(&intern->bytes, INTERN_UNIT) + intern->slots.count * sizeof(uint32_t);
}

static char *bytes_at(const struct intern *intern, uint32_t offset)
{
    return intern->bytes.blocks[offset / INTERN_MOST] + offset % INTERN_MOST;
}

/* The slot of the text, or the free one where it belongs. */
static uint32_t *find_slot(const struct intern *intern, const char *text, size_t length,
                           uint32_t hash)
{
    for (uint32_t i = hash;; i++) {
        uint32_t *slot = slots_at(&intern->slots, i);
        const struct interned *known;

        if (*slot == 0)
            return slot;
        known = intern_at(intern, *slot - 1);
        if (known->hash == hash && known->length == length &&
            memcmp(bytes_at(intern, known->offset), text, length) == 0)
            return slot;
    }
}

/* Puts all texts into slots that are free; they differ from each other. */
static void fill_slots(struct intern *intern)
{
    for (uint32_t i = 0; i < intern->texts.count; i++) {
        uint32_t at = intern_at(intern, i)->hash;

        while (*slots_at(&intern->slots, at) != 0)
            at++;
        *slots_at(&intern->slots, at) = i + 1;
    }
}

/* Where the bytes of a text go behind others. */
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

enum result intern_add(struct intern *intern, const char *text, size_t length, uint32_t *index)
{
    uint32_t hash = hash_bytes(&intern->seed, text, length), *slot;
    enum result result = RESULT_OK;

    if (slots_full(&intern->slots, intern->texts.count)) {
        result = slots_grow(&intern->slots);
        if (result != RESULT_OK)
            return result;
        fill_slots(intern);
    }
    slot = find_slot(intern, text, length, hash);
    if (*slot == 0) {
        result = add(intern, text, length, hash);
        if (result != RESULT_OK)
            return result;
        *slot = intern->texts.count;
    }
    *index = *slot - 1;
    return RESULT_OK;
}

/* Of each text the place becomes none that is later, so that those that stay can move in turn. */
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
    slots_clear(&intern->slots, kept);
    fill_slots(intern);
}
