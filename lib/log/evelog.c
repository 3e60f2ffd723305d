/* SPDX-License-Identifier: Apache-2.0 */
#include "log/everead.h"

#include "base/signature.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far into an event to look for its type before reading the whole line. */
#define HEAD_BYTES 512u

/* Identifies the file. */
#define SIGNATURE_BYTES 4096u

/* Keys, in the form in which they are searched. */
#define EVENT_TYPE "\"event_type\""

static const struct json_key any_keys[] = {
    {"event_type", EVE_EVENT_TYPE},
    {"event", EVE_EVENT},
};

/* Members of flow and netflow events. */
#define CONNECTION_KEYS                                                                            \
    {"flow_id", EVE_FLOW_ID}, {"in_iface", EVE_IN_IFACE}, {"host", EVE_HOST}, {"vlan", EVE_VLAN},  \
        {"src_ip", EVE_SRC_IP}, {"src_port", EVE_SRC_PORT}, {"dest_ip", EVE_DEST_IP},              \
        {"dest_port", EVE_DEST_PORT}, {"proto", EVE_PROTO}, {"app_proto", EVE_APP_PROTO},          \
        {"community_id", EVE_COMMUNITY_ID}, {"icmp_type", EVE_ICMP_TYPE},                          \
    {                                                                                              \
        "icmp_code", EVE_ICMP_CODE                                                                 \
    }

static const struct json_key flow_keys[] = {
    CONNECTION_KEYS,
    {"flow.start", EVE_START},
    {"flow.end", EVE_END},
    {"flow.pkts_toserver", EVE_PKTS_TOSERVER},
    {"flow.pkts_toclient", EVE_PKTS_TOCLIENT},
    {"flow.bytes_toserver", EVE_BYTES_TOSERVER},
    {"flow.bytes_toclient", EVE_BYTES_TOCLIENT},
    {"tcp.tcp_flags_ts", EVE_FLAGS_TOSERVER},
    {"tcp.tcp_flags_tc", EVE_FLAGS_TOCLIENT},
};

static const struct json_key netflow_keys[] = {
    CONNECTION_KEYS,
    {"netflow.start", EVE_START},
    {"netflow.end", EVE_END},
    {"netflow.pkts", EVE_PKTS_TOSERVER},
    {"netflow.bytes", EVE_BYTES_TOSERVER},
    {"tcp.tcp_flags", EVE_FLAGS_TOSERVER},
};

static const struct json_key dns_keys[] = {
    {"timestamp", EVE_TIMESTAMP},
    {"flow_id", EVE_FLOW_ID},
    {"src_port", EVE_SRC_PORT},
    {"dest_port", EVE_DEST_PORT},
    {"dns.version", EVE_DNS_VERSION},
    {"dns.type", EVE_DNS_TYPE},
    {"dns.id", EVE_DNS_ID},
    {"dns.rrname", EVE_RRNAME},
    {"dns.rrtype", EVE_RRTYPE},
    {"dns.rdata", EVE_RDATA},
    {"dns.queries.rrname", EVE_QUERY_NAME},
    {"dns.grouped.A", EVE_GROUPED},
    {"dns.grouped.AAAA", EVE_GROUPED},
    {"dns.answers", EVE_ANSWER},
    {"dns.answers.rrtype", EVE_ANSWER_TYPE},
    {"dns.answers.rdata", EVE_ANSWER_DATA},
    {"dns.authorities", EVE_GLUE},
    {"dns.authorities.rrname", EVE_GLUE_NAME},
    {"dns.authorities.rrtype", EVE_GLUE_TYPE},
    {"dns.authorities.rdata", EVE_GLUE_DATA},
    {"dns.additionals", EVE_GLUE},
    {"dns.additionals.rrname", EVE_GLUE_NAME},
    {"dns.additionals.rrtype", EVE_GLUE_TYPE},
    {"dns.additionals.rdata", EVE_GLUE_DATA},
};

static const struct json_key tls_keys[] = {{"flow_id", EVE_FLOW_ID}, {"tls.sni", EVE_NAME}};
static const struct json_key quic_keys[] = {{"flow_id", EVE_FLOW_ID}, {"quic.sni", EVE_NAME}};
static const struct json_key http_keys[] = {
    {"flow_id", EVE_FLOW_ID},
    {"http.hostname", EVE_NAME},
    {"http.http_method", EVE_METHOD},
    {"http.url", EVE_URL},
};

