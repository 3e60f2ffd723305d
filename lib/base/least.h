/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least names of any number, in order: what a directory has, a bounded part at a time.
 */
#ifndef SECFLOW_LEAST_H
#define SECFLOW_LEAST_H

#include <limits.h>
#include <stddef.h>

#define LEAST_MAX 1024u

/* Starts zeroed; count = 0 empties it. */
struct least {
    size_t count;
    char names[LEAST_MAX][NAME_MAX + 1];
};

/* Adds a file name. A full list drops the greatest. */
void least_add(struct least *least, const char *name);

/* The index of the first name that is greater; count if there is none. */
size_t least_after(const struct least *least, const char *name);

#endif
