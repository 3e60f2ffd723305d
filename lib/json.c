#include "json.h"

#include "bytes.h"
#include "grow.h"
#include "number.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

/* Objects and arrays within each other: more is damage, which bounds what a hostile text costs. */
#define DEPTH_MAX 32

/* Keys that are longer, with those of the objects around them, are not wanted. */
#define KEY_MAX 256

#define HINTS 64

/*
 * Objects of a log have their keys in the same order, give or take a few. So a key is first held
 * against the one that came behind its predecessor the last time, as it stands in the text.
 */
struct hint {
    union {
        char text[32]; /* the key in its quotes, and the colon */
        uint64_t words[4];
    };
    uint64_t masks[4]; /* of the words' bits that count */
    uint8_t length;
    uint8_t id;   /* 0: not wanted */
    uint8_t next; /* the hint for the key behind this one */
};

struct json {
    const struct json_key *keys;
    size_t key_count;
    struct json_member *members;
    size_t count, capacity;
    struct json_member unwanted;

    struct hint hints[HINTS]; /* the first stands for the beginning of an object */
    unsigned hint_count, last_hint;

    /* Of the general parser. */
    char *texts; /* values; where they are is known when all have been read */
    size_t texts_used, texts_capacity;
    char key[KEY_MAX];                /* of the member that is open */
    size_t key_length[DEPTH_MAX + 1]; /* of the keys that lead to each depth; > KEY_MAX: too long */
    bool array[DEPTH_MAX + 1];
    unsigned depth;
    enum result result;
    char problem[128];
};

enum result json_init(struct json **json, const struct json_key *keys, size_t count)
{
    struct json *new = calloc(1, sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    new->keys = keys;
    new->key_count = count;
    new->hint_count = 1;
    *json = new;
    return RESULT_OK;
}

void json_destroy(struct json **json)
{
    if (*json) {
        free((*json)->members);
        free((*json)->texts);
        free(*json);
        *json = NULL;
    }
}

uint8_t json_find_key(const struct json_key *keys, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(keys[i].name) == length && memcmp(keys[i].name, name, length) == 0)
            return keys[i].id;
    return 0;
}

/* A place for one more member, NULL without memory; id 0: one that nobody will see. */
static inline struct json_member *new_member(struct json *json, uint8_t id, bool element)
{
    struct json_member *member;

    if (id == 0)
        return &json->unwanted;
    if (json->count == json->capacity) {
        member = grow(json->members, json->count, &json->capacity, sizeof *member);
        if (!member)
            return NULL;
        json->members = member;
    }
    member = &json->members[json->count++];
    member->id = id;
    member->element = element;
    return member;
}

/*
 * The scanner of plain objects. Each scan_ function takes the place where its thing begins and
 * returns the one behind it; NULL: the general parser shall settle it.
 */

/* Eight bytes, each of whose top bits says whether it is a quote, a backslash or a control. */
static uint64_t ends_of_plain(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';

    return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) |
            ((word - ones * ' ') & ~word)) &
           tops;
}

/* From behind the opening quote to the closing one. */
static const char *scan_string(const char *p, const char *end)
{
    while (end - p >= 8) {
        uint64_t found = ends_of_plain(le64((const uint8_t *)p));

        if (found) { /* its lowest bit is exact, those above it need not be */
            p += __builtin_ctzll(found) / 8;
            return *p == '"' ? p : NULL;
        }
        p += 8;
    }
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= ' ')
        p++;
    return p < end && *p == '"' ? p : NULL;
}

static const char *scan_digits(const char *p, const char *end)
{
    const char *start = p;

    while (p < end && is_digit(*p))
        p++;
    return p > start ? p : NULL;
}

static const char *scan_number(const char *p, const char *end)
{
    p += *p == '-';
    if (p < end && *p == '0')
        p++;
    else
        p = scan_digits(p, end);
    if (p && p < end && *p == '.')
        p = scan_digits(p + 1, end);
    if (p && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        p = scan_digits(p, end);
    }
    return p;
}

static const char *scan_word(const char *p, const char *end, const char *word, size_t length)
{
    return (size_t)(end - p) >= length && memcmp(p, word, length) == 0 ? p + length : NULL;
}

static const char *scan_scalar(const char *p, const char *end, struct json_member *member)
{
    const char *start = p;

    switch (*p) {
    case '"':
        p = scan_string(++start, end);
        if (!p)
            return NULL;
        member->type = JSON_STRING;
        member->text = start;
        member->length = (uint32_t)(p - start);
        return p + 1;
    case 't':
        member->type = JSON_BOOLEAN;
        p = scan_word(p, end, "true", 4);
        break;
    case 'f':
        member->type = JSON_BOOLEAN;
        p = scan_word(p, end, "false", 5);
        break;
    case 'n':
        member->type = JSON_NULL;
        p = scan_word(p, end, "null", 4);
        break;
    default:
        member->type = JSON_NUMBER;
        p = scan_number(p, end);
    }
    member->text = start;
    member->length = (uint32_t)(p ? p - start : 0);
    return p;
}

