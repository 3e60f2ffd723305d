/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of the zeeklog module: the cells of a row, by field, which the readers of TSV
 * and JSON fill, and what makes a row from them.
 */
#ifndef SECFLOW_ZEEKREAD_H
#define SECFLOW_ZEEKREAD_H

#include "base/json.h"
#include "base/lookahead.h"
#include "base/number.h"
#include "log/logparts.h"
#include "log/objects.h"
#include "log/zeeklog.h"
#include "name/dns.h"

/* The fields that matter. */
enum zeek_field {
    FIELD_NONE, /* any other */
    FIELD_TS,
    FIELD_ORIG_H,
    FIELD_ORIG_P,
    FIELD_RESP_H,
    FIELD_RESP_P,
    FIELD_PROTO,
    FIELD_DURATION,
    FIELD_ORIG_BYTES,
    FIELD_RESP_BYTES,
    FIELD_CONN_STATE,
    FIELD_HISTORY,
    FIELD_ORIG_PKTS,
    FIELD_RESP_PKTS,
    FIELD_COMMUNITY_ID,
    FIELD_SERVICE,
    FIELD_TRANS_ID,
    FIELD_QUERY,
    FIELD_ANSWERS,
    FIELD_UID,
    FIELD_SERVER_NAME,
    FIELD_METHOD,
    FIELD_HOST,
    FIELD_URI,
    FIELD_CALL_ID,
    FIELD_PATH,
    FIELDS
};

struct cell {
    const char *text; /* NULL: missing, or null */
    size_t length;
};

/* KIND_TLS: ssl or quic. */
enum zeek_kind { KIND_NONE, KIND_CONN, KIND_DNS, KIND_TLS, KIND_HTTP, KIND_OTHER };

/* Space for a marker such as (empty). */
#define MARKER_MAX 32

struct marker {
    char text[MARKER_MAX];
    size_t length; /* SIZE_MAX: matches nothing */
};

struct tsv_state {
    char separator;
    char set_separator;
    struct marker empty, unset;
    struct cell path;
    char path_text[64];
    uint8_t *columns; /* the enum zeek_field of each */
    size_t count, capacity;
    enum zeek_kind kind; /* KIND_NONE before the first header */
    bool plain;          /* the header was a plain line of names */
};

struct zeeklog {
    struct log log;
    enum result (*next)(struct zeeklog *, struct log_row *, bool *useful);
    bool sessions; /* rows of ssl, quic and http are read */
    bool words;    /* as in log_options */
    struct cell cells[FIELDS];
    struct address *answers;
    size_t answer_count, answer_capacity;

    struct tsv_state tsv;
    struct json *json;
    struct log_objects objects;

    bool settled;        /* some of it was read, or reported as unreadable */
    char other_path[48]; /* of the first other log; "": unknown */
    bool finished;       /* nothing is left, and damage has been reported */
    char name[DNS_NAME_TEXT];
    struct lookahead in;
};

enum result zeek_tsv_init(struct zeeklog *log);
enum result zeek_json_init(struct zeeklog *log);

/* For the end of the input, or input that cannot be read further: what the reader returns then. */
enum result zeek_ended(struct zeeklog *log);

/*
 * Parses a time: seconds since 1970; milliseconds, as integers of 12 to 15 digits; ISO 8601 with Z
 * or an offset from UTC. False if the text is not one, or not from 1970 to 9999.
 */
bool zeek_time(const char *text, size_t length, int64_t *microseconds);

/* The names of the fields; messages use the first name of a field. */
extern const struct json_key zeek_fields[];
extern const size_t zeek_field_count;

/* The kind of a log, by its path or, without one, by the set of its fields (1 << field). */
enum zeek_kind zeek_kind(struct zeeklog *log, const struct cell *path, uint32_t fields);

/* The same by the set alone, recording nothing. */
enum zeek_kind zeek_kind_of_fields(uint32_t fields);

/* A field that this kind of log requires and the set lacks; NULL: none. */
const char *zeek_lacks(enum zeek_kind kind, uint32_t fields);

/* Adds an element of dns's answers, if it is an address. RESULT_NO_MEMORY. */
enum result zeek_add_answer(struct zeeklog *log, const char *text, size_t length);

/* Makes a row from the cells. *useful: it has content. RESULT_DAMAGED, RESULT_NO_MEMORY. */
enum result zeek_make_row(struct zeeklog *log, enum zeek_kind kind, struct log_row *row,
                          bool *useful);

#endif
