/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON objects of a log, one after another: on lines of their own, spread over lines, or in
 * arrays.
 */
#ifndef SECFLOW_OBJECTS_H
#define SECFLOW_OBJECTS_H

#include "base/json.h"
#include "base/lookahead.h"
#include "log/log.h"

struct log_objects {
    struct log *log; /* its line is kept, and its problem set */
    struct lookahead *in;
    /*
     * An object that has one of these members early on, and in it an array, is not an object of the
     * log: the elements of the array are. Ended by NULL; NULL: none.
     */
    const char *const *lists;
    size_t used;       /* bytes of the object read last, still at in->at */
    bool has_arrays;   /* arrays of objects */
    bool in_array;     /* according to the brackets seen */
    bool in_list;      /* in the array of such a member */
    bool lost_bracket; /* a bracket may have been skipped */
};

/* Begins: the log is at line 1. */
void log_objects_init(struct log_objects *objects, struct log *log, struct lookahead *in,
                      const char *const *lists);

/*
 * Reads the next object, whose members the reader then has until the next call. RESULT_END: none is
 * left, or the input cannot be read further, as in->result says. RESULT_DAMAGED: the next call
 * continues after it. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result log_next_object(struct log_objects *objects, struct json *json);

/* True if the input ended within an array, none of whose brackets was lost to damage. */
bool log_objects_cut(const struct log_objects *objects);

#endif
