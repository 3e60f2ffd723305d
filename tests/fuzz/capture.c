/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture files, and decoding of their frames.
 */
#include "base/clock.h"
#include "fuzz.h"
#include "packet/capfile.h"
#include "packet/packet.h"

static void decode(struct decoder *decoder, const struct frame *frame)
{
    struct packet packet;

    must(frame->captured <= frame->length && frame->captured <= FRAME_CAPTURED_MAX);
    if (decoder_packet(decoder, frame, &packet) != PACKET_OK)
        return;
    must(packet.time >= 0 && packet.time < TIME_END);
    must(packet.captured <= packet.bytes && packet.captured <= frame->captured);
    must(packet.captured == 0 ||
         (packet.payload >= frame->data &&
          packet.payload + packet.captured <= frame->data + frame->captured));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input *input;
    struct capfile *capfile;
    struct decoder *decoder;
    struct frame frame;
    uint64_t frames = 0;
    enum result result;

    must(input_open_fd(&input, fuzz_file(data, size)) == RESULT_OK);
    must(decoder_init(&decoder, true) == RESULT_OK);
    result = capfile_open(&capfile, input);
    must(result == RESULT_OK || (result == RESULT_DAMAGED && capfile_problem(capfile)[0] != '\0'));
    for (bool opened = result == RESULT_OK; opened && result != RESULT_END;) {
        result = capfile_next(capfile, &frame);
        must(result <= RESULT_DAMAGED);
        if (result == RESULT_OK) {
            frames++;
            decode(decoder, &frame);
        }
    }
    must(frames == capfile_frames(capfile));
    decoder_destroy(&decoder);
    capfile_close(&capfile);
    input_close(&input);
    return 0;
}
