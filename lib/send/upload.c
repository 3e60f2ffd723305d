/* SPDX-License-Identifier: Apache-2.0 */
#include "send/upload.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/text.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FDS_MAX 4u

/* How often to check whether bytes of a request move; wakes nobody up. */
#define LOOK_AFTER (SECOND / 4)

struct uploader {
    CURLM *multi;
    CURL *easy;
    const char *const *headers; /* from the options */
    bool form, active;
    struct curl_slist *header_list; /* of the request */
    curl_mime *mime;
    struct text answer;
    uint64_t answered; /* bytes of the answer's body */
    int64_t timeout;
    int64_t moved;    /* bytes of the request acknowledged by the other end */
    int64_t moved_at; /* 0: not connected yet */
    bool sent;        /* everything was sent by then */
    char problem[CURL_ERROR_SIZE];
};

enum result upload_check_url(const char *url, const char **problem)
{
    bool has_scheme = strstr(url, "://"); /* otherwise curl takes the host for one, or guesses */
    CURLU *parsed = curl_url();
    char *scheme = NULL, *user = NULL, *host = NULL;
    CURLUcode code = parsed ? curl_url_set(parsed, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY;

    *problem = NULL;
    if (code == CURLUE_OK)
        code = curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0);
    if (code == CURLUE_OK)
        code = curl_url_get(parsed, CURLUPART_HOST, &host, 0);
    if (has_scheme && code != CURLUE_OK)
        *problem = "cannot be understood; one such as https://collector.example/ is needed";
    else if (!has_scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        *problem = "does not begin with https:// or http://";
    else if ((code = curl_url_get(parsed, CURLUPART_USER, &user, 0)) == CURLUE_OK)
        *problem = "has a user's name in it, which others can see: use -H @FILE";
    curl_free(scheme);
    curl_free(user);
    curl_free(host);
    curl_url_cleanup(parsed);
    if (code == CURLUE_OUT_OF_MEMORY)
        return RESULT_NO_MEMORY;
    return *problem ? RESULT_INVALID : RESULT_OK;
}

static bool is_this_machine(const char *host)
{
    size_t length = strlen(host);

    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           strncmp(host, "127.", 4) == 0 ||
           (length > 10 && strcasecmp(host + length - 10, ".localhost") == 0);
}

bool upload_is_open(const char *url)
{
    CURLU *parsed = curl_url();
    char *scheme = NULL, *host = NULL;
    bool open = parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                strcmp(scheme, "http") == 0 && !is_this_machine(host);

    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parsed);
    return open;
}

bool upload_header_is(const char *header, const char *name)
{
    size_t length = strlen(name);

    return strncasecmp(header, name, length) == 0 && header[length] == ':';
}

/* True for headers that frame a request, or are set for each. */
static bool is_own(const char *header)
{
    static const char *const own[] = {"Content-Encoding", "Content-Length", "Expect",
                                      "Idempotency-Key", "Transfer-Encoding"};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (upload_header_is(header, own[i]))
            return true;
    return false;
}

/* RFC 9110, section 5: the name is a token; the value is visible characters, blanks and tabs. */
const char *upload_header_problem(const char *header)
{
    const char *colon = strchr(header, ':');

    if (!colon || colon == header)
        return "it is not 'Name: value'";
    for (const char *p = header; p < colon; p++)
        if (*p <= ' ' || *p > '~' || strchr("\"(),/;<=>?@[\\]{}", *p))
            return "its name has a character that names do not have";
    for (const char *p = colon + 1; *p; p++)
        if ((*p < ' ' && *p != '\t') || *p > '~')
            return "its value has a character that is not printable ASCII";
    if (colon[1 + strspn(colon + 1, " \t")] == '\0')
        return "its value is empty";
    return is_own(header) ? "it is one that flowupload makes itself" : NULL;
}

static size_t take_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct uploader *uploader = context;
    size_t room = UPLOAD_ANSWER_MAX - uploader->answer.length, length = size * count;

    uploader->answered += length;
    if (uploader->answered > UPLOAD_ANSWER_READ ||
        text_put(&uploader->answer, bytes, length < room ? length : room) != RESULT_OK)
        return 0;
    return length;
}

