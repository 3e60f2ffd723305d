/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/bytes.h"
#include "base/grow.h"
#include "base/number.h"
#include "base/plain.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The deepest nesting of objects and arrays; more is damage. This bounds the cost of a hostile
 * text.
 */
#define DEPTH_MAX 32

#define HINTS 64

/* What a key means for its value. */
struct meaning {
    const char *inside; /* prefix of wanted keys inside the value; NULL: none are wanted there */
    uint32_t inside_length;
    uint8_t id; /* 0: not wanted */
};

/*
 * The objects of a log have their keys in nearly the same order. So a key is first compared, as it
 * is in the text, with the one that followed its predecessor the last time.
 */
struct hint {
    union {
        char text[32]; /* the key in its quotes, and the colon */
        uint64_t words[4];
    };
    uint64_t masks[4]; /* the bits of the words that count */
    struct meaning meaning;
    const char *within; /* the prefix of the object that it is in */
    uint32_t within_length;
    uint8_t length;
    uint8_t next; /* the hint for the following key */
};

/* A value to be read: what is known before. */
struct place {
    struct meaning meaning;
    bool element;
    unsigned depth; /* objects and arrays around it */
};

struct json {
    const struct json_key *keys;
    size_t key_count;
    struct json_member *members; /* the first is for values that are not wanted */
    size_t count, capacity;

    struct hint hints[HINTS]; /* the first is for the beginning of an object */
    unsigned hint_count, last_hint;

    char *strings; /* unescaped copies of strings that had escapes */
    size_t strings_used, strings_capacity;

    const char *text;
    enum result result;
    char problem[96];
};

