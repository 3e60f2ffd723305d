/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record tells twice: values of its line that follow from what it was read as, such as src
 * from an address and a port. Most lines have these very values, and so need not keep them.
 */
#ifndef SECFLOW_TOLD_H
#define SECFLOW_TOLD_H

#include "record/recordread.h"

struct told_end {
    struct address address;  /* of family 0: not known, */
    struct record_text text; /* and then this is src or dst, as it stands in the line */
    uint16_t port;
};

struct told {
    struct told_end ends[2]; /* src and dst */
    uint8_t proto;           /* as in struct record */
    bool has_ports;
    struct record_text proto_text; /* the value of proto, where that is 0 */
    enum name_source name_source;
    bool named;             /* dst is a name */
    struct record_text dst; /* its value, for dstName */
};

/* Of a record that has all that record_read_rest fills in, and the values of its line. */
void told_of(struct told *told, const struct record *record, struct record_text src,
             struct record_text dst, struct record_text proto);

/* Room for a value beside the text that it is made of. */
#define TOLD_MOST 96u

/*
 * Puts the value of a field, as JSON, where there is room; returns the place behind, which is the
 * same where nothing tells it.
 */
char *told_put(const struct told *told, enum record_field field, char *p);

/* Whether a value of the line is the one that told_put would put; room: for that. */
bool told_is(const struct told *told, enum record_field field, struct record_text value,
             char *room);

#endif
