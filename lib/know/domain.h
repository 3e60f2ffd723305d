/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Under which domain a name was registered, by the Public Suffix List (publicsuffix.org) that
 * libpsl brings along, with its private section: so below github.io everybody has a domain of
 * their own.
 */
#ifndef SECFLOW_DOMAIN_H
#define SECFLOW_DOMAIN_H

#include "base/library.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The length of the end of a name, in small letters and without a final dot, that is its domain.
 * All of it where it has none: it is an address, a suffix itself, or not a name of DNS.
 */
size_t domain_length(const char *name, size_t length);

/* Names whose domains were looked up: their place is by their hash, and the latest one keeps it. */
#define DOMAINS 32768u
#define DOMAINS_NAME 62u

/* Zeroed: empty. */
struct domains {
    struct {
        uint8_t length, registered;
        char name[DOMAINS_NAME];
    } places[DOMAINS];
};

/*
 * These are faster where a name comes again: the same as domain_length; and the same, but 0 for an
 * address and for a suffix.
 */
size_t domains_find(struct domains *domains, const char *name, size_t length);
size_t domains_registered(struct domains *domains, const char *name, size_t length);

/* True if the name is a suffix below which others register domains; also if it has no dot. */
bool domain_is_suffix(const char *name, size_t length);

library_fn domain_libpsl;

#endif
