/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrays that grow.
 */
#ifndef SECFLOW_GROW_H
#define SECFLOW_GROW_H

#include "base/result.h"

#include <stdint.h>
#include <stdlib.h>

/*
 * Makes space for one more element of an array, which may be NULL and is the caller's to free.
 * NULL: no memory, or more elements than 32 bits count; the array is unchanged.
 */
MUST_CHECK static inline void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
    size_t wanted = *capacity ? *capacity * 2 : 256;
    void *grown;

    if (count < *capacity)
        return array;
    grown = count < UINT32_MAX / 2 ? realloc(array, wanted * size) : NULL;
    if (grown)
        *capacity = wanted;
    return grown;
}

#endif
