/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS' VPC flow logs as text: lines of cells, by the names of their columns.
 */
#include "log/vpcread.h"

#include "base/bytes.h"
#include "base/grow.h"
#include "base/number.h"

#include <string.h>

/* Names as in a header; in Parquet, they have _ in place of -. The first of a field is its own. */
static const struct json_key names[] = {
    {"srcaddr", VPC_SRCADDR},
    {"dstaddr", VPC_DSTADDR},
    {"srcport", VPC_SRCPORT},
    {"dstport", VPC_DSTPORT},
    {"protocol", VPC_PROTOCOL},
    {"packets", VPC_PACKETS},
    {"bytes", VPC_BYTES},
    {"start", VPC_START},
    {"end", VPC_END},
    {"pkt-srcaddr", VPC_PKT_SRCADDR},
    {"pkt-dstaddr", VPC_PKT_DSTADDR},
    {"tcp-flags", VPC_TCP_FLAGS},
    {"interface-id", VPC_INTERFACE},
    {"tgw-attachment-id", VPC_INTERFACE},
    {"log-status", VPC_STATUS},
};

/* The format that a flow log has unless another is given. */
static const char default_names[] = "version account-id interface-id srcaddr dstaddr srcport "
                                    "dstport protocol packets bytes start end action log-status";
#define DEFAULT_COUNT 14u

#define BIT(field) (UINT32_C(1) << (field))

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == '\r' || c == '\n';
}

/* The next of the names, in *p and of *length; what is around it in ${name} is left out. */
static bool next_name(const char **p, const char *end, const char **name, size_t *length)
{
    while (*p < end && is_blank(**p))
        ++*p;
    *name = *p;
    while (*p < end && !is_blank(**p))
        ++*p;
    *length = (size_t)(*p - *name);
    if (*length > 3 && memcmp(*name, "${", 2) == 0 && (*p)[-1] == '}') {
        *name += 2;
        *length -= 3;
    }
    return *length > 0;
}

static enum vpc_field find_field(const char *name, size_t length)
{
    char copy[24];

    if (length >= sizeof copy)
        return VPC_NONE;
    for (size_t i = 0; i < length; i++)
        copy[i] = name[i] == '_' ? '-' : name[i];
    return (enum vpc_field)json_find_key(names, sizeof names / sizeof *names, copy, length);
}

/* A field that the set lacks; NULL: none. */
static const char *find_lack(uint32_t known)
{
    if (known & BIT(VPC_PKT_SRCADDR))
        known |= BIT(VPC_SRCADDR);
    if (known & BIT(VPC_PKT_DSTADDR))
        known |= BIT(VPC_DSTADDR);
    for (size_t i = 0; names[i].id <= VPC_START; i++)
        if (!(known & BIT(names[i].id)))
            return names[i].name;
    return NULL;
}

static uint32_t known_of(const char *p, const char *end)
{
    uint32_t known = 0;
    const char *name;
    size_t length;

    while (next_name(&p, end, &name, &length))
        known |= BIT(find_field(name, length));
    return known;
}

const char *vpc_lacks(const char *text)
{
    return find_lack(known_of(text, text + strlen(text)));
}

/* If a field occurs twice, the first counts. */
static enum result add_column(struct vpc_columns *columns, enum vpc_field field)
{
    uint8_t *grown = grow(columns->fields, columns->count, &columns->capacity, sizeof *grown);

    if (!grown)
        return RESULT_NO_MEMORY;
    columns->fields = grown;
    columns->fields[columns->count++] = (uint8_t)(columns->known & BIT(field) ? VPC_NONE : field);
    columns->known |= BIT(field);
    return RESULT_OK;
}

enum result vpc_set_columns(struct vpclog *vpc, const char *p, const char *end)
{
    struct vpc_columns *columns = &vpc->columns;
    const char *name, *lack;
    size_t length;

    memset(vpc->cells, 0, sizeof vpc->cells);
    columns->count = 0;
    columns->known = 0;
    while (next_name(&p, end, &name, &length))
        if (add_column(columns, find_field(name, length)) != RESULT_OK)
            return RESULT_NO_MEMORY;
    lack = find_lack(columns->known);
    columns->unreadable = lack != NULL;
    vpc->settled = true;
    return lack ? log_damaged(&vpc->log,
                              "the column %s is missing from these names, so nothing can be read",
                              lack)
                : RESULT_OK;
}

/* True for a line of names: no cell of a record is one, and every record has numbers. */
static bool is_header(const char *p, const char *end)
{
    const uint32_t addresses = BIT(VPC_SRCADDR) | BIT(VPC_PKT_SRCADDR);
    const char *name;
    size_t length;

    if (*p < 'a' || *p > 'z' || !memmem(p, (size_t)(end - p), "srcaddr", 7))
        return false;
    if (!(known_of(p, end) & addresses))
        return false;
    while (next_name(&p, end, &name, &length))
        if (is_digit(*name) || *name == '-')
            return false;
    return true;
}

