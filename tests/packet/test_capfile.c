/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capfile module: files made here byte by byte, and the frames from them.
 */
#include "../tap.h"
#include "packet/capfile.h"

#include <unistd.h>

static char path[] = "/tmp/test_capfile.XXXXXX";

/* A file that grows. */
struct file {
    uint8_t *bytes;
    size_t length, capacity;
    bool big_endian;
};

static void put(struct file *file, const void *bytes, size_t length)
{
    if (file->length + length > file->capacity) {
        file->capacity = 2 * (file->length + length);
        file->bytes = realloc(file->bytes, file->capacity);
        need(file->bytes, "no memory");
    }
    if (length > 0)
        memcpy(file->bytes + file->length, bytes, length);
    file->length += length;
}

static void put_number(struct file *file, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * (file->big_endian ? size - 1 - i : i));

        put(file, &byte, 1);
    }
}

static void put16(struct file *file, uint32_t value)
{
    put_number(file, value, 2);
}

static void put32(struct file *file, uint32_t value)
{
    put_number(file, value, 4);
}

static void put_zeros(struct file *file, size_t length)
{
    for (size_t i = 0; i < length; i++)
        put(file, "", 1);
}

static void clear(struct file *file)
{
    free(file->bytes);
    memset(file, 0, sizeof *file);
}

/* Everything a file gives, as text: "TIME/CAPTURED/LENGTH/LINKTYPE/FIRST-BYTE" or "damaged", ... */
struct reading {
    char text[4096];
    char problem[512]; /* the first */
    enum result opened, ended;
    size_t frames, damages;
    uint64_t counted;
};

static void note_frame(struct reading *reading, const struct frame *frame)
{
    size_t used = strlen(reading->text), sum = 0;

    for (uint32_t i = 0; i < frame->captured; i++)
        sum += frame->data[i];
    snprintf(reading->text + used, sizeof reading->text - used, "%s%lld/%u/%u/%d/%02zx",
             used ? " " : "", (long long)frame->time, frame->captured, frame->length,
             frame->linktype, sum & 0xff);
    reading->frames++;
}

static void note_damage(struct reading *reading, const char *problem)
{
    size_t used = strlen(reading->text);

    snprintf(reading->text + used, sizeof reading->text - used, "%sdamaged", used ? " " : "");
    if (reading->damages++ == 0)
        snprintf(reading->problem, sizeof reading->problem, "%s", problem);
}

static void read_path(struct reading *reading)
{
    struct capfile *capfile = NULL;
    struct input *input = NULL;
    struct frame frame;

    memset(reading, 0, sizeof *reading);
    need(input_open(&input, path) == RESULT_OK, "input_open");
    reading->opened = reading->ended = capfile_open(&capfile, input);
    if (reading->opened == RESULT_DAMAGED)
        note_damage(reading, capfile_problem(capfile));
    while (reading->opened == RESULT_OK && reading->frames + reading->damages < 2000000) {
        reading->ended = capfile_next(capfile, &frame);
        if (reading->ended == RESULT_OK)
            note_frame(reading, &frame);
        else if (reading->ended == RESULT_DAMAGED)
            note_damage(reading, capfile_problem(capfile));
        else
            break;
    }
    if (reading->ended == RESULT_END)
        need(capfile_next(capfile, &frame) == RESULT_END, "the end stays the end");
    reading->counted = capfile_frames(capfile);
    capfile_close(&capfile);
    need(!capfile, "closing clears the pointer");
    input_close(&input);
}

static void read_file_part(const struct file *file, size_t length, struct reading *reading)
{
    FILE *out = fopen(path, "w");

    need(out && (length == 0 || fwrite(file->bytes, 1, length, out) == length), "write a file");
    need(fclose(out) == 0, "write a file");
    read_path(reading);
}

static void read_back(const struct file *file, struct reading *reading)
{
    read_file_part(file, file->length, reading);
}

/* The file gives exactly these frames, in this order, and then ends. */
static void check(const char *title, struct file *file, const char *want)
{
    struct reading reading;

    read_back(file, &reading);
    is_int(reading.opened, RESULT_OK, "opens: %s", title);
    is_str(reading.text, want, "frames: %s", title);
    is_int(reading.ended, RESULT_END, "ends: %s", title);
    is_int(reading.counted, reading.frames, "frames counted: %s", title);
    clear(file);
}

