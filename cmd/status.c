/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include "base/clock.h"
#include "base/text.h"
#include "record/put.h"
#include "send/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many rejected samples, the newest, get a line in the table. */
#define SHOWN 10u

/* Reasons counted separately, and bytes of a .answer file read for one. */
#define REASONS 16u
#define REASON_TEXT 64
#define ANSWER_READ 4096

/* RFC 3339, UTC, to the second; "" if there is no such time. */
#define TIME_TEXT 32

static const char *write_time(int64_t microseconds, char text[TIME_TEXT])
{
    *(microseconds > 0 ? put_second(text, microseconds / SECOND) : text) = '\0';
    return text;
}

/* Bytes as people read them. */
#define SIZE_TEXT 24

static const char *write_size(uint64_t bytes, char text[SIZE_TEXT])
{
    static const char units[] = "KMGTPE";
    uint64_t unit = 1;
    int which = -1;

    while (bytes / unit >= 1024) {
        unit <<= 10;
        which++;
    }
    if (which < 0)
        snprintf(text, SIZE_TEXT, "%" PRIu64, bytes);
    else
        snprintf(text, SIZE_TEXT, "%" PRIu64 ".%u%c", bytes / unit,
                 (unsigned)(bytes % unit * 10 / unit), units[which]);
    return text;
}

/* A rejected sample. */
struct rejection {
    struct spool_entry entry;
    int64_t time; /* when it was rejected, microseconds since 1970; 0: unknown */
    char reason[REASON_TEXT];
    char words[ANSWER_WORDS]; /* the collector's */
};

/* How often a reason occurs; the last entry is for all other reasons. */
struct reason {
    char text[REASON_TEXT];
    uint64_t samples;
};

struct status {
    const char *path;
    struct spool *spool, *rejected; /* rejected: NULL if there is none */
    struct spool_survey survey;
    bool known;   /* whether the sender is known */
    pid_t sender; /* 0: nobody */
    struct reason reasons[REASONS];
    size_t reason_count;
    struct rejection newest[SHOWN]; /* a ring */
    uint64_t rejections;
    struct text text;
    int failed; /* a status of sysexits.h, already reported */
};

/* The first line is the reason, and the rest the collector's answer. */
static void read_answer(struct status *status, struct rejection *rejection)
{
    int fd = spool_open_answer(status->rejected, &rejection->entry);
    char buffer[ANSWER_READ];
    struct stat stat;
    ssize_t got = fd < 0 ? -1 : read(fd, buffer, sizeof buffer);
    const char *newline = got > 0 ? memchr(buffer, '\n', (size_t)got) : NULL;
    size_t line = newline ? (size_t)(newline - buffer) : got > 0 ? (size_t)got : 0;

    rejection->time = 0;
    rejection->words[0] = '\0';
    snprintf(rejection->reason, REASON_TEXT, "unknown");
    if (fd >= 0 && fstat(fd, &stat) == 0 && stat.st_mtim.tv_sec >= 0 &&
        stat.st_mtim.tv_sec < TIME_END / SECOND) /* some file systems have others */
        rejection->time = stat.st_mtim.tv_sec * SECOND + stat.st_mtim.tv_nsec / 1000;
    if (fd >= 0)
        close(fd);
    if (line > 0)
        text_escape(buffer, line, rejection->reason, REASON_TEXT);
    if (newline && answer_words(newline + 1, (size_t)(buffer + got - newline - 1),
                                rejection->words) != RESULT_OK)
        status->failed = out_of_memory();
}

static void count_reason(struct status *status, const char *text)
{
    size_t i = 0;

    while (i < status->reason_count && strcmp(status->reasons[i].text, text) != 0)
        i++;
    if (i == REASONS)
        i = REASONS - 1;
    if (i == status->reason_count) {
        snprintf(status->reasons[i].text, REASON_TEXT, "%s", i == REASONS - 1 ? "others" : text);
        status->reason_count++;
    }
    status->reasons[i].samples++;
}

/* Calls each for every rejected sample, the oldest first, and counts them. */
static void each_rejection(struct status *status,
                           void (*each)(struct status *status, const struct rejection *rejection))
{
    struct rejection rejection = {.entry = {.name = ""}};
    enum result result = RESULT_END;

    while (status->rejected && (result = spool_next(status->rejected, rejection.entry.name,
                                                    &rejection.entry)) == RESULT_OK) {
        read_answer(status, &rejection);
        each(status, &rejection);
        count_reason(status, rejection.reason);
        status->rejections++;
    }
    if (result == RESULT_NO_MEMORY)
        status->failed = out_of_memory();
    else if (result == RESULT_SYSTEM) {
        complain_errno(status->path, "cannot read what was rejected");
        status->failed = EX_NOINPUT;
    }
}

