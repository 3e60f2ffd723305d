/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flood INTERFACE RATE SECONDS: sends RATE packets per second from an interface, each of a new flow
 * between public addresses, and prints how many it sent. For benchmarks, in a network namespace.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define AT_ONCE 32u
#define FRAME 60u

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A TCP SYN segment, with addresses and ports made from the number. */
static void make_frame(uint8_t frame[FRAME], uint32_t number)
{
    static const uint8_t start[] = {2,    0, 0, 0,  0, 1, 2, 0, 0,  0,
                                    0,    2, 8, 0, /* Ethernet */
                                    0x45, 0, 0, 40, 0, 0, 0, 0, 64, IPPROTO_TCP};
    uint32_t src = htonl(0x08000000u + number / 50000), dst = htonl(0x09000000u + number % 50000);
    uint16_t sport = htons((uint16_t)(1024 + number % 60000)), dport = htons(443);

    memset(frame, 0, FRAME);
    memcpy(frame, start, sizeof start);
    memcpy(frame + 26, &src, 4);
    memcpy(frame + 30, &dst, 4);
    memcpy(frame + 34, &sport, 2);
    memcpy(frame + 36, &dport, 2);
    frame[46] = 0x50;
    frame[47] = 0x02;
}

/* Sends frames, numbered from a number on. Returns how many were sent. */
static unsigned send_frames(int fd, uint32_t number)
{
    static uint8_t frames[AT_ONCE][FRAME];
    struct iovec vectors[AT_ONCE];
    struct mmsghdr messages[AT_ONCE] = {0};
    int sent;

    for (unsigned i = 0; i < AT_ONCE; i++) {
        make_frame(frames[i], number + i);
        vectors[i] = (struct iovec){frames[i], FRAME};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    sent = sendmmsg(fd, messages, AT_ONCE, 0);
    return sent > 0 ? (unsigned)sent : 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET};
    double rate = argc > 2 ? strtod(argv[2], NULL) : 0;
    double seconds = argc > 3 ? strtod(argv[3], NULL) : 0, start;
    uint32_t number = 0;
    int fd = socket(AF_PACKET, SOCK_RAW, 0);

    address.sll_ifindex = argc > 1 ? (int)if_nametoindex(argv[1]) : 0;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || rate <= 0) {
        fprintf(stderr, "usage: flood INTERFACE RATE SECONDS, as root\n");
        return 64;
    }
    for (start = now(); now() - start < seconds;) {
        if (number < rate * (now() - start))
            number += send_frames(fd, number);
        else
            nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    }
    printf("%u\n", number);
    return 0;
}
