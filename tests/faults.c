/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one call of a tool fail, once: preloaded by tests/faults.py, which sets in the environment
 *
 *   FAULT_COUNTS   a file of COUNTS_MAX struct count, one for each of calls[], in which they are
 *                  counted, and a struct trace: in which order those of files came
 *   FAULT_CALL     the one that is to fail, by name; without it none does
 *   FAULT_AT       which of them, from 1
 *   FAULT_ERRNO    why
 *
 * Calls count that the tool makes itself, or one of calling[] for it. Other libraries do not stand
 * that: without memory libpcap's parser of filters ends the process, libseccomp never comes back,
 * glibc's look-up of users aborts. Of these, and of libcurl, the calls that the tool makes fail.
 *
 * Once main runs nothing is called here that a sandbox could forbid.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The libraries whose calls count, besides the tool. */
static const char *const calling[] = {"libz.so", "libzstd.so"};

/*
 * Name and failure value: integers and pointers are returned in the same registers, which also hold
 * all arguments of these calls.
 */
#define CALLS(CALL)                                                                                \
    CALL(aligned_alloc, 0)                                                                         \
    CALL(bind, -1)                                                                                 \
    CALL(close, -1)                                                                                \
    CALL(connect, -1)                                                                              \
    CALL(eventfd, -1)                                                                              \
    CALL(faccessat, -1)                                                                            \
    CALL(fchmod, -1)                                                                               \
    CALL(fchown, -1)                                                                               \
    CALL(fclose, -1)                                                                               \
    CALL(fcntl, -1)                                                                                \
    CALL(fdopen, 0)                                                                                \
    CALL(fdopendir, 0)                                                                             \
    CALL(fflush, -1)                                                                               \
    CALL(flock, -1)                                                                                \
    CALL(fopen, 0)                                                                                 \
    CALL(fread, 0)                                                                                 \
    CALL(fstat, -1)                                                                                \
    CALL(fstatat, -1)                                                                              \
    CALL(fsync, -1)                                                                                \
    CALL(ftruncate, -1)                                                                            \
    CALL(getc, -1)                                                                                 \
    CALL(getdelim, -1)                                                                             \
    CALL(__getdelim, -1)                                                                           \
    CALL(getpwnam, 0)                                                                              \
    CALL(getrandom, -1)                                                                            \
    CALL(getsockopt, -1)                                                                           \
    CALL(ioctl, -1)                                                                                \
    CALL(linkat, -1)                                                                               \
    CALL(lseek, -1)                                                                                \
    CALL(madvise, -1)                                                                              \
    CALL(memfd_create, -1)                                                                         \
    CALL(mkdir, -1)                                                                                \
    CALL(mkdirat, -1)                                                                              \
    CALL(mkostemp, -1)                                                                             \
    CALL(mmap, -1)                                                                                 \
    CALL(open, -1)                                                                                 \
    CALL(openat, -1)                                                                               \
    CALL(poll, -1)                                                                                 \
    CALL(prctl, -1)                                                                                \
    CALL(posix_spawn, ENOMEM)                                                                      \
    CALL(pread, -1)                                                                                \
    CALL(pwrite, -1)                                                                               \
    CALL(read, -1)                                                                                 \
    CALL(readdir, 0)                                                                               \
    CALL(realpath, 0)                                                                              \
    CALL(recvfrom, -1)                                                                             \
    CALL(rename, -1)                                                                               \
    CALL(renameat, -1)                                                                             \
    CALL(renameat2, -1)                                                                            \
    CALL(seccomp_attr_set, -ENOMEM)                                                                \
    CALL(seccomp_init, 0)                                                                          \
    CALL(seccomp_load, -ENOMEM)                                                                    \
    CALL(seccomp_rule_add, -ENOMEM)                                                                \
    CALL(setgroups, -1)                                                                            \
    CALL(setresgid, -1)                                                                            \
    CALL(setresuid, -1)                                                                            \
    CALL(setsockopt, -1)                                                                           \
    CALL(signalfd, -1)                                                                             \
    CALL(sigprocmask, -1)                                                                          \
    CALL(socket, -1)                                                                               \
    CALL(strdup, 0)                                                                                \
    CALL(stat, -1)                                                                                 \
    CALL(syscall, -1)                                                                              \
    CALL(unlink, -1)                                                                               \
    CALL(unlinkat, -1)                                                                             \
    CALL(waitid, -1)                                                                               \
    CALL(waitpid, -1)                                                                              \
    CALL(write, -1)                                                                                \
    CALL(pthread_create, ENOMEM)                                                                   \
    CALL(curl_easy_init, 0)                                                                        \
    CALL(curl_easy_setopt, 27) /* CURLE_OUT_OF_MEMORY */                                           \
    CALL(curl_global_init, 27)                                                                     \
    CALL(curl_mime_addpart, 0)                                                                     \
    CALL(curl_mime_data, 27)                                                                       \
    CALL(curl_mime_data_cb, 27)                                                                    \
    CALL(curl_mime_filename, 27)                                                                   \
    CALL(curl_mime_init, 0)                                                                        \
    CALL(curl_mime_name, 27)                                                                       \
    CALL(curl_mime_type, 27)                                                                       \
    CALL(curl_multi_add_handle, 3) /* CURLM_OUT_OF_MEMORY */                                       \
    CALL(curl_multi_init, 0)                                                                       \
    CALL(curl_multi_perform, 3)                                                                    \
    CALL(curl_slist_append, 0)                                                                     \
    CALL(curl_url, 0)                                                                              \
    CALL(curl_url_get, 7) /* CURLUE_OUT_OF_MEMORY */                                               \
    CALL(curl_url_set, 7)                                                                          \
    CALL(pcap_activate, -1)                                                                        \
    CALL(pcap_create, 0)                                                                           \
    CALL(pcap_dispatch, -1)                                                                        \
    CALL(pcap_open_dead, 0)                                                                        \
    CALL(pcap_set_buffer_size, -1)                                                                 \
    CALL(pcap_setnonblock, -1)

