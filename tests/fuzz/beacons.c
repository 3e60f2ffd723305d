/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of flowbeacon, and the tables and the page that are made of them.
 */
#include "fuzz.h"
#include "show/beaconlist.h"
#include "show/page.h"
#include "show/table.h"

static enum result append(void *text, const char *bytes, size_t length)
{
    return text_put(text, bytes, length);
}

/* Adds the lines, each in memory of its own, also to a page, which takes the same ones. */
static void add_lines(struct beacon_list *list, struct page *page, const char *text, size_t size)
{
    while (size > 0) {
        const char *stop = memchr(text, '\n', size);
        size_t length = stop ? (size_t)(stop - text) : size;
        struct fuzz line = {(const uint8_t *)text, length};
        char *copy = (char *)fuzz_bytes(&line, &length);
        enum result result = beacon_list_read(list, copy, length);

        must(result == RESULT_OK || result == RESULT_DAMAGED);
        must(!page || page_add_beacon(page, copy, length) == result);
        free(copy);
        length += stop != NULL;
        text += length;
        size -= length;
    }
}

/* The list as a table that is so wide; 0: as JSON. */
static void write_table(struct beacon_list *list, uint32_t width, struct text *text)
{
    static struct output output;
    const struct table_options options = {.width = width, .colour = width > 99};

    output_init(&output, -1);
    output_redirect(&output, append, text);
    text->length = 0;
    if (width > 0)
        must(table_put_pairs(list, &options, &output) == RESULT_OK);
    else
        must(table_put_pairs_json(list, &options, &output) == RESULT_OK);
    must(output_flush(&output) == RESULT_OK);
}

static bool steers_terminal(const struct text *text)
{
    for (size_t i = 0; i < text->length; i++)
        if ((unsigned char)text->bytes[i] < ' ' && text->bytes[i] != '\n')
            return true;
    return false;
}

/* What is written must be read as the same. */
static void check_written(struct beacon_list *list)
{
    struct text text = {0}, again = {0};
    struct beacon_list other;

    write_table(list, 0, &text);
    must(!steers_terminal(&text));
    must(beacon_list_init(&other) == RESULT_OK);
    add_lines(&other, NULL, text.bytes, text.length);
    must(other.count == list->count);
    write_table(&other, 0, &again);
    must(text.length == again.length);
    must(text.length == 0 || memcmp(text.bytes, again.bytes, text.length) == 0);
    beacon_list_destroy(&other);
    text_destroy(&text);
    text_destroy(&again);
}

static void write_page(struct page *page)
{
    static struct output output;
    struct text text = {0};

    output_init(&output, -1);
    output_redirect(&output, append, &text);
    must(page_write(page, 0, &output) == RESULT_OK);
    text_destroy(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beacon_list list;
    struct text table = {0};
    struct page *page;

    must(beacon_list_init(&list) == RESULT_OK);
    must(page_init(&page, &(struct page_options){.maker = "fuzz", .rows = 5}) == RESULT_OK);
    add_lines(&list, page, (const char *)data, size);
    if (list.count > 0) {
        write_table(&list, 80, &table);
        must(!steers_terminal(&table));
        write_table(&list, 200, &table);
        check_written(&list);
        write_page(page);
    }
    text_destroy(&table);
    page_destroy(&page);
    beacon_list_destroy(&list);
    return 0;
}
