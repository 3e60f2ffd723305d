/* SPDX-License-Identifier: Apache-2.0 */
#include "log/zeekread.h"

#include "base/signature.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The separator in id.orig_h can be set (Log::default_scope_sep), and names can be mapped
 * (Log::default_field_name_map); the documentation maps them to src, src_port, dst, dst_port.
 */
const struct json_key zeek_fields[] = {
    {"ts", FIELD_TS},
    {"id.orig_h", FIELD_ORIG_H},
    {"id_orig_h", FIELD_ORIG_H},
    {"src", FIELD_ORIG_H},
    {"id.orig_p", FIELD_ORIG_P},
    {"id_orig_p", FIELD_ORIG_P},
    {"src_port", FIELD_ORIG_P},
    {"id.resp_h", FIELD_RESP_H},
    {"id_resp_h", FIELD_RESP_H},
    {"dst", FIELD_RESP_H},
    {"id.resp_p", FIELD_RESP_P},
    {"id_resp_p", FIELD_RESP_P},
    {"dst_port", FIELD_RESP_P},
    {"proto", FIELD_PROTO},
    {"duration", FIELD_DURATION},
    {"orig_bytes", FIELD_ORIG_BYTES},
    {"resp_bytes", FIELD_RESP_BYTES},
    {"conn_state", FIELD_CONN_STATE},
    {"history", FIELD_HISTORY},
    {"orig_pkts", FIELD_ORIG_PKTS},
    {"resp_pkts", FIELD_RESP_PKTS},
    {"community_id", FIELD_COMMUNITY_ID},
    {"service", FIELD_SERVICE},
    {"trans_id", FIELD_TRANS_ID},
    {"query", FIELD_QUERY},
    {"answers", FIELD_ANSWERS},
    {"uid", FIELD_UID},
    {"server_name", FIELD_SERVER_NAME},
    {"method", FIELD_METHOD},
    {"host", FIELD_HOST},
    {"uri", FIELD_URI},
    {"call_id", FIELD_CALL_ID},
    {"_path", FIELD_PATH},
};

const size_t zeek_field_count = sizeof zeek_fields / sizeof *zeek_fields;

#define BIT(field) (UINT32_C(1) << (field))

static bool is_text(const struct cell *cell, const char *text)
{
    return cell->length == strlen(text) && memcmp(cell->text, text, cell->length) == 0;
}

enum zeek_kind zeek_kind_of_fields(uint32_t fields)
{
    const uint32_t conn = BIT(FIELD_ORIG_BYTES) | BIT(FIELD_RESP_BYTES) | BIT(FIELD_CONN_STATE) |
                          BIT(FIELD_HISTORY) | BIT(FIELD_DURATION) | BIT(FIELD_ORIG_PKTS) |
                          BIT(FIELD_RESP_PKTS);

    if (fields & BIT(FIELD_PROTO)) {
        if (fields & conn)
            return KIND_CONN;
        return fields & (BIT(FIELD_QUERY) | BIT(FIELD_TRANS_ID)) ? KIND_DNS : KIND_OTHER;
    }
    if ((fields & BIT(FIELD_QUERY)) && (fields & BIT(FIELD_ANSWERS)))
        return KIND_DNS;
    if ((fields & BIT(FIELD_UID)) && (fields & BIT(FIELD_SERVER_NAME)))
        return KIND_TLS;
    /* A host field may be the sensor, which log shippers add to any row; sip also has methods. */
    return (fields & BIT(FIELD_UID)) && (fields & BIT(FIELD_METHOD)) &&
                   (fields & BIT(FIELD_HOST)) && !(fields & BIT(FIELD_CALL_ID))
               ? KIND_HTTP
               : KIND_OTHER;
}

/* Remembers the first path of another log, as far as a message can show it. */
static void note_other(struct zeeklog *log, const struct cell *path)
{
    size_t length = 0;

    if (log->log.counts.other_rows > 0 || log->other_path[0] != '\0')
        return;
    while (length < path->length && length + 1 < sizeof log->other_path &&
           path->text[length] > ' ' && path->text[length] <= '~')
        length++;
    memcpy(log->other_path, path->text, length);
    log->other_path[length] = '\0';
}

static enum zeek_kind kind_of_name(const struct cell *name)
{
    if (is_text(name, "conn"))
        return KIND_CONN;
    if (is_text(name, "dns"))
        return KIND_DNS;
    if (is_text(name, "ssl") || is_text(name, "quic"))
        return KIND_TLS;
    return is_text(name, "http") ? KIND_HTTP : KIND_OTHER;
}

/*
 * Zeek's filters split a log by adding to its name, as in conn_remote (docs.zeek.org, "Logging
 * framework"). But conn_long has connections that conn logs again at their end.
 */
static enum zeek_kind kind_of_path(const struct cell *path, uint32_t fields)
{
    struct cell name = {path->text, 0};
    enum zeek_kind kind;

    while (name.length < path->length && path->text[name.length] != '_' &&
           path->text[name.length] != '-')
        name.length++;
    kind = kind_of_name(&name);
    if (name.length == path->length)
        return kind;
    return is_text(path, "conn_long") || kind != zeek_kind_of_fields(fields) ||
                   zeek_lacks(kind, fields)
               ? KIND_OTHER
               : kind;
}

