/* SPDX-License-Identifier: Apache-2.0 */
#include "base/library.h"

#include <nettle/version.h>
#include <stdio.h>

void library_nettle(char text[LIBRARY_TEXT])
{
    snprintf(text, LIBRARY_TEXT, "nettle %d.%d", nettle_version_major(), nettle_version_minor());
}
