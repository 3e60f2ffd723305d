/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies: their content and facts, and that every way of reading gives the same.
 */
#include "../tap.h"
#include "base/text.h"
#include "send/body.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

/* The first ten fields, as in a document, and as they may be in a line. */
#define TEN                                                                                        \
    "\"src\":\"10.0.0.1:1025\",\"dst\":\"www.example.com:443\","                                   \
    "\"destinationNameSource\":\"passive\",\"srcPkts\":3,\"srcBytes\":30,\"dstPkts\":4,"           \
    "\"dstBytes\":40,\"relativeStart\":0.5,\"protocolInformation\":\"\",\"duration\":1.25"
#define LAST_NINE                                                                                  \
    "\"dst\":\"www.example.com:443\",\"destinationNameSource\":\"passive\",\"srcPkts\":3,"         \
    "\"srcBytes\":30,\"dstPkts\":4,\"dstBytes\":40,\"relativeStart\":0.5,"                         \
    "\"protocolInformation\":\"\",\"duration\":1.25"
#define DATE "\"trafficDate\":\"1700000000.210000\""

static const enum body_form forms[] = {BODY_FILE, BODY_LINES, BODY_DOCUMENT};
static const char *const form_words[] = {"file", "lines", "document"};

static void put(struct text *text, const char *bytes, size_t length)
{
    need(text_put(text, bytes, length) == RESULT_OK, "no memory");
}

static void put_string(struct text *text, const char *string)
{
    put(text, string, strlen(string));
}

/* A descriptor of a file with these bytes, at its end. */
static int new_file(const char *bytes, size_t length)
{
    int fd = memfd_create("test_body", MFD_CLOEXEC);

    need(fd >= 0 && write(fd, bytes, length) == (ssize_t)length, "memfd_create");
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* A measured body; with any other result there is none, and the descriptor is closed. */
static enum result measured(struct body **body, int fd, enum body_form form, const char *file_name,
                            bool gzip)
{
    enum result result = body_init(body, fd, 0, form, file_name, gzip);
    bool done = false;
    int saved;

    if (result != RESULT_OK) {
        saved = errno;
        close(fd);
        errno = saved;
        return result;
    }
    while (result == RESULT_OK && !done)
        result = body_measure(*body, 5000, &done);
    saved = errno;
    if (result != RESULT_OK)
        body_destroy(body);
    errno = saved;
    return result;
}

static struct body *new_body(const char *bytes, size_t length, enum body_form form,
                             const char *file_name, bool gzip)
{
    struct body *body = NULL;
    int fd = new_file(bytes, length);

    if (!is_int(measured(&body, fd, form, file_name, gzip), RESULT_OK, "a body of %zu bytes",
                length))
        need(false, "body_init");
    return body;
}

/* Reads the rest in steps of one size. Returns the number of errors. */
static size_t read_rest(struct body *body, size_t step, struct text *text)
{
    char *buffer = malloc(step);
    size_t wrong = 0, got = 1;

    need(buffer, "no memory");
    while (got > 0) {
        wrong += body_read(body, buffer, step, &got) != RESULT_OK || got > step;
        put(text, buffer, got);
    }
    got = 1;
    wrong += body_read(body, buffer, step, &got) != RESULT_OK || got != 0; /* stays at the end */
    free(buffer);
    return wrong;
}

static bool is_same(const struct text *text, const char *bytes, size_t length)
{
    return text->length == length && (length == 0 || memcmp(text->bytes, bytes, length) == 0);
}

static void inflate_text(const struct text *packed, struct text *text)
{
    z_stream stream = {0};
    char buffer[4096];
    int status = Z_OK;

    need(inflateInit2(&stream, 31) == Z_OK, "inflateInit2");
    stream.next_in = exact_copy(packed->bytes, packed->length);
    stream.avail_in = (uInt)packed->length;
    while (status == Z_OK) {
        stream.next_out = (Bytef *)buffer;
        stream.avail_out = sizeof buffer;
        status = inflate(&stream, Z_NO_FLUSH);
        put(text, buffer, sizeof buffer - stream.avail_out);
    }
    is_int(status, Z_STREAM_END, "it is a whole gzip member");
    is_int(stream.avail_in, 0, "and nothing behind it");
    exact_free(stream.next_in - (packed->length - stream.avail_in), packed->length);
    inflateEnd(&stream);
}

/* The first half of a SHA-256, in hexadecimal. */
static void hash_of(const struct text *text, char hash[BODY_HASH_TEXT])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx sha256;

    sha256_init(&sha256);
    if (text->length > 0)
        sha256_update(&sha256, text->length, (const uint8_t *)text->bytes);
    sha256_digest(&sha256, sizeof digest, digest);
    for (size_t i = 0; i < (BODY_HASH_TEXT - 1) / 2; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

/* The body gives exactly these bytes, in steps of any size, from the beginning each time. */
static void check_content(struct body *body, const char *title, const char *want, size_t length)
{
    static const size_t steps[] = {1, 7, 4095, 65535, 65536, 65537, 1 << 20};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct text text = {0};

        is_int(read_rest(body, steps[i], &text), 0, "%s, %zu at a time", title, steps[i]);
        ok(is_same(&text, want, length), "%s, %zu at a time: what it is", title, steps[i]);
        is_int(body_rewind(body), RESULT_OK, "%s: from the beginning", title);
        text_destroy(&text);
    }
}

/* Rewinds at some places: everything is read again. */
static void check_rewind(struct body *body, const char *title, const char *want, size_t length)
{
    static const size_t places[] = {0, 1, 20, 100, 700, 65536};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *buffer = malloc(places[i] + 1);
        struct text text = {0};
        size_t got = 0, wrong;

        need(buffer, "no memory");
        wrong = body_read(body, buffer, places[i], &got) != RESULT_OK || got > places[i];
        wrong += body_rewind(body) != RESULT_OK;
        wrong += read_rest(body, 1000, &text);
        wrong += body_rewind(body) != RESULT_OK;
        ok(wrong == 0 && is_same(&text, want, length), "%s, rewound at %zu", title, places[i]);
        text_destroy(&text);
        free(buffer);
    }
}