static size_t count_cells(const char *p, const char *end)
{
    size_t count = 0;

    for (char before = ' '; p < end; before = *p++)
        count += *p != ' ' && before == ' ';
    return count;
}

/* Moves past the first cell and the blanks behind it. */
static const char *skip_cell(const char *p, const char *end)
{
    const char *blank = memchr(p, ' ', (size_t)(end - p));

    for (p = blank ? blank : end; p < end && *p == ' '; p++)
        ;
    return p;
}

static bool begins_with_time(const char *p, const char *end)
{
    return end - p > 20 && is_digit(*p) && p[4] == '-' && p[7] == '-' && p[10] == 'T';
}

/*
 * Moves past what CloudWatch puts in front of a line: a time, and maybe the name of a stream. The
 * record begins at *p, of that many cells unless they are other ones.
 */
static void skip_prefix(const char **p, const char *end, size_t count)
{
    if (!begins_with_time(*p, end))
        return;
    *p = skip_cell(*p, end);
    if (count_cells(*p, end) == count + 1)
        *p = skip_cell(*p, end);
}

/* The object in a line, alone or behind such a prefix; NULL: there is none. */
static const char *find_object(const char *p, const char *end)
{
    bool timed = begins_with_time(p, end);

    if (timed)
        p = skip_cell(p, end);
    if (timed && p < end && *p != '{')
        p = skip_cell(p, end);
    return p < end && *p == '{' ? p : NULL;
}

/* Without names, only a line in the default format can be read: it begins with its version. */
static enum result assume_default(struct vpclog *vpc, const char *p, const char *end)
{
    skip_prefix(&p, end, DEFAULT_COUNT);
    if (count_cells(p, end) == DEFAULT_COUNT && *p == '2' && p[1] == ' ')
        return vpc_set_columns(vpc, default_names, default_names + sizeof default_names - 1);
    vpc->settled = vpc->columns.unreadable = true;
    return log_damaged(&vpc->log,
                       "no names of columns stand before it, and it is not in the default format; "
                       "give them with -F");
}

/* Adds a cell; false if there is no column for it. Empty ones lie between blanks in a row. */
static inline bool add_cell(struct vpclog *vpc, size_t *column, const char *p, const char *end)
{
    if (p == end)
        return true;
    if (*column == vpc->columns.count)
        return false;
    vpc->cells[vpc->columns.fields[(*column)++]] = (struct vpc_cell){p, (size_t)(end - p)};
    return true;
}

/* Splits a line into the cells; false if their number is not that of the columns. */
static bool split_line(struct vpclog *vpc, const char *p, const char *end)
{
    const char *start = p;
    size_t column = 0;

    for (; p < end; p += 64) {
        size_t length = end - p < 64 ? (size_t)(end - p) : 64;
        uint64_t found = bytes_find((const uint8_t *)p, length, ' ');

        for (; found; found &= found - 1) {
            const char *at = p + __builtin_ctzll(found);

            if (!add_cell(vpc, &column, start, at))
                return false;
            start = at + 1;
        }
    }
    return add_cell(vpc, &column, start, end) && column == vpc->columns.count;
}

/* True for a row of a table whose cells are separated by something else. */
static bool has_no_blanks(const char *p, const char *end)
{
    size_t length = (size_t)(end - p);

    return !memchr(p, ' ', length) && (memchr(p, ',', length) || memchr(p, '\t', length));
}

enum result vpc_read_line(struct vpclog *vpc, const char *p, const char *end, struct log_row *row,
                          bool *useful)
{
    enum result result = RESULT_OK;
    const char *object;

    while (end > p && (end[-1] == '\r' || end[-1] == '\n'))
        end--;
    if (p == end)
        return RESULT_OK;
    object = find_object(p, end);
    if (object)
        return vpc_read_object(vpc, object, end, row, useful);
    if (is_header(p, end))
        return vpc_set_columns(vpc, p, end);
    if (!vpc->columns.unreadable && has_no_blanks(p, end))
        return log_damaged(&vpc->log, "there are no blanks between its cells; use: "
                                      "tr -d '\"' <FILE | tr ',\\t' '  ' | vpc2flow");
    if (vpc->columns.count == 0 && !vpc->columns.unreadable)
        result = assume_default(vpc, p, end);
    if (result != RESULT_OK)
        return result;
    if (vpc->columns.unreadable) {
        vpc->log.counts.other_rows++;
        return RESULT_OK;
    }
    skip_prefix(&p, end, vpc->columns.count);
    if (!split_line(vpc, p, end))
        return log_damaged(&vpc->log, "it does not have the %zu cells that the names are for",
                           vpc->columns.count);
    return vpc_make_connection(vpc, row, useful);
}
