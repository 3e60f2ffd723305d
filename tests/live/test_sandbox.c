/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox: what a capture loop does still works, and everything else ends the process with
 * SIGSYS.
 */
#include "live/sandbox.h"

#include "../tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Sanitizers need more, so the sandbox only logs under them. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { KILLS = 0 };
#else
enum { KILLS = 1 };
#endif

/* Sockets opened before; the second must not be written to. */
static int fd, mute;

static void do_nothing(void)
{
}

static void do_write(void)
{
    if (write(fd, "", 1) != 1)
        _exit(2);
}

static void do_write_mute(void)
{
    if (write(mute, "", 1) != 1)
        _exit(2);
}

/* The kernel takes an unsigned int. */
static void do_write_mute_with_more(void)
{
    (void)syscall(SYS_write, (unsigned long)((UINT64_C(1) << 32) + (unsigned)mute), "", 1UL);
}

static void do_look(void)
{
    if (fcntl(fd, F_GETFL) < 0)
        _exit(2);
}

static void do_copy(void)
{
    (void)fcntl(mute, F_DUPFD, 0);
}

static void do_dup(void)
{
    if (dup(mute) < 0)
        _exit(2);
}

/* Refused for a socket of another family, but not by the sandbox. */
static void do_join(void)
{
    struct packet_mreq request = {.mr_type = PACKET_MR_PROMISC};

    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request) == 0)
        _exit(2);
}

static void do_open(void)
{
    if (openat(AT_FDCWD, "/dev/null", O_RDONLY) < 0)
        _exit(2);
}

static void do_rename(void)
{
    if (rename("/nothing/of/the", "/kind") == 0)
        _exit(2);
}

static void do_rename_new(void)
{
    if (renameat2(AT_FDCWD, "/nothing/of/the", AT_FDCWD, "/kind", RENAME_NOREPLACE) == 0)
        _exit(2);
}

static void do_exchange(void)
{
    (void)renameat2(AT_FDCWD, "/nothing/of/the", AT_FDCWD, "/kind", RENAME_EXCHANGE);
}

static void do_list(void)
{
    DIR *folder = fdopendir(openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY));

    if (!folder || !readdir(folder))
        _exit(2);
}

static void do_inherit(void)
{
    (void)fcntl(mute, F_SETFD, 0);
}

static void do_chmod(void)
{
    (void)chmod("/nothing/of/the/kind", 0777);
}

/* There is no such program: one that ran would soon do something else forbidden. */
static void do_execve(void)
{
    char *arguments[] = {(char[]){"nothing"}, NULL}, *none[] = {NULL};

    (void)execve("/nothing/of/the/kind", arguments, none);
}