#define KEYS(keys) keys, sizeof keys / sizeof *keys

static const struct {
    const char *name;
    size_t length;
    const struct json_key *keys;
    size_t key_count;
} kinds[EVE_KINDS] = {
    [EVE_UNKNOWN] = {"", 0, KEYS(any_keys)},
    [EVE_FLOW] = {"flow", 4, KEYS(flow_keys)},
    [EVE_NETFLOW] = {"netflow", 7, KEYS(netflow_keys)},
    [EVE_DNS] = {"dns", 3, KEYS(dns_keys)},
    [EVE_TLS] = {"tls", 3, KEYS(tls_keys)},
    [EVE_QUIC] = {"quic", 4, KEYS(quic_keys)},
    [EVE_HTTP] = {"http", 4, KEYS(http_keys)},
};

static enum eve_kind kind_of(const struct evelog *eve, const char *name, size_t length)
{
    const int last = eve->options.sessions ? EVE_HTTP : EVE_DNS;

    for (int kind = EVE_FLOW; kind <= last; kind++)
        if (kinds[kind].length == length && memcmp(kinds[kind].name, name, length) == 0)
            return (enum eve_kind)kind;
    return EVE_OTHER;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

/*
 * Recognizes the kind of the event at the start of the text without parsing it; EVE_UNKNOWN if that
 * fails. Only a key can be followed by a colon, and it belongs to the event itself if no other
 * object begins before it.
 */
static enum eve_kind look(struct evelog *eve, const char *text, const char *end)
{
    const size_t length = sizeof EVENT_TYPE - 1, left = (size_t)(end - text);
    const char *at = text + eve->type_at, *name, *p;

    if (left < eve->type_at + length || memcmp(at, EVENT_TYPE, length) != 0)
        at = memmem(text, left, EVENT_TYPE, length);
    if (!at || memchr(text + 1, '{', (size_t)(at - text - 1)))
        return EVE_UNKNOWN;
    eve->type_at = (size_t)(at - text);
    p = skip_blanks(at + length, end);
    if (p == end || *p != ':')
        return EVE_UNKNOWN;
    name = skip_blanks(p + 1, end);
    if (name == end || *name != '"')
        return EVE_UNKNOWN;
    name++;
    p = memchr(name, '"', (size_t)(end - name));
    return p && !memchr(name, '\\', (size_t)(p - name)) ? kind_of(eve, name, (size_t)(p - name))
                                                        : EVE_UNKNOWN;
}

/* True if the line just read is the last one and has no newline. */
static bool is_last(const struct evelog *eve)
{
    const struct lookahead *in = &eve->in;

    return in->at == in->end && in->result == RESULT_END && in->end > 0 &&
           in->buffer[in->end - 1] != '\n';
}

/*
 * Parses an event of that kind. RESULT_END: it is incomplete, at the end of a log still being
 * written.
 */
static enum result parse(struct evelog *eve, enum eve_kind kind, const char *text, const char *end)
{
    struct json **json = &eve->json[kind];
    enum result result = RESULT_OK;
    size_t used = 0;

