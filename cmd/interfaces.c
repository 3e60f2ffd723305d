/* SPDX-License-Identifier: Apache-2.0 */
#include "interfaces.h"

#include "common.h"
#include "live/capture.h"

#include <stdio.h>
#include <string.h>

static bool is_among(const char *names, const char *name, size_t length)
{
    while (*names) {
        size_t other = strcspn(names, ",");

        if (other == length && memcmp(names, name, length) == 0)
            return true;
        names += other + (names[other] == ',');
    }
    return false;
}

static unsigned count_names(const char *names)
{
    unsigned count = *names != '\0';

    while ((names = strchr(names, ',')) != NULL) {
        count++;
        names++;
    }
    return count;
}

int add_interfaces(char names[INTERFACES_TEXT], const char *argument)
{
    do {
        size_t used = strlen(names), length = strcspn(argument, ",");

        if (is_among(names, argument, length))
            return usage_error("-i: %.*s is named twice", (int)length, argument);
        if (count_names(names) == CAPTURE_INTERFACES || used + length + 2 > INTERFACES_TEXT)
            return usage_error("-i: more than %u interfaces, or their names are too long",
                               CAPTURE_INTERFACES);
        sprintf(names + used, "%s%.*s", used > 0 ? "," : "", (int)length, argument);
        argument += length + (argument[length] == ',');
    } while (*argument);
    if (is_among(names, "any", 3) && strcmp(names, "any") != 0)
        return usage_error("-i any means all interfaces; no other can be given with it");
    return EX_OK;
}

/* Prints a name, and after a tab what is known about it. */
static void print_interface(void *context, const struct capture_interface *interface)
{
    const char *state = !interface->up ? "down" : !interface->connected ? "not connected" : NULL;
    const char *separator = "\t";

    (void)context;
    fputs(interface->name, stdout);
    if (interface->description) {
        printf("%s%s", separator, interface->description);
        separator = "; ";
    }
    if (state)
        printf("%s%s", separator, state);
    putchar('\n');
}

int list_interfaces(void)
{
    char problem[256];

    if (capture_list(print_interface, NULL, problem, sizeof problem) == RESULT_OK)
        return close_output(EX_OK);
    complain(NULL, "cannot list the interfaces: %s", problem);
    return EX_OSERR;
}

/* A list of names, as far as there is space. */
struct names {
    char text[256];
    size_t length;
};

static void add_name(void *context, const struct capture_interface *interface)
{
    struct names *names = context;
    size_t left = sizeof names->text - names->length;
    int length = snprintf(names->text + names->length, left, "%s%s", names->length ? ", " : "",
                          interface->name);

    if (length > 0 && (size_t)length < left)
        names->length += (size_t)length;
    names->text[names->length] = '\0';
}

void interface_missing(const char *name, const char *problem)
{
    struct names names = {.length = 0};
    char unused[256];

    if (capture_list(add_name, &names, unused, sizeof unused) == RESULT_OK && names.length > 0)
        complain(name, "%s; there are: %s (-D lists details)", problem, names.text);
    else
        complain(name, "%s", problem);
}
