/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure [-n RUNS] [-r FILE] LABEL=COMMAND...: wall time, CPU time and peak memory of shell
 * commands.
 *
 * The commands take turns (A B C A B C ...), so a machine that slows down or warms up does it to
 * all of them, and the last column compares runs of one round only: the median, over the rounds, of
 * a command's wall time as a multiple of the first command's. One round before is not counted.
 *
 * A COMMAND is what may follow `exec` in a shell: one program, its arguments and redirections. Peak
 * memory is the kernel's figure for the largest process of it, and cannot be less than this one's.
 *
 * FILE is removed before each run of a command that names it, outside the measured time: to
 * truncate what the last command wrote takes long.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

struct command {
    const char *label;
    char *line;                 /* for sh -c */
    double *wall, *cpu, *ratio; /* seconds; a value for each counted round */
    long peak;                  /* KiB, the most of all rounds */
    bool failed;                /* and is not run again */
    int status;                 /* of the failed run, as from wait() */
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: measure [-n RUNS] [-r FILE] LABEL=COMMAND...\n");
    exit(EX_USAGE);
}

static void *allocate(size_t count, size_t size)
{
    void *p = calloc(count, size);

    if (!p)
        die("memory");
    return p;
}

static double now(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        die("clock");
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec * 1e-6;
}

static void run(struct command *c, const char *removed, double *wall, double *cpu)
{
    struct rusage spent;
    double start;
    pid_t pid;

    if (removed && strstr(c->line, removed))
        unlink(removed);
    start = now();
    pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", c->line, (char *)NULL);
        _exit(127);
    }
    while (wait4(pid, &c->status, 0, &spent) < 0)
        if (errno != EINTR)
            die("wait");
    *wall = now() - start;
    *cpu = seconds(&spent.ru_utime) + seconds(&spent.ru_stime);
    if (spent.ru_maxrss > c->peak)
        c->peak = spent.ru_maxrss;
    c->failed = c->status != 0;
}

/* The figures of the warm-up round are overwritten by the first counted one. */
static void run_round(struct command *commands, size_t count, const char *removed, size_t round)
{
    for (size_t i = 0; i < count; i++) {
        struct command *c = &commands[i];

        if (c->failed)
            continue;
        run(c, removed, &c->wall[round], &c->cpu[round]);
        c->ratio[round] = c->wall[round] / commands[0].wall[round];
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double sort_for_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static void print_failure(const struct command *c, int width)
{
    if (WIFEXITED(c->status))
        printf("%-*s  failed: exit status %d\n", width, c->label, WEXITSTATUS(c->status));
    else
        printf("%-*s  failed: signal %d\n", width, c->label, WTERMSIG(c->status));
}

static void print_command(struct command *c, int width, size_t runs, bool compared)
{
    double wall = sort_for_median(c->wall, runs), cpu = sort_for_median(c->cpu, runs);
    char range[48];

    snprintf(range, sizeof range, "(%.3f-%.3f)", c->wall[0], c->wall[runs - 1]);
    printf("%-*s  %8.3f %-17s  %8.3f  %8.1f", width, c->label, wall, range, cpu,
           (double)c->peak / 1024);
    if (compared)
        printf("  %7.2f\n", sort_for_median(c->ratio, runs));
    else
        printf("  %7s\n", "-");
}

/* Returns true if all commands succeeded. */
static bool print_table(struct command *commands, size_t count, size_t runs)
{
    int width = (int)strlen("command");
    bool good = true;

    for (size_t i = 0; i < count; i++)
        if ((int)strlen(commands[i].label) > width)
            width = (int)strlen(commands[i].label);
    printf("%-*s  %8s %-17s  %8s  %8s  %7s\n", width, "command", "wall s", "(min-max)", "cpu s",
           "peak MiB", "x first");
    for (size_t i = 0; i < count; i++) {
        if (commands[i].failed)
            print_failure(&commands[i], width);
        else
            print_command(&commands[i], width, runs, !commands[0].failed);
        good = good && !commands[i].failed;
    }
    return good;
}

static void command_init(struct command *c, char *argument, size_t runs)
{
    static const char prefix[] = "exec ";
    char *equals = strchr(argument, '=');

    if (!equals)
        usage();
    *equals = '\0';
    c->label = argument;
    c->line = allocate(sizeof prefix + strlen(equals + 1), 1);
    strcat(strcpy(c->line, prefix), equals + 1);
    c->wall = allocate(runs, sizeof *c->wall);
    c->cpu = allocate(runs, sizeof *c->cpu);
    c->ratio = allocate(runs, sizeof *c->ratio);
}

static void command_destroy(struct command *c)
{
    free(c->line);
    free(c->wall);
    free(c->cpu);
    free(c->ratio);
}

int main(int argc, char **argv)
{
    long runs = 5;
    const char *removed = NULL;
    size_t count;
    struct command *commands;
    bool good;

    for (int option; (option = getopt(argc, argv, "+n:r:")) != -1;) {
        if (option == 'r')
            removed = optarg;
        else
            runs = option == 'n' ? strtol(optarg, NULL, 10) : 0;
        if (runs < 1 || runs > 1000)
            usage();
    }
    if (optind == argc)
        usage();
    count = (size_t)(argc - optind);
    commands = allocate(count, sizeof *commands);
    for (size_t i = 0; i < count; i++)
        command_init(&commands[i], argv[optind + (int)i], (size_t)runs);
    run_round(commands, count, removed, 0);
    for (size_t round = 0; round < (size_t)runs; round++)
        run_round(commands, count, removed, round);
    good = print_table(commands, count, (size_t)runs);
    for (size_t i = 0; i < count; i++)
        command_destroy(&commands[i]);
    free(commands);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
