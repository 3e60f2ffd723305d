#include "headers.h"

#include "upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void headers_destroy(struct headers *headers)
{
    for (size_t i = 0; i < headers->count; i++)
        free(headers->list[i]);
    free(headers->list);
    *headers = (struct headers){0};
}

static int add(struct headers *headers, const char *header)
{
    char **grown = realloc(headers->list, (headers->count + 2) * sizeof *grown);

    if (!grown)
        return out_of_memory();
    headers->list = grown;
    grown[headers->count] = strdup(header);
    grown[headers->count + 1] = NULL;
    return grown[headers->count++] ? EX_OK : out_of_memory();
}

/* A file with a secret, of which others should know nothing. */
static FILE *open_secret(const char *path)
{
    FILE *file = fopen(path, "re");
    struct stat stat;

    if (!file)
        complain_errno(path, "cannot open");
    else if (fstat(fileno(file), &stat) == 0 && (stat.st_mode & S_IROTH) != 0)
        complain(path, "everybody can read what is secret in it; chmod o-r is advised");
    return file;
}

/*
 * Reads a line without the blanks at its end. A NUL becomes a control character, which no header
 * can have. False: there is none.
 */
static bool read_line(FILE *file, char **line, size_t *size)
{
    ssize_t length = getline(line, size, file);

    while (length > 0 && memchr("\r\n \t", (*line)[length - 1], 4))
        (*line)[--length] = '\0';
    for (ssize_t i = 0; i < length; i++)
        if ((*line)[i] == '\0')
            (*line)[i] = '\1';
    return length >= 0;
}

/* Why there are no more lines; where that is not the end of the file, says so. */
static int end_of_lines(FILE *file, const char *path)
{
    if (feof(file))
        return EX_OK;
    complain_errno(path, "cannot read");
    return EX_NOINPUT;
}

static int add_file(struct headers *headers, const char *path)
{
    FILE *file = open_secret(path);
    char *line = NULL;
    size_t size = 0, number = 0;
    int status = EX_OK;

    if (!file)
        return EX_NOINPUT;
    while (status == EX_OK) {
        const char *problem;

        if (!read_line(file, &line, &size)) {
            status = end_of_lines(file, path);
            break;
        }
        problem = upload_header_problem(line);
        number++;
        if (line[0] != '\0')
            status = problem
                         ? usage_error("-H: %s: line %zu is no header: %s", path, number, problem)
                         : add(headers, line);
    }
    free(line);
    fclose(file);
    return status;
}

int headers_add(struct headers *headers, const char *argument)
{
    const char *problem;

    if (argument[0] == '@')
        return add_file(headers, argument + 1);
    problem = upload_header_problem(argument);
    return problem ? usage_error("-H: that is no header: %s", problem) : add(headers, argument);
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
        status = usage_error("%s has no key of one line", from);
    else
        status = add(headers, header);
    free(header);
    return status;
}

int headers_add_key(struct headers *headers, const char *path, const char *variable)
{
    const char *key = getenv(variable);
    FILE *file;
    char *line = NULL;
    size_t size = 0;
    int status;

    if (!path)
        return key && *key ? add_key(headers, key, variable) : EX_OK;
    file = open_secret(path);
    if (!file)
        return EX_NOINPUT;
    if (read_line(file, &line, &size))
        status = add_key(headers, line, path);
    else if ((status = end_of_lines(file, path)) == EX_OK)
        status = usage_error("-k: %s is empty", path);
    while (status == EX_OK && read_line(file, &line, &size))
        if (line[0] != '\0')
            status = usage_error("-k: %s has more than a key", path);
    free(line);
    fclose(file);
    return status;
}
