/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which names addresses had, and when, from DNS responses or a name cache. Memory is limited; past
 * the limit, the oldest names are forgotten first.
 */
#ifndef SECFLOW_NAMES_H
#define SECFLOW_NAMES_H

#include "packet/address.h"

struct names;

/* A name that was found: owned by the names, valid until they change. No NUL. */
struct name_ref {
    const char *text;
    size_t length;
    int64_t time; /* when it was given */
    bool before;  /* at or before the time asked for; else after it */
};

/* The smallest sensible budget in bytes. */
#define NAMES_BUDGET_LEAST (UINT64_C(1) << 20)

/*
 * budget: bytes of memory for everything, exceeded by a thirtieth at most. Past it, the oldest
 * names in input order are forgotten. Before them go repeats of a name, except the first and last,
 * that cannot matter to input in time order. RESULT_NO_MEMORY, or RESULT_SYSTEM.
 */
MUST_CHECK enum result names_init(struct names **names, size_t budget);
void names_destroy(struct names **names);

/* Changes the budget, from the next name on. */
void names_set_budget(struct names *names, size_t budget);
size_t names_budget(const struct names *names);

/* The number of addresses with names. */
size_t names_count(const struct names *names);

/* Bytes of memory in use. */
size_t names_bytes(const struct names *names);

/* How many pairs of an address and a name were forgotten to stay within the budget. */
uint64_t names_forgotten(const struct names *names);

/*
 * Records that the address got the name (copied) at that time, in microseconds. RESULT_NO_MEMORY,
 * also for a name of more than INTERN_MOST bytes (intern.h): afterwards, the names may only be
 * destroyed.
 */
MUST_CHECK enum result names_add(struct names *names, const struct address *address,
                                 const char *text, size_t length, int64_t time);

/*
 * Forgets names given before that time and not again since. Goes through all names, so once a
 * minute is often enough. RESULT_NO_MEMORY: nothing was forgotten.
 */
MUST_CHECK enum result names_forget(struct names *names, int64_t before);

/*
 * The latest name given at or before a time, else the earliest given after it; at equal times the
 * one added last. False if the address has no name.
 */
MUST_CHECK bool names_find(const struct names *names, const struct address *address, int64_t time,
                           struct name_ref *found);

/*
 * Prefetches what names_find needs for up to NAMES_PREFETCH addresses: in large tables a name costs
 * several cache misses, which then overlap.
 */
void names_prefetch(const struct names *names, const struct address *const *addresses,
                    size_t count);

#define NAMES_PREFETCH 32u

/*
 * Calls call for each address, in order of address_compare, with its latest name and whether that
 * is the only one it ever had. Returns the first result of a call that is not RESULT_OK; or
 * RESULT_NO_MEMORY.
 */
typedef enum result names_each_fn(void *context, const struct address *address,
                                  const struct name_ref *name, bool only_one);
MUST_CHECK enum result names_each(const struct names *names, names_each_fn *call, void *context);

#endif