static const char *skip_spaces(const char *p, const char *end)
{
    while (p < end && *p == ' ')
        p++;
    return p;
}

/* What follows a value: p at the closing mark or, behind a comma, at the next value. */
static const char *scan_separator(const char *p, const char *end, char close)
{
    if (p < end && *p == ' ')
        p = skip_spaces(p, end);
    if (p == end || *p == close)
        return p;
    if (*p++ != ',')
        return NULL;
    if (p < end && *p == ' ')
        p = skip_spaces(p, end);
    return p < end && *p == close ? NULL : p;
}

static const char *scan_value(struct json *json, const char *p, const char *end, uint8_t id,
                              bool element)
{
    struct json_member *member = new_member(json, id, element);

    return member ? scan_scalar(p, end, member) : NULL;
}

static const char *scan_array(struct json *json, const char *p, const char *end, uint8_t id)
{
    struct json_member *array = new_member(json, id, false);

    if (!array)
        return NULL;
    array->type = JSON_CONTAINER;
    array->text = p;
    array->length = 0;
    p = skip_spaces(p + 1, end);
    while (p && p < end && *p != ']') {
        p = scan_value(json, p, end, id, true);
        if (p)
            p = scan_separator(p, end, ']');
    }
    return p && p < end ? p + 1 : NULL;
}

/* The hint for a key as it stands in the text, with its colon; a new one where it is not known. */
static unsigned find_hint(struct json *json, const char *text, size_t length, size_t key_length)
{
    struct hint *hint;
    unsigned i = 1;

    while (i < json->hint_count &&
           (json->hints[i].length != length || memcmp(json->hints[i].text, text, length) != 0))
        i++;
    if (i < json->hint_count)
        return i;
    if (i == HINTS) { /* too many to be of use: begin anew */
        i = 1;
        json->last_hint = 0;
    }
    json->hint_count = i + 1;
    hint = &json->hints[i];
    memset(hint->masks, 0, sizeof hint->masks);
    memset(hint->masks, 0xff, length);
    memset(hint->words, 0, sizeof hint->words);
    memcpy(hint->text, text, length);
    hint->length = (uint8_t)length;
    hint->id = json_find_key(json->keys, json->key_count, text + 1, key_length);
    hint->next = 0;
    return i;
}

/* A key that is not the one expected. */
static const char *scan_other_key(struct json *json, const char *p, const char *end, uint8_t *id)
{
    const char *start = p, *quote = *p == '"' ? scan_string(p + 1, end) : NULL;
    size_t key_length;
    unsigned found;

    p = quote ? skip_spaces(quote + 1, end) : end;
    if (p == end || *p++ != ':')
        return NULL;
    key_length = (size_t)(quote - start - 1);
    if ((size_t)(p - start) > sizeof json->hints->text) {
        *id = json_find_key(json->keys, json->key_count, start + 1, key_length);
        json->last_hint = 0;
        return p;
    }
    found = find_hint(json, start, (size_t)(p - start), key_length);
    json->hints[json->last_hint].next = (uint8_t)found;
    json->last_hint = found;
    *id = json->hints[found].id;
    return p;
}

/* Whether the text, of at least as many bytes as a hint has, begins with it. */
static bool is_hinted(const struct hint *hint, const char *p)
{
    uint64_t words[4], differ = 0;

    memcpy(words, p, sizeof words);
    for (int i = 0; i < 4; i++)
        differ |= (words[i] ^ hint->words[i]) & hint->masks[i];
    return differ == 0;
}

static const char *scan_key(struct json *json, const char *p, const char *end, uint8_t *id)
{
    unsigned guess = json->hints[json->last_hint].next;
    const struct hint *hint = &json->hints[guess];

    if (guess == 0 || end - p < (ptrdiff_t)sizeof hint->text || !is_hinted(hint, p))
        return scan_other_key(json, p, end, id);
    json->last_hint = guess;
    *id = hint->id;
    return p + hint->length;
}

static const char *scan_member(struct json *json, const char *p, const char *end)
{
    uint8_t id;

    p = scan_key(json, p, end, &id);
    p = p ? skip_spaces(p, end) : end;
    if (p == end)
        return NULL;
    return *p == '[' ? scan_array(json, p, end, id) : scan_value(json, p, end, id, false);
}

