/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that addresses had, and when: what DNS responses told, or a name cache. They take no
 * more than a number of bytes; what is too much is forgotten, the oldest first.
 */
#ifndef SECFLOW_NAMES_H
#define SECFLOW_NAMES_H

#include "packet/address.h"

struct names;

/* A name that was found: owned by the names, valid until they change. No final NUL. */
struct name_ref {
    const char *text;
    size_t length;
    int64_t time; /* at which it was given */
    bool before;  /* that is at or before the time asked for, else after it */
};

/* The least that makes sense of bytes that names may take. */
#define NAMES_BUDGET_LEAST (UINT64_C(1) << 20)

/*
 * budget: bytes that they may take, with all that belongs to them. What goes beyond it is at most a
 * thirtieth of it; for that the oldest names are forgotten, in the order of the input. Repeats of a
 * name of which none but the first and the last could matter to input in order of time go before
 * them. RESULT_NO_MEMORY, or RESULT_SYSTEM.
 */
MUST_CHECK enum result names_init(struct names **names, size_t budget);
void names_destroy(struct names **names);

/* Another budget, from the next name on. */
void names_set_budget(struct names *names, size_t budget);
size_t names_budget(const struct names *names);

/* How many addresses have names. */
size_t names_count(const struct names *names);

/* Bytes that they take. */
size_t names_bytes(const struct names *names);

/* How many times an address was given a name that were forgotten for want of room. */
uint64_t names_forgotten(const struct names *names);

/*
 * The address got the name (copied) at that time, in microseconds. RESULT_NO_MEMORY, also for a
 * name of more than INTERN_MOST bytes (intern.h): the names can only be destroyed then.
 */
MUST_CHECK enum result names_add(struct names *names, const struct address *address,
                                 const char *text, size_t length, int64_t time);

/*
 * Forgets names that were given before that time and not again since. All names are looked at, so
 * that once a minute is often enough. RESULT_NO_MEMORY: nothing was forgotten.
 */
MUST_CHECK enum result names_forget(struct names *names, int64_t before);

/*
 * The latest name given at or before a time, else the earliest given after it; of equal times the
 * one added last. False when the address has no name.
 */
MUST_CHECK bool names_find(const struct names *names, const struct address *address, int64_t time,
                           struct name_ref *found);

/*
 * Starts what names_find needs of so many addresses, at most NAMES_PREFETCH, on its way from
 * memory: in large tables a name is several cache misses away, which then overlap.
 */
void names_prefetch(const struct names *names, const struct address *const *addresses,
                    size_t count);

#define NAMES_PREFETCH 32u

/*
 * Calls for each address, in their order (address_compare), with its latest name and whether it
 * ever had another. Returns what the call does, if not RESULT_OK; RESULT_NO_MEMORY.
 */
typedef enum result names_each_fn(void *context, const struct address *address,
                                  const struct name_ref *name, bool only_one);
MUST_CHECK enum result names_each(const struct names *names, names_each_fn *call, void *context);

#endif
