/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcpdump filters (pcap-filter(7)) for frames of any link type. Among the modules that read files,
 * only this one needs libpcap, which compiles and runs the filters.
 */
#ifndef SECFLOW_FILTER_H
#define SECFLOW_FILTER_H

#include "base/library.h"
#include "base/result.h"
#include "packet/frame.h"

#include <stdbool.h>

struct filter;

/* The expression remains the caller's and must outlive the filter. */
MUST_CHECK enum result filter_init(struct filter **filter, const char *expression);
void filter_destroy(struct filter **filter);

/*
 * Compiles the filter for a link type. RESULT_INVALID: not a filter, or not one for this link type;
 * see filter_problem. filter_match compiles by itself if needed.
 */
MUST_CHECK enum result filter_compile(struct filter *filter, int linktype);

/*
 * Sets *match to whether the frame passes; to false on failure. RESULT_INVALID as for
 * filter_compile.
 */
MUST_CHECK enum result filter_match(struct filter *filter, const struct frame *frame, bool *match);

/* Owned by the filter. */
const char *filter_problem(const struct filter *filter);

/* libpcap's name for a link type, or NULL. */
const char *filter_linktype_name(int linktype);

library_fn filter_libpcap;

#endif
