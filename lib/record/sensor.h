/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of sensors: where records come from, as given by --sensor.
 */
#ifndef SECFLOW_SENSOR_H
#define SECFLOW_SENSOR_H

#include <stdbool.h>
#include <stddef.h>

#define SENSOR_MAX 255u

/* True for 1 to SENSOR_MAX bytes of UTF-8 without control characters. */
bool sensor_is_name(const char *name, size_t length);

#endif