static void print_escaped(const char *text)
{
    char escaped[4 * NAME_MAX + 1];

    text_escape(text, strlen(text), escaped, sizeof escaped);
    fputs(escaped, stdout);
}

static void print_plural(uint64_t count)
{
    printf("%8" PRIu64 " sample%s", count, count == 1 ? " " : "s");
}

/* "waiting     12 samples   3.4M  since 2026-11-28T10:00:00Z" */
static void print_row(const char *what, const struct spool_part *part)
{
    char size[SIZE_TEXT], time[TIME_TEXT];

    printf("%-9s", what);
    print_plural(part->samples);
    printf("  %8s", write_size(part->bytes, size));
    if (write_time(part->oldest, time)[0])
        printf("  since %s", time);
    putchar('\n');
}

static void keep_newest(struct status *status, const struct rejection *rejection)
{
    status->newest[status->rejections % SHOWN] = *rejection;
}

static void print_rejection(const struct rejection *rejection)
{
    char size[SIZE_TEXT], time[TIME_TEXT];

    write_time(rejection->time, time);
    printf("  %-20s  %8s  ", time[0] ? time : "-", write_size(rejection->entry.bytes, size));
    print_escaped(rejection->entry.name + rejection->entry.file_name);
    printf(rejection->words[0] ? ": %s (\"%s\")\n" : ": %s%s\n", rejection->reason,
           rejection->words);
}

static void print_rejections(const struct status *status)
{
    uint64_t shown = status->rejections < SHOWN ? status->rejections : SHOWN;

    printf("\nrejected%s:\n", status->rejections > SHOWN ? ", the newest" : "");
    for (uint64_t i = 0; i < shown; i++)
        print_rejection(&status->newest[(status->rejections - 1 - i) % SHOWN]);
    if (status->rejections <= SHOWN)
        return;
    printf("\nall of them by reason:\n");
    for (size_t i = 0; i < status->reason_count; i++) {
        print_plural(status->reasons[i].samples);
        printf("  %s\n", status->reasons[i].text);
    }
}

static void print_table(struct status *status)
{
    const struct spool_survey *survey = &status->survey;
    char size[SIZE_TEXT];

    each_rejection(status, keep_newest);
    print_escaped(status->path);
    if (survey->waiting.samples + survey->writing.samples + status->rejections == 0) {
        printf(": nothing waits, and nothing was rejected\n");
        return;
    }
    printf(": %s in all", write_size(survey->bytes, size));
    if (status->sender)
        printf("; process %ld delivers now", (long)status->sender);
    else if (status->known && survey->waiting.samples > 0)
        printf("; nothing is being delivered now");
    putchar('\n');
    print_row("waiting", &survey->waiting);
    print_row("writing", &survey->writing);
    print_row("rejected", &survey->rejected);
    if (status->rejections > 0)
        print_rejections(status);
}

/* Writes a member: a JSON string, or null if empty. */
static void put_member(struct status *status, const char *before, const char *key,
                       const char *value)
{
    struct text *text = &status->text;

    text->length = 0;
    if ((value[0] ? text_put_json(text, value, strlen(value)) : text_put_string(text, "null")) !=
        RESULT_OK)
        status->failed = out_of_memory();
    printf("%s\"%s\":%.*s", before, key, (int)text->length, text->bytes ? text->bytes : "");
}

/* Begins an object; the caller ends it. */
static void begin_part(struct status *status, const char *key, const struct spool_part *part)
{
    char time[TIME_TEXT];

    printf(",\"%s\":{\"samples\":%" PRIu64 ",\"bytes\":%" PRIu64, key, part->samples, part->bytes);
    put_member(status, ",", "since", write_time(part->oldest, time));
}

static void put_rejection(struct status *status, const struct rejection *rejection)
{
    const struct spool_entry *entry = &rejection->entry;
    char time[TIME_TEXT];

    put_member(status, status->rejections > 0 ? ",{" : "{", "rejectedAt",
               write_time(rejection->time, time));
    put_member(status, ",", "begunAt", write_time(entry->time, time));
    put_member(status, ",", "fileName", entry->name + entry->file_name);
    printf(",\"kind\":\"%s\",\"bytes\":%" PRIu64, spool_kind_word(entry->kind), entry->bytes);
    put_member(status, ",", "reason", rejection->reason);
    put_member(status, ",", "answer", rejection->words);
    putchar('}');
}

