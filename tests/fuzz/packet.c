/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of a few link types, turned into records: options for the meter, then for each frame the
 * index of its link type, its length (two bytes), the time since the one before, the bytes not
 * captured, and its bytes.
 */
#include "metered.h"

static const int linktypes[] = {1, 0, 9, 50, 101, 105, 108, 113, 127, 228, 229, 276, 12, 51, 189};

static void read_frame(struct metered *metered, struct fuzz *fuzz, int64_t *time)
{
    int linktype = linktypes[fuzz_number(fuzz, 1) % (sizeof linktypes / sizeof *linktypes)];
    size_t length = fuzz_number(fuzz, 2);
    unsigned later = fuzz_number(fuzz, 1), cut = fuzz_number(fuzz, 1);
    uint8_t *bytes = fuzz_bytes(fuzz, &length);
    struct frame frame = {.data = bytes, .captured = (uint32_t)length, .linktype = linktype};
    enum packet_verdict verdict;

    frame.length = frame.captured + cut;
    frame.time = *time += (int64_t)later * later * 1000 - 20000;
    must(meter_frame(metered->meter, &frame, &verdict) == RESULT_OK);
    must(verdict < PACKET_VERDICTS);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz = {data, size};
    struct metered metered;
    int64_t time = INT64_C(1700000000000000);

    metered_begin(&metered, fuzz_number(&fuzz, 1));
    while (fuzz.left > 0)
        read_frame(&metered, &fuzz, &time);
    metered_end(&metered);
    return 0;
}
