/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of flows that a page tells apart by color: the categories (label.h) by what they have
 * in common.
 */
#ifndef SECFLOW_PAGEKIND_H
#define SECFLOW_PAGEKIND_H

#include "record/record.h"

enum page_kind {
    KIND_DOWNLOAD,
    KIND_UPLOAD,
    KIND_OPEN,
    KIND_SHORT, /* and all else */
    KIND_LOOKUP,
    KIND_UNANSWERED,
    KIND_COUNT
};

enum page_kind page_kind(struct record_text category);

/* For people. */
const char *page_kind_name(enum page_kind kind);

#endif
