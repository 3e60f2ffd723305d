/* SPDX-License-Identifier: Apache-2.0 */
#include "live/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static enum result failed(char problem[SANDBOX_PROBLEM], const char *what)
{
    snprintf(problem, SANDBOX_PROBLEM, "%s: %s", what, strerror(errno));
    return RESULT_SYSTEM;
}

static enum result become(const char *user, char problem[SANDBOX_PROBLEM])
{
    const struct passwd *passwd;

    errno = 0;
    passwd = getpwnam(user);
    if (!passwd && (errno == ENOMEM || errno == EIO || errno == EMFILE || errno == ENFILE))
        return failed(problem, "cannot look the user up");
    if (!passwd) {
        snprintf(problem, SANDBOX_PROBLEM, "there is no user %s", user);
        return RESULT_INVALID;
    }
    if (passwd->pw_uid == geteuid()) /* root is to remain root, without capabilities */
        return RESULT_OK;
    if (setgroups(0, NULL) < 0 || setresgid(passwd->pw_gid, passwd->pw_gid, passwd->pw_gid) < 0 ||
        setresuid(passwd->pw_uid, passwd->pw_uid, passwd->pw_uid) < 0)
        return failed(problem, "cannot become another user");
    return RESULT_OK;
}

enum result sandbox_drop(const char *user, char problem[SANDBOX_PROBLEM])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    enum result result = geteuid() == 0 ? become(user, problem) : RESULT_OK;

    if (result != RESULT_OK)
        return result;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return failed(problem, "cannot set no_new_privs");
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &header, none) < 0)
        return failed(problem, "cannot drop capabilities");
    return RESULT_OK;
}

/* Sanitizers inspect the process, and trace it at the end. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define DEFAULT_ACTION SCMP_ACT_LOG
#else
#define DEFAULT_ACTION SCMP_ACT_KILL_PROCESS
#endif

/*
 * Reading, writing, waiting, memory, threads and their end; sockets that are open. Calls that
 * 64-bit machines do not have are the 32-bit equivalents.
 */
static const int loop_calls[] = {
    SCMP_SYS(_llseek),
    SCMP_SYS(bind),
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(close),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fstat),
    SCMP_SYS(fstat64),
    SCMP_SYS(fstatat64),
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(getpid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),
    SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),
    SCMP_SYS(gettid),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(mmap),
    SCMP_SYS(mmap2),
    SCMP_SYS(mprotect),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(newfstatat),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(ppoll_time64),
    SCMP_SYS(pread64),
    SCMP_SYS(read),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_yield),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(sigreturn),
    SCMP_SYS(statx),
    SCMP_SYS(sysinfo),
    SCMP_SYS(tgkill),
};

static const int file_calls[] = {
    SCMP_SYS(chmod),    SCMP_SYS(fchmod),     SCMP_SYS(fchmodat), SCMP_SYS(fchown),
    SCMP_SYS(fchown32), SCMP_SYS(flock),      SCMP_SYS(fsync),    SCMP_SYS(getcwd),
    SCMP_SYS(lstat),    SCMP_SYS(lstat64),    SCMP_SYS(open),     SCMP_SYS(openat),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(rename),   SCMP_SYS(renameat),
    SCMP_SYS(stat),     SCMP_SYS(stat64),     SCMP_SYS(unlink),   SCMP_SYS(unlinkat),
};

static const int windows_calls[] = {
    SCMP_SYS(flock),       SCMP_SYS(fsync),      SCMP_SYS(ftruncate),
    SCMP_SYS(ftruncate64), SCMP_SYS(getdents64), SCMP_SYS(linkat),
    SCMP_SYS(open),        SCMP_SYS(openat),     SCMP_SYS(unlinkat),
};

/* Interface queries. */
static const unsigned long ioctls[] = {SIOCGIFINDEX, SIOCGIFFLAGS, SIOCGIFNAME};

/*
 * For packet sockets: making an interface promiscuous again, and releasing the ring at the end.
 * Nothing that could change what the kernel's filter passes.
 */
static const int packet_options[] = {PACKET_ADD_MEMBERSHIP, PACKET_RX_RING};

