/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcpdump filters (pcap-filter(7)) over frames of any link type. The only module of a file reader
 * that needs libpcap, which compiles and runs them.
 */
#ifndef SECFLOW_FILTER_H
#define SECFLOW_FILTER_H

#include "base/library.h"
#include "base/result.h"
#include "packet/frame.h"

#include <stdbool.h>

struct filter;

/* Takes an expression, the caller's for as long as the filter lives. */
MUST_CHECK enum result filter_init(struct filter **filter, const char *expression);
void filter_destroy(struct filter **filter);

/*
 * Compiles it for a link type. RESULT_INVALID: it is no filter, or none for this link type;
 * filter_problem says why. filter_match does so by itself where it has not been done.
 */
MUST_CHECK enum result filter_compile(struct filter *filter, int linktype);

/* Sets *match to whether the frame passes; on failure to false. RESULT_INVALID as of
 * filter_compile. */
MUST_CHECK enum result filter_match(struct filter *filter, const struct frame *frame, bool *match);

/* Owned by the filter. */
const char *filter_problem(const struct filter *filter);

/* The name that libpcap has for a link type, NULL where it has none. */
const char *filter_linktype_name(int linktype);

library_fn filter_libpcap;

#endif
