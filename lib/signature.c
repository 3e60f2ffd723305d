#include "signature.h"

#include <string.h>

struct signature {
    const char *magic;
    size_t length;
    const char *what;
};

/* What people hand to tools that read captures and logs. */
static const struct signature signatures[] = {
    {"\xfd"
     "7zXZ",
     5, "xz-compressed; use xz -dc FILE, and a pipe"},
    {"BZh", 3, "bzip2-compressed; use bzip2 -dc FILE, and a pipe"},
    {"\x04\x22\x4d\x18", 4, "lz4-compressed; use lz4 -dc FILE, and a pipe"},
    {"PK\x03\x04", 4, "a zip archive; unpack it first"},
    {"snoop\0\0\0", 8, "a snoop capture; convert it with editcap -F pcap"},
    {"\xa1\xb2\xc3\xd4", 4, "a capture; use pcap2flow"},
    {"\xd4\xc3\xb2\xa1", 4, "a capture; use pcap2flow"},
    {"\xa1\xb2\x3c\x4d", 4, "a capture; use pcap2flow"},
    {"\x4d\x3c\xb2\xa1", 4, "a capture; use pcap2flow"},
    {"\xa1\xb2\xcd\x34", 4, "a capture; use pcap2flow"},
    {"\x34\xcd\xb2\xa1", 4, "a capture; use pcap2flow"},
    {"\x0a\x0d\x0d\x0a", 4, "a capture; use pcap2flow"},
    {"#separator", 10, "a Zeek log; use zeek2flow"},
    {"#fields", 7, "a Zeek log; use zeek2flow"},
    {"{", 1, "JSON; if it is a Zeek log, use zeek2flow"},
    {"[", 1, "JSON; if it is a Zeek log, use zeek2flow"},
};

const char *signature_find(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (length >= signatures[i].length &&
            memcmp(bytes, signatures[i].magic, signatures[i].length) == 0)
            return signatures[i].what;
    return NULL;
}