/* pcap */

#define MICRO 0xa1b2c3d4u
#define NANO 0xa1b23c4du
#define MODIFIED 0xa1b2cd34u

static void pcap_head(struct file *file, uint32_t magic, unsigned minor, uint32_t linktype)
{
    put32(file, magic);
    put16(file, 2);
    put16(file, minor);
    put32(file, 0);
    put32(file, 0);
    put32(file, 65535);
    put32(file, linktype);
}

/* All captured bytes have the same value. */
static void pcap_packet(struct file *file, uint32_t magic, uint32_t seconds, uint32_t fraction,
                        uint32_t captured, uint32_t length, uint8_t fill)
{
    put32(file, seconds);
    put32(file, fraction);
    put32(file, captured);
    put32(file, length);
    if (magic == MODIFIED)
        put_zeros(file, 8);
    for (uint32_t i = 0; i < captured; i++)
        put(file, &fill, 1);
}

static void test_pcap_kinds(void)
{
    static const struct {
        uint32_t magic;
        const char *title;
        uint32_t fractions[2];
        const char *want;
    } kinds[] = {
        {MICRO, "microseconds", {5, 999999}, "1000000005/3/60/1/03 4294967295999999/1/1/1/02"},
        {NANO, "nanoseconds", {5999, 999999999}, "1000000005/3/60/1/03 4294967295999999/1/1/1/02"},
        {MODIFIED, "modified", {5, 999999}, "1000000005/3/60/1/03 4294967295999999/1/1/1/02"},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (int big = 0; big < 2; big++) {
            struct file file = {.big_endian = big};
            char title[64];

            pcap_head(&file, kinds[i].magic, 4, 1);
            pcap_packet(&file, kinds[i].magic, 1000, kinds[i].fractions[0], 3, 60, 1);
            pcap_packet(&file, kinds[i].magic, UINT32_MAX, kinds[i].fractions[1], 1, 1, 2);
            snprintf(title, sizeof title, "pcap, %s, %s", kinds[i].title, big ? "big" : "little");
            check(title, &file, kinds[i].want);
        }
    }
}

static void test_pcap_corners(void)
{
    struct file file = {0};

    pcap_head(&file, MICRO, 4, 101);
    check("pcap without packets", &file, "");
    pcap_head(&file, MICRO, 4, 0xf4000000 | 101);
    pcap_packet(&file, MICRO, 1, 0, 2, 2, 1);
    check("pcap, frame check sequence bits", &file, "1000000/2/2/101/02");
    pcap_head(&file, MICRO, 4, 276);
    pcap_packet(&file, MICRO, 1, 0, 0, 0, 1);
    pcap_packet(&file, MICRO, 1, 1, 262144, 262144, 0);
    check("pcap, no bytes and the most", &file, "1000000/0/0/276/00 1000001/262144/262144/276/00");
    pcap_head(&file, MICRO, 4, 1);
    pcap_packet(&file, MICRO, 9, 0, 4, 3, 1);
    check("pcap, captured more than was there", &file, "9000000/4/4/1/04");
    pcap_head(&file, MICRO, 2, 1);
    put32(&file, 9);
    put32(&file, 0);
    put32(&file, 60); /* version 2.2: the length comes first */
    put32(&file, 2);
    put(&file, "\1\1", 2);
    check("pcap 2.2", &file, "9000000/2/60/1/02");
    pcap_head(&file, MICRO, 3, 1);
    put32(&file, 9);
    put32(&file, 0);
    put32(&file, 60);
    put32(&file, 2);
    put(&file, "\1\1", 2);
    pcap_packet(&file, MICRO, 9, 1, 2, 60, 2);
    check("pcap 2.3, either way round", &file, "9000000/2/60/1/02 9000001/2/60/1/04");
}