    if (!*json)
        result = json_init(json, kinds[kind].keys, kinds[kind].key_count);
    if (result == RESULT_OK)
        result = json_read(*json, text, (size_t)(end - text), &used);
    if (result == RESULT_DAMAGED)
        return log_damaged(&eve->log, "not JSON: %s", json_problem(*json));
    if (result == RESULT_END && !is_last(eve))
        return log_damaged(&eve->log, "its JSON object does not end");
    if (result == RESULT_OK && skip_blanks(text + used, end) != end)
        return log_damaged(&eve->log, "there is more behind its JSON object");
    if (result == RESULT_OK)
        eve_take_fields(eve, kind);
    return result;
}

static enum result make_row(struct evelog *eve, enum eve_kind kind, struct log_row *row,
                            bool *useful)
{
    if (kind == EVE_FLOW || kind == EVE_NETFLOW)
        return eve_make_connection(eve, kind, row, useful);
    if (kind == EVE_DNS)
        return eve_make_names(eve, row, useful);
    eve_make_session(eve, row, useful);
    return RESULT_OK;
}

/* The object that is the member of an event parsed as EVE_UNKNOWN; false: there is none. */
static bool find_inside(const struct evelog *eve, const char **text, const char **end)
{
    size_t count;
    const struct json_member *members = json_members(eve->json[EVE_UNKNOWN], &count);

    for (size_t i = 0; i < count; i++) {
        if (members[i].id == EVE_EVENT && *members[i].raw == '{') {
            *text = members[i].raw;
            *end = members[i].raw + members[i].raw_length;
            return true;
        }
    }
    return false;
}

/* Parses an event to find its kind, and where it is if it is in an envelope. */
static enum result find_kind(struct evelog *eve, enum eve_kind *kind, const char **text,
                             const char **end)
{
    const struct eve_text *type;
    enum result result = parse(eve, EVE_UNKNOWN, *text, *end);

    if (result == RESULT_OK && !eve_get(eve, EVE_EVENT_TYPE) && find_inside(eve, text, end)) {
        *kind = look(eve, *text, *end);
        if (*kind != EVE_UNKNOWN)
            return RESULT_OK;
        result = parse(eve, EVE_UNKNOWN, *text, *end);
    }
    if (result != RESULT_OK)
        return result;
    type = eve_get(eve, EVE_EVENT_TYPE);
    if (!type)
        return log_damaged(&eve->log, "not an event: it has no event_type");
    *kind = kind_of(eve, type->text, type->length);
    return RESULT_OK;
}

/*
 * True if a dns event is a question of a version whose answers repeat it: only keys and values can
 * look like that.
 */
static bool is_question(const char *text, const char *end)
{
    static const char before[] = "\"dns\":";
    static const char *const questions[] = {"{\"version\":2,\"type\":\"query\"",
                                            "{\"version\":3,\"type\":\"request\""};
    const size_t length = sizeof before - 1;
    const char *at = text;

    do {
        at = memchr(at + 1, '{', (size_t)(end - at - 1));
    } while (at && (at < text + length || memcmp(at - length, before, length) != 0));
    for (size_t i = 0; at && i < sizeof questions / sizeof *questions; i++) {
        size_t most = strlen(questions[i]);

        if ((size_t)(end - at) > most && memcmp(at, questions[i], most) == 0)
            return true;
    }
    return false;
}

/*
 * Where the object of a line begins, perhaps after a syslog prefix, which has no quotes. NULL: no
 * object.
 */
static const char *find_object(const char *line, const char *end)
{
    const char *object = memchr(line, '{', (size_t)(end - line));

    return object && !memchr(line, '"', (size_t)(object - line)) ? object : NULL;
}

static enum result read_line(struct evelog *eve, enum eve_kind kind, const char *line,
                             const char *end, struct log_row *row, bool *useful)
{
    const char *text = find_object(line, end);
    enum result result = RESULT_OK;

    if (!text)
        return skip_blanks(line, end) == end
                   ? RESULT_OK
                   : log_damaged(&eve->log, "no JSON object where one should begin");
    if (kind == EVE_UNKNOWN)
        kind = look(eve, text, end);
    if (kind == EVE_UNKNOWN)
        result = find_kind(eve, &kind, &text, &end);
    if (result == RESULT_OK && kind == EVE_OTHER) {
        eve->log.counts.other_rows++;
        return RESULT_OK;
    }
    if (result == RESULT_OK && kind == EVE_DNS && is_question(text, end)) {
        eve->log.counts.names++;
        return RESULT_OK;
    }
    if (result == RESULT_OK)
        result = parse(eve, kind, text, end);
    if (result == RESULT_END) {
        eve->log.counts.unfinished++;
        return RESULT_OK;
    }
    return result == RESULT_OK ? make_row(eve, kind, row, useful) : result;
}

/* The kind of the next line, as far as its head shows. */
static enum eve_kind look_ahead(struct evelog *eve)
{
    struct lookahead *in = &eve->in;
    size_t left = lookahead_need(in, HEAD_BYTES) ? HEAD_BYTES : in->end - in->at;
    const char *line = (const char *)in->buffer + in->at;
    const char *newline = memchr(line, '\n', left);
    const char *end = newline ? newline : line + left;

