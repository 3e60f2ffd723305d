#include "intern.h"

#include "grow.h"

#define SLOTS_MIN 1024u
#define MALLOC_BYTES 16u /* what it takes beside the text, about */

enum result intern_init(struct intern *intern)
{
    *intern = (struct intern){.slot_count = SLOTS_MIN};
    intern->slots = calloc(SLOTS_MIN, sizeof *intern->slots);
    return intern->slots ? hash_seed_init(&intern->seed) : RESULT_NO_MEMORY;
}

void intern_destroy(struct intern *intern)
{
    for (uint32_t i = 0; i < intern->count; i++)
        free(intern->texts[i].bytes);
    free(intern->texts);
    free(intern->slots);
    *intern = (struct intern){.count = 0};
}

size_t intern_bytes(const struct intern *intern)
{
    return intern->text_bytes + intern->capacity * sizeof *intern->texts +
           intern->slot_count * sizeof *intern->slots;
}

/* The slot of the text, or the free one where it belongs. */
static uint32_t *find_slot(const struct intern *intern, const char *text, size_t length,
                           uint32_t hash)
{
    for (uint32_t i = hash;; i++) {
        uint32_t *slot = &intern->slots[i & (intern->slot_count - 1)];
        const struct interned *known;

        if (*slot == 0)
            return slot;
        known = &intern->texts[*slot - 1];
        if (known->hash == hash && known->length == length &&
            memcmp(known->bytes, text, length) == 0)
            return slot;
    }
}

/* Keeps the slots at most half full. */
static enum result reserve_slots(struct intern *intern)
{
    uint32_t *old = intern->slots;

    if (intern->count < intern->slot_count / 2)
        return RESULT_OK;
    intern->slots = calloc((size_t)intern->slot_count * 2, sizeof *intern->slots);
    if (!intern->slots) {
        intern->slots = old;
        return RESULT_NO_MEMORY;
    }
    free(old);
    intern->slot_count *= 2;
    for (uint32_t i = 0; i < intern->count; i++) {
        const struct interned *text = &intern->texts[i];

        *find_slot(intern, text->bytes, text->length, text->hash) = i + 1;
    }
    return RESULT_OK;
}

static enum result add(struct intern *intern, const char *text, size_t length, uint32_t hash)
{
    struct interned *grown = grow(intern->texts, intern->count, &intern->capacity, sizeof *grown);
    char *copy;

    if (!grown)
        return RESULT_NO_MEMORY;
    intern->texts = grown;
    copy = malloc(length + 1);
    if (!copy)
        return RESULT_NO_MEMORY;
    memcpy(copy, text, length);
    intern->text_bytes += length + 1 + MALLOC_BYTES;
    intern->texts[intern->count++] = (struct interned){copy, (uint32_t)length, hash};
    return RESULT_OK;
}

enum result intern_add(struct intern *intern, const char *text, size_t length, uint32_t *index)
{
    uint32_t hash = hash_bytes(&intern->seed, text, length), *slot;
    enum result result = reserve_slots(intern);

    if (result != RESULT_OK)
        return result;
    slot = find_slot(intern, text, length, hash);
    if (*slot == 0) {
        result = add(intern, text, length, hash);
        if (result != RESULT_OK)
            return result;
        *slot = intern->count;
    }
    *index = *slot - 1;
    return RESULT_OK;
}
