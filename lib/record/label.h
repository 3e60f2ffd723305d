/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kind of flow a record is of: one of 29 categories, and an id that equal behaviour towards an
 * equal destination has everywhere. The rules are those of the NetworkSage service's enricher, as
 * flowlabel(1) has them, in exact arithmetic.
 */
#ifndef SECFLOW_LABEL_H
#define SECFLOW_LABEL_H

#include "record/record.h"

/* The name of the category. */
const char *label_category(const struct record *record);

/* 64 hexadecimal digits and NUL. */
#define LABEL_ID_TEXT 65

/*
 * Of a record that was read, the SHA-256 of "CATEGORY 07/04/2020 DESTINATION", where the
 * destination is dst or, without a port, dst:protocolInformation.
 */
void label_id(const struct record *record, const char *category, char text[LABEL_ID_TEXT]);

#endif
