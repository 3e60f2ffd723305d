/* SPDX-License-Identifier: Apache-2.0 */
#include "know/domain.h"

#include "base/hash.h"
#include "packet/address.h"

#include <libpsl.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a name of DNS, whose every byte can be \DDD. */
#define NAME_MOST (4u * 255)

size_t domain_length(const char *name, size_t length)
{
    char copy[NAME_MOST + 1];
    const char *domain;
    struct address address;

    if (length > NAME_MOST || memchr(name, '\0', length) || address_read(name, length, &address))
        return length;
    memcpy(copy, name, length);
    copy[length] = '\0';
    domain = psl_registrable_domain(psl_builtin(), copy);
    return domain ? strlen(domain) : length;
}

size_t domains_find(struct domains *domains, const char *name, size_t length)
{
    static const struct hash_seed seed = {1, 2}; /* who finds collisions only makes it slower */
    uint32_t place = hash_bytes(&seed, name, length) % DOMAINS;
    uint8_t *known = &domains->places[place].length;

    if (length == 0 || length > DOMAINS_NAME)
        return domain_length(name, length);
    if (*known != length || memcmp(domains->places[place].name, name, length) != 0) {
        *known = (uint8_t)length;
        memcpy(domains->places[place].name, name, length);
        domains->places[place].domain_length = (uint8_t)domain_length(name, length);
    }
    return domains->places[place].domain_length;
}

bool domain_is_suffix(const char *name, size_t length)
{
    char copy[NAME_MOST + 1];

    if (length > NAME_MOST || memchr(name, '\0', length))
        return false;
    memcpy(copy, name, length);
    copy[length] = '\0';
    return psl_is_public_suffix(psl_builtin(), copy) != 0;
}

void domain_libpsl(char text[LIBRARY_TEXT])
{
    snprintf(text, LIBRARY_TEXT, "libpsl %s", psl_get_version());
}
