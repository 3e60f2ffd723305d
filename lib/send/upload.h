/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests to a collector, one at a time, without blocking.
 *
 * Connections are reused. TLS is verified. Redirects are not followed, since the key would go
 * along. A proxy comes from the usual environment variables (http_proxy, https_proxy, no_proxy); it
 * sees neither the key nor the other headers when requests are tunnelled through it.
 */
#ifndef SECFLOW_UPLOAD_H
#define SECFLOW_UPLOAD_H

#include "base/library.h"
#include "send/body.h"

#include <poll.h>

/* What all requests have in common. The headers remain the caller's. */
struct upload_options {
    const char *url;
    const char *ca_file;        /* of a CA to trust in addition to the system's; NULL: none */
    const char *const *headers; /* "Name: value", ended by NULL; NULL: none */
    bool form;   /* multipart/form-data with type, fileName and file; else the bare body */
    int timeout; /* seconds to connect, without any byte of the request moving, and for the whole
                    answer once everything is sent */
};

/* One request. Bodies and strings remain the caller's, and must last until the request is over. */
struct upload_request {
    const char *type, *file_name; /* of a form */
    struct body *file, *zeek_dns; /* zeek_dns: NULL if there is none */
    const char *const *headers;   /* as above */
};

struct upload_answer {
    long status;         /* of HTTP; 0: no answer, see problem */
    const char *problem; /* "": none. Valid, like the body, until the next request */
    int code;            /* libcurl's code for the problem */
    int64_t retry_after; /* seconds; 0: not given */
    int64_t took;        /* microseconds */
    const char *body;
    size_t length; /* at most UPLOAD_ANSWER_MAX */
};

/* Bytes kept of an answer, and bytes read of it, headers included, before it is cut off. */
#define UPLOAD_ANSWER_MAX (64u * 1024)
#define UPLOAD_ANSWER_READ (1024u * 1024)

struct uploader;

/* True if a header, "Name: value", has that name. */
bool upload_header_is(const char *header, const char *name);

/* RESULT_INVALID: the URL cannot be used; *problem says why. */
MUST_CHECK enum result upload_check_url(const char *url, const char **problem);

/* True if others on the way could read what is sent there: another machine, without TLS. */
bool upload_is_open(const char *url);

/* Why a header cannot be used, or NULL. Some headers are reserved for the request. */
const char *upload_header_problem(const char *header);

/*
 * Call it once per process. RESULT_SYSTEM: the CA file cannot be read; see errno. RESULT_INVALID:
 * it has no certificate.
 */
MUST_CHECK enum result uploader_init(struct uploader **uploader,
                                     const struct upload_options *options);
void uploader_destroy(struct uploader **uploader);

/* Begins a request; none may be in flight. RESULT_NO_MEMORY. */
MUST_CHECK enum result upload_begin(struct uploader *uploader,
                                    const struct upload_request *request);

/* Continues the request. True once it is over. */
bool upload_run(struct uploader *uploader, struct upload_answer *answer);

/* True if the request makes progress: all of it is sent, or bytes moved within a second. */
bool upload_gets_on(const struct uploader *uploader);

/* Gives the request up. */
void upload_abort(struct uploader *uploader);

/*
 * Waits until the request can continue, a descriptor is ready, or the microseconds are over. events
 * asks for POLLIN or POLLOUT; revents says what is ready. count: at most 4.
 */
void upload_wait(struct uploader *uploader, struct pollfd *fds, unsigned count, int64_t timeout);

library_fn upload_libcurl; /* and its TLS library */

#endif