/* Cut off at each length: the whole records, then damage unless it was cut between two. */
static void test_pcap_cut_off(void)
{
    struct file file = {0};
    size_t wrong = 0;

    pcap_head(&file, MICRO, 4, 1);
    for (uint32_t i = 0; i < 3; i++)
        pcap_packet(&file, MICRO, 1000 + i, 0, 20, 60, 3);
    for (size_t n = 0; n < file.length; n++) {
        struct reading reading;
        size_t whole = n < 24 ? 0 : (n - 24) / 36;
        bool between = n >= 24 && (n - 24) % 36 == 0;

        read_file_part(&file, n, &reading);
        wrong += reading.frames != whole || reading.damages != (between ? 0 : 1) ||
                 reading.ended != (n < 24 ? RESULT_DAMAGED : RESULT_END) ||
                 (!between && reading.problem[0] == '\0');
    }
    is_int(wrong, 0, "pcap cut off at each of %zu lengths", file.length);
    clear(&file);
}

/* Impossible lengths within a file: what comes before and after is read. */
static void test_pcap_resynchronises(void)
{
    static const uint32_t lengths[] = {262145, 0x7fffffff, 0x80000000, 0xffffffff};

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (int big = 0; big < 2; big++) {
            struct file file = {.big_endian = big};
            struct reading reading;

            pcap_head(&file, MICRO, 4, 1);
            for (uint32_t n = 0; n < 40; n++)
                pcap_packet(&file, MICRO, 1700000000 + n, n, 100, 1000, 0xfe);
            file.length = 24 + 20 * 116 + 8; /* into the header of packet 21 */
            put32(&file, lengths[i]);
            file.length = 24 + 40 * 116;
            read_back(&file, &reading);
            is_int(reading.frames, 39, "pcap, a length of %u: all others", lengths[i]);
            is_int(reading.damages, 1, "pcap, a length of %u: said once", lengths[i]);
            is_int(reading.ended, RESULT_END, "pcap, a length of %u: to the end", lengths[i]);
            ok(strstr(reading.problem, "packet 21"), "pcap, a length of %u: where: %s", lengths[i],
               reading.problem);
            clear(&file);
        }
    }
}

/* Two concatenated files, as from cat, are not one pcap file; garbage at the end is lost alone. */
static void test_pcap_garbage(void)
{
    struct file file = {0};
    struct reading reading;

    pcap_head(&file, MICRO, 4, 1);
    for (uint32_t n = 0; n < 5; n++)
        pcap_packet(&file, MICRO, 1700000000 + n, n, 100, 1000, 1);
    for (int i = 0; i < 3000000; i++)
        put(&file, "\xff", 1);
    read_back(&file, &reading);
    is_int(reading.frames, 5, "pcap, then 3 MB of garbage: the packets");
    is_int(reading.damages, 1, "the damage is said once");
    is_int(reading.ended, RESULT_END, "and it ends");
    clear(&file);
}

/* pcapng */

static void ng_block(struct file *file, uint32_t type, const struct file *body)
{
    size_t padding = (4 - body->length % 4) % 4;
    uint32_t length = (uint32_t)(12 + body->length + padding);

    put32(file, type);
    put32(file, length);
    put(file, body->bytes, body->length);
    put_zeros(file, padding);
    put32(file, length);
}

static void ng_section(struct file *file)
{
    struct file body = {.big_endian = file->big_endian};

    put32(&body, 0x1a2b3c4d);
    put16(&body, 1);
    put16(&body, 0);
    put_number(&body, UINT64_MAX, 8);
    ng_block(file, 0x0a0d0d0a, &body);
    clear(&body);
}

enum { NO_OPTION = -1 };

/* resolution and offset: NO_OPTION for none. */
static void ng_interface(struct file *file, unsigned linktype, uint32_t snaplen, int resolution,
                         int64_t offset)
{
    struct file body = {.big_endian = file->big_endian};

    put16(&body, linktype);
    put16(&body, 0);
    put32(&body, snaplen);
    put16(&body, 2); /* if_name */
    put16(&body, 5);
    put(&body, "eth00\0\0\0", 8);
    if (resolution != NO_OPTION) {
        put16(&body, 9);
        put16(&body, 1);
        put_number(&body, (uint64_t)resolution, 1);
        put_zeros(&body, 3);
    }
    if (offset != NO_OPTION) {
        put16(&body, 14);
        put16(&body, 8);
        put_number(&body, (uint64_t)offset, 8);
    }
    put32(&body, 0);
    ng_block(file, 1, &body);
    clear(&body);
}

