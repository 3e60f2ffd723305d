/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to a collector over HTTP, one at a time, none of which blocks.
 *
 * Connections are used again. TLS is verified. Redirects are not followed, for the key would go
 * along. A proxy is what the usual variables of the environment say (http_proxy, https_proxy,
 * no_proxy); it gets neither the key nor the other headers where a tunnel goes through it.
 */
#ifndef SECFLOW_UPLOAD_H
#define SECFLOW_UPLOAD_H

#include "base/library.h"
#include "send/body.h"

#include <poll.h>

/* What all requests have in common; the headers stay the caller's. */
struct upload_options {
    const char *url;
    const char *ca_file;        /* of a CA that is trusted beside those of the system; NULL: none */
    const char *const *headers; /* "Name: value", NULL at the end; NULL: none */
    bool form;   /* multipart/form-data, with type, fileName, and file; else the body itself */
    int timeout; /* seconds to connect, to wait while no byte of the request moves, and for the
                    whole answer once all of it was sent */
};

/* A request's own. Bodies and texts stay the caller's, until the request is over. */
struct upload_request {
    const char *type, *file_name; /* of a form */
    struct body *file, *zeek_dns; /* zeek_dns: NULL where there is none */
    const char *const *headers;   /* as above */
};

struct upload_answer {
    long status;         /* of HTTP; 0: no answer, problem says why */
    const char *problem; /* "": none. Valid, like the body, until the next request */
    int code;            /* libcurl's for the problem */
    int64_t retry_after; /* seconds; 0: not said */
    int64_t took;        /* microseconds */
    const char *body;
    size_t length; /* of the first UPLOAD_ANSWER_MAX bytes */
};

/* What is kept of an answer, and what is read of it with its headers before it is cut off. */
#define UPLOAD_ANSWER_MAX (64u * 1024)
#define UPLOAD_ANSWER_READ (1024u * 1024)

struct uploader;

/* Whether a header, "Name: value", has that name. */
bool upload_header_is(const char *header, const char *name);

/* RESULT_INVALID: the URL cannot be used, *problem says why. */
MUST_CHECK enum result upload_check_url(const char *url, const char **problem);

/* Whether others can read what is sent there on its way: another machine, without TLS. */
bool upload_is_open(const char *url);

/* Why a header cannot be used, or NULL. Some are the request's own. */
const char *upload_header_problem(const char *header);

/*
 * Once in a process. RESULT_SYSTEM: the file of the CA cannot be read, errno says why.
 * RESULT_INVALID: there is no certificate in it.
 */
MUST_CHECK enum result uploader_init(struct uploader **uploader,
                                     const struct upload_options *options);
void uploader_destroy(struct uploader **uploader);

/* Begins a request. There must be none. RESULT_NO_MEMORY. */
MUST_CHECK enum result upload_begin(struct uploader *uploader,
                                    const struct upload_request *request);

/* Goes on with the request; whether it is over. */
bool upload_run(struct uploader *uploader, struct upload_answer *answer);

/* Whether the request gets on: all of it was sent, or bytes of it moved within a second. */
bool upload_gets_on(const struct uploader *uploader);

/* Gives the request up. */
void upload_abort(struct uploader *uploader);

/*
 * Waits until there is something to go on with, a descriptor is ready, or the microseconds are
 * over. Of what is wanted in events, POLLIN or POLLOUT, what is ready is in revents. count: at
 * most 4.
 */
void upload_wait(struct uploader *uploader, struct pollfd *fds, unsigned count, int64_t timeout);

library_fn upload_libcurl; /* and what it does TLS with */

#endif
