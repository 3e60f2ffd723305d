/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcap_loop FILE: reads a capture with libpcap's pcap_loop() and does nothing with the packets.
 *
 * The yardstick of `make bench`: what it costs a tool built on libpcap to see every packet, before
 * it has done any work. Times beside it hold on any machine. -V prints the version of libpcap.
 */
#include <pcap/pcap.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static void count(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
    (void)header;
    (void)data;
    ++*(volatile uint64_t *)(void *)user;
}

static int complain(const char *path, const char *message)
{
    fprintf(stderr, "pcap_loop: %s: %s\n", path, message);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    char message[PCAP_ERRBUF_SIZE] = "";
    uint64_t packets = 0;
    int status = EXIT_SUCCESS;
    pcap_t *capture;

    if (argc != 2) {
        fprintf(stderr, "usage: pcap_loop FILE | -V\n");
        return EX_USAGE;
    }
    if (strcmp(argv[1], "-V") == 0)
        return puts(pcap_lib_version()) < 0;
    capture = pcap_open_offline(argv[1], message);
    if (!capture)
        return complain(argv[1], message);
    if (pcap_loop(capture, -1, count, (u_char *)&packets) != 0)
        status = complain(argv[1], pcap_geterr(capture));
    pcap_close(capture);
    return status;
}