static const char *scan_object(struct json *json, const char *p, const char *end)
{
    if (p == end || *p != '{')
        return NULL;
    json->last_hint = 0;
    p = skip_spaces(p + 1, end);
    while (p && p < end && *p != '}') {
        p = scan_member(json, p, end);
        if (p)
            p = scan_separator(p, end, '}');
    }
    return p && p < end ? p + 1 : NULL;
}

/* The general parser: yajl's callbacks return 0 to stop it. */

static int stop(struct json *json, enum result result)
{
    json->result = result;
    return 0;
}

/* Copies a value to the texts. */
static enum result keep(struct json *json, const void *text, size_t length)
{
    if (json->texts_capacity - json->texts_used < length) {
        size_t capacity = (json->texts_used + length) * 2;
        char *grown = realloc(json->texts, capacity);

        if (!grown)
            return RESULT_NO_MEMORY;
        json->texts = grown;
        json->texts_capacity = capacity;
    }
    if (length > 0)
        memcpy(json->texts + json->texts_used, text, length);
    json->texts_used += length;
    return RESULT_OK;
}

static int add_value(struct json *json, enum json_type type, const void *text, size_t length)
{
    size_t key_length = json->key_length[json->depth];
    uint8_t id = 0;
    struct json_member *member;

    if (key_length <= KEY_MAX)
        id = json_find_key(json->keys, json->key_count, json->key, key_length);
    if (id == 0)
        return 1;
    member = new_member(json, id, json->array[json->depth]);
    if (!member || keep(json, text, length) != RESULT_OK)
        return stop(json, RESULT_NO_MEMORY);
    member->length = (uint32_t)length;
    member->type = (uint8_t)type;
    return 1;
}

static int on_null(void *context)
{
    return add_value(context, JSON_NULL, "null", 4);
}

static int on_boolean(void *context, int value)
{
    return add_value(context, JSON_BOOLEAN, value ? "true" : "false", value ? 4 : 5);
}

static int on_number(void *context, const char *text, size_t length)
{
    return add_value(context, JSON_NUMBER, text, length);
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
    return add_value(context, JSON_STRING, text, length);
}

/* Goes into an object or array; the keys that lead to it stay in front of those inside. */
static int enter(struct json *json, bool array)
{
    if (json->depth > 0 && !add_value(json, JSON_CONTAINER, "", 0))
        return 0;
    if (json->depth == DEPTH_MAX) {
        strcpy(json->problem, "it nests too deeply");
        return stop(json, RESULT_DAMAGED);
    }
    json->depth++;
    json->key_length[json->depth] = json->key_length[json->depth - 1];
    json->array[json->depth] = array || json->array[json->depth - 1];
    return 1;
}

static int on_object(void *context)
{
    return enter(context, false);
}

static int on_array(void *context)
{
    return enter(context, true);
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
    struct json *json = context;
    size_t before = json->key_length[json->depth - 1], dot = json->depth > 1;

    if (before + dot + length > KEY_MAX) {
        json->key_length[json->depth] = KEY_MAX + 1;
        return 1;
    }
    if (dot)
        json->key[before] = '.';
    memcpy(json->key + before + dot, text, length);
    json->key_length[json->depth] = before + dot + length;
    return 1;
}

/* The end of the outermost object stops the parser, so that what follows is not its matter. */
static int on_end(void *context)
{
    struct json *json = context;

    json->depth--;
    return json->depth > 0 ? 1 : stop(json, RESULT_OK);
}

/* The members were noted by length only, since the texts may have moved. */
static void place_members(struct json *json)
{
    const char *p = json->texts ? json->texts : ""; /* all may be empty */

    for (size_t i = 0; i < json->count; i++) {
        json->members[i].text = p;
        p += json->members[i].length;
    }
}

static void note_problem(struct json *json, yajl_handle parser)
{
    unsigned char *said = yajl_get_error(parser, 0, NULL, 0);
    size_t length = said ? strcspn((const char *)said, "\n") : 0;

    if (length >= sizeof json->problem)
        length = sizeof json->problem - 1;
    if (said)
        memcpy(json->problem, said, length);
    json->problem[length] = '\0';
    yajl_free_error(parser, said);
}

/* yajl takes form feeds and vertical tabs for blanks, which JSON does not have. */
static bool has_other_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' && text[i] != '\t' && text[i] != '\n' && text[i] != '\r')
            return true;
    return false;
}

/*
 * What yajl has allocated, a few blocks at once. It does not look whether it got any, so where
 * there is no memory its allocator does not return to it.
 */
struct heap {
    void *blocks[16];
    jmp_buf no_memory;
};

#define HEAP_BLOCKS (sizeof((struct heap *)NULL)->blocks / sizeof(void *))

/* The place of a block, or of none; HEAP_BLOCKS: nowhere. */
static size_t find_block(const struct heap *heap, const void *block)
{
    size_t i = 0;

    while (i < HEAP_BLOCKS && heap->blocks[i] != block)
        i++;
    return i;
}