static void ng_data(struct file *body, uint32_t captured, uint8_t fill)
{
    for (uint32_t i = 0; i < captured; i++)
        put(body, &fill, 1);
}

static void ng_packet(struct file *file, uint32_t interface, uint64_t time, uint32_t captured,
                      uint32_t length, uint8_t fill)
{
    struct file body = {.big_endian = file->big_endian};

    put32(&body, interface);
    put32(&body, (uint32_t)(time >> 32));
    put32(&body, (uint32_t)time);
    put32(&body, captured);
    put32(&body, length);
    ng_data(&body, captured, fill);
    ng_block(file, 6, &body);
    clear(&body);
}

static void ng_old_packet(struct file *file, unsigned interface, uint64_t time, uint32_t captured,
                          uint32_t length, uint8_t fill)
{
    struct file body = {.big_endian = file->big_endian};

    put16(&body, interface);
    put16(&body, 7); /* drops */
    put32(&body, (uint32_t)(time >> 32));
    put32(&body, (uint32_t)time);
    put32(&body, captured);
    put32(&body, length);
    ng_data(&body, captured, fill);
    ng_block(file, 2, &body);
    clear(&body);
}

static void ng_simple_packet(struct file *file, uint32_t captured, uint32_t length, uint8_t fill)
{
    struct file body = {.big_endian = file->big_endian};

    put32(&body, length);
    ng_data(&body, captured, fill);
    ng_block(file, 3, &body);
    clear(&body);
}

static void ng_other(struct file *file, uint32_t type, size_t length)
{
    struct file body = {.big_endian = file->big_endian};

    put_zeros(&body, length);
    ng_block(file, type, &body);
    clear(&body);
}

static void test_ng_times(void)
{
    static const struct {
        const char *title;
        int resolution;
        int64_t offset;
        uint64_t time;
        const char *want; /* microseconds */
    } cases[] = {
        {"no options", NO_OPTION, NO_OPTION, 1700000000123456, "1700000000123456"},
        {"10^-6", 6, NO_OPTION, 1700000000123456, "1700000000123456"},
        {"10^-9, truncated", 9, NO_OPTION, 1700000000123456999, "1700000000123456"},
        {"10^-3", 3, NO_OPTION, 1700000000123, "1700000000123000"},
        {"10^0", 0, NO_OPTION, 1700000000, "1700000000000000"},
        {"10^-12", 12, NO_OPTION, 5000001, "5"},
        {"10^-127", 127, NO_OPTION, UINT64_MAX, "0"},
        {"2^-10", 0x8a, NO_OPTION, 1024 * 5 + 1, "5000976"},
        {"2^-20", 0x94, NO_OPTION, UINT64_C(1700000000) << 20 | 0x80000, "1700000000500000"},
        {"2^-32", 0xa0, NO_OPTION, UINT64_C(1700000000) << 32 | 0x80000000, "1700000000500000"},
        {"2^0", 0x80, NO_OPTION, 1700000000, "1700000000000000"},
        {"2^-127", 0xff, NO_OPTION, UINT64_MAX, "0"},
        {"an offset", 6, 1000, 5, "1000000005"},
        {"an offset of no resolution", NO_OPTION, 1000, 5, "1000000005"},
        {"a negative offset", 6, -1000, 1000000005, "5"},
        {"an offset with 10^-9", 9, 2, 1500, "2000001"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int big = 0; big < 2; big++) {
            struct file file = {.big_endian = big};
            char title[64], want[64];

            ng_section(&file);
            ng_interface(&file, 1, 0, cases[i].resolution, cases[i].offset);
            ng_packet(&file, 0, cases[i].time, 3, 60, 1);
            snprintf(title, sizeof title, "pcapng, %s, %s", big ? "big" : "little", cases[i].title);
            snprintf(want, sizeof want, "%s/3/60/1/03", cases[i].want);
            check(title, &file, want);
        }
    }
}