    return line < end && *line == '{' ? look(eve, line, end) : EVE_UNKNOWN;
}

static enum result ended(struct evelog *eve)
{
    eve->finished = eve->in.result != RESULT_SYSTEM;
    return eve->in.result == RESULT_END ? RESULT_END : log_cannot_read(&eve->log, &eve->in);
}

static enum result next_line(struct evelog *eve, struct log_row *row, bool *useful)
{
    enum eve_kind kind = look_ahead(eve);
    const char *line;
    size_t length;
    enum result result = lookahead_line(&eve->in, &line, &length);

    if (result == RESULT_END)
        return ended(eve);
    eve->log.line++;
    if (length == 0 && result == RESULT_OK)
        eve->log.line += lookahead_empty_lines(&eve->in);
    if (result == RESULT_OK)
        return read_line(eve, kind, line, line + length, row, useful);
    if (kind != EVE_OTHER)
        return log_damaged(&eve->log, "it does not end within %u bytes", LOOKAHEAD_BYTES);
    eve->log.counts.other_rows++;
    return RESULT_OK;
}

/* The log is the first member of what was allocated. */
static struct evelog *of_log(struct log *log)
{
    return (struct evelog *)(void *)log;
}

static enum result next_row(struct log *log, struct log_row *row)
{
    struct evelog *eve = of_log(log);
    bool useful = false;
    enum result result = RESULT_OK;

    do {
        if (eve->glue_at < eve->glue_count)
            eve_next_names(eve, row, &useful);
        else if (eve->finished)
            return RESULT_END;
        else
            result = next_line(eve, row, &useful);
    } while (result == RESULT_OK && !useful);
    return result;
}

static enum result not_a_log(struct evelog *eve, const char *what)
{
    eve->finished = true;
    snprintf(eve->log.problem, sizeof eve->log.problem, "not Suricata's eve.json: it is %s", what);
    return RESULT_DAMAGED;
}

/* An array, or an object with nothing but its brace on the first line. */
static const char *other_shape(const char *text, const char *end)
{
    const char *newline = memchr(text, '\n', (size_t)(end - text));

    if (text < end && *text == '[')
        return "an array of JSON; use: jq -c '.[]' FILE | eve2flow";
    if (text < end && *text == '{' && newline && skip_blanks(text + 1, newline) == newline)
        return "JSON that is spread over lines; use: jq -c . FILE | eve2flow";
    return NULL;
}

/* Says what the input is if it is something else. */
static enum result begin(struct evelog *eve)
{
    struct lookahead *in = &eve->in;
    size_t first, head;
    char known[SIGNATURE_TEXT];
    const char *other;

    if (!lookahead_need(in, 1) && in->result != RESULT_END)
        return ended(eve);
    (void)lookahead_need(in, SIGNATURE_BYTES);
    head = in->end < SIGNATURE_BYTES ? in->end : SIGNATURE_BYTES;
    if (head >= 3 && memcmp(in->buffer, "\xef\xbb\xbf", 3) == 0)
        in->at = 3; /* a byte order mark */
    for (first = in->at; first < head && isspace(in->buffer[first]); first++)
        ;
    if (first < head && in->buffer[first] != '{' && in->buffer[first] != '[')
        first = 0; /* a capture may begin with newlines */
    if (signature_tell(in->buffer + first, head - first, SIGNATURE_EVE, "eve2flow", known))
        return not_a_log(eve, known);
    if (memchr(in->buffer, '\0', head))
        return not_a_log(eve, "binary");
    other = other_shape((const char *)in->buffer + first, (const char *)in->buffer + head);
    return other ? not_a_log(eve, other) : RESULT_OK;
}

static enum result open_log(struct log **log, struct input *input,
                            const struct log_options *options)
{
    struct evelog *new = malloc(sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    memset(new, 0, offsetof(struct evelog, in));
    new->options = *options;
    lookahead_init(&new->in, input);
    *log = &new->log;
    return begin(new);
}

static void close_log(struct log **log)
{
    if (*log) {
        struct evelog *eve = of_log(*log);

        for (int kind = 0; kind < EVE_KINDS; kind++)
            json_destroy(&eve->json[kind]);
        free(eve->answers);
        free(eve->glue);
        free(eve->queries);
        free(eve);
        *log = NULL;
    }
}

const struct log_reader eve_reader = {.open = open_log, .next = next_row, .close = close_log};
