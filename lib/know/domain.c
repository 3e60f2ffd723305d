/* SPDX-License-Identifier: Apache-2.0 */
#include "know/domain.h"

#include "base/hash.h"
#include "packet/address.h"

#include <libpsl.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a name of DNS, whose every byte can be \DDD. */
#define NAME_MOST (4u * 255)

bool domain_is_suffix(const char *name, size_t length)
{
    char copy[NAME_MOST + 1];

    if (length > NAME_MOST || memchr(name, '\0', length))
        return false;
    memcpy(copy, name, length);
    copy[length] = '\0';
    return psl_is_public_suffix(psl_builtin(), copy) != 0;
}

/* The same as domain_length, but 0 for an address and for a suffix. */
static size_t registered_length(const char *name, size_t length)
{
    char copy[NAME_MOST + 1];
    const char *domain;
    struct address address;

    if (length == 0 || length > NAME_MOST || memchr(name, '\0', length))
        return length;
    if (address_read(name, length, &address))
        return 0;
    memcpy(copy, name, length);
    copy[length] = '\0';
    domain = psl_registrable_domain(psl_builtin(), copy);
    if (domain)
        return strlen(domain);
    return domain_is_suffix(name, length) ? 0 : length;
}

size_t domain_length(const char *name, size_t length)
{
    size_t registered = registered_length(name, length);

    return registered > 0 ? registered : length;
}

size_t domains_registered(struct domains *domains, const char *name, size_t length)
{
    static const struct hash_seed seed = {1, 2}; /* who finds collisions only makes it slower */
    uint32_t place;
    uint8_t *known;

    if (length == 0 || length > DOMAINS_NAME)
        return registered_length(name, length);
    place = hash_bytes(&seed, name, length) % DOMAINS;
    known = &domains->places[place].length;
    if (*known != length || memcmp(domains->places[place].name, name, length) != 0) {
        *known = (uint8_t)length;
        memcpy(domains->places[place].name, name, length);
        domains->places[place].registered = (uint8_t)registered_length(name, length);
    }
    return domains->places[place].registered;
}

size_t domains_find(struct domains *domains, const char *name, size_t length)
{
    size_t registered = domains_registered(domains, name, length);

    return registered > 0 ? registered : length;
}

void domain_libpsl(char text[LIBRARY_TEXT])
{
    snprintf(text, LIBRARY_TEXT, "libpsl %s", psl_get_version());
}