/* Calls by number: the library's function may make other calls before. */
static void do_fork(void)
{
    (void)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void do_clone3(void)
{
    (void)syscall(SYS_clone3, NULL, 0);
}

static void do_ptrace(void)
{
    (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void do_socket(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}

static void do_connect(void)
{
    struct sockaddr address = {.sa_family = AF_UNSPEC};

    (void)connect(fd, &address, sizeof address);
}

static void do_send(void)
{
    (void)sendto(fd, "", 1, 0, NULL, 0);
}

#ifndef __NR_socketcall /* otherwise no filter sees what is set */
static struct sock_filter all[] = {{BPF_RET | BPF_K, 0, 0, 65535}};
static const struct sock_fprog program = {1, all};
static const int on = 1;

static void do_attach(void)
{
    (void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static void do_detach(void)
{
    (void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &on, sizeof on);
}

static void do_unlock(void)
{
    int off = 0;

    (void)setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &off, sizeof off);
}

static void do_version(void)
{
    (void)setsockopt(fd, SOL_PACKET, PACKET_VERSION, &on, sizeof on);
}
#endif

static void do_kill(void)
{
    (void)kill(getpid(), 0);
}

static void do_unshare(void)
{
    (void)unshare(CLONE_NEWUSER);
}

static void do_mount(void)
{
    (void)syscall(SYS_mount, "none", "/", "none", 0, NULL);
}

static void do_prctl(void)
{
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* A thread that existed before, and acts when told to. */
struct helper {
    pthread_barrier_t barrier;
    void (*act)(void);
};

static void *help(void *context)
{
    struct helper *helper = context;

    pthread_barrier_wait(&helper->barrier);
    helper->act();
    _exit(0);
}

static void enter_and_act(unsigned files, bool thread, void (*act)(void))
{
    struct rlimit none = {0, 0}; /* no core dumps of what is to die */
    char problem[SANDBOX_PROBLEM];
    struct helper helper = {.act = act};
    pthread_t other;

    setrlimit(RLIMIT_CORE, &none);
    if (thread && (pthread_barrier_init(&helper.barrier, NULL, 2) != 0 ||
                   pthread_create(&other, NULL, help, &helper) != 0))
        _exit(3);
    if (sandbox_enter(files, mute, problem) != RESULT_OK)
        _exit(4);
    if (thread) {
        pthread_barrier_wait(&helper.barrier);
        for (;;)
            (void)poll(NULL, 0, -1); /* which is allowed */
    }
    act();
    _exit(0);
}

/* The signal that ends a process doing this, or minus its exit status. */
static int end_of(unsigned files, bool thread, void (*act)(void))
{
    pid_t pid = fork();
    int status;

    need(pid >= 0, "a process");
    if (pid == 0)
        enter_and_act(files, thread, act);
    need(waitpid(pid, &status, 0) == pid, "its end");
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void test_allowed(void)
{
    is_int(end_of(0, false, do_nothing), 0, "nothing");
    is_int(end_of(0, false, do_write), 0, "to write to what is open");
    is_int(end_of(0, false, do_join), 0, "to make an interface promiscuous");
    is_int(end_of(SANDBOX_FILES, false, do_open), 0, "with files: to open one");
    is_int(end_of(SANDBOX_FILES, false, do_look), 0, "with files: to look at a descriptor");
    is_int(end_of(SANDBOX_FILES, false, do_rename), 0, "with files: to rename one");
    is_int(end_of(SANDBOX_WINDOWS, false, do_open), 0, "with windows: to open one");
    is_int(end_of(SANDBOX_WINDOWS, false, do_list), 0, "with windows: to list a folder");
    is_int(end_of(SANDBOX_WINDOWS, false, do_rename_new), 0,
           "with windows: to rename what replaces nothing");
    is_int(end_of(SANDBOX_FILES | SANDBOX_WINDOWS, false, do_rename), 0, "with both: either");
    is_int(end_of(SANDBOX_FILES | SANDBOX_WINDOWS, false, do_list), 0, "with both: either");
}

static void test_forbidden(void)
{
    static const struct {
        const char *title;
        void (*act)(void);
    } acts[] = {
        {"to write to the mute descriptor", do_write_mute},
        {"to do so with a number that is cut", do_write_mute_with_more},
        {"to copy it", do_copy},
        {"to copy it otherwise", do_dup},
        {"to let programs have it", do_inherit},
        {"to exchange files", do_exchange},
        {"to execute a program", do_execve},
        {"to fork", do_fork},
        {"to make a thread", do_clone3},
        {"to trace", do_ptrace},
        {"to make a socket", do_socket},
        {"to connect", do_connect},
        {"to send", do_send},
#ifndef __NR_socketcall
        {"to attach a filter", do_attach},
        {"to detach it", do_detach},
        {"to unlock it", do_unlock},
        {"to set another option of packet sockets", do_version},
#endif
        {"to send a signal", do_kill},
        {"to make a namespace", do_unshare},
        {"to mount", do_mount},
        {"to change what the process is", do_prctl},
    };

    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        is_int(end_of(0, false, acts[i].act), SIGSYS, "forbidden: %s", acts[i].title);
        is_int(end_of(SANDBOX_FILES | SANDBOX_WINDOWS, false, acts[i].act), SIGSYS,
               "with files and windows, forbidden: %s", acts[i].title);
    }
    is_int(end_of(SANDBOX_WINDOWS, false, do_rename), SIGSYS,
           "with windows, forbidden: to replace a file");
    is_int(end_of(SANDBOX_WINDOWS, false, do_chmod), SIGSYS,
           "with windows, forbidden: to change who reads it");
    is_int(end_of(SANDBOX_FILES, false, do_list), SIGSYS,
           "with files, forbidden: to list a folder");
    is_int(end_of(0, false, do_open), SIGSYS, "forbidden: to open a file");
    is_int(end_of(0, true, do_open), SIGSYS, "forbidden to a thread that was there before");
}

int main(void)
{
    int pair[2];

    need(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0, "a socket");
    fd = pair[0];
    mute = pair[1];
    need(sandbox_drop("root", (char[SANDBOX_PROBLEM]){""}) == RESULT_OK, "no new rights");
    test_allowed();
    if (KILLS)
        test_forbidden();
    else
        ok(true, "forbidden calls # SKIP sanitizers need more");
    return done();
}
