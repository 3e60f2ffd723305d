/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kind of flow that a record describes: one of 29 categories, and an id that equal behavior
 * towards an equal destination has everywhere. The rules are those of the NetworkSage service's
 * enricher, as in flowlabel(1), in exact arithmetic.
 */
#ifndef SECFLOW_LABEL_H
#define SECFLOW_LABEL_H

#include "record/record.h"

#define LABEL_CATEGORIES 29u
extern const char *const label_categories[LABEL_CATEGORIES];

/* The name of the category, one of these. */
const char *label_category(const struct record *record);

/* The category that the line of a record has, or else the one it should have. */
struct record_text label_text(const struct record *record);

/* 64 hexadecimal digits and a NUL. */
#define LABEL_ID_TEXT 65

/*
 * For a record that was read: the SHA-256 of "CATEGORY 07/04/2020 DESTINATION", where the
 * destination is dst or, if that has no port, dst:protocolInformation.
 */
void label_id(const struct record *record, const char *category, char text[LABEL_ID_TEXT]);

#endif
