/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers of all requests: from arguments, from files, which may hold secrets, and the key.
 */
#ifndef SECFLOW_HEADERS_H
#define SECFLOW_HEADERS_H

#include "common.h"

/* All zero are none. */
struct headers {
    char **list; /* "Name: value"; the last one is NULL; list is NULL where there are none */
    size_t count;
    char **secrets; /* values that others are not to see, the same */
    size_t secret_count;
};

void headers_destroy(struct headers *headers);

/* An argument of -H: a header, or @FILE with one a line. Returns EX_OK, or a status to end with. */
MUST_CHECK int headers_add(struct headers *headers, const char *argument);

/* Whether there is one of that name. */
bool headers_have(const struct headers *headers, const char *name);

/*
 * The header apikey. Its value is in a file, which as a pipe has 5 seconds; where path is NULL, in
 * an environment variable, if that is set and not empty; else in the file key of the folder
 * CREDENTIALS_DIRECTORY, which systemd makes of LoadCredential=, if it is there and not empty. None
 * of them is ever part of a message. Returns EX_OK, or a status to end with.
 */
MUST_CHECK int headers_add_key(struct headers *headers, const char *path, const char *variable);

#endif