static void check_facts(const struct body *body, uint64_t size, uint64_t content, uint64_t records,
                        const char *hash)
{
    const struct body_facts *facts = body_facts(body);

    is_int(facts->size, size, "its size");
    is_int(facts->content, content, "the size of its content");
    is_int(facts->records, records, "its records");
    is_str(facts->hash, hash, "its hash");
}

/* Compressed, it is the same: content, and facts except the size, which is what is read. */
static void check_gzip(const char *bytes, size_t length, enum body_form form,
                       const struct body_facts *facts)
{
    struct body *body = new_body(bytes, length, form, "name", true);
    const char *title = form_words[form];
    struct text packed = {0}, text = {0};

    is_int(read_rest(body, 7, &packed), 0, "%s, compressed", title);
    is_int(body_facts(body)->content, length, "the size of its content");
    is_int(body_facts(body)->records, facts->records, "its records");
    is_str(body_facts(body)->hash, facts->hash, "its hash");
    is_int(body_facts(body)->size, packed.length, "its size");
    inflate_text(&packed, &text);
    ok(is_same(&text, bytes, length), "%s, compressed: the same content", title);
    is_int(body_rewind(body), RESULT_OK, "%s, compressed: from the beginning", title);
    check_content(body, "compressed", packed.bytes, packed.length);
    check_rewind(body, "compressed", packed.bytes, packed.length);
    text_destroy(&packed);
    text_destroy(&text);
    body_destroy(&body);
}

/* Files and lines are unchanged. */
static void check_as_it_is(enum body_form form, const char *bytes, size_t length, uint64_t records)
{
    struct text text = {0};
    char hash[BODY_HASH_TEXT];
    struct body *body = new_body(bytes, length, form, "name", false);

    put(&text, bytes, length);
    hash_of(&text, hash);
    check_facts(body, length, length, records, hash);
    check_content(body, form_words[form], bytes, length);
    check_rewind(body, form_words[form], bytes, length);
    check_gzip(bytes, length, form, body_facts(body));
    text_destroy(&text);
    body_destroy(&body);
    ok(!body, "destroying clears the pointer");
    body_destroy(&body);
}

static void test_as_it_is(void)
{
    static const struct {
        const char *wire;
        uint64_t records;
    } cases[] = {
        {"", 0},
        {"0a", 1},
        {"'a' 0a", 1},
        {"'a' 0a 0a 'b' 0a", 3},
        {"00 ff 0a 00 0a", 2},
        {"1f8b 0800 0a", 1},
        {"'{\"a\":1}' 0a '[2]' 0a", 2},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t wire[64];
        size_t length = unhex(cases[i].wire, wire, sizeof wire);

        check_as_it_is(BODY_FILE, (const char *)wire, length, cases[i].records);
        check_as_it_is(BODY_LINES, (const char *)wire, length, cases[i].records);
    }
}

