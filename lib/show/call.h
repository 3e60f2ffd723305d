/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows as beacon.c sorts them: those of a pair come one after the other, and the pairs of a
 * destination soon after each other.
 */
#ifndef SECFLOW_CALL_H
#define SECFLOW_CALL_H

#include "base/hash.h"
#include "base/sorter.h"
#include "show/beacon.h"

/* A host: the family of its address, and the address; or 0, and its name. */
struct call_host {
    size_t length;
    char bytes[1 + BEACON_NAME_MOST];
};

void call_host_address(struct call_host *host, const struct address *address);

/* Names that are addresses are taken as such; longer ones than BEACON_NAME_MOST are cut. */
void call_host_name(struct call_host *host, struct record_text name);

/* The text of a host, in whose bytes it may lie, or in the room. */
struct record_text call_host_text(const char *bytes, size_t length, char room[ADDRESS_TEXT]);

struct call {
    int64_t start, end;      /* microseconds since 1970 */
    uint64_t sent, received; /* bytes, by the source and from the destination */
    uint32_t src;            /* the number of the source */
    struct record_text dst;  /* the bytes of the destination */
    struct record_text pair; /* of the bytes of a call, those that tell both; only of one taken */
    uint16_t group;          /* the same for all calls of a destination; only of one taken */
};

/* The most bytes of a call. */
#define CALL_MOST (sizeof(uint32_t) + 64 + 1 + BEACON_NAME_MOST)

/* Puts a call where there is room for CALL_MOST bytes, and returns how many it takes. */
size_t call_put(const struct call *call, const struct hash_seed *seed, char *p);

/* Takes a call from its bytes, in which its texts lie. */
void call_take(const char *p, struct call *call);

/* For sorting, by groups and in these by pairs. */
uint32_t call_rank(const void *context, const char *bytes);
int call_compare(const char *a, const char *b);

#endif