/* Impossible times are negative, whatever caused them. */
static void test_ng_absurd_times(void)
{
    static const struct {
        int resolution;
        int64_t offset;
        uint64_t time;
    } cases[] = {{0, NO_OPTION, UINT64_MAX},
                 {6, INT64_MAX, 5},
                 {6, INT64_MIN, 5},
                 {6, -10, 5},
                 {0x80, NO_OPTION, UINT64_MAX},
                 {6, INT64_MIN / 1000000 - 1, 0},
                 {3, NO_OPTION, UINT64_MAX}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct file file = {0};
        struct reading reading;

        ng_section(&file);
        ng_interface(&file, 1, 0, cases[i].resolution, cases[i].offset);
        ng_packet(&file, 0, cases[i].time, 3, 60, 1);
        read_back(&file, &reading);
        is_int(reading.frames, 1, "pcapng, absurd time %zu: one frame", i);
        ok(reading.text[0] == '-', "pcapng, absurd time %zu is negative: %s", i, reading.text);
        clear(&file);
    }
}

static void test_ng_sections(void)
{
    struct file file = {0};

    ng_section(&file);
    ng_interface(&file, 1, 0, 6, NO_OPTION);
    ng_interface(&file, 101, 0, 9, NO_OPTION);
    ng_packet(&file, 1, 7000, 4, 4, 1);
    ng_packet(&file, 0, 8, 5, 5, 1);
    ng_other(&file, 4, 20); /* names */
    ng_other(&file, 5, 12); /* statistics */
    ng_other(&file, 0x0bad, 6);
    ng_interface(&file, 113, 0, 6, NO_OPTION); /* among packets */
    ng_packet(&file, 2, 9, 6, 6, 1);
    file.big_endian = true;
    ng_section(&file); /* the interfaces start over, in the other byte order */
    ng_interface(&file, 276, 0, 3, NO_OPTION);
    ng_packet(&file, 0, 10, 7, 7, 1);
    file.big_endian = false;
    ng_section(&file);
    ng_interface(&file, 0, 0, NO_OPTION, NO_OPTION);
    ng_packet(&file, 0, 11, 8, 9, 1);
    check("pcapng, three sections", &file,
          "7/4/4/101/04 8/5/5/1/05 9/6/6/113/06 10000/7/7/276/07 11/8/9/0/08");
    ng_section(&file);
    check("pcapng without anything", &file, "");
}

static void test_ng_kinds_of_packets(void)
{
    struct file file = {0};

    for (int big = 0; big < 2; big++) {
        file.big_endian = big;
        ng_section(&file);
        ng_interface(&file, 1, 10, 6, NO_OPTION);
        ng_interface(&file, 101, 0, 6, NO_OPTION);
        ng_simple_packet(&file, 6, 6, 1);
        ng_packet(&file, 1, 5000, 4, 40, 1);
        ng_simple_packet(&file, 10, 60, 1); /* cut to the snap length of interface 0 */
        ng_simple_packet(&file, 5, 5, 1);   /* its padding does not count */
        ng_old_packet(&file, 1, 6000, 3, 33, 2);
        ng_old_packet(&file, 0, UINT64_C(1) << 33, 3, 33, 2);
        check("pcapng, all kinds of packets", &file,
              "0/6/6/1/06 5000/4/40/101/04 5000/10/60/1/0a 5000/5/5/1/05 6000/3/33/101/06 "
              "8589934592/3/33/1/06");
    }
    ng_section(&file);
    ng_interface(&file, 1, 0, 6, NO_OPTION);
    ng_simple_packet(&file, 8, 60, 1);
    ng_packet(&file, 0, 1, 8, 2, 1);
    check("pcapng, lengths that differ from what is there", &file, "0/8/60/1/08 1/8/8/1/08");
}

