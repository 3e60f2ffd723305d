/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spill.h"

#include "base/files.h"
#include "base/grow.h"
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What of a run is in memory, at least and at most, where no entry is longer. */
#define BUFFER_LEAST (4u * 1024)
#define BUFFER_MOST (256u * 1024)

/* In the file the rank and the length stand in front of the bytes. */
struct head {
    uint32_t rank, length;
};

struct run {
    uint64_t at, end; /* of the file: what has not been read */
    char *buffer;
    size_t size, begin, used; /* of the buffer: what is left begins at begin, and ends at used */
    struct entry entry;       /* which begins the buffer */
};

struct spill {
    const char *folder;
    entry_compare_fn *compare;
    int fd; /* -1: there is no file yet */
    uint64_t written;
    struct output *output;
    struct run *runs;
    size_t count, capacity;
    size_t *heap; /* of the runs that are not at their end, the one with the first entry first */
    size_t heap_count;
    bool taken; /* the first entry: it goes before the next is looked for */
};

enum result spill_init(struct spill **spill, const char *folder, entry_compare_fn *compare)
{
    struct spill *new = calloc(1, sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    new->folder = folder;
    new->compare = compare;
    new->fd = -1;
    *spill = new;
    return RESULT_OK;
}

void spill_destroy(struct spill **spill)
{
    struct spill *old = *spill;

    if (!old)
        return;
    if (old->fd >= 0)
        files_close(old->fd);
    for (size_t i = 0; i < old->count; i++)
        free(old->runs[i].buffer);
    free(old->runs);
    free(old->heap);
    free(old->output);
    free(old);
    *spill = NULL;
}

/* Where the file system has no files without names, it has one for a moment. */
static int open_temporary(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    char *path = NULL;

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    if (asprintf(&path, "%s/secflow.XXXXXX", folder) < 0)
        return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    free(path);
    return fd;
}

static enum result open_file(struct spill *spill)
{
    spill->output = malloc(sizeof *spill->output);
    if (!spill->output)
        return RESULT_NO_MEMORY;
    spill->fd = open_temporary(spill->folder);
    output_init(spill->output, spill->fd);
    return spill->fd >= 0 ? RESULT_OK : RESULT_SYSTEM;
}

enum result spill_begin(struct spill *spill)
{
    enum result result = spill->fd < 0 ? open_file(spill) : RESULT_OK;
    struct run *grown;

    if (result != RESULT_OK)
        return result;
    grown = grow(spill->runs, spill->count, &spill->capacity, sizeof *spill->runs);
    if (!grown)
        return RESULT_NO_MEMORY;
    spill->runs = grown;
    spill->runs[spill->count++] = (struct run){.at = spill->written};
    return RESULT_OK;
}

enum result spill_put(struct spill *spill, const struct entry *entry)
{
    struct head head = {entry->rank, entry->length};
    enum result result = output_put(spill->output, (const char *)&head, sizeof head);

    spill->written += sizeof head + entry->length;
    return result == RESULT_OK ? output_put(spill->output, entry->bytes, entry->length) : result;
}

enum result spill_end(struct spill *spill)
{
    spill->runs[spill->count - 1].end = spill->written;
    return output_flush(spill->output);
}

uint64_t spill_bytes(const struct spill *spill)
{
    return spill->written;
}

/* Makes the buffer larger, which holds what is left at its beginning. */
static enum result enlarge(struct run *run, size_t size)
{
    char *grown = realloc(run->buffer, size);

    if (!grown)
        return RESULT_NO_MEMORY;
    run->buffer = grown;
    run->size = size;
    return RESULT_OK;
}

/* Reads on until there are so many bytes from begin on. */
static enum result fill(struct spill *spill, struct run *run, size_t wanted)
{
    enum result result = RESULT_OK;

    if (run->used - run->begin >= wanted)
        return RESULT_OK;
    if (run->begin > 0)
        memmove(run->buffer, run->buffer + run->begin, run->used - run->begin);
    run->used -= run->begin;
    run->begin = 0;
    if (wanted > run->size)
        result = enlarge(run, wanted);
    while (result == RESULT_OK && run->used < wanted) {
        uint64_t left = run->end - run->at;
        size_t room = run->size - run->used;
        ssize_t got = pread(spill->fd, run->buffer + run->used, left < room ? (size_t)left : room,
                            (off_t)run->at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            errno = EIO; /* somebody has cut the file off */
        if (got <= 0)
            return RESULT_SYSTEM;
        run->at += (uint64_t)got;
        run->used += (size_t)got;
    }
    return result;
}

/* The entry behind the one that was read. RESULT_END: there is none. */
static enum result read_entry(struct spill *spill, struct run *run)
{
    struct head head;
    enum result result;

    if (run->begin == run->used && run->at == run->end)
        return RESULT_END;
    result = fill(spill, run, sizeof head);
    if (result != RESULT_OK)
        return result;
    memcpy(&head, run->buffer + run->begin, sizeof head);
    result = fill(spill, run, sizeof head + head.length);
    if (result != RESULT_OK)
        return result;
    run->entry = (struct entry){run->buffer + run->begin + sizeof head, head.length, head.rank, 0};
    run->begin += sizeof head + head.length;
    return RESULT_OK;
}

/* Of two places of the heap, which may lie behind its end, the one whose entry comes first. */
static size_t earlier(const struct spill *spill, size_t a, size_t b)
{
    if (b >= spill->heap_count)
        return a;
    return entry_compare(&spill->runs[spill->heap[b]].entry, &spill->runs[spill->heap[a]].entry,
                         spill->compare) < 0
               ? b
               : a;
}

static void sink(struct spill *spill, size_t at)
{
    size_t first = earlier(spill, earlier(spill, at, 2 * at + 1), 2 * at + 2);

    while (first != at) {
        size_t run = spill->heap[at];

        spill->heap[at] = spill->heap[first];
        spill->heap[first] = run;
        at = first;
        first = earlier(spill, earlier(spill, at, 2 * at + 1), 2 * at + 2);
    }
}

enum result spill_read(struct spill *spill, size_t memory)
{
    size_t each = spill->count > 0 ? memory / spill->count : 0;
    enum result result = RESULT_OK;

    each = each < BUFFER_LEAST ? BUFFER_LEAST : each > BUFFER_MOST ? BUFFER_MOST : each;
    spill->heap = calloc(spill->count + 1, sizeof *spill->heap);
    if (!spill->heap)
        return RESULT_NO_MEMORY;
    for (size_t i = 0; i < spill->count && result == RESULT_OK; i++) {
        result = enlarge(&spill->runs[i], each);
        if (result == RESULT_OK)
            result = read_entry(spill, &spill->runs[i]);
        if (result == RESULT_OK)
            spill->heap[spill->heap_count++] = i;
        else if (result == RESULT_END)
            result = RESULT_OK;
    }
    for (size_t i = spill->heap_count / 2; i-- > 0;)
        sink(spill, i);
    return result;
}

enum result spill_next(struct spill *spill, struct entry *entry)
{
    if (spill->taken) {
        enum result result = read_entry(spill, &spill->runs[spill->heap[0]]);

        if (result == RESULT_END)
            spill->heap[0] = spill->heap[--spill->heap_count];
        else if (result != RESULT_OK)
            return result;
        sink(spill, 0);
        spill->taken = false;
    }
    if (spill->heap_count == 0)
        return RESULT_END;
    *entry = spill->runs[spill->heap[0]].entry;
    spill->taken = true;
    return RESULT_OK;
}