#define CALL_ENUM(name, failed) CALL_##name,
#define CALL_NAME(name, failed) #name,

enum call { CALL_malloc, CALL_calloc, CALL_realloc, CALLS(CALL_ENUM) CALL_COUNT };

static const char *const calls[] = {"malloc", "calloc", "realloc", CALLS(CALL_NAME)};

/* For the driver: the number of calls, and where in its file the failed one was made. */
struct count {
    char name[24];
    uint32_t calls, failed_at;
};

#define COUNTS_MAX 128
#define TRACED_MAX 1024

/* For the driver, after the counts. */
struct trace {
    uint32_t count;
    struct {
        uint32_t call; /* its index in the counts */
        int32_t fd;
    } calls[TRACED_MAX];
};

#define RANGES_MAX 16

static struct {
    uintptr_t start, end;
} ranges[RANGES_MAX];

static struct count *counts;
static struct trace *trace;
static uintptr_t tool_base;
static enum call faulty = CALL_COUNT;
static uint32_t fault_at;
static int fault_errno;

static bool is_calling(const char *path)
{
    if (path[0] == '\0')
        return true; /* the tool */
    for (size_t i = 0; i < sizeof calling / sizeof *calling; i++)
        if (strstr(path, calling[i]))
            return true;
    return false;
}

static int add_range(struct dl_phdr_info *info, size_t size, void *context)
{
    size_t *count = context;

    (void)size;
    if (!is_calling(info->dlpi_name))
        return 0;
    if (info->dlpi_name[0] == '\0')
        tool_base = info->dlpi_addr;
    for (unsigned i = 0; i < info->dlpi_phnum && *count < RANGES_MAX; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];

        if (header->p_type == PT_LOAD && header->p_flags & PF_X) {
            ranges[*count].start = info->dlpi_addr + header->p_vaddr;
            ranges[(*count)++].end = info->dlpi_addr + header->p_vaddr + header->p_memsz;
        }
    }
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAULT_COUNTS"), *name = getenv("FAULT_CALL");
    size_t range_count = 0;
    struct count *map;
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    _Static_assert((int)CALL_COUNT <= COUNTS_MAX, "there are more");
    map = mmap(NULL, COUNTS_MAX * sizeof *map + sizeof *trace, PROT_READ | PROT_WRITE, MAP_SHARED,
               fd, 0);
    close(fd);
    unsetenv("FAULT_COUNTS"); /* not for programs that the tool starts */
    if (map == MAP_FAILED)
        return;
    for (int i = 0; i < CALL_COUNT; i++) {
        snprintf(map[i].name, sizeof map[i].name, "%s", calls[i]);
        if (name && strcmp(name, calls[i]) == 0)
            faulty = (enum call)i;
    }
    if (faulty != CALL_COUNT) {
        fault_at = (uint32_t)strtoul(getenv("FAULT_AT"), NULL, 10);
        fault_errno = (int)strtol(getenv("FAULT_ERRNO"), NULL, 10);
    }
    dl_iterate_phdr(add_range, &range_count);
    trace = (struct trace *)(map + COUNTS_MAX);
    counts = map; /* from now on calls count */
}

