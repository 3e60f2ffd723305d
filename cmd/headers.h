/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers of all requests: from arguments, from files (which may hold secrets), and the key.
 */
#ifndef SECFLOW_HEADERS_H
#define SECFLOW_HEADERS_H

#include "common.h"

/* Zeroed: no headers. */
struct headers {
    char **list; /* "Name: value", ended by NULL; list is NULL if there are none */
    size_t count;
    char **secrets; /* values to keep from others, ended by NULL too */
    size_t secret_count;
};

void headers_destroy(struct headers *headers);

/*
 * Adds an argument of -H: a header, or @FILE with one header per line. Returns EX_OK, or an exit
 * status.
 */
MUST_CHECK int headers_add(struct headers *headers, const char *argument);

/* True if there is a header of that name. */
bool headers_have(const struct headers *headers, const char *name);

/*
 * Adds the header apikey. Its value comes from the file path (a pipe is given 5 seconds); if path
 * is NULL, from the environment variable if set and not empty; else from the file "key" in the
 * directory CREDENTIALS_DIRECTORY, which systemd sets up for LoadCredential=, if it exists and is
 * not empty. No message ever contains the value. Returns EX_OK, or an exit status.
 */
MUST_CHECK int headers_add_key(struct headers *headers, const char *path, const char *variable);

#endif