/* More than any bundle of certificates. */
#define CA_BYTES_MAX ((size_t)16 << 20)

static enum result read_all(const char *path, struct text *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    enum result result;

    if (fd < 0)
        return RESULT_SYSTEM;
    result = text_read(text, fd, CA_BYTES_MAX);
    files_close(fd);
    return result;
}

/* libcurl takes a file in place of the system's, so it gets both as one. */
static enum result add_ca(CURL *easy, const char *ca_file)
{
    const char *system = curl_version_info(CURLVERSION_NOW)->cainfo;
    struct text text = {0};
    struct curl_blob blob = {.flags = CURL_BLOB_COPY};
    enum result result = read_all(ca_file, &text);

    if (result == RESULT_OK &&
        (text.length == 0 || !memmem(text.bytes, text.length, "CERTIFICATE-----", 16)))
        result = RESULT_INVALID;
    if (result == RESULT_OK)
        result = text_put(&text, "\n", 1);
    if (result == RESULT_OK && system && read_all(system, &text) == RESULT_NO_MEMORY)
        result = RESULT_NO_MEMORY;
    blob.data = text.bytes;
    blob.len = text.length;
    if (result == RESULT_OK && curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob) != CURLE_OK)
        result = RESULT_NO_MEMORY;
    text_destroy(&text);
    return result;
}

static bool set_up(struct uploader *uploader, const struct upload_options *options)
{
    CURL *easy = uploader->easy;

    return curl_easy_setopt(easy, CURLOPT_URL, options->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "flowupload/" PACKAGE_VERSION) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)options->timeout) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, uploader->problem) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, uploader) == CURLE_OK;
}

enum result uploader_init(struct uploader **uploader, const struct upload_options *options)
{
    struct uploader *new = calloc(1, sizeof *new);
    enum result result = RESULT_NO_MEMORY;
    int saved;

    if (!new)
        return RESULT_NO_MEMORY;
    unsetenv("SSLKEYLOGFILE"); /* libcurl would write TLS secrets to it */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK && (new->multi = curl_multi_init()) &&
        (new->easy = curl_easy_init()) && set_up(new, options))
        result = options->ca_file ? add_ca(new->easy, options->ca_file) : RESULT_OK;
    new->headers = options->headers;
    new->form = options->form;
    new->timeout = options->timeout *SECOND;
    if (result == RESULT_OK) {
        *uploader = new;
        return RESULT_OK;
    }
    saved = errno;
    uploader_destroy(&new);
    errno = saved;
    return result;
}

void uploader_destroy(struct uploader **uploader)
{
    struct uploader *old = *uploader;

    if (!old)
        return;
    upload_abort(old);
    curl_easy_cleanup(old->easy);
    curl_multi_cleanup(old->multi);
    curl_global_cleanup();
    text_destroy(&old->answer);
    free(old);
    *uploader = NULL;
}

static size_t give_body(char *buffer, size_t size, size_t count, void *context)
{
    struct body *body = context;
    size_t got;

    return body_read(body, buffer, size * count, &got) == RESULT_OK ? got : CURL_READFUNC_ABORT;
}

static int rewind_body(void *context, curl_off_t offset, int origin)
{
    return offset == 0 && origin == SEEK_SET && body_rewind(context) == RESULT_OK
               ? CURL_SEEKFUNC_OK
               : CURL_SEEKFUNC_FAIL;
}

static bool add_text(curl_mime *mime, const char *name, const char *text)
{
    curl_mimepart *part = curl_mime_addpart(mime);

    return part && curl_mime_name(part, name) == CURLE_OK &&
           curl_mime_data(part, text, CURL_ZERO_TERMINATED) == CURLE_OK;
}

static bool add_file(curl_mime *mime, const char *name, const char *prefix, const char *file_name,
                     struct body *body)
{
    curl_mimepart *part = curl_mime_addpart(mime);
    char whole[512];

