#include "lookahead.h"

#include <errno.h>
#include <string.h>

/* What one call reads: large enough to be few calls, small enough to stay in the cache. */
#define READ_BYTES (128u * 1024)

void lookahead_init(struct lookahead *in, struct input *input)
{
    in->input = input;
    in->result = RESULT_OK;
    in->error = 0;
    in->at = in->end = 0;
    in->offset = 0;
}

bool lookahead_fill(struct lookahead *in, size_t n)
{
    if (in->result != RESULT_OK)
        return false;
    memmove(in->buffer, in->buffer + in->at, in->end - in->at);
    in->offset += in->at;
    in->end -= in->at;
    in->at = 0;
    while (in->end < n && in->result == RESULT_OK) {
        size_t room = LOOKAHEAD_BYTES - in->end, got = 0;

        in->result = input_read(in->input, in->buffer + in->end,
                                room < READ_BYTES ? room : READ_BYTES, &got);
        in->end += got;
        in->error = errno;
    }
    return in->end >= n;
}
