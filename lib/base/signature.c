/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signature.h"

#include <stdio.h>
#include <string.h>

struct signature {
    const char *magic;
    size_t length;
    enum signature_kind kind;
    const char *what;
    const char *command; /* the tool that reads it; NULL: none */
};

#define CAPTURE SIGNATURE_CAPTURE, "a capture", "pcap2flow"
#define ZEEK SIGNATURE_ZEEK, "a Zeek log", "zeek2flow"
#define VPC SIGNATURE_VPC, "a flow log of a cloud", "vpc2flow"
#define NETFLOW SIGNATURE_NETFLOW, "NetFlow or IPFIX", "ipfix2flow"
#define NFCAPD                                                                                     \
    SIGNATURE_OTHER,                                                                               \
        "an nfcapd file of nfdump; use: TZ=UTC nfdump -q -o json -r FILE | ipfix2flow --timezone " \
        "UTC",                                                                                     \
        NULL

/* Files that people give to tools that read captures, logs or Secflows. */
static const struct signature signatures[] = {
    {"\xfd"
     "7zXZ",
     5, SIGNATURE_OTHER, "xz-compressed", "xz -dc"},
    {"BZh", 3, SIGNATURE_OTHER, "bzip2-compressed", "bzip2 -dc"},
    {"\x04\x22\x4d\x18", 4, SIGNATURE_OTHER, "lz4-compressed", "lz4 -dc"},
    {"PK\x03\x04", 4, SIGNATURE_OTHER, "a zip archive; unpack it first", NULL},
    /* Readers see these only behind one layer that they have decompressed. */
    {"\x1f\x8b\x08", 3, SIGNATURE_OTHER, "compressed twice; decompress it once first", NULL},
    {"\x28\xb5\x2f\xfd", 4, SIGNATURE_OTHER, "compressed twice; decompress it once first", NULL},
    {"\xff\xfe", 2, SIGNATURE_OTHER, "in UTF-16", "iconv -f UTF-16 -t UTF-8"},
    {"\xfe\xff", 2, SIGNATURE_OTHER, "in UTF-16", "iconv -f UTF-16 -t UTF-8"},
    {"snoop\0\0\0", 8, SIGNATURE_OTHER, "a snoop capture; convert it with editcap -F pcap", NULL},
    {"PAR1", 4, SIGNATURE_OTHER,
     "Parquet; use: duckdb -c \"COPY (FROM 'FILE') TO '/dev/stdout' "
     "(FORMAT csv, DELIMITER ' ', HEADER, NULLSTR '-')\" | vpc2flow",
     NULL},
    {"\xa1\xb2\xc3\xd4", 4, CAPTURE},
    {"\xd4\xc3\xb2\xa1", 4, CAPTURE},
    {"\xa1\xb2\x3c\x4d", 4, CAPTURE},
    {"\x4d\x3c\xb2\xa1", 4, CAPTURE},
    {"\xa1\xb2\xcd\x34", 4, CAPTURE},
    {"\x34\xcd\xb2\xa1", 4, CAPTURE},
    {"\x0a\x0d\x0d\x0a", 4, CAPTURE},
    {"\x0c\xa5\x01\x00", 4, NFCAPD},
    {"\x0c\xa5\x02\x00", 4, NFCAPD},
    {"\xa5\x0c\x00\x01", 4, NFCAPD},
    {"\xa5\x0c\x00\x02", 4, NFCAPD},
    {"\0\5\0", 3, NETFLOW}, /* version 5, and fewer than 256 records */
    {"\0\11\0", 3, NETFLOW},
    {"\0\12", 2, NETFLOW},
    {"#separator", 10, ZEEK},
    {"#fields", 7, ZEEK},
    {"version account-id ", 19, VPC},
    {"version vpc-id ", 15, VPC},
};

/* Keys by which to recognize a JSON object. */
static const struct signature json_keys[] = {
    {"\"destinationNameSource\"", 23, SIGNATURE_SECFLOWS,
     "Secflows already, which flowtop, flowreport and others read", NULL},
    {"\"totalDuration\"", 15, SIGNATURE_BEACONS,
     "what flowbeacon has found, which flowtop and flowreport show", NULL},
    {"\"id.orig_h\"", 11, ZEEK},
    {"\"id_orig_h\"", 11, ZEEK},
    {"\"_path\"", 7, ZEEK},
    {"\"in_packets\"", 12, SIGNATURE_NETFLOW, "JSON of nfdump", "ipfix2flow"},
    {"\"event_type\"", 12, SIGNATURE_EVE, "Suricata's eve.json", "eve2flow"},
    {"\"flowTuples\"", 12, VPC},
    {"\"packets_sent\"", 14, VPC},
    {"\"query_timestamp\"", 17, VPC},
};

static const struct signature some_json = {"", 0, SIGNATURE_JSON,
                                           "JSON, but not a kind that is known here", NULL};

/* JSON of the right kind whose objects are not on a line each. */
static const struct signature json_array = {"", 0, SIGNATURE_OTHER, "an array of JSON",
                                            "jq -c '.[]'"};
static const struct signature json_spread = {"", 0, SIGNATURE_OTHER,
                                             "JSON that is spread over lines", "jq -c ."};

/* Enough for the keys of the first objects. */
#define JSON_HEAD 4096u

static const struct signature *find_json(const uint8_t *bytes, size_t length)
{
    size_t head = length < JSON_HEAD ? length : JSON_HEAD;

    for (size_t i = 0; i < sizeof json_keys / sizeof *json_keys; i++)
        if (memmem(bytes, head, json_keys[i].magic, json_keys[i].length))
            return &json_keys[i];
    return &some_json;
}

static const struct signature *find(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (length >= signatures[i].length &&
            memcmp(bytes, signatures[i].magic, signatures[i].length) == 0)
            return &signatures[i];
    return length > 0 && (*bytes == '{' || *bytes == '[') ? find_json(bytes, length) : NULL;
}

/* NULL: the first line is more than a brace. */
static const struct signature *find_shape(const uint8_t *bytes, size_t length)
{
    size_t at = 1;

    if (length > 0 && *bytes == '[')
        return &json_array;
    while (at < length && (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\r'))
        at++;
    return at < length && *bytes == '{' && bytes[at] == '\n' ? &json_spread : NULL;
}

bool signature_tell(const uint8_t *bytes, size_t length, enum signature_kind wanted,
                    const char *reader, char text[SIGNATURE_TEXT])
{
    const struct signature *found = find(bytes, length);
    bool filter = wanted == SIGNATURE_SECFLOWS || wanted == SIGNATURE_BEACONS;
    bool reads; /* reads what the command writes */

    if (found && (found->kind == wanted ||
                  (found->kind == SIGNATURE_SECFLOWS && wanted == SIGNATURE_BEACONS) ||
                  (found->kind == SIGNATURE_JSON && wanted != SIGNATURE_CAPTURE)))
        found = filter ? find_shape(bytes, length) : NULL;
    if (!found)
        return false;
    reads = found->kind == SIGNATURE_OTHER || filter;
    if (found->command)
        snprintf(text, SIGNATURE_TEXT, "%s; use: %s FILE%s%s", found->what, found->command,
                 reads ? " | " : "", reads ? reader : "");
    else
        snprintf(text, SIGNATURE_TEXT, "%s", found->what);
    return true;
}