/* Sizes around that of the pieces that are read. */
static void test_large(void)
{
    static const size_t sizes[] = {65535, 65536, 65537, 300000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *bytes = malloc(sizes[i]);
        uint32_t x = 12345;
        uint64_t lines = 0;

        need(bytes, "no memory");
        for (size_t j = 0; j < sizes[i]; j++) {
            x = x * 1103515245 + 12345;
            bytes[j] = (char)(x >> 16);
            if (j == sizes[i] - 1)
                bytes[j] = '\n';
            lines += bytes[j] == '\n';
        }
        check_as_it_is(i % 2 ? BODY_FILE : BODY_LINES, bytes, sizes[i], lines);
        free(bytes);
    }
}

static void test_known_hash(void)
{
    struct body *body = new_body("abc", 3, BODY_FILE, "x", false);

    is_str(body_facts(body)->hash, "ba7816bf8f01cfea414140de5dae2223", "the hash of abc");
    body_destroy(&body);
    body = new_body("", 0, BODY_LINES, "x", false);
    is_str(body_facts(body)->hash, "e3b0c44298fc1c149afbf4c8996fb924", "the hash of nothing");
    body_destroy(&body);
}

/* A sample's lines; the object of ten fields for each; the date of the document. */
struct document {
    const char *title, *file_name, *file_name_json;
    const char *date;
    const char *lines[4], *objects[4];
};

static const struct document documents[] = {
    {"one record", "a.sf", "\"a.sf\"", "1700000000.210000", {"{" TEN "," DATE "}"}, {"{" TEN "}"}},
    {"three, and other fields",
     "a.sf",
     "\"a.sf\"",
     "1700000000.210000",
     {"{" TEN "," DATE ",\"proto\":\"tcp\",\"label\":\"x\"}", "{" TEN "," DATE "}",
      "{\"a\":[1,{\"src\":\"no\"}]," TEN ",\"more\":{\"dst\":\"no:1\"}," DATE "}"},
     {"{" TEN "}", "{" TEN "}", "{" TEN "}"}},
    {"another order, and blanks",
     "a.sf",
     "\"a.sf\"",
     "1.000000",
     {" { \"trafficDate\" : \"1\" , " LAST_NINE " , \"src\" : \"10.0.0.1:1025\" } \t\r"},
     {"{" TEN "}"}},
    {"escapes",
     "a.sf",
     "\"a.sf\"",
     "0.000001",
     {"{\"src\":\"\\u0041\\\"\\\\\\/\\n\\u00e4\"," LAST_NINE ",\"trafficDate\":\"0.000001\"}",
      "{\"s\\u0072c\":\"caf\xc3\xa9\"," LAST_NINE ",\"trafficDate\":\"0.000001\"}"},
     {"{\"src\":\"\\u0041\\\"\\\\\\/\\n\\u00e4\"," LAST_NINE "}",
      "{\"src\":\"caf\xc3\xa9\"," LAST_NINE "}"}},
    {"a field twice",
     "a.sf",
     "\"a.sf\"",
     "1700000000.210000",
     {"{\"src\":\"first\"," TEN "," DATE "}"},
     {"{" TEN "}"}},
    {"the date of the first",
     "a.sf",
     "\"a.sf\"",
     "2.500000",
     {"{" TEN ",\"trafficDate\":\"2.5\"}", "{" TEN ",\"trafficDate\":\"3.5\"}"},
     {"{" TEN "}", "{" TEN "}"}},
    {"a file name to be escaped",
     "a\"\\\xc3\xa4\xff\t.sf",
     "\"a\\\"\\\\\xc3\xa4\xef\xbf\xbd\\u0009.sf\"",
     "1700000000.210000",
     {"{" TEN "," DATE "}"},
     {"{" TEN "}"}},
};

static void make_document(const struct document *document, struct text *lines, struct text *want,
                          char hash[BODY_HASH_TEXT], uint64_t *records)
{
    struct text hashed = {0};
    size_t count = 0;

    put_string(&hashed, document->date);
    put_string(&hashed, "\n");
    for (; count < 4 && document->lines[count]; count++) {
        put_string(lines, document->lines[count]);
        put_string(lines, "\n");
        put_string(&hashed, document->objects[count]);
        put_string(&hashed, "\n");
    }
    hash_of(&hashed, hash);
    text_destroy(&hashed);
    put_string(want, "{\"hash\":\"");
    put_string(want, hash);
    put_string(want, "\",\"trafficDate\":\"");
    put_string(want, document->date);
    put_string(want, "\",\"fileName\":");
    put_string(want, document->file_name_json);
    for (size_t i = 0; i < count; i++) {
        put_string(want, i == 0 ? ",\"flashes\":[" : ",");
        put_string(want, document->objects[i]);
    }
    put_string(want, "]}\n");
    *records = count;
}

