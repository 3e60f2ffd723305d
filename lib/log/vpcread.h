/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of the vpclog module.
 */
#ifndef SECFLOW_VPCREAD_H
#define SECFLOW_VPCREAD_H

#include "base/json.h"
#include "base/lookahead.h"
#include "log/logparts.h"
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

struct vpc_columns {
    uint8_t *fields; /* the enum vpc_field of each */
    size_t count, capacity;
    uint32_t known;  /* the set of them: 1 << field */
    bool unreadable; /* a field is missing */
};

/* The text that identifies a point of observation. */
#define VPC_POINT_MAX 128u

struct vpclog {
    struct log log;

    struct vpc_columns columns;
    struct vpc_cell cells[VPC_FIELDS];

    struct json *json;                /* the objects of the input */
    struct json *message;             /* those that are a text within them */
    const struct json_member *tuples; /* Azure: of the record read last */
    size_t tuple_count, tuple_at;     /* those from tuple_at on are still to be returned */
    char point[VPC_POINT_MAX];
    size_t point_length;
    bool is_json;
    bool in_envelope; /* between the elements of its array */

    struct address *answers;
    size_t answer_count, answer_capacity;
    char name[DNS_NAME_TEXT];

    bool settled;  /* some of it was read, or reported as unreadable */
    bool finished; /* nothing is left, and damage has been reported */
    struct lookahead in;
};

/* A row was found, or not: then *useful stays false. RESULT_DAMAGED, RESULT_NO_MEMORY. */

/* Reads a line of AWS, or one of names. */
MUST_CHECK enum result vpc_read_line(struct vpclog *vpc, const char *line, const char *end,
                                     struct log_row *row, bool *useful);

/* Sets the columns by their names. RESULT_DAMAGED: one is missing; RESULT_NO_MEMORY. */
MUST_CHECK enum result vpc_set_columns(struct vpclog *vpc, const char *names, const char *end);

/* Makes a row from the cells. */
MUST_CHECK enum result vpc_make_connection(struct vpclog *vpc, struct log_row *row, bool *useful);

/* Reads what is at vpc->in: the object that begins there, or what is between objects. */
MUST_CHECK enum result vpc_read_json(struct vpclog *vpc, struct log_row *row, bool *useful);

/* For the end of the input, or input that cannot be read further: what the reader returns then. */
enum result vpc_ended(struct vpclog *vpc);

#endif
