/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of the vpclog module.
 */
#ifndef SECFLOW_VPCREAD_H
#define SECFLOW_VPCREAD_H

#include "base/json.h"
#include "base/lookahead.h"
#include "log/logparts.h"
#include "log/objects.h"
#include "log/vpclog.h"

/* The columns of AWS that matter. */
enum vpc_field {
    VPC_NONE, /* any other */
    VPC_SRCADDR,
    VPC_DSTADDR,
    VPC_SRCPORT,
    VPC_DSTPORT,
    VPC_PROTOCOL,
    VPC_PACKETS,
    VPC_BYTES,
    VPC_START,
    VPC_END,
    VPC_PKT_SRCADDR,
    VPC_PKT_DSTADDR,
    VPC_TCP_FLAGS,
    VPC_INTERFACE,
    VPC_STATUS,
    VPC_FIELDS
};

struct vpc_cell {
    const char *text; /* NULL: there is no such column */
    size_t length;
};

/* The members of objects that matter. */
enum vpc_member {
    VPC_UNWANTED, /* any other */
    VPC_MESSAGE,
    VPC_RESOURCE,
    VPC_MAC, /* of the record, and of flows in it */
    VPC_TUPLE,
    VPC_SRC_IP,
    VPC_DEST_IP,
    VPC_SRC_PORT,
    VPC_DEST_PORT,
    VPC_PROTO,
    VPC_PACKETS_SENT,
    VPC_BYTES_SENT,
    VPC_START_TIME,
    VPC_END_TIME,
    VPC_REPORTER,
    VPC_QUERY_TIME,
    VPC_QUERY_NAME,
    VPC_ANSWER, /* a record as a whole */
    VPC_ANSWER_DATA,
    VPC_ANSWER_TYPE,
    VPC_MEMBERS
};

struct vpc_columns {
    uint8_t *fields; /* the enum vpc_field of each */
    size_t count, capacity;
    uint32_t known;  /* the set of them: 1 << field */
    bool unreadable; /* a field is missing */
};

/* The text that identifies a point of observation. */
#define VPC_POINT_MAX 512u

struct vpclog {
    struct log log;

    struct vpc_columns columns;
    struct vpc_cell cells[VPC_FIELDS];

    bool is_json;
    struct log_objects objects;
    struct json *json;    /* the objects of the input */
    struct json *message; /* those that are a text in a member of them */
    struct vpc_cell members[VPC_MEMBERS];
    const struct json_member *tuples; /* Azure: the members of the record read last */
    size_t tuple_count, tuple_at;     /* those from tuple_at on are still to be returned */
    char point[VPC_POINT_MAX];
    size_t point_length;

    struct address *answers;
    size_t answer_count, answer_capacity;
    char name[DNS_NAME_TEXT];

    bool settled;  /* some of it was read, or reported as unreadable */
    bool finished; /* nothing is left, and damage has been reported */
    struct lookahead in;
};

/* A row was found, or not: then *useful stays false. RESULT_DAMAGED, RESULT_NO_MEMORY. */

/* Reads a line of AWS, which may be one of names, or an object behind what CloudWatch puts there.
 */
MUST_CHECK enum result vpc_read_line(struct vpclog *vpc, const char *line, const char *end,
                                     struct log_row *row, bool *useful);

/* Sets the columns by their names. RESULT_DAMAGED: one is missing; RESULT_NO_MEMORY. */
MUST_CHECK enum result vpc_set_columns(struct vpclog *vpc, const char *names, const char *end);

/* Makes a row from the cells. */
MUST_CHECK enum result vpc_make_connection(struct vpclog *vpc, struct log_row *row, bool *useful);

/* The protocol if it becomes Secflows, else 0. */
uint8_t vpc_protocol(uint64_t number);

/* Prepare for reading JSON; read the next object of the input, or the one that is the text. */
MUST_CHECK enum result vpc_json_init(struct vpclog *vpc);
MUST_CHECK enum result vpc_read_object(struct vpclog *vpc, const char *text, const char *end,
                                       struct log_row *row, bool *useful);
MUST_CHECK enum result vpc_read_json(struct vpclog *vpc, struct log_row *row, bool *useful);

/* Of the record of Azure that was read: begin its tuples; read the next, while there is one. */
void vpc_begin_tuples(struct vpclog *vpc, const struct json *json);
MUST_CHECK enum result vpc_next_tuple(struct vpclog *vpc, struct log_row *row, bool *useful);

/* For the end of the input, or input that cannot be read further: what the reader returns then. */
enum result vpc_ended(struct vpclog *vpc);

#endif
