/* SPDX-License-Identifier: Apache-2.0 */
/* The least names of many. */
#include "base/least.h"

#include "../tap.h"

static void check_all(const struct least *least, unsigned first, const char *what)
{
    char want[16];
    unsigned wrong = 0;

    for (size_t i = 0; i < least->count; i++) {
        snprintf(want, sizeof want, "%06u", first + (unsigned)i);
        wrong += strcmp(least_name(least, i), want) != 0;
    }
    is_int(least->count, LEAST_MAX, "%s: so many are kept", what);
    is_int(wrong, 0, "%s: the least, in order", what);
}

int main(void)
{
    static const unsigned steps[] = {1, 2999, 1007}; /* upwards, downwards, mixed */
    static struct least least;
    char name[NAME_MAX + 1];

    is_int(least_after(&least, ""), 0, "an empty list has nothing after a name");
    for (size_t i = 0; i < 3; i++) {
        least.count = 0;
        for (unsigned n = 0; n < 3000; n++) {
            snprintf(name, sizeof name, "%06u", 1 + n * steps[i] % 3000);
            least_add(&least, name);
        }
        check_all(&least, 1, "three thousand names");
    }
    least_add(&least, "000000");
    check_all(&least, 0, "one more that is less");
    least_add(&least, "001024");
    check_all(&least, 0, "one that is greater than all");
    is_int(least_after(&least, ""), 0, "all come after nothing");
    is_int(least_after(&least, "000005"), 6, "the next after one that is there");
    is_int(least_after(&least, "000005x"), 6, "and after one that is not");
    is_int(least_after(&least, "001023"), LEAST_MAX, "none comes after the last");
    least.count = 0;
    memset(name, 'n', NAME_MAX);
    name[NAME_MAX] = '\0';
    least_add(&least, "o");
    least_add(&least, name);
    is_str(least_name(&least, 0), name, "the longest name");
    is_str(least_name(&least, 1), "o", "and one after it");
    return done();
}
