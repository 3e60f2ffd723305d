/* SPDX-License-Identifier: Apache-2.0 */
#include "live/filter.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More link types than any honest input has. */
#define PROGRAMS_MAX 64u

/* An expression compiled for one link type, in a short list. */
struct program {
    int linktype;
    bool compiled; /* false: the expression does not fit this link type */
    struct bpf_program bpf;
    struct program *next;
};

struct filter {
    const char *expression;
    struct program *programs;
    unsigned count;
    char problem[PCAP_ERRBUF_SIZE];
};

enum result filter_init(struct filter **filter, const char *expression)
{
    struct filter *new = calloc(1, sizeof *new);

    if (!new)
        return RESULT_NO_MEMORY;
    new->expression = expression;
    *filter = new;
    return RESULT_OK;
}

void filter_destroy(struct filter **filter)
{
    if (!*filter)
        return;
    while ((*filter)->programs) {
        struct program *program = (*filter)->programs;

        (*filter)->programs = program->next;
        if (program->compiled)
            pcap_freecode(&program->bpf);
        free(program);
    }
    free(*filter);
    *filter = NULL;
}

/*
 * libpcap's DLT for a link type. The first four bytes of BSD null and loop packets come in either
 * byte order, which a compiled filter cannot know, so what follows them is filtered as raw IP.
 */
static int dlt_of(int linktype, uint32_t *skip)
{
    *skip = 0;
    switch (linktype) {
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
        *skip = 4;
        return DLT_RAW;
    case LINKTYPE_RAW_12:
    case LINKTYPE_RAW_14:
    case LINKTYPE_RAW:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
        return DLT_RAW;
    case LINKTYPE_PPP_WITH_DIR: /* begins with a byte of direction */
        *skip = 1;
        return DLT_PPP;
    default:
        return linktype;
    }
}

static enum result compile(struct filter *filter, struct program *program)
{
    uint32_t skip;
    pcap_t *pcap = pcap_open_dead(dlt_of(program->linktype, &skip), FRAME_CAPTURED_MAX);

    if (!pcap)
        return RESULT_NO_MEMORY;
    program->compiled =
        pcap_compile(pcap, &program->bpf, filter->expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!program->compiled)
        snprintf(filter->problem, sizeof filter->problem, "%s", pcap_geterr(pcap));
    pcap_close(pcap);
    return program->compiled ? RESULT_OK : RESULT_INVALID;
}

static struct program *find_program(const struct filter *filter, int linktype)
{
    struct program *program = filter->programs;

    while (program && program->linktype != linktype)
        program = program->next;
    return program;
}

enum result filter_compile(struct filter *filter, int linktype)
{
    struct program *program = find_program(filter, linktype);

    if (program)
        return program->compiled ? RESULT_OK : RESULT_INVALID;
    if (filter->count == PROGRAMS_MAX) {
        snprintf(filter->problem, sizeof filter->problem, "there are too many link types");
        return RESULT_INVALID;
    }
    program = calloc(1, sizeof *program);
    if (!program)
        return RESULT_NO_MEMORY;
    filter->count++;
    program->linktype = linktype;
    program->next = filter->programs;
    filter->programs = program;
    return compile(filter, program);
}

enum result filter_match(struct filter *filter, const struct frame *frame, bool *match)
{
    enum result result = filter_compile(filter, frame->linktype);
    struct pcap_pkthdr header = {.caplen = frame->captured, .len = frame->length};
    uint32_t skip;

    *match = false;
    if (result != RESULT_OK)
        return result;
    dlt_of(frame->linktype, &skip);
    if (frame->captured < skip)
        return RESULT_OK;
    header.caplen -= skip;
    header.len -= skip;
    *match = pcap_offline_filter(&find_program(filter, frame->linktype)->bpf, &header,
                                 frame->data + skip) != 0;
    return RESULT_OK;
}

const char *filter_problem(const struct filter *filter)
{
    return filter->problem;
}

const char *filter_linktype_name(int linktype)
{
    uint32_t skip;

    return pcap_datalink_val_to_name(dlt_of(linktype, &skip));
}

void filter_libpcap(char text[LIBRARY_TEXT])
{
    static const char before[] = "libpcap version ";
    const char *version = pcap_lib_version();

    if (strncmp(version, before, sizeof before - 1) == 0)
        version += sizeof before - 1;
    snprintf(text, LIBRARY_TEXT, "libpcap %.*s", (int)strcspn(version, " "), version);
}