enum zeek_kind zeek_kind(struct zeeklog *log, const struct cell *path, uint32_t fields)
{
    enum zeek_kind kind = path->text ? kind_of_path(path, fields) : zeek_kind_of_fields(fields);

    if (!log->sessions && (kind == KIND_TLS || kind == KIND_HTTP))
        kind = KIND_OTHER;
    if (path->text && kind == KIND_OTHER)
        note_other(log, path);
    log->settled |= kind != KIND_OTHER;
    return kind;
}

const char *zeek_lacks(enum zeek_kind kind, uint32_t fields)
{
    static const uint32_t needed[] = {
        [KIND_CONN] = BIT(FIELD_TS) | BIT(FIELD_ORIG_H) | BIT(FIELD_ORIG_P) | BIT(FIELD_RESP_H) |
                      BIT(FIELD_RESP_P) | BIT(FIELD_PROTO),
        [KIND_DNS] = BIT(FIELD_TS) | BIT(FIELD_QUERY) | BIT(FIELD_ANSWERS),
        [KIND_TLS] = BIT(FIELD_UID) | BIT(FIELD_SERVER_NAME),
        [KIND_HTTP] = BIT(FIELD_UID) | BIT(FIELD_HOST),
        [KIND_OTHER] = 0,
    };

    for (size_t i = 0; i < zeek_field_count; i++)
        if (needed[kind] & ~fields & BIT(zeek_fields[i].id))
            return zeek_fields[i].name;
    return NULL;
}

/* Checks that the input ended properly. */
static enum result check_end(struct zeeklog *log)
{
    const char *wanted = log->sessions ? "conn, dns, ssl, quic or http" : "conn or dns";
    const struct cell other = {log->other_path, strlen(log->other_path)};

    if (log_objects_cut(&log->objects))
        return log_damaged(&log->log, "the input ends inside its JSON array");
    if (log->settled || (log->log.counts.other_rows == 0 && log->other_path[0] == '\0'))
        return RESULT_END;
    if (log->other_path[0] != '\0')
        snprintf(log->log.problem, sizeof log->log.problem,
                 "not a %s log: it says that it is '%s'%s", wanted, log->other_path,
                 kind_of_name(&other) == KIND_OTHER ? "" : "; -S takes names from it");
    else
        snprintf(log->log.problem, sizeof log->log.problem, "not a %s log: its fields are others",
                 wanted);
    return RESULT_DAMAGED;
}

enum result zeek_ended(struct zeeklog *log)
{
    if (log->finished)
        return RESULT_END;
    if (log->in.result == RESULT_END) {
        log->finished = true;
        return check_end(log);
    }
    log->finished = log->in.result == RESULT_DAMAGED;
    return log_cannot_read(&log->log, &log->in);
}

static enum result not_a_log(struct zeeklog *log, const char *what)
{
    log->finished = true;
    snprintf(log->log.problem, sizeof log->log.problem, "not a Zeek log: it is %s", what);
    return RESULT_DAMAGED;
}

/* Recognizes the form by the first characters. */
static enum result begin(struct zeeklog *log)
{
    struct lookahead *in = &log->in;
    size_t first, head;
    char known[SIGNATURE_TEXT];
    bool json;

    if (!lookahead_need(in, 1) && in->result != RESULT_END)
        return zeek_ended(log);
    (void)lookahead_need(in, 512);
    head = in->end < 512 ? in->end : 512;
    if (head >= 3 && memcmp(in->buffer, "\xef\xbb\xbf", 3) == 0)
        in->at = 3; /* a byte order mark */
    for (first = in->at; first < head && isspace(in->buffer[first]); first++)
        ;
    json = first < head && (in->buffer[first] == '{' || in->buffer[first] == '[');
    if (!json)
        first = 0; /* a capture may begin with newlines */
    if (signature_tell(in->buffer + first, head - first, SIGNATURE_ZEEK, "zeek2flow", known))
        return not_a_log(log, known);
    if (json)
        return zeek_json_init(log);
    if (memchr(in->buffer, '\0', head))
        return not_a_log(log, "binary");
    return zeek_tsv_init(log);
}

static enum result open_log(struct log **log, struct input *input,
                            const struct log_options *options)
{
    struct zeeklog *new = malloc(sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    memset(new, 0, offsetof(struct zeeklog, in));
    new->sessions = options->sessions;
    new->words = options->words;
    lookahead_init(&new->in, input);
    *log = &new->log;
    return begin(new);
}

/* The log is the first member of what was allocated. */
static struct zeeklog *of_log(struct log *log)
{
    return (struct zeeklog *)(void *)log;
}

static void close_log(struct log **log)
{
    if (*log) {
        struct zeeklog *zeek = of_log(*log);

        json_destroy(&zeek->json);
        free(zeek->tsv.columns);
        free(zeek->answers);
        free(zeek);
        *log = NULL;
    }
}

static enum result next_row(struct log *log, struct log_row *row)
{
    struct zeeklog *zeek = of_log(log);
    bool useful = false;
    enum result result;

    if (zeek->finished)
        return RESULT_END;
    do {
        result = zeek->next(zeek, row, &useful);
    } while (result == RESULT_OK && !useful);
    return result;
}

const struct log_reader zeek_reader = {.open = open_log, .next = next_row, .close = close_log};
