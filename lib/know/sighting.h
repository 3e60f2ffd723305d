/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sample while it is held: its lines, and the keys (seen.h) that occur in it, each once.
 */
#ifndef SECFLOW_SIGHTING_H
#define SECFLOW_SIGHTING_H

#include "base/hash.h"
#include "base/index.h"
#include "base/text.h"
#include "know/domain.h"
#include "know/seen.h"
#include "record/record.h"
#include "record/sensor.h"

/* What a store knows of a key. */
struct seen_fact {
    int64_t count;       /* samples; 0: never seen */
    int64_t counters;    /* how many have seen it */
    int64_t first, last; /* -1 where it was never seen */
    bool own;            /* the counter of this sample has seen it */
};

struct sighted {
    struct seen_key key;
    int64_t first, last;   /* in this sample */
    struct seen_fact fact; /* before this sample */
    uint32_t domain;       /* of a destination: the number of its domain; NO_DOMAIN: none */
    bool looked;           /* likewise: the domain was looked for */
    size_t domain_text;    /* where the domain stands in `domains` */
};

#define NO_DOMAIN UINT32_MAX

/*
 * A line: where it ends among the lines, the numbers of its keys, from 0, and where in it fields
 * can be added (record_room).
 */
struct sighted_line {
    size_t end;
    uint32_t flow, destination, room;
};

struct sighting {
    int64_t traffic_date; /* microseconds since 1970 */
    size_t sensor_length; /* 0: its records name none */
    char sensor[SENSOR_MAX];

    struct text lines;   /* without newlines */
    struct text domains; /* as JSON strings, each with a NUL behind it */
    struct sighted_line *ends;
    struct sighted *keys;
    size_t line_count, line_capacity, key_count, key_capacity;
    struct index index;
    struct hash_seed seed;

    int64_t counter;     /* who counts it; the caller's */
    int64_t number;      /* of the counter, in the store; -1: it has none */
    bool counted_before; /* the store had the sample already */
};

/*
 * Begins the sample of a record. The sighting is zeroed, or complete and no longer needed: then its
 * memory is used again. After a failure it must be destroyed.
 */
MUST_CHECK enum result sighting_begin(struct sighting *sighting, const struct record *record);
void sighting_destroy(struct sighting *sighting);

/*
 * Adds a record, of which all is read. RESULT_NO_MEMORY: the sample must be destroyed. The flow id
 * of the line is used if it has one.
 */
MUST_CHECK enum result sighting_add(struct sighting *sighting, struct domains *domains,
                                    const struct record *record, const char *line, size_t length,
                                    size_t room);

/* Gives back memory that only adding needs. No more records can be added. */
void sighting_complete(struct sighting *sighting);

/* The sample's id in stores. */
int64_t sighting_id(const struct sighting *sighting);

#endif
