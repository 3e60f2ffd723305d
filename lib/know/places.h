/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where addresses are and who operates their networks, out of MaxMind databases such as
 * GeoLite2-Country, GeoLite2-City, GeoLite2-ASN and those of DB-IP (libmaxminddb).
 */
#ifndef SECFLOW_PLACES_H
#define SECFLOW_PLACES_H

#include "base/library.h"
#include "base/result.h"
#include "packet/address.h"
#include "record/record.h"

struct places;

/* Texts are UTF-8 or not, as the database has them, and valid until the places are destroyed. */
struct place {
    struct record_text country; /* two letters (ISO 3166-1) */
    struct record_text as_org;
    uint64_t asn; /* 0: not known */
};

/*
 * Opens a database; a copy of it is kept, so what happens to the file later does not matter.
 * RESULT_SYSTEM: errno says why. RESULT_DAMAGED: it is not a database. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result places_open(struct places **places, const char *path);
void places_close(struct places **places);

/* Adds what the database knows of an address and the place does not say yet. */
void places_find(struct places *places, const struct address *address, struct place *place);

library_fn places_libmaxminddb;

#endif
