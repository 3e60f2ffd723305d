#include "interfaces.h"

#include "capture.h"
#include "common.h"

#include <stdio.h>

/* A name, and behind a tab what is to be said of it. */
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

/* Names in a row, as far as there is room. */
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

void interface_missing(const char *name)
{
    struct names names = {.length = 0};
    char problem[256];

    if (capture_list(add_name, &names, problem, sizeof problem) == RESULT_OK && names.length > 0)
        complain(name, "there is no such interface; there are: %s (-D tells more)", names.text);
    else
        complain(name, "there is no such interface");
}