static void test_documents(void)
{
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        const struct document *document = &documents[i];
        struct text lines = {0}, want = {0}, got = {0};
        char hash[BODY_HASH_TEXT];
        uint64_t records;
        struct body *body;

        make_document(document, &lines, &want, hash, &records);
        body = new_body(lines.bytes, lines.length, BODY_DOCUMENT, document->file_name, false);
        check_facts(body, want.length, want.length, records, hash);
        is_int(read_rest(body, 4096, &got), 0, "document of %s", document->title);
        put(&got, "", 1);
        put(&want, "", 1);
        is_str(got.bytes, want.bytes, "document of %s: what it is", document->title);
        is_int(body_rewind(body), RESULT_OK, "document of %s: again", document->title);
        check_content(body, document->title, want.bytes, want.length - 1);
        check_rewind(body, document->title, want.bytes, want.length - 1);
        text_destroy(&lines);
        text_destroy(&want);
        text_destroy(&got);
        body_destroy(&body);
    }
}

/* Many records, the last without a newline: more than one piece of everything. */
static void test_long_document(void)
{
    enum { RECORDS = 3000 };
    struct text lines = {0}, want = {0}, hashed = {0}, records = {0};
    char hash[BODY_HASH_TEXT], line[512];
    struct body *body;

    put_string(&hashed, "1700000000.210000\n");
    for (int i = 0; i < RECORDS; i++) {
        snprintf(line, sizeof line, "{\"src\":\"host%d:1\"," LAST_NINE "," DATE "}%s", i,
                 i < RECORDS - 1 ? "\n" : "");
        put_string(&lines, line);
        snprintf(line, sizeof line, "{\"src\":\"host%d:1\"," LAST_NINE "}", i);
        put_string(&hashed, line);
        put_string(&hashed, "\n");
        put_string(&records, i > 0 ? "," : "");
        put_string(&records, line);
    }
    hash_of(&hashed, hash);
    need(text_print(&want, "{\"hash\":\"%s\",\"trafficDate\":\"1700000000.210000\",", hash) ==
             RESULT_OK,
         "text_print");
    put_string(&want, "\"fileName\":\"long\",\"flashes\":[");
    put(&want, records.bytes, records.length);
    put_string(&want, "]}\n");
    body = new_body(lines.bytes, lines.length, BODY_DOCUMENT, "long", false);
    check_facts(body, want.length, want.length, RECORDS, hash);
    check_content(body, "a long document", want.bytes, want.length);
    check_rewind(body, "a long document", want.bytes, want.length);
    body_destroy(&body);
    text_destroy(&lines);
    text_destroy(&want);
    text_destroy(&hashed);
    text_destroy(&records);
}

/* The hash does not depend on the name, on other fields or on compression. */
static void test_equal_hash(void)
{
    static const struct {
        const char *line, *file_name;
        bool gzip, equal;
    } cases[] = {
        {"{" TEN "," DATE "}\n", "other", false, true},
        {"{" TEN "," DATE "}\n", "a", true, true},
        {"{" TEN "," DATE ",\"label\":\"x\"}\n", "a", false, true},
        {"{" TEN "," DATE "}\n{" TEN "," DATE "}\n", "a", false, false},
        {"{" TEN ",\"trafficDate\":\"1700000000.210001\"}\n", "a", false, false},
        {"{\"src\":\"x\"," LAST_NINE "," DATE "}\n", "a", false, false},
    };
    static const char line[] = "{" TEN "," DATE "}\n";
    struct body *first = new_body(line, strlen(line), BODY_DOCUMENT, "a", false);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct body *body = new_body(cases[i].line, strlen(cases[i].line), BODY_DOCUMENT,
                                     cases[i].file_name, cases[i].gzip);

        is_int(strcmp(body_facts(first)->hash, body_facts(body)->hash) == 0, cases[i].equal,
               "document %zu: whether its hash is equal", i);
        body_destroy(&body);
    }
    body_destroy(&first);
}

