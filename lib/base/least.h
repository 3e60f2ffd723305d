/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least names of any number, in order: what a directory has, a bounded part at a time.
 */
#ifndef SECFLOW_LEAST_H
#define SECFLOW_LEAST_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#define LEAST_MAX 1024u

/* Starts zeroed; count = 0 empties it. */
struct least {
    size_t count;
    uint16_t order[LEAST_MAX]; /* places in names, which do not move */
    char names[LEAST_MAX][NAME_MAX + 1];
};

/* The names by index, from 0 to count - 1. */
const char *least_name(const struct least *least, size_t index);

/* Adds a file name. A full list drops the greatest. */
void least_add(struct least *least, const char *name);

/* The index of the first name that is greater; count if there is none. */
size_t least_after(const struct least *least, const char *name);

#endif