/* Calls that make a file durable, or whose order with those matters; by any caller. */
static bool is_traced(enum call call)
{
    switch (call) {
    case CALL_connect:
    case CALL_fflush:
    case CALL_fsync:
    case CALL_linkat:
    case CALL_pwrite:
    case CALL_rename:
    case CALL_renameat:
    case CALL_renameat2:
    case CALL_unlinkat:
    case CALL_write:
        return true;
    default:
        return false;
    }
}

static void trace_call(enum call call, int fd)
{
    uint32_t place;

    if (!counts || !is_traced(call))
        return;
    place = __atomic_fetch_add(&trace->count, 1, __ATOMIC_RELAXED);
    if (place < TRACED_MAX) {
        trace->calls[place].call = call;
        trace->calls[place].fd = fd;
    }
}

/* Counts a call. True if it is to fail. */
static bool fails(enum call call, const void *caller)
{
    uintptr_t from = (uintptr_t)caller;
    size_t i = 0;

    if (!counts)
        return false;
    while (i < RANGES_MAX && (from < ranges[i].start || from >= ranges[i].end))
        i++;
    if (i == RANGES_MAX ||
        __atomic_add_fetch(&counts[call].calls, 1, __ATOMIC_RELAXED) != fault_at || call != faulty)
        return false;
    counts[call].failed_at = (uint32_t)(from - tool_base);
    errno = fault_errno;
    return true;
}

/* These are called before symbols can be looked up. */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    return fails(CALL_malloc, __builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(CALL_calloc, __builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails(CALL_realloc, __builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

typedef intptr_t call_fn(intptr_t, intptr_t, intptr_t, intptr_t, intptr_t, intptr_t);

/*
 * What a failure does besides setting errno: a closed descriptor is closed, and a stream has its
 * error flag.
 */
static void leave(enum call call, call_fn *real, const intptr_t *arguments)
{
    int error = errno;

    if (call == CALL_close || call == CALL_fclose)
        real(arguments[0], 0, 0, 0, 0, 0);
    else if (call == CALL_getc)
        ((FILE *)arguments[0])->_flags |= 0x20; /* glibc's _IO_ERR_SEEN */
    else if (((call == CALL_getdelim || call == CALL___getdelim) && error != ENOMEM) ||
             call == CALL_fread)
        ((FILE *)arguments[3])->_flags |= 0x20;
    else if (call == CALL_pcap_create || call == CALL_pcap_setnonblock)
        strcpy((char *)arguments[call == CALL_pcap_create ? 1 : 2], "it failed");
    errno = error;
}

/* An event can always be signalled, and waiting cannot fail. */
static bool cannot_fail(enum call call, intptr_t second, intptr_t third)
{
    return (call == CALL_write && third == sizeof(uint64_t)) || (call == CALL_poll && second == 0);
}

#define CALL_WRAP(name, failed)                                                                    \
    intptr_t wrap_##name(intptr_t, intptr_t, intptr_t, intptr_t, intptr_t,                         \
                         intptr_t) __asm__(#name);                                                 \
    intptr_t wrap_##name(intptr_t a, intptr_t b, intptr_t c, intptr_t d, intptr_t e, intptr_t f)   \
    {                                                                                              \
        static call_fn *real;                                                                      \
                                                                                                   \
        if (!real)                                                                                 \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                             \
        trace_call(CALL_##name, (int)a);                                                           \
        if (cannot_fail(CALL_##name, b, c) || !fails(CALL_##name, __builtin_return_address(0)))    \
            return real(a, b, c, d, e, f);                                                         \
        leave(CALL_##name, real, (intptr_t[]){a, b, c, d});                                        \
        return failed;                                                                             \
    }

CALLS(CALL_WRAP)
