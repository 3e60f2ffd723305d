/*
 * Counts as people read them.
 */
#include "../tap.h"
#include "base/number.h"

int main(void)
{
    static const struct {
        uint64_t count;
        const char *want;
    } cases[] = {
        {0, "0"},
        {7, "7"},
        {999, "999"},
        {1000, "1,000"},
        {12345, "12,345"},
        {999999, "999,999"},
        {1234567, "1,234,567"},
        {UINT64_MAX, "18,446,744,073,709,551,615"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[NUMBER_GROUPED];

        is_str(number_grouped(text, cases[i].count), cases[i].want, "%s", cases[i].want);
    }
    return done();
}