/* Damage within one block loses that block only. */
static void test_ng_bad_blocks(void)
{
    struct file file = {0};
    struct file body = {0};

    ng_section(&file);
    ng_packet(&file, 0, 1, 4, 4, 1); /* before any interface */
    ng_simple_packet(&file, 4, 4, 1);
    ng_interface(&file, 1, 0, 6, NO_OPTION);
    ng_packet(&file, 1, 1, 4, 4, 1); /* no such interface */
    ng_old_packet(&file, 65535, 1, 4, 4, 1);
    ng_packet(&file, 0, 2, 4, 4, 1);
    put_zeros(&body, 12);
    ng_block(&file, 6, &body); /* too short */
    ng_packet(&file, 0, 3, 4, 4, 1);
    clear(&body);
    put_zeros(&body, 12);
    put32(&body, 5); /* more bytes captured than the block has */
    put32(&body, 5);
    put_zeros(&body, 4);
    ng_block(&file, 6, &body);
    ng_packet(&file, 0, 4, 4, 4, 1);
    clear(&body);
    check("pcapng, bad blocks", &file,
          "damaged damaged damaged damaged 2/4/4/1/04 damaged 3/4/4/1/04 damaged 4/4/4/1/04");
}

/* Damaged lengths: the reader finds its way again. */
static void test_ng_resynchronises(void)
{
    static const struct {
        const char *title;
        size_t at; /* in the block of packet 11 */
        uint32_t value;
    } cases[] = {
        {"length 0", 4, 0},
        {"length 11", 4, 11},
        {"length 45", 4, 45},
        {"length 2^32-4", 4, ~3u},
        {"second length 0", 56, 0},
        {"second length differs", 56, 64},
        {"a length beyond the next", 4, 64 + 60},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int big = 0; big < 2; big++) {
            struct file file = {.big_endian = big};
            struct reading reading;
            size_t length, at;

            ng_section(&file);
            ng_interface(&file, 1, 0, 6, NO_OPTION);
            at = file.length + 10 * 60 + cases[i].at;
            for (uint32_t n = 0; n < 20; n++)
                ng_packet(&file, 0, n, 28, 100, 1);
            length = file.length;
            file.length = at;
            put32(&file, cases[i].value);
            file.length = length;
            read_back(&file, &reading);
            is_int(reading.frames, 19, "pcapng, %s: all others", cases[i].title);
            is_int(reading.damages, 1, "pcapng, %s: said once", cases[i].title);
            is_int(reading.ended, RESULT_END, "pcapng, %s: to the end", cases[i].title);
            clear(&file);
        }
    }
}

static void test_ng_cut_off(void)
{
    struct file file = {0};
    size_t wrong = 0, head;

    ng_section(&file);
    ng_interface(&file, 1, 0, 6, NO_OPTION);
    head = file.length;
    for (uint32_t i = 0; i < 3; i++)
        ng_packet(&file, 0, i, 20, 60, 3);
    for (size_t n = 28; n < file.length; n++) {
        struct reading reading;
        size_t whole = n < head ? 0 : (n - head) / 52;
        bool between = n == 28 || (n >= head && (n - head) % 52 == 0);

        read_file_part(&file, n, &reading);
        wrong += reading.frames != whole || reading.damages != (between ? 0 : 1) ||
                 reading.ended != RESULT_END;
    }
    is_int(wrong, 0, "pcapng cut off at each of %zu lengths", file.length);
    clear(&file);
}

/* Blocks longer than the buffer and without packets are skipped. */
static void test_ng_long_blocks(void)
{
    struct file file = {0};

    ng_section(&file);
    ng_interface(&file, 1, 0, 6, NO_OPTION);
    ng_packet(&file, 0, 1, 4, 4, 1);
    ng_other(&file, 10, 3000000);
    ng_packet(&file, 0, 2, 4, 4, 1);
    ng_other(&file, 5, 1000000);
    ng_packet(&file, 0, 3, 262144, 262144, 0);
    check("pcapng, long blocks", &file, "1/4/4/1/04 2/4/4/1/04 3/262144/262144/1/00");
}

static void test_ng_many_interfaces(void)
{
    struct file file = {0};

    ng_section(&file);
    for (unsigned i = 0; i < 500; i++)
        ng_interface(&file, i, 0, 6, NO_OPTION);
    ng_packet(&file, 499, 1, 4, 4, 1);
    ng_packet(&file, 0, 2, 4, 4, 1);
    ng_packet(&file, 500, 2, 4, 4, 1);
    check("pcapng, 500 interfaces", &file, "1/4/4/499/04 2/4/4/0/04 damaged");
}

