/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a flow seems to be part of, in one of the five words that the NetworkSage service had.
 */
#ifndef SECFLOW_ACTIVITY_H
#define SECFLOW_ACTIVITY_H

#include "know/match.h"

/* A behavior that was seen in so many samples is common. */
#define ACTIVITY_COMMON_SAMPLES 5u

/* The gravest first, as a verdict takes them. */
enum activity {
    ACTIVITY_IMPACT,
    ACTIVITY_MALICIOUS,
    ACTIVITY_SUSPICIOUS,
    ACTIVITY_VECTOR,
    ACTIVITY_COMMON,
    ACTIVITY_COUNT
};

/* As records have them. */
extern const char *const activity_words[ACTIVITY_COUNT];

/* One of the words, or NULL: too little is known. The record has been read with the rest. */
const char *activity_of(const struct match *match, const struct record *record);

/* The graver of one of the words, or NULL, and of what a record tells. */
const char *activity_graver(const char *activity, struct record_text told);

#endif