static void put_sender(const struct status *status)
{
    if (status->sender)
        printf(",\"delivering\":true,\"process\":%ld", (long)status->sender);
    else
        printf(",\"delivering\":%s,\"process\":null", status->known ? "false" : "null");
}

static void put_object(struct status *status)
{
    const struct spool_survey *survey = &status->survey;

    put_member(status, "{", "spool", status->path);
    printf(",\"bytes\":%" PRIu64, survey->bytes);
    put_sender(status);
    begin_part(status, "waiting", &survey->waiting);
    putchar('}');
    begin_part(status, "writing", &survey->writing);
    putchar('}');
    begin_part(status, "rejected", &survey->rejected);
    fputs(",\"list\":[", stdout);
    each_rejection(status, put_rejection);
    fputs("],\"reasons\":[", stdout);
    for (size_t i = 0; i < status->reason_count; i++) {
        put_member(status, i > 0 ? ",{" : "{", "reason", status->reasons[i].text);
        printf(",\"samples\":%" PRIu64 "}", status->reasons[i].samples);
    }
    fputs("]}}\n", stdout);
}

/* Who may read it: root, and the owner of the directory, if others can see who that is. */
static void advise(const char *path, const char *option)
{
    struct stat status;
    struct passwd *owner = stat(path, &status) == 0 ? getpwuid(status.st_uid) : NULL;

    if (owner && owner->pw_uid != 0)
        complain(path, "no permission to read it; run: sudo -u %s flowupload %s -s %s",
                 owner->pw_name, option, path);
    else
        complain(path, "no permission to read it; run: sudo flowupload %s -s %s", option, path);
}

static int cannot_look(const char *path, const char *option, enum result result)
{
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    if (errno == EACCES || errno == EPERM) {
        advise(path, option);
        return EX_NOPERM;
    }
    if (errno == ENOENT || errno == ENOTDIR)
        complain(path, "no such spool; use -s to say where it is");
    else
        complain_errno(path, "cannot read the spool");
    return EX_NOINPUT;
}

static enum result look(struct status *status)
{
    enum result result = spool_look(&status->spool, status->path);

    if (result == RESULT_OK)
        result = spool_look_over(status->spool, &status->survey);
    if (result == RESULT_OK)
        result = spool_open_rejected(status->spool, &status->rejected);
    if (result != RESULT_OK && result != RESULT_END)
        return result;
    result = spool_holder(status->spool, &status->sender);
    status->known = result != RESULT_SYSTEM;
    return RESULT_OK;
}

int status_show(const char *path, bool json)
{
    struct status *status = calloc(1, sizeof *status);
    enum result result;
    int failed;

    if (!status)
        return out_of_memory();
    status->path = path;
    result = look(status);
    if (result != RESULT_OK)
        status->failed = cannot_look(path, json ? "--status -j" : "--status", result);
    else
        (json ? put_object : print_table)(status);
    failed = status->failed;
    spool_destroy(&status->rejected);
    spool_destroy(&status->spool);
    text_destroy(&status->text);
    free(status);
    return failed;
}

int status_retry(struct spool *spool, const char *path)
{
    struct spool_retried retried = {0};
    enum result result = spool_retry(spool, &retried);
    int error = errno;

    if (retried.moved > 0 || result == RESULT_OK)
        complain(path, "%" PRIu64 " rejected sample%s moved back, to be sent", retried.moved,
                 retried.moved == 1 ? " was" : "s were");
    if (retried.kept > 0)
        complain(path, "%" PRIu64 " not, since a file of the same name waits", retried.kept);
    if (result == RESULT_OK)
        return EX_OK;
    errno = error;
    if (result == RESULT_NO_MEMORY)
        return out_of_memory();
    if (errno != EACCES && errno != EPERM) {
        complain_errno(path, "cannot move what was rejected");
        return EX_IOERR;
    }
    advise(path, "--retry-rejected");
    return EX_NOPERM;
}

int status_retry_at(const char *path)
{
    struct spool *spool = NULL;
    enum result result = spool_look(&spool, path);
    int failed = result == RESULT_OK ? status_retry(spool, path)
                                     : cannot_look(path, "--retry-rejected", result);

    spool_destroy(&spool);
    return failed;
}