    snprintf(whole, sizeof whole, "%s%s", prefix, file_name);
    return part && curl_mime_name(part, name) == CURLE_OK &&
           curl_mime_filename(part, whole) == CURLE_OK &&
           curl_mime_type(part, "application/octet-stream") == CURLE_OK &&
           curl_mime_data_cb(part, (curl_off_t)body_facts(body)->size, give_body, rewind_body, NULL,
                             body) == CURLE_OK;
}

static bool set_form(struct uploader *uploader, const struct upload_request *request)
{
    curl_mime *mime = uploader->mime = curl_mime_init(uploader->easy);

    return mime && add_text(mime, "type", request->type) &&
           add_text(mime, "fileName", request->file_name) &&
           add_file(mime, "file", "", request->file_name, request->file) &&
           (!request->zeek_dns ||
            add_file(mime, "zeekDnsFile", "dns_", request->file_name, request->zeek_dns)) &&
           curl_easy_setopt(uploader->easy, CURLOPT_MIMEPOST, mime) == CURLE_OK;
}

static bool set_body(struct uploader *uploader, struct body *body)
{
    CURL *easy = uploader->easy;

    return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                            (curl_off_t)body_facts(body)->size) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READDATA, body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SEEKDATA, body) == CURLE_OK;
}

static bool add_headers(struct uploader *uploader, const char *const *headers)
{
    for (; headers && *headers; headers++) {
        struct curl_slist *list = curl_slist_append(uploader->header_list, *headers);

        if (!list)
            return false;
        uploader->header_list = list;
    }
    return true;
}

static bool set_headers(struct uploader *uploader, const struct upload_request *request)
{
    static const char *const expect[] = {"Expect:", NULL}; /* many collectors do not support it */

    return add_headers(uploader, expect) && add_headers(uploader, uploader->headers) &&
           add_headers(uploader, request->headers) &&
           curl_easy_setopt(uploader->easy, CURLOPT_HTTPHEADER, uploader->header_list) == CURLE_OK;
}

enum result upload_begin(struct uploader *uploader, const struct upload_request *request)
{
    bool good = set_headers(uploader, request) &&
                (uploader->form ? set_form(uploader, request) : set_body(uploader, request->file));

    uploader->answer.length = 0;
    uploader->answered = 0;
    uploader->moved = uploader->moved_at = 0;
    uploader->sent = false;
    uploader->problem[0] = '\0';
    good = good && curl_multi_add_handle(uploader->multi, uploader->easy) == CURLM_OK;
    uploader->active = good;
    if (!good)
        upload_abort(uploader);
    return good ? RESULT_OK : RESULT_NO_MEMORY;
}

void upload_abort(struct uploader *uploader)
{
    if (uploader->active)
        curl_multi_remove_handle(uploader->multi, uploader->easy);
    uploader->active = false;
    if (uploader->easy) {
        curl_easy_setopt(uploader->easy, CURLOPT_MIMEPOST, NULL);
        curl_easy_setopt(uploader->easy, CURLOPT_HTTPHEADER, NULL);
    }
    curl_mime_free(uploader->mime);
    uploader->mime = NULL;
    curl_slist_free_all(uploader->header_list);
    uploader->header_list = NULL;
}

static int64_t get_number(CURL *easy, CURLINFO info)
{
    curl_off_t value = 0;

    curl_easy_getinfo(easy, info, &value);
    return (int64_t)value;
}

/* libcurl's own message may contain the proxy as in its variable, password included. */
static const char *describe(const struct uploader *uploader, CURLcode code)
{
    bool open = code != CURLE_COULDNT_RESOLVE_PROXY && code != CURLE_UNSUPPORTED_PROTOCOL &&
                code != CURLE_URL_MALFORMAT && !strcasestr(uploader->problem, "proxy") &&
                !strchr(uploader->problem, '@');

    return open && uploader->problem[0] ? uploader->problem : curl_easy_strerror(code);
}