enum result json_init(struct json **json, const struct json_key *keys, size_t count)
{
    struct json *new = calloc(1, sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    new->members = grow(NULL, 0, &new->capacity, sizeof *new->members);
    if (!new->members) {
        free(new);
        return RESULT_NO_MEMORY;
    }
    new->members[0] = (struct json_member){.id = 0};
    new->count = 1;
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
        free((*json)->strings);
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

/* Each scan_ function takes the start of an item and returns its end; NULL: see json->result. */

static const char *no_memory(struct json *json)
{
    json->result = RESULT_NO_MEMORY;
    return NULL;
}

/* Reports what is wrong at p, unless the text ends there. */
static const char *stop(struct json *json, const char *p, const char *end, const char *wrong)
{
    json->result = p == end ? RESULT_END : RESULT_DAMAGED;
    if (p < end)
        snprintf(json->problem, sizeof json->problem, "%s at byte %zu", wrong,
                 (size_t)(p - json->text) + 1);
    return NULL;
}

static inline const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (unsigned char)*p <= ' ' &&
           (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

/* Strings. */

/* UTF-16 writes characters above U+FFFF as pairs: a high surrogate, then a low one. */
#define LOW_SURROGATES 0xdc00u

static bool is_surrogate(unsigned unit)
{
    return (unit & 0xf800) == 0xd800;
}

/* Scans the four digits of a UTF-16 code unit. */
static const char *scan_unit(struct json *json, const char *p, const char *end, unsigned *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++, p++) {
        unsigned value = p < end ? hex_value(*p) : 16;

        if (value > 15)
            return stop(json, p, end, "expected a hexadecimal digit");
        *unit = *unit << 4 | value;
    }
    return p;
}

/* Scans from just after \u. */
static const char *scan_units(struct json *json, const char *p, const char *end)
{
    static const char half[] = "half of a surrogate pair";
    const char *escape = p - 2;
    unsigned unit;

    p = scan_unit(json, p, end, &unit);
    if (!p || !is_surrogate(unit))
        return p;
    if (unit >= LOW_SURROGATES)
        return stop(json, escape, end, half);
    for (int i = 0; i < 2; i++, p++)
        if (p == end || *p != "\\u"[i])
            return stop(json, p == end ? end : escape, end, half);
    p = scan_unit(json, p, end, &unit);
    if (p && !(is_surrogate(unit) && unit >= LOW_SURROGATES))
        return stop(json, escape, end, half);
    return p;
}

static const char *scan_escape(struct json *json, const char *p, const char *end)
{
    p++;
    if (p == end || !memchr("\"\\/bfnrtu", *p, 9))
        return stop(json, p, end, "unknown escape");
    return *p == 'u' ? scan_units(json, p + 1, end) : p + 1;
}

/* Characters above U+007F. */
static const char *scan_characters(struct json *json, const char *p, const char *end)
{
    do {
        size_t left = (size_t)(end - p), length = text_character_begun(p, left);

        if (length == 0)
            return stop(json, p, end, "invalid UTF-8");
        p = length > left ? end : p + length;
    } while (p < end && (unsigned char)*p >= 0x80);
    return p;
}

/* Scans the rest of a string, in which something else than plain text follows. */
static const char *scan_rest(struct json *json, const char *p, const char *end, bool *escapes)
{
    while (p) {
        if (p < end && *p == '"')
            return p;
        if (p == end || (unsigned char)*p < ' ')
            return stop(json, p, end,
                        p < end && *p == '\n' ? "line break in a string"
                                              : "control character in a string");
        *escapes |= *p == '\\';
        p = *p == '\\' ? scan_escape(json, p, end) : scan_characters(json, p, end);
        if (p)
            p = plain_skip(json->text, p, end);
    }
    return NULL;
}

/* Scans from after the opening quote to the closing one. */
static inline const char *scan_string(struct json *json, const char *p, const char *end,
                                      bool *escapes)
{
    *escapes = false;
    p = plain_skip(json->text, p, end);
    if (p < end && *p == '"')
        return p;
    return scan_rest(json, p, end, escapes);
}

/* Copies of strings with their escapes, which were checked, decoded. */

static char *put_character(char *out, unsigned code)
{
    static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3; /* bytes */

    *out++ = (char)(leads[more] | code >> 6 * more);
    while (more-- > 0)
        *out++ = (char)(0x80 | (code >> 6 * more & 0x3f));
    return out;
}

/* Decodes the escape at *p and moves past it. */
static unsigned take_escape(struct json *json, const char **p)
{
    static const char letters[] = "bfnrt", controls[] = "\b\f\n\r\t";
    const char *letter = *p + 1, *found = memchr(letters, *letter, sizeof letters - 1);
    unsigned code, low;

    *p += 2;
    if (*letter != 'u')
        return (unsigned char)(found ? controls[found - letters] : *letter);
    *p = scan_unit(json, *p, *p + 4, &code);
    if (!is_surrogate(code))
        return code;
    *p = scan_unit(json, *p + 2, *p + 6, &low);
    return 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
}

static size_t unescape(struct json *json, char *out, const char *p, const char *end)
{
    char *begin = out;

    while (p < end) {
        if (*p == '\\')
            out = put_character(out, take_escape(json, &p));
        else
            *out++ = *p++;
    }
    return (size_t)(out - begin);
}

/*
 * Space for the strings from p on; NULL: no memory. Decoding never lengthens one, so the space made
 * for the first is enough for all, and existing ones need not move.
 */
static char *strings_room(struct json *json, const char *p, const char *end)
{
    size_t left = (size_t)(end - p);

    if (json->strings_capacity - json->strings_used < left) {
        free(json->strings);
        json->strings = malloc(left);
        json->strings_capacity = json->strings ? left : 0;
    }
    return json->strings ? json->strings + json->strings_used : NULL;
}

/* Keys. */

/* The meaning of a key inside another key's value. */
static struct meaning find_meaning(const struct json *json, const struct meaning *within,
                                   const char *name, size_t length)
{
    struct meaning meaning = {0};
    size_t before = within->inside_length;

    for (size_t i = 0; i < json->key_count; i++) {
        const char *key = json->keys[i].name, *rest;

        if (before > 0 && strncmp(key, within->inside, before) != 0)
            continue;
        rest = key + before;
        if ((length > 0 && *rest != *name) || strlen(rest) < length ||
            memcmp(rest, name, length) != 0)
            continue;
        if (rest[length] == '\0') {
            meaning.id = json->keys[i].id;
        } else if (rest[length] == '.' && !meaning.inside) {
            meaning.inside = key;
            meaning.inside_length = (uint32_t)(before + length + 1);
        }
    }
    return meaning;
}

/* The hint for a key as it is in the text, with its colon; HINTS: none. */
static unsigned find_hint(const struct json *json, const struct meaning *within, const char *text,
                          size_t length)
{
    for (unsigned i = 1; i < json->hint_count; i++) {
        const struct hint *hint = &json->hints[i];

        if (hint->length == length && hint->within == within->inside &&
            hint->within_length == within->inside_length && memcmp(hint->text, text, length) == 0)
            return i;
    }
    return HINTS;
}

static unsigned add_hint(struct json *json, const struct meaning *within, const char *text,
                         size_t length, const struct meaning *meaning)
{
    struct hint *hint;

    if (json->hint_count == HINTS) { /* too many to be useful: start over */
        json->hint_count = 1;
        json->last_hint = 0;
    }
    hint = &json->hints[json->hint_count];
    *hint = (struct hint){.length = (uint8_t)length,
                          .meaning = *meaning,
                          .within = within->inside,
                          .within_length = within->inside_length};
    memset(hint->masks, 0xff, length);
    memcpy(hint->text, text, length);
    return json->hint_count++;
}

/* Scans a key with its colon; *quote is where the name ends. */
static const char *scan_name(struct json *json, const char *p, const char *end, const char **quote)
{
    bool escapes;

    if (p == end || *p != '"')
        return stop(json, p, end, "expected a key in quotes");
    *quote = scan_string(json, p + 1, end, &escapes);
    if (!*quote)
        return NULL;
    p = skip_blanks(*quote + 1, end);
    return p < end && *p == ':' ? p + 1 : stop(json, p, end, "expected a colon");
}

/* Looks up the meaning of a new key, whose name ends at quote. False: no memory. */
static bool learn_key(struct json *json, const char *name, const char *quote, const char *end,
                      const struct meaning *within, struct meaning *meaning)
{
    size_t length = (size_t)(quote - name);

    if (memchr(name, '\\', length)) {
        char *room = strings_room(json, name, end);

        if (!room)
            return false;
        length = unescape(json, room, name, quote);
        name = room;
    }
    *meaning = find_meaning(json, within, name, length);
    return true;
}

/* Scans a key that is not the expected one. */
static const char *scan_other_key(struct json *json, const char *p, const char *end,
                                  const struct meaning *within, struct meaning *meaning)
{
    const char *start = p, *quote = NULL;
    unsigned hint = HINTS;
    size_t length;

    *meaning = (struct meaning){0};
    p = scan_name(json, p, end, &quote);
    if (!p || !within->inside)
        return p;
    length = (size_t)(p - start);
    if (length <= sizeof json->hints->text)
        hint = find_hint(json, within, start, length);
    if (hint < HINTS)
        *meaning = json->hints[hint].meaning;
    else if (!learn_key(json, start + 1, quote, end, within, meaning))
        return no_memory(json);
    else if (length <= sizeof json->hints->text)
        hint = add_hint(json, within, start, length, meaning);
    if (hint < HINTS) {
        json->hints[json->last_hint].next = (uint8_t)hint;
        json->last_hint = hint;
    }
    return p;
}

/* True if the text, which has at least the bytes of a hint, begins with it. */
static bool is_hinted(const struct hint *hint, const char *p)
{
    uint64_t words[4], differ = 0;

    memcpy(words, p, sizeof words);
    for (int i = 0; i < 4; i++)
        differ |= (words[i] ^ hint->words[i]) & hint->masks[i];
    return differ == 0;
}

static const char *scan_key(struct json *json, const char *p, const char *end,
                            const struct meaning *within, struct meaning *meaning)
{
    unsigned guess = json->hints[json->last_hint].next;
    const struct hint *hint = &json->hints[guess];

    if (guess == 0 || end - p < (ptrdiff_t)sizeof hint->text || hint->within != within->inside ||
        hint->within_length != within->inside_length || !is_hinted(hint, p))
        return scan_other_key(json, p, end, within, meaning);
    json->last_hint = guess;
    *meaning = hint->meaning;
    return p + hint->length;
}

/* Values. */

static inline const char *scan_digits(struct json *json, const char *p, const char *end)
{
    if (p == end || !is_digit(*p))
        return stop(json, p, end, "expected a digit");
    for (; end - p >= 8; p += 8) {
        uint64_t others = bytes_above_9(le64((const uint8_t *)p) ^ BYTES_EACH * '0');

        if (others)
            return p + __builtin_ctzll(others) / 8;
    }
    while (p < end && is_digit(*p))
        p++;
    return p;
}

static inline const char *scan_number(struct json *json, const char *p, const char *end)
{
    p += *p == '-';
    if (p < end && *p == '0')
        p++;
    else
        p = scan_digits(json, p, end);
    if (p && p < end && *p == '.')
        p = scan_digits(json, p + 1, end);
    if (p && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        p = scan_digits(json, p, end);
    }
    return p;
}

static const char *scan_word(struct json *json, const char *p, const char *end, const char *word)
{
    for (; *word; word++, p++)
        if (p == end || *p != *word)
            return stop(json, p, end, "expected a value");
    return p;
}

static inline const char *scan_quoted(struct json *json, const char *p, const char *end,
                                      struct json_member *member)
{
    bool escapes;
    const char *text = p + 1, *quote = scan_string(json, text, end, &escapes);

    if (!quote)
        return NULL;
    member->type = JSON_STRING;
    member->raw = p;
    member->raw_length = (uint32_t)(quote + 1 - p);
    member->text = text;
    member->length = (uint32_t)(quote - text);
    if (escapes && member->id != 0) {
        char *room = strings_room(json, text, end);

        if (!room)
            return no_memory(json);
        member->text = room;
        member->length = (uint32_t)unescape(json, room, text, quote);
        json->strings_used += member->length;
    }
    return quote + 1;
}

static inline const char *scan_literal(struct json *json, const char *p, const char *end,
                                       struct json_member *member)
{
    switch (p < end ? *p : '\0') {
    case 't':
        member->type = JSON_BOOLEAN;
        return scan_word(json, p, end, "true");
    case 'f':
        member->type = JSON_BOOLEAN;
        return scan_word(json, p, end, "false");
    case 'n':
        member->type = JSON_NULL;
        return scan_word(json, p, end, "null");
    default:
        member->type = JSON_NUMBER;
        return p < end && (*p == '-' || is_digit(*p)) ? scan_number(json, p, end)
                                                      : stop(json, p, end, "expected a value");
    }
}

static bool grow_members(struct json *json)
{
    struct json_member *members =
        grow(json->members, json->count, &json->capacity, sizeof *members);

    if (members)
        json->members = members;
    return members != NULL;
}

/*
 * Makes space for a member; for a value that is not wanted, returns the place reserved for those.
 */
static inline bool add_member(struct json *json, const struct place *place, size_t *index)
{
    *index = 0;
    if (place->meaning.id == 0)
        return true;
    if (json->count == json->capacity && !grow_members(json))
        return false;
    *index = json->count++;
    json->members[*index].id = place->meaning.id;
    json->members[*index].element = place->element;
    return true;
}

static const char *scan_container(struct json *json, const char *p, const char *end,
                                  const struct place *place);

static inline const char *scan_value(struct json *json, const char *p, const char *end,
                                     const struct place *place)
{
    const char *start = p;
    size_t index;
    struct json_member *member;

    if (!add_member(json, place, &index))
        return no_memory(json);
    if (p < end && *p == '"')
        return scan_quoted(json, p, end, &json->members[index]);
    if (p < end && (*p == '{' || *p == '[')) {
        json->members[index].type = JSON_CONTAINER;
        p = scan_container(json, p, end, place);
    } else {
        p = scan_literal(json, p, end, &json->members[index]);
    }
    if (!p)
        return NULL;
    member = &json->members[index]; /* they may have moved */
    member->text = member->raw = start;
    member->length = member->raw_length = (uint32_t)(p - start);
    return p;
}

/* A member of an object, or an element of an array. */
static inline const char *scan_member(struct json *json, const char *p, const char *end, bool array,
                                      const struct place *place, struct place *inner)
{
    if (!array)
        p = scan_key(json, p, end, &place->meaning, &inner->meaning);
    return p ? scan_value(json, skip_blanks(p, end), end, inner) : NULL;
}

/* The rest of an object or an array, from the end of a value in it. */
static inline const char *scan_more(struct json *json, const char *p, const char *end, bool array,
                                    const struct place *place, struct place *inner)
{
    while (p) {
        p = skip_blanks(p, end);
        if (p < end && *p == (array ? ']' : '}'))
            return p + 1;
        if (p == end || *p != ',')
            return stop(json, p, end, array ? "expected , or ]" : "expected , or }");
        p = scan_member(json, skip_blanks(p + 1, end), end, array, place, inner);
    }
    return NULL;
}

/* An object or an array. */
static const char *scan_container(struct json *json, const char *p, const char *end,
                                  const struct place *place)
{
    const bool array = *p == '[';
    struct place inner = {place->meaning, place->element || array, place->depth + 1};

    if (place->depth == DEPTH_MAX)
        return stop(json, p, end, "nested too deeply");
    p = skip_blanks(p + 1, end);
    if (p < end && *p == (array ? ']' : '}'))
        return p + 1;
    p = scan_member(json, p, end, array, place, &inner);
    return scan_more(json, p, end, array, place, &inner);
}

static void start(struct json *json, const char *text)
{
    json->text = text;
    json->count = 1;
    json->last_hint = 0;
    json->strings_used = 0;
}

/* Reads an object or array, of which so much is known. */
static enum result read_whole(struct json *json, const char *text, size_t size, char open,
                              const struct place *whole, size_t *used)
{
    const char *end = text + size, *p = skip_blanks(text, end);

    start(json, text);
    if (p == end)
        return RESULT_END;
    if (*p != open) {
        snprintf(json->problem, sizeof json->problem, "it does not begin with %c", open);
        return RESULT_DAMAGED;
    }
    p = scan_container(json, p, end, whole);
    if (!p)
        return json->result;
    *used = (size_t)(p - text);
    return RESULT_OK;
}

/* An object that is not inside another. */
static const struct place whole_object = {.meaning = {.inside = ""}};

enum result json_read(struct json *json, const char *text, size_t size, size_t *used)
{
    return read_whole(json, text, size, '{', &whole_object, used);
}

enum result json_read_on(struct json *json, const char *text, size_t size, size_t from,
                         size_t *used)
{
    struct place inner = {.depth = 1};
    const char *p;

    start(json, text);
    p = scan_more(json, text + from, text + size, false, &whole_object, &inner);
    if (!p)
        return json->result;
    *used = (size_t)(p - text);
    return RESULT_OK;
}

enum result json_read_array(struct json *json, uint8_t id, const char *text, size_t size)
{
    size_t used;

    return read_whole(json, text, size, '[', &(struct place){.meaning = {.id = id}}, &used);
}

const struct json_member *json_members(const struct json *json, size_t *count)
{
    *count = json->count - 1;
    return json->members + 1;
}

const char *json_problem(const struct json *json)
{
    return json->problem;
}
