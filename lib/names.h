/*
 * The names that addresses had, and when: what DNS responses told, or a name cache.
 */
#ifndef SECFLOW_NAMES_H
#define SECFLOW_NAMES_H

#include "address.h"

struct names;

/* A name that was found: owned by the names, valid until they are destroyed. No final NUL. */
struct name_ref {
    const char *text;
    size_t length;
    bool before; /* given at or before the time asked for, else after it */
};

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result names_init(struct names **names);
void names_destroy(struct names **names);

/*
 * Lets the names forget, of what was told again and again, all but the first time and the last,
 * once it lies so many microseconds behind the latest: for input that is in order but for that.
 * Where a name comes later still, what it came between may have been forgotten.
 */
void names_set_horizon(struct names *names, int64_t horizon);

/* How much they remember: addresses, and different names. */
size_t names_count(const struct names *names);

/* The address got the name (copied) at that time, in microseconds. RESULT_NO_MEMORY. */
MUST_CHECK enum result names_add(struct names *names, const struct address *address,
                                 const char *text, size_t length, int64_t time);

/*
 * The latest name given at or before a time, else the earliest given after it; of equal times the
 * one added last. False when the address has no name.
 */
MUST_CHECK bool names_find(struct names *names, const struct address *address, int64_t time,
                           struct name_ref *found);

/*
 * Starts what names_find needs of so many addresses, at most NAMES_PREFETCH, on its way from
 * memory: in large tables a name is several cache misses away, which then overlap.
 */
void names_prefetch(const struct names *names, const struct address *const *addresses,
                    size_t count);

#define NAMES_PREFETCH 32u

/* Calls for each address in no order, with its latest name and whether it ever had another. */
typedef enum result names_each_fn(void *context, const struct address *address,
                                  const struct name_ref *name, bool only_one);
MUST_CHECK enum result names_each(struct names *names, names_each_fn *call, void *context);

#endif
