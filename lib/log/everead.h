/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of the evelog module: the fields of an event, and what makes rows from them.
 */
#ifndef SECFLOW_EVEREAD_H
#define SECFLOW_EVEREAD_H

#include "base/json.h"
#include "base/lookahead.h"
#include "log/evelog.h"
#include "log/logparts.h"

/* EVE_UNKNOWN: must be parsed to be known. */
enum eve_kind {
    EVE_UNKNOWN,
    EVE_FLOW,
    EVE_NETFLOW,
    EVE_DNS,
    EVE_TLS,
    EVE_QUIC,
    EVE_HTTP,
    EVE_OTHER
};
#define EVE_KINDS EVE_OTHER

/* The fields that matter, of all kinds. One that belongs to a side is toserver's. */
enum eve_field {
    EVE_NO_FIELD,
    EVE_EVENT_TYPE,
    EVE_EVENT,
    EVE_TIMESTAMP,
    EVE_FLOW_ID,
    EVE_IN_IFACE,
    EVE_HOST,
    EVE_VLAN,
    EVE_SRC_IP,
    EVE_SRC_PORT,
    EVE_DEST_IP,
    EVE_DEST_PORT,
    EVE_PROTO,
    EVE_APP_PROTO,
    EVE_COMMUNITY_ID,
    EVE_ICMP_TYPE,
    EVE_ICMP_CODE,
    EVE_START,
    EVE_END,
    EVE_PKTS_TOSERVER,
    EVE_PKTS_TOCLIENT,
    EVE_BYTES_TOSERVER,
    EVE_BYTES_TOCLIENT,
    EVE_FLAGS_TOSERVER,
    EVE_FLAGS_TOCLIENT,
    EVE_NAME, /* that the client asked for */
    EVE_METHOD,
    EVE_URL,
    EVE_DNS_VERSION,
    EVE_DNS_TYPE,
    EVE_DNS_ID,
    EVE_RRNAME, /* version 1: of the record; version 2: of the question */
    EVE_RRTYPE,
    EVE_RDATA,
    EVE_QUERY_NAME,
    EVE_GROUPED,
    /* Each record, as a whole and its parts: of the answers, and of the sections behind them. */
    EVE_ANSWER,
    EVE_ANSWER_TYPE,
    EVE_ANSWER_DATA,
    EVE_GLUE,
    EVE_GLUE_NAME,
    EVE_GLUE_TYPE,
    EVE_GLUE_DATA,
    EVE_FIELDS
};

struct eve_text {
    const char *text; /* NULL: missing, or null */
    size_t length;
};

/* An address in a section after the answers, with its own name. */
struct eve_glue {
    struct eve_text name;
    struct address address;
};

/* A question of version 1, whose answers do not repeat it. */
struct eve_query {
    uint64_t flow_id, id;
    size_t length; /* 0: none */
    char name[255];
};

#define EVE_QUERIES 1024u

/* The text that identifies a point of observation. */
#define EVE_POINT_MAX 256u

struct evelog {
    struct log log;
    struct log_options options;
    struct json *json[EVE_KINDS];       /* one per kind, since each predicts the order of keys */
    struct eve_text fields[EVE_FIELDS]; /* of the event; of elements, none */
    unsigned vlans;                     /* of its tags */
    char point[EVE_POINT_MAX];

    char name[DNS_NAME_TEXT];
    struct address *answers; /* of the question */
    size_t answer_count, answer_capacity;
    struct eve_glue *glue;
    size_t glue_count, glue_capacity, glue_at; /* those from glue_at on are still to be returned */
    int64_t time;                              /* of the names */
    struct eve_query *queries;                 /* EVE_QUERIES; NULL: none yet */

    size_t type_at; /* where the last event had its type, and the next may have it too */
    bool finished;
    struct lookahead in;
};

/* Takes the members from json_read, of an event whose kind is not EVE_UNKNOWN. */
void eve_take_fields(struct evelog *eve, enum eve_kind kind);

/* The field; NULL: missing. */
static inline const struct eve_text *eve_get(const struct evelog *eve, enum eve_field field)
{
    return eve->fields[field].text ? &eve->fields[field] : NULL;
}

/* True if a text is that word. */
bool eve_is(const struct eve_text *text, const char *word);

/* These record what is wrong with a field: RESULT_DAMAGED. take_: the field is optional. */
MUST_CHECK enum result eve_need(struct evelog *eve, enum eve_field field, const char *name,
                                const struct eve_text **text);
MUST_CHECK enum result eve_need_time(struct evelog *eve, enum eve_field field, const char *name,
                                     int64_t *time);
MUST_CHECK enum result eve_take_port(struct evelog *eve, enum eve_field field, const char *name,
                                     uint16_t *port);

/* Make a row from the fields. *useful: it has content. RESULT_DAMAGED, RESULT_NO_MEMORY. */
MUST_CHECK enum result eve_make_connection(struct evelog *eve, enum eve_kind kind,
                                           struct log_row *row, bool *useful);
void eve_make_session(struct evelog *eve, struct log_row *row, bool *useful);

/* The same for a dns event, which may give more rows: take them before reading the next event. */
MUST_CHECK enum result eve_make_names(struct evelog *eve, struct log_row *row, bool *useful);
void eve_next_names(struct evelog *eve, struct log_row *row, bool *useful);

#endif
