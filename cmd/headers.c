/* SPDX-License-Identifier: Apache-2.0 */
#include "headers.h"

#include "base/text.h"
#include "send/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void headers_destroy(struct headers *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        free(headers->list[i]);
    for (size_t i = 0; i < headers->secret_count; i++)
        free(headers->secrets[i]);
    free(headers->list);
    free(headers->secrets);
    *headers = (struct headers){0};
}

static int add_string(char ***list, size_t *count, const char *string)
{
    char **grown = realloc(*list, (*count + 2) * sizeof *grown);

    if (!grown)
        return out_of_memory();
    *list = grown;
    grown[*count] = strdup(string);
    grown[*count + 1] = NULL;
    return grown[(*count)++] ? EX_OK : out_of_memory();
}

static int add(struct headers *headers, const char *header)
{
    return add_string(&headers->list, &headers->count, header);
}

/* The value is the secret; of "Bearer TOKEN", the token too. */
static int add_secret(struct headers *headers, const char *header)
{
    const char *value = strchr(header, ':') + 1, *blank;
    int status = add(headers, header);

    value += strspn(value, " \t");
    blank = strchr(value, ' ');
    if (status == EX_OK)
        status = add_string(&headers->secrets, &headers->secret_count, value);
    if (status == EX_OK && blank)
        status = add_string(&headers->secrets, &headers->secret_count, blank + 1);
    return status;
}

/* A file with a secret, which others should not learn. */
struct secret {
    struct text text; /* ends with a newline */
    size_t at;
};

/* Header files and keys must be shorter than this. */
#define SECRET_MAX (64u * 1024)

/* Returns EX_OK, or a status after printing a message. */
static int read_secret(struct secret *secret, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat stat;
    enum result result;

    *secret = (struct secret){0};
    if (fd < 0) {
        complain_errno(path, "cannot open");
        return EX_NOINPUT;
    }
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && (stat.st_mode & S_IROTH) != 0)
        complain(path, "this file with a secret is readable by everyone; run: chmod o-r");
    result = text_read(&secret->text, fd, SECRET_MAX);
    if (result == RESULT_SYSTEM && errno == ETIMEDOUT)
        complain(path, "nothing more came from it for 5 seconds");
    else if (result == RESULT_SYSTEM)
        complain_errno(path, "cannot read");
    else if (result == RESULT_OK && secret->text.length > 0)
        result = text_put(&secret->text, "\n", 1);
    close(fd);
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    return result == RESULT_OK ? EX_OK : EX_NOINPUT;
}

/*
 * The next line without trailing blanks; NULL: no more. A NUL becomes a control character, which no
 * header may contain.
 */
static char *next_line(struct secret *secret)
{
    char *line = secret->text.bytes + secret->at, *newline;
    size_t left = secret->text.length - secret->at;

    if (left == 0)
        return NULL;
    newline = memchr(line, '\n', left);
    secret->at += (size_t)(newline + 1 - line);
    for (char *p = line; p < newline; p++)
        if (*p == '\0')
            *p = '\1';
    while (newline > line && memchr("\r \t", newline[-1], 3))
        newline--;
    *newline = '\0';
    return line;
}

static int add_file(struct headers *headers, const char *path)
{
    struct secret secret;
    int status = read_secret(&secret, path);
    size_t number = 0;
    char *line;

    while (status == EX_OK && (line = next_line(&secret))) {
        const char *problem = upload_header_problem(line);

        number++;
        if (line[0] != '\0')
            status =
                problem ? usage_error("-H: %s: line %zu is not a header: %s", path, number, problem)
                        : add_secret(headers, line);
    }
    text_destroy(&secret.text);
    return status;
}

int headers_add(struct headers *headers, const char *argument)
{
    const char *problem;

    if (argument[0] == '@')
        return add_file(headers, argument + 1);
    problem = upload_header_problem(argument);
    if (problem)
        return usage_error("-H: this is not a header: %s", problem);
    return (upload_header_is(argument, "Authorization") ? add_secret : add)(headers, argument);
}

bool headers_have(const struct headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (upload_header_is(headers->list[i], name))
            return true;
    return false;
}

static int add_key(struct headers *headers, const char *key, const char *from)
{
    static const char name[] = "apikey: ";
    char *header = malloc(sizeof name + strlen(key));
    int status;

    if (!header)
        return out_of_memory();
    strcat(strcpy(header, name), key);
    if (upload_header_problem(header))
        status = usage_error("%s: the key is not one line of printable ASCII", from);
    else
        status = add_secret(headers, header);
    free(header);
    return status;
}

/* optional: a missing line means no key, and is not an error. */
static int add_key_file(struct headers *headers, const char *path, bool optional)
{
    struct secret secret;
    int status = read_secret(&secret, path);
    char *line = status == EX_OK ? next_line(&secret) : NULL;

    if (line && (line[0] != '\0' || !optional))
        status = add_key(headers, line, path);
    else if (status == EX_OK && !optional)
        status = usage_error("-k: %s is empty", path);
    while (status == EX_OK && (line = next_line(&secret)))
        if (line[0] != '\0')
            status = usage_error("%s: there is more than the line of the key", path);
    text_destroy(&secret.text);
    return status;
}

int headers_add_key(struct headers *headers, const char *path, const char *variable)
{
    const char *key = getenv(variable), *credentials = getenv("CREDENTIALS_DIRECTORY");
    char credential[PATH_MAX];

    if (path)
        return add_key_file(headers, path, false);
    if (key && *key)
        return add_key(headers, key, variable);
    if (!credentials || !*credentials)
        return EX_OK;
    snprintf(credential, sizeof credential, "%s/key", credentials);
    return access(credential, F_OK) < 0 && errno == ENOENT
               ? EX_OK
               : add_key_file(headers, credential, true);
}