static void *heap_realloc(void *context, void *old, size_t size)
{
    struct heap *heap = context;
    size_t i = find_block(heap, old);
    void *new = i < HEAP_BLOCKS ? realloc(old, size) : NULL;

    if (!new)
        longjmp(heap->no_memory, 1);
    heap->blocks[i] = new;
    return new;
}

static void *heap_malloc(void *context, size_t size)
{
    return heap_realloc(context, NULL, size);
}

static void heap_free(void *context, void *old)
{
    struct heap *heap = context;

    if (old)
        heap->blocks[find_block(heap, old)] = NULL;
    free(old);
}

static void parse_with(struct json *json, yajl_alloc_funcs *functions, const char *text,
                       size_t size, size_t *used)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_object,
        .yajl_map_key = on_key,
        .yajl_end_map = on_end,
        .yajl_start_array = on_array,
        .yajl_end_array = on_end,
    };
    yajl_handle parser = yajl_alloc(&callbacks, functions, json);
    yajl_status status;

    yajl_config(parser, yajl_dont_validate_strings, 1);
    json->count = json->texts_used = 0;
    json->depth = 0;
    json->key_length[0] = 0;
    json->result = RESULT_END;
    status = yajl_parse(parser, (const unsigned char *)text, size);
    if (status == yajl_status_error) {
        json->result = RESULT_DAMAGED;
        note_problem(json, parser);
    }
    *used = yajl_get_bytes_consumed(parser);
    yajl_free(parser);
}

/* False: no memory. The heap is the caller's, so that longjmp leaves it as it is (C11 7.13.2.1). */
static bool parse_or_jump(struct json *json, struct heap *heap, const char *text, size_t size,
                          size_t *used)
{
    yajl_alloc_funcs functions = {heap_malloc, heap_realloc, heap_free, heap};

    if (setjmp(heap->no_memory) != 0)
        return false;
    parse_with(json, &functions, text, size, used);
    return true;
}

static enum result parse_object(struct json *json, const char *text, size_t size, size_t *used)
{
    struct heap heap = {.blocks = {NULL}};

    if (!parse_or_jump(json, &heap, text, size, used)) {
        for (size_t i = 0; i < HEAP_BLOCKS; i++)
            free(heap.blocks[i]);
        return RESULT_NO_MEMORY;
    }
    if (json->result == RESULT_OK && has_other_control(text, *used)) {
        strcpy(json->problem, "a control character stands in it");
        json->result = RESULT_DAMAGED;
    }
    if (json->result == RESULT_OK)
        place_members(json);
    return json->result;
}

enum result json_read(struct json *json, const char *text, size_t size, size_t *used)
{
    const char *end;

    json->count = 0;
    end = scan_object(json, text, text + size);
    if (!end)
        return parse_object(json, text, size, used);
    *used = (size_t)(end - text);
    return RESULT_OK;
}

const struct json_member *json_members(const struct json *json, size_t *count)
{
    *count = json->count;
    return json->members;
}

const char *json_problem(const struct json *json)
{
    return json->problem;
}

/* The text is an object that has been read, so each of these finds the end that it looks for. */

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

static const char *skip_string(const char *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

static const char *skip_value(const char *p)
{
    unsigned depth = 0;

    do {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        if (*p == '{' || *p == '[')
            depth++;
        else if (*p == '}' || *p == ']')
            depth--;
        p++;
    } while (depth > 0 || !strchr(",}] \t\r\n", *p));
    return p;
}

/* Whether the name of a member, as it stands, is the key; both are ASCII, but for escapes. */
static bool is_named(const char *name, const char *end, const char *key)
{
    for (; *key != '\0' && name < end; key++) {
        char hex[5] = {0};

        if (*name != '\\') {
            if (*name++ != *key)
                return false;
            continue;
        }
        if (end - name < 6 || name[1] != 'u')
            return false;
        memcpy(hex, name + 2, 4);
        if (strtoul(hex, NULL, 16) != (unsigned char)*key)
            return false;
        name += 6;
    }
    return *key == '\0' && name == end;
}

bool json_locate(const char *text, const char *key, const char **value, size_t *length)
{
    bool found = false;

    for (const char *p = skip_blanks(text + 1); *p != '}'; p = skip_blanks(p)) {
        const char *name = p + 1, *end = skip_string(p);
        bool same = is_named(name, end - 1, key);

        p = skip_blanks(end) + 1; /* the colon */
        p = skip_blanks(p);
        end = skip_value(p);
        if (same) {
            *value = p;
            *length = (size_t)(end - p);
            found = true;
        }
        p = skip_blanks(end);
        if (*p == ',')
            p++;
    }
    return found;
}
