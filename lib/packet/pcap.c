/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capfile module, pcap files (draft-ietf-opsawg-pcap).
 */
#include "base/bytes.h"
#include "packet/capread.h"

enum { FILE_HEADER = 24, RECORD_HEADER = 16, MODIFIED_RECORD_HEADER = 24 };

#define MAGIC 0xa1b2c3d4u
#define MAGIC_NANOSECONDS 0xa1b23c4du
#define MAGIC_MODIFIED 0xa1b2cd34u /* eight more bytes per record: interface, protocol, type */

/* The largest gap between records of one file that a resynchronizing reader believes. */
#define SECONDS_APART_MAX 86400u

struct record_header {
    uint32_t seconds, fraction, captured, length;
};

static uint32_t pcap32(const struct pcap_state *pcap, const uint8_t *p)
{
    return pcap->big_endian ? be32(p) : le32(p);
}

static bool is_magic(uint32_t magic)
{
    return magic == MAGIC || magic == MAGIC_NANOSECONDS || magic == MAGIC_MODIFIED;
}

bool pcap_begin(struct capfile *capfile)
{
    struct pcap_state *pcap = &capfile->pcap;
    const uint8_t *p;
    uint32_t magic;

    if (!lookahead_need(&capfile->in, FILE_HEADER))
        return false;
    p = capfile->in.buffer + capfile->in.at;
    pcap->big_endian = is_magic(be32(p));
    magic = pcap32(pcap, p);
    if (!is_magic(magic))
        return false;
    pcap->nanoseconds = magic == MAGIC_NANOSECONDS;
    pcap->header = magic == MAGIC_MODIFIED ? MODIFIED_RECORD_HEADER : RECORD_HEADER;
    pcap->version = pcap->big_endian ? be16(p + 6) : le16(p + 6);
    /* The upper bits describe frame check sequences, which never count. */
    pcap->linktype = (int)(pcap32(pcap, p + 20) & 0x03ffffff);
    capfile->in.at += FILE_HEADER;
    return true;
}

/* Versions before 2.3 have the two lengths in reverse order; 2.3 has them in either order. */
static void read_header(const struct pcap_state *pcap, const uint8_t *p,
                        struct record_header *header)
{
    if (pcap->big_endian)
        *header = (struct record_header){be32(p), be32(p + 4), be32(p + 8), be32(p + 12)};
    else
        *header = (struct record_header){le32(p), le32(p + 4), le32(p + 8), le32(p + 12)};
    if (pcap->version < 3 || (pcap->version == 3 && header->captured > header->length)) {
        uint32_t captured = header->length;

        header->length = header->captured;
        header->captured = captured;
    }
}

static bool is_plausible(const struct pcap_state *pcap, const struct record_header *header,
                         const uint32_t *near)
{
    uint32_t fraction_end = pcap->nanoseconds ? 1000000000 : 1000000;

    if (header->fraction >= fraction_end || header->captured == 0 ||
        header->captured > FRAME_CAPTURED_MAX || header->length < header->captured ||
        header->length > 4 * FRAME_CAPTURED_MAX)
        return false;
    return !near || (header->seconds - *near + SECONDS_APART_MAX) <= 2 * SECONDS_APART_MAX;
}

/*
 * Another file's header, if captures were concatenated: `cat a.pcap b.pcap`. Its zone and accuracy,
 * always 0, look like an empty packet's lengths.
 */
static bool file_begins(const struct capfile *capfile)
{
    const uint8_t *p = capfile->in.buffer + capfile->in.at;

    return (is_magic(be32(p)) && be16(p + 4) == 2) || (is_magic(le32(p)) && le16(p + 4) == 2);
}

/*
 * True if records begin here: three in a row that make sense, or fewer that end with the file.
 * Their times must be close to each other, not to the last record's, which may have been damaged.
 */
static bool records_begin(struct capfile *capfile)
{
    const struct pcap_state *pcap = &capfile->pcap;
    struct record_header header;
    const uint32_t *near = NULL;
    uint32_t last;
    size_t ahead = 0;

    for (int i = 0; i < 3; i++) {
        if (!lookahead_need(&capfile->in, ahead + pcap->header))
            return i == 2 || (i == 1 && capfile->in.end - capfile->in.at == ahead);
        read_header(pcap, capfile->in.buffer + capfile->in.at + ahead, &header);
        if (!is_plausible(pcap, &header, near))
            return false;
        last = header.seconds;
        near = &last;
        ahead += pcap->header + header.captured;
    }
    return true;
}

static enum result cut_off(struct capfile *capfile, uint32_t captured)
{
    size_t left = capfile->in.end - capfile->in.at;

    if (left == 0 || capfile->in.result != RESULT_END)
        return capfile_ended(capfile);
    if (left < capfile->pcap.header)
        capfile_damaged(capfile, "packet %llu is cut off in its header",
                        (unsigned long long)capfile->frames + 1);
    else
        capfile_damaged(capfile, "packet %llu is cut off: %zu of its %u bytes are there",
                        (unsigned long long)capfile->frames + 1, left - capfile->pcap.header,
                        captured);
    return capfile_resume(capfile, records_begin);
}

enum result pcap_next(struct capfile *capfile, struct frame *frame)
{
    struct pcap_state *pcap = &capfile->pcap;
    struct record_header header = {0};

    do {
        if (!lookahead_need(&capfile->in, pcap->header))
            return cut_off(capfile, 0);
        read_header(pcap, capfile->in.buffer + capfile->in.at, &header);
    } while (header.captured == 0 && file_begins(capfile) && pcap_begin(capfile));
    if (header.captured > FRAME_CAPTURED_MAX) {
        capfile_damaged(capfile, "packet %llu: its captured length of %u bytes is absurd",
                        (unsigned long long)capfile->frames + 1, header.captured);
        return capfile_resume(capfile, records_begin);
    }
    if (!lookahead_need(&capfile->in, pcap->header + header.captured))
        return cut_off(capfile, header.captured);
    capfile->frames++;
    frame->data = capfile->in.buffer + capfile->in.at + pcap->header;
    frame->captured = header.captured;
    frame->length = header.length > header.captured ? header.length : header.captured;
    frame->linktype = pcap->linktype;
    frame->time = (int64_t)header.seconds * 1000000 +
                  (pcap->nanoseconds ? header.fraction / 1000 : header.fraction);
    capfile->in.at += pcap->header + header.captured;
    __builtin_prefetch(capfile->in.buffer + capfile->in.at); /* the next header is needed soon */
    __builtin_prefetch(capfile->in.buffer + capfile->in.at + 64);
    return RESULT_OK;
}
