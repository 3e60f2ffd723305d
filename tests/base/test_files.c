/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole lines of a file that was not finished, names that nothing has yet, and writing all of what
 * is given.
 */
#include "base/files.h"

#include "../calls.h"
#include "../folder.h"

#include <signal.h>

/* As much as is read at once. */
#define PIECE (32 * 1024)

static off_t whole_lines(const char *bytes, size_t length)
{
    int fd;
    off_t whole;

    put_file(path_of("lines"), bytes, length);
    fd = open(path_of("lines"), O_RDONLY);
    need(fd >= 0, "open");
    whole = files_whole_lines(fd);
    close(fd);
    return whole;
}

static void test_lines(void)
{
    static const struct {
        const char *what, *bytes;
        size_t length;
        off_t whole;
    } cases[] = {
        {"nothing", "", 0, 0},
        {"half a line", "abc", 3, 0},
        {"a line", "abc\n", 4, 4},
        {"a line and a half", "abc\nde", 6, 4},
        {"two lines", "abc\nde\n", 7, 7},
        {"an empty line", "\n", 1, 1},
        {"a hole behind a line", "abc\n\0\0\0\0de\n", 11, 4},
        {"a hole in a line", "abc\nd\0e\nf\n", 10, 4},
        {"a hole at first", "\0abc\n", 5, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_int(whole_lines(cases[i].bytes, cases[i].length), cases[i].whole, "%s", cases[i].what);
}

/* More than is read at once. */
static void test_long(void)
{
    static char bytes[3 * PIECE];

    memset(bytes, 'x', sizeof bytes);
    is_int(whole_lines(bytes, sizeof bytes), 0, "a long line that does not end");
    bytes[10] = '\n';
    is_int(whole_lines(bytes, sizeof bytes), 11, "behind a short one");
    bytes[2 * PIECE + 5] = '\n';
    is_int(whole_lines(bytes, sizeof bytes), 2 * PIECE + 6, "one that ends late");
    bytes[PIECE + 7] = '\0';
    is_int(whole_lines(bytes, sizeof bytes), 11, "behind a hole");
    bytes[PIECE - 1] = '\n';
    is_int(whole_lines(bytes, sizeof bytes), PIECE, "one that ends with what is read at once");
    errno = 0;
    is_int(files_whole_lines(-1), -1, "a file that cannot be read");
    is_int(errno, EBADF, "errno says why");
}

static void test_rename(void)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY);

    need(fd >= 0, "open");
    put_file(path_of("a"), "a", 1);
    put_file(path_of("b"), "b", 1);
    is_int(files_rename_new(fd, "a", "b"), -1, "a name that another file has");
    is_int(errno, EEXIST, "errno says so");
    is_str(text_at(path_of("b")), "b", "which stays as it is");
    is_int(files_rename_new(fd, "a", "c"), 0, "a new name");
    ok(!is_there(path_of("a")), "the old one is gone");
    is_str(text_at(path_of("c")), "a", "the file has it");
    is_int(files_rename_new(fd, "a", "d"), -1, "a file that is not there");
    is_int(errno, ENOENT, "errno says so");
    close(fd);
}

static void test_is_full(void)
{
    ok(files_is_full(ENOSPC), "no space left");
    ok(files_is_full(EDQUOT), "nor of a quota");
    ok(!files_is_full(EIO), "an error is something else");
    ok(!files_is_full(EACCES), "as is a lacking right");
    ok(!files_is_full(0), "and none");
}

static void test_write(void)
{
    int fd = open(path_of("written"), O_RDWR | O_CREAT | O_EXCL, 0600);
    int copy = open(path_of("copy"), O_RDWR | O_CREAT | O_EXCL, 0600);

    need(fd >= 0 && copy >= 0, "open");
    let_fail(CALL_WRITE, 1, EINTR);
    ok(files_write(fd, "abcdef", 6), "a write that a signal interrupts is repeated");
    is_str(text_at(path_of("written")), "abcdef", "once");
    ok(files_copy(fd, 2, copy), "a part is copied");
    is_str(text_at(path_of("copy")), "cdef", "from there to the end");
    limit_files(8);
    errno = 0;
    ok(!files_write(fd, "ghi", 3), "a file that takes only a part");
    is_int(errno, EFBIG, "errno says why");
    errno = 0;
    ok(!files_copy(fd, 0, copy), "a copy that does");
    is_int(errno, EFBIG, "errno says why");
    limit_files(RLIM_INFINITY);
    errno = 0;
    ok(!files_copy(-1, 0, copy), "a file that cannot be read");
    is_int(errno, EBADF, "errno says why");
    close(fd);
    close(copy);
}

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    make_folder("files");
    test_lines();
    test_long();
    test_rename();
    test_is_full();
    test_write();
    remove_folder();
    return done();
}
