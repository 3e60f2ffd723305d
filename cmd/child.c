/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Gives the command its descriptors and no others. Returns 0 or an errno. */
static int set_descriptors(posix_spawn_file_actions_t *actions, int in, int out)
{
    int error = posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO);

    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return error;
}

/* Resets signals: the tool ignores one and may block others. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, ignored;
    int error;

    sigemptyset(&none);
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE);
    error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &ignored);
    if (error == 0)
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    return error;
}

static int spawn(struct child *child, const char *command, int in, int out)
{
    const char *arguments[] = {"sh", "-c", command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);

    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = set_descriptors(&actions, in, out);
        if (error == 0)
            error = set_attributes(&attributes);
        if (error == 0)
            error = posix_spawn(&child->pid, "/bin/sh", &actions, &attributes,
                                (char *const *)(void *)arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

enum result child_start(struct child *child, const char *command, int in, int out)
{
    int error = spawn(child, command, in, out);

    if (error == 0) {
        child->fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
        if (child->fd >= 0)
            return RESULT_OK;
        error = errno;
        child_kill(child);
        child_end(child);
    }
    errno = error;
    return RESULT_SYSTEM;
}

void child_kill(struct child *child)
{
    kill(-child->pid, SIGKILL);
}

int child_end(struct child *child)
{
    siginfo_t info;
    int status = 255 << 8; /* as if it had exited with 255, if its status is unknown */

    /* Until the process is reaped, no other can have its number. */
    while (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    kill(-child->pid, SIGKILL);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (child->fd >= 0)
        close(child->fd);
    return status;
}