/* Enough packets to make the buffer move. */
static void test_many(void)
{
    for (int ng = 0; ng < 2; ng++) {
        struct file file = {0};
        struct reading reading;

        if (ng) {
            ng_section(&file);
            ng_interface(&file, 1, 0, 6, NO_OPTION);
        } else {
            pcap_head(&file, MICRO, 4, 1);
        }
        for (uint32_t i = 0; i < 4000; i++) {
            if (ng)
                ng_packet(&file, 0, i, i % 1500, 1500, (uint8_t)i);
            else
                pcap_packet(&file, MICRO, 1700000000, i, i % 1500, 1500, (uint8_t)i);
        }
        read_back(&file, &reading);
        is_int(reading.frames, 4000, "%s: 4000 packets", ng ? "pcapng" : "pcap");
        is_int(reading.damages, 0, "%s: no damage", ng ? "pcapng" : "pcap");
        clear(&file);
    }
}

static void test_no_capture(void)
{
    static const struct {
        const char *wire, *word;
    } cases[] = {
        {"", "empty"},
        {"a1b2c3", "cut off"},
        {"fd '7zXZ' 00 000000000000000000000000000000000000", "xz"},
        {"'BZh91AY&SY' 0000000000000000000000000000", "bzip2"},
        {"'PK' 0304 0000000000000000000000000000000000000000", "zip"},
        {"'#separator ' 5c 'x09' 0a '#set_separator ,' 0a", "Zeek"},
        {"'{' 22 'ts' 22 ':1}' 0a '                        '", "JSON"},
        {"a1b2c3d5 0002 0004 00000000 00000000 00000000 00000001", "neither"},
        {"0a0d0d0a 0000001c 1a2b3c4e 0001 0000 ffffffffffffffff 0000001c", "neither"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct file file = {0};
        struct reading reading;
        uint8_t wire[256];

        put(&file, wire, unhex(cases[i].wire, wire, sizeof wire));
        read_back(&file, &reading);
        is_int(reading.opened, RESULT_DAMAGED, "no capture: %s", cases[i].word);
        ok(strstr(reading.problem, cases[i].word), "it says '%s': %s", cases[i].word,
           reading.problem);
        clear(&file);
    }
}

/* Each byte of a small file changed: reading ends, with no more frames than the file could hold. */
static void test_mutations(bool ng)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct file file = {0};
    size_t wrong = 0;

    if (ng) {
        ng_section(&file);
        ng_interface(&file, 1, 0, 6, 5);
    } else {
        pcap_head(&file, MICRO, 4, 1);
    }
    for (uint32_t i = 0; i < 4; i++) {
        if (ng)
            ng_packet(&file, 0, i, 5, 50, 1);
        else
            pcap_packet(&file, MICRO, 1700000000, i, 5, 50, 1);
    }
    for (size_t at = 0; at < file.length; at++) {
        uint8_t old = file.bytes[at];

        for (size_t v = 0; v < sizeof values; v++) {
            struct reading reading;

            file.bytes[at] = values[v];
            read_back(&file, &reading);
            wrong += reading.frames > 12 || reading.damages > 12 ||
                     reading.ended != (reading.opened == RESULT_OK ? RESULT_END : RESULT_DAMAGED);
        }
        file.bytes[at] = old;
    }
    is_int(wrong, 0, "%s: each byte changed", ng ? "pcapng" : "pcap");
    clear(&file);
}

int main(void)
{
    int fd = mkstemp(path);

    need(fd >= 0, "mkstemp");
    close(fd);
    test_pcap_kinds();
    test_pcap_corners();
    test_pcap_cut_off();
    test_pcap_resynchronises();
    test_pcap_garbage();
    test_ng_times();
    test_ng_absurd_times();
    test_ng_sections();
    test_ng_kinds_of_packets();
    test_ng_bad_blocks();
    test_ng_resynchronises();
    test_ng_cut_off();
    test_ng_long_blocks();
    test_ng_many_interfaces();
    test_many();
    test_no_capture();
    test_mutations(false);
    test_mutations(true);
    unlink(path);
    return done();
}