/* A descriptor that a body rejects stays open. */
static void test_damaged(void)
{
    static const char *const texts[] = {
        "",
        "\n",
        "x\n",
        "{}\n",
        "{" TEN "," DATE "}\n\n",
        "{" TEN "," DATE "}\nx\n",
        "{" TEN "," DATE "}\n{" TEN "," DATE,
        "{" TEN "," DATE "} x\n",
        "{" LAST_NINE "," DATE "}\n",
        "{" TEN "}\n",
        "{" TEN ",\"trafficDate\":5}\n",
        "{" TEN "," DATE "}\n{" TEN "}\n",
        "[{" TEN "," DATE "}]\n",
        "\n{" TEN "," DATE "}\n",
        "{" TEN "," DATE ",\"x\":\"\xff\"}\n",
        "{" TEN "," DATE ",\"x\":\"\\ud800\"}\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int fd = new_file(texts[i], strlen(texts[i]));
        struct body *body = NULL;

        is_int(measured(&body, fd, BODY_DOCUMENT, "a", false), RESULT_DAMAGED, "damaged %zu", i);
        ok(!body, "there is no body");
    }
}

/* Lines longer than any record. */
static void test_long_line(void)
{
    struct text text = {0};
    struct body *body = NULL;
    int fd;

    put_string(&text, "{" TEN "," DATE ",\"x\":\"");
    for (int i = 0; i < 1100; i++)
        for (int j = 0; j < 16; j++)
            put_string(&text, "0123456789012345678901234567890123456789012345678901234567890123");
    put_string(&text, "\"}\n");
    fd = new_file(text.bytes, text.length);
    is_int(measured(&body, dup(fd), BODY_DOCUMENT, "a", false), RESULT_DAMAGED,
           "a line of over 1 MiB");
    is_int(measured(&body, fd, BODY_LINES, "a", false), RESULT_OK, "as lines it is one");
    is_int(body_facts(body)->records, 1, "line");
    is_int(body_facts(body)->size, text.length, "of all its bytes");
    body_destroy(&body);
    text_destroy(&text);
}

static void test_cannot_read(void)
{
    for (size_t i = 0; i < 2 * (sizeof forms / sizeof *forms); i++) {
        enum body_form form = forms[i / 2];
        struct body *body = NULL;
        int ends[2], fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        need(fd >= 0 && pipe2(ends, O_CLOEXEC) == 0, "open and pipe");
        errno = 0;
        is_int(measured(&body, fd, form, "a", i % 2), RESULT_SYSTEM, "a folder as %s",
               form_words[form]);
        is_int(errno, EISDIR, "errno says so");
        errno = 0;
        is_int(measured(&body, ends[0], form, "a", i % 2), RESULT_SYSTEM, "a pipe as %s",
               form_words[form]);
        is_int(errno, ESPIPE, "errno says so");
        close(ends[1]);
    }
}

/* A file that is seekable but cannot be read. */
static void test_write_only(void)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct body *body = NULL;
        int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

        need(fd >= 0, "/dev/null");
        errno = 0;
        is_int(measured(&body, fd, forms[i], "a", false), RESULT_SYSTEM,
               "not open for reading, as %s", form_words[forms[i]]);
        is_int(errno, EBADF, "errno says so");
    }
}

static int count_open(void)
{
    int count = 0;

    for (int fd = 0; fd < 64; fd++)
        count += is_open(fd);
    return count;
}

/* A body keeps the descriptor, at whatever offset, and closes everything that it opened. */
static void test_descriptors(void)
{
    static const char line[] = "{" TEN "," DATE "}\n";

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        int before = count_open(), fd = new_file(line, strlen(line));
        struct body *body = NULL;
        struct text text = {0};

        need(lseek(fd, 5, SEEK_SET) == 5, "lseek");
        is_int(measured(&body, fd, forms[i], "a", false), RESULT_OK, "%s, read from its middle",
               form_words[forms[i]]);
        is_int(read_rest(body, 100, &text), 0, "all of it");
        is_int(text.length, body_facts(body)->size, "is there");
        ok(is_open(fd), "its descriptor is open");
        body_destroy(&body);
        ok(!is_open(fd), "and closed with it");
        is_int(count_open(), before, "as are others");
        text_destroy(&text);
    }
}

int main(void)
{
    test_as_it_is();
    test_large();
    test_known_hash();
    test_documents();
    test_long_document();
    test_equal_hash();
    test_damaged();
    test_long_line();
    test_cannot_read();
    test_write_only();
    test_descriptors();
    return done();
}
