/* SPDX-License-Identifier: Apache-2.0 */
#include "record/sensor.h"

#include "base/text.h"

/* Control characters of ASCII, and C1, which in UTF-8 are 0xc2 and a byte below 0xa0. */
static bool is_control(const unsigned char *p)
{
    return *p < ' ' || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0);
}

bool sensor_is_name(const char *name, size_t length)
{
    size_t at = 0;

    while (at < length) {
        size_t character = text_character(name + at, length - at);

        if (character == 0 || is_control((const unsigned char *)name + at))
            return false;
        at += character;
    }
    return length > 0 && length <= SENSOR_MAX;
}