static int allow(scmp_filter_ctx filter, const int *calls, size_t count)
{
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    return status;
}

static int allow_ioctls(scmp_filter_ctx filter)
{
    int status = 0;

    for (size_t i = 0; i < sizeof ioctls / sizeof *ioctls && status == 0; i++)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                  SCMP_A1(SCMP_CMP_EQ, ioctls[i]));
    return status;
}

/*
 * Allows writing to all descriptors but one: the others differ from it in one of the lower bits.
 * (Comparing for inequality is not enough: the kernel ignores the upper half of this argument.)
 */
static int allow_writing(scmp_filter_ctx filter, int mute)
{
    enum { BITS = 10 }; /* covers descriptors below 1024; there are no others */
    int status = 0;

    for (unsigned i = 0; i < BITS && status == 0; i++)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, (scmp_datum_t)1 << i,
                                          (scmp_datum_t)~mute & (scmp_datum_t)1 << i));
    return status;
}

/* Allows querying a descriptor, but not duplicating it. */
static int allow_flags(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp get = SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, F_GETFL);
    int status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, get);

    return status == 0 ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl64), 1, get)
                       : status;
}

/*
 * The kernel uses only the lower halves of these arguments. Where libraries use socketcall, they
 * are in memory and invisible to filters.
 */
static int allow_packet_options(scmp_filter_ctx filter)
{
    int status = 0;

#ifdef __NR_socketcall
    status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 0);
#endif
    for (size_t i = 0; i < sizeof packet_options / sizeof *packet_options && status == 0; i++)
        status = seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
            SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)SOL_PACKET),
            SCMP_A2(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)packet_options[i]));
    return status;
}

/*
 * Allows reading a directory, for which the library has a name that programs do not get; no more
 * than that.
 */
static int allow_folders(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp set = SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, F_SETFD);
    const struct scmp_arg_cmp flag = SCMP_A2(SCMP_CMP_MASKED_EQ, UINT32_MAX, FD_CLOEXEC);
    int status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 2, set, flag);

    return status == 0 ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl64), 2, set, flag)
                       : status;
}

/* Allows renaming, but only without replacing another file. */
static int allow_new_names(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(renameat2), 1,
                            SCMP_A4(SCMP_CMP_MASKED_EQ, UINT32_MAX, RENAME_NOREPLACE));
}

static int allow_files(scmp_filter_ctx filter, unsigned files)
{
    int status = files != 0 ? allow_flags(filter) : 0;

    if (status == 0 && files & SANDBOX_FILES)
        status = allow(filter, file_calls, sizeof file_calls / sizeof *file_calls);
    if (status == 0 && files & SANDBOX_WINDOWS)
        status = allow(filter, windows_calls, sizeof windows_calls / sizeof *windows_calls);
    if (status == 0 && files & SANDBOX_WINDOWS)
        status = allow_folders(filter);
    return status == 0 && files & SANDBOX_WINDOWS ? allow_new_names(filter) : status;
}

enum result sandbox_enter(unsigned files, int mute, char problem[SANDBOX_PROBLEM])
{
    scmp_filter_ctx filter = seccomp_init(DEFAULT_ACTION);
    int status;

    if (!filter)
        return RESULT_NO_MEMORY;
    status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (status == 0)
        status = allow(filter, loop_calls, sizeof loop_calls / sizeof *loop_calls);
    if (status == 0)
        status = allow_ioctls(filter);
    if (status == 0)
        status = allow_packet_options(filter);
    if (status == 0)
        status = allow_writing(filter, mute);
    if (status == 0)
        status = allow_files(filter, files);
    if (status == 0)
        status = seccomp_load(filter);
    seccomp_release(filter);
    if (status == 0)
        return RESULT_OK;
    errno = -status;
    return failed(problem, "cannot enter the sandbox");
}

void sandbox_libseccomp(char text[LIBRARY_TEXT])
{
    const struct scmp_version *version = seccomp_version();

    snprintf(text, LIBRARY_TEXT, "libseccomp %u.%u.%u", version->major, version->minor,
             version->micro);
}
