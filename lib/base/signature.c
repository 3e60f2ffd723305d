#include "base/signature.h"

#include <string.h>

struct signature {
    const char *magic;
    size_t length;
    enum signature_kind kind;
    const char *what;
};

#define CAPTURE SIGNATURE_CAPTURE, "a capture; use pcap2flow"
#define LOG SIGNATURE_LOG, "a Zeek log; use zeek2flow"
#define JSON SIGNATURE_LOG, "JSON; if it is a Zeek log, use zeek2flow"

/* What people hand to tools that read captures and logs. */
static const struct signature signatures[] = {
    {"\xfd"
     "7zXZ",
     5, SIGNATURE_ARCHIVE, "xz-compressed; use xz -dc FILE, and a pipe"},
    {"BZh", 3, SIGNATURE_ARCHIVE, "bzip2-compressed; use bzip2 -dc FILE, and a pipe"},
    {"\x04\x22\x4d\x18", 4, SIGNATURE_ARCHIVE, "lz4-compressed; use lz4 -dc FILE, and a pipe"},
    {"PK\x03\x04", 4, SIGNATURE_ARCHIVE, "a zip archive; unpack it first"},
    {"snoop\0\0\0", 8, SIGNATURE_ARCHIVE, "a snoop capture; convert it with editcap -F pcap"},
    {"\xa1\xb2\xc3\xd4", 4, CAPTURE},
    {"\xd4\xc3\xb2\xa1", 4, CAPTURE},
    {"\xa1\xb2\x3c\x4d", 4, CAPTURE},
    {"\x4d\x3c\xb2\xa1", 4, CAPTURE},
    {"\xa1\xb2\xcd\x34", 4, CAPTURE},
    {"\x34\xcd\xb2\xa1", 4, CAPTURE},
    {"\x0a\x0d\x0d\x0a", 4, CAPTURE},
    {"#separator", 10, LOG},
    {"#fields", 7, LOG},
    {"{", 1, JSON},
    {"[", 1, JSON},
};

const char *signature_find(const uint8_t *bytes, size_t length, enum signature_kind own)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (signatures[i].kind != own && length >= signatures[i].length &&
            memcmp(bytes, signatures[i].magic, signatures[i].length) == 0)
            return signatures[i].what;
    return NULL;
}