/* A refusal counts even if the connection ended before the whole request was sent. */
static void read_answer(struct uploader *uploader, CURLcode code, struct upload_answer *answer)
{
    CURL *easy = uploader->easy;
    long connect = 0;

    *answer = (struct upload_answer){.problem = "", .code = (int)code};
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer->status);
    answer->took = get_number(easy, CURLINFO_TOTAL_TIME_T);
    answer->retry_after = get_number(easy, CURLINFO_RETRY_AFTER);
    answer->body = uploader->answer.bytes ? uploader->answer.bytes : "";
    answer->length = uploader->answer.length;
    if (code == CURLE_OK || answer->status >= 300 || uploader->answered > UPLOAD_ANSWER_READ)
        return;
    answer->status = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &connect);
    if (connect == 407) /* the proxy wants credentials, for all requests */
        answer->status = connect;
    else
        answer->problem = describe(uploader, code);
}

/* Bytes still in the kernel or on the network. */
static int64_t get_unacknowledged(CURL *easy)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    int bytes = 0;

    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD ||
        ioctl(fd, SIOCOUTQ, &bytes) < 0)
        return 0;
    return bytes;
}

/* Updates how far the request has got. */
static void look(struct uploader *uploader, int64_t now)
{
    int64_t given = get_number(uploader->easy, CURLINFO_SIZE_UPLOAD_T);
    int64_t left = get_unacknowledged(uploader->easy), moved = given - left;
    bool sent = left == 0 && given > 0 &&
                given == get_number(uploader->easy, CURLINFO_CONTENT_LENGTH_UPLOAD_T);

    if (get_number(uploader->easy, CURLINFO_PRETRANSFER_TIME_T) == 0)
        return;
    if (uploader->moved_at == 0 || moved != uploader->moved || sent != uploader->sent)
        uploader->moved_at = now;
    uploader->moved = moved;
    uploader->sent = sent;
}

/* Why the request must end, or NULL. */
static const char *find_end(const struct uploader *uploader, int64_t now)
{
    long headers = 0;

    curl_easy_getinfo(uploader->easy, CURLINFO_HEADER_SIZE, &headers);
    if (headers > (long)UPLOAD_ANSWER_READ)
        return "the answer does not end";
    if (uploader->moved_at == 0 || now - uploader->moved_at < uploader->timeout)
        return NULL;
    return uploader->sent ? "no answer came in time" : "the request got stuck";
}

bool upload_run(struct uploader *uploader, struct upload_answer *answer)
{
    int64_t now = clock_monotonic();
    const char *problem;
    CURLMsg *message;
    int running, left;

    curl_multi_perform(uploader->multi, &running);
    message = curl_multi_info_read(uploader->multi, &left);
    if (message && message->msg == CURLMSG_DONE) {
        read_answer(uploader, message->data.result, answer);
        upload_abort(uploader);
        return true;
    }
    look(uploader, now);
    problem = find_end(uploader, now);
    if (!problem)
        return false;
    *answer = (struct upload_answer){.problem = problem,
                                     .code = CURLE_OPERATION_TIMEDOUT,
                                     .took = get_number(uploader->easy, CURLINFO_TOTAL_TIME_T),
                                     .body = ""};
    upload_abort(uploader);
    return true;
}

bool upload_gets_on(const struct uploader *uploader)
{
    return uploader->sent ||
           (uploader->moved_at != 0 && clock_monotonic() - uploader->moved_at < SECOND);
}

void upload_wait(struct uploader *uploader, struct pollfd *fds, unsigned count, int64_t timeout)
{
    struct curl_waitfd extra[FDS_MAX];
    int64_t milliseconds;

    if (uploader->active && timeout > LOOK_AFTER)
        timeout = LOOK_AFTER;
    milliseconds = (timeout + 999) / 1000;
    for (unsigned i = 0; i < count; i++)
        extra[i] = (struct curl_waitfd){.fd = fds[i].fd,
                                        .events = fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT
                                                                          : CURL_WAIT_POLLIN};
    curl_multi_poll(uploader->multi, extra, count, milliseconds < 60000 ? (int)milliseconds : 60000,
                    NULL);
    /* libcurl does not report that a pipe was closed. */
    poll(fds, count, 0);
}

void upload_libcurl(char text[LIBRARY_TEXT])
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    const char *tls = info->ssl_version;

    snprintf(text, LIBRARY_TEXT, "libcurl %s (%s)", info->version, tls ? tls : "no TLS");
}
