/* SPDX-License-Identifier: Apache-2.0 */
#include "live/capture.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* IEEE 802's "local experimental Ethertype 1": practically unused. */
#define SILENT_PROTOCOL 0x88b5

/* Milliseconds after which the kernel hands over a block that is not full. */
#define BLOCK_TIMEOUT 100

/* In /sys/class/net/NAME/statistics. */
static const char *const drop_names[] = {"rx_missed_errors", "rx_fifo_errors"};

#define DROP_FILES (sizeof drop_names / sizeof *drop_names)

/* How often to look up the interface's name: nothing notifies of a rename. */
#define LOOK_EVERY SECOND

enum presence { UP, DOWN, GONE };

struct port {
    char name[IFNAMSIZ];
    int index;                  /* of the interface that has, or had, this name */
    enum presence known;        /* of several: as last told */
    int drop_files[DROP_FILES]; /* the kernel's counters of the interface's drops; -1: none */
    uint64_t drops_before;      /* drops at the start */
};

struct capture {
    pcap_t *pcap;
    struct port ports[CAPTURE_INTERFACES];
    size_t count; /* of them; 0: all interfaces */
    bool promiscuous;
    int64_t looked; /* when their names were looked up, on the monotonic clock */
    int linktype;
    int lookup; /* a socket for looking up interfaces */
    enum capture_state state;
    struct capture_counts counts;
    capture_frame_fn *take;
    void *context;
    enum result taken;
    char problem[PCAP_ERRBUF_SIZE + 64];
};

static void fail(struct capture *capture, enum capture_state state, const char *what,
                 const char *why)
{
    capture->state = state;
    snprintf(capture->problem, sizeof capture->problem, "%s%s%s", what, *what ? ": " : "", why);
}

static void fail_errno(struct capture *capture, const char *what)
{
    fail(capture, errno == EPERM || errno == EACCES ? CAPTURE_DENIED : CAPTURE_FAILED, what,
         strerror(errno));
}

/* The interface's index; -1: no such interface. */
static int find_interface(const struct capture *capture, const struct port *port)
{
    struct ifreq request = {0};

    memcpy(request.ifr_name, port->name, sizeof request.ifr_name);
    return ioctl(capture->lookup, SIOCGIFINDEX, &request) < 0 ? -1 : request.ifr_ifindex;
}

/* The name of the interface with an index. False: there is none. */
static bool find_name(const struct capture *capture, int index, char name[IFNAMSIZ])
{
    struct ifreq request = {.ifr_ifindex = index};

    if (ioctl(capture->lookup, SIOCGIFNAME, &request) < 0)
        return false;
    memcpy(name, request.ifr_name, IFNAMSIZ);
    return true;
}

static bool is_up(const struct capture *capture, const struct port *port)
{
    struct ifreq request = {0};

    memcpy(request.ifr_name, port->name, sizeof request.ifr_name);
    return ioctl(capture->lookup, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP);
}

/* The index that the socket is bound to; 0: all. */
static int bound_index(const struct capture *capture)
{
    return capture->count == 1 ? capture->ports->index : 0;
}

/* From here on frames come, or no more come. */
static bool listen_for(struct capture *capture, uint16_t protocol, int interface)
{
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = interface};

    return bind(pcap_fileno(capture->pcap), (const struct sockaddr *)&address, sizeof address) == 0;
}

/* An interface that was created anew has lost this mode. */
static void set_promiscuous(const struct capture *capture, const struct port *port)
{
    struct packet_mreq request = {.mr_ifindex = port->index, .mr_type = PACKET_MR_PROMISC};

    if (capture->promiscuous)
        (void)setsockopt(pcap_fileno(capture->pcap), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request,
                         sizeof request);
}

/*
 * Locks the filter: it cannot be removed or replaced as long as the socket exists, which is until
 * the end, since the socket is only rebound to an interface that comes back.
 */
static bool attach(struct capture *capture, const struct snap *snap)
{
    int fd = pcap_fileno(capture->pcap), lock = 1;
    unsigned count;
    const struct bpf_insn *program = snap_program(snap, &count);
    struct sock_fprog filter = {.len = (unsigned short)count};

    /* The same instruction format under two names. */
    _Static_assert(sizeof *program == sizeof *filter.filter, "a BPF instruction");
    memcpy(&filter.filter, &program, sizeof program);
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &lock, sizeof lock) == 0;
}

/* Linux before 6.8 allows 20 KiB of memory for a socket's filter. */
static void fail_attach(struct capture *capture)
{
    if (errno == ENOMEM)
        fail(capture, CAPTURE_UNFIT, "the filter is too long for the kernel",
             "shorten it, or raise net.core.optmem_max with sysctl");
    else
        fail_errno(capture, "the kernel rejects the filter");
}

static enum result filter(struct capture *capture, const struct capture_options *options)
{
    struct snap_options snap_options = options->snap;
    int indexes[CAPTURE_INTERFACES];
    struct snap *snap = NULL;
    enum result result;

    snap_options.ethernet = capture->linktype == DLT_EN10MB;
    snap_options.live = capture->pcap;
    for (size_t i = 0; i < capture->count; i++)
        indexes[i] = capture->ports[i].index;
    snap_options.interfaces = indexes;
    snap_options.interface_count = capture->count > 1 ? capture->count : 0;
    result = snap_init(&snap, &snap_options);
    if (result == RESULT_INVALID)
        fail(capture, CAPTURE_UNFIT,
             capture->count == 1
                 ? "the filter does not fit"
                 : "the filter does not fit; on several interfaces it sees packets, not frames",
             snap_problem(snap));
    else if (result == RESULT_OK && !attach(capture, snap))
        fail_attach(capture);
    snap_destroy(&snap);
    return result == RESULT_NO_MEMORY ? result : RESULT_OK;
}

static void activate(struct capture *capture, const struct capture_options *options)
{
    pcap_t *pcap = capture->pcap;
    char problem[PCAP_ERRBUF_SIZE];
    int status;

    pcap_set_snaplen(pcap, (int)SNAP_ALL);
    pcap_set_promisc(pcap, capture->promiscuous && capture->count == 1);
    pcap_set_timeout(pcap, BLOCK_TIMEOUT);
    pcap_set_buffer_size(pcap, (int)(options->ring * 1024));
    pcap_set_protocol_linux(pcap, SILENT_PROTOCOL);
    status = pcap_activate(pcap);
    if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED)
        fail(capture, CAPTURE_DENIED, "", "no permission to capture");
    else if (status == PCAP_ERROR_NO_SUCH_DEVICE)
        fail(capture, CAPTURE_MISSING, "", "no such interface");
    else if (status == PCAP_ERROR_IFACE_NOT_UP)
        fail(capture, CAPTURE_DOWN, "", "the interface is down");
    else if (status < 0)
        fail(capture, CAPTURE_FAILED, "",
             status == PCAP_ERROR ? pcap_geterr(pcap) : pcap_statustostr(status));
    else if (pcap_setnonblock(pcap, 1, problem) < 0)
        fail(capture, CAPTURE_FAILED, "", problem);
}

static void check_linktype(struct capture *capture)
{
    const char *name;

    capture->linktype = pcap_datalink(capture->pcap);
    switch (capture->linktype) {
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
    case DLT_RAW:
        return;
    default:
        name = pcap_datalink_val_to_name(capture->linktype);
        fail(capture, CAPTURE_UNFIT, "its link type is not supported", name ? name : "unknown");
    }
}

/* One port for each of several interfaces, for which libpcap opens all. */
static void find_ports(struct capture *capture)
{
    for (size_t i = 0; i < capture->count && capture->state == CAPTURE_GOOD; i++) {
        struct port *port = &capture->ports[i];
        const char *name = capture->count > 1 ? port->name : "";

        port->index = find_interface(capture, port);
        if (port->index < 0)
            fail(capture, CAPTURE_MISSING, name, "no such interface");
        else if (!is_up(capture, port))
            fail(capture, CAPTURE_DOWN, name, "the interface is down");
    }
}

/* libpcap makes an interface promiscuous only if it is the only one. */
static void listen_to_all(struct capture *capture)
{
    for (size_t i = 0; capture->count > 1 && i < capture->count; i++)
        set_promiscuous(capture, &capture->ports[i]);
    if (!listen_for(capture, ETH_P_ALL, bound_index(capture)))
        fail_errno(capture, "cannot listen to it");
}

static enum result open_capture(struct capture *capture, const struct capture_options *options)
{
    char problem[PCAP_ERRBUF_SIZE];
    enum result result = RESULT_OK;

    capture->pcap = pcap_create(capture->count == 1 ? capture->ports->name : "any", problem);
    if (!capture->pcap) {
        fail(capture, CAPTURE_FAILED, "", problem);
        return RESULT_OK;
    }
    activate(capture, options);
    if (capture->state == CAPTURE_GOOD)
        check_linktype(capture);
    if (capture->state == CAPTURE_GOOD)
        find_ports(capture);
    if (capture->state == CAPTURE_GOOD)
        result = filter(capture, options);
    if (capture->state == CAPTURE_GOOD && result == RESULT_OK)
        listen_to_all(capture);
    return result;
}

static uint64_t read_drops(const struct port *port)
{
    uint64_t drops = 0;

    for (size_t i = 0; i < DROP_FILES; i++) {
        char text[32];
        ssize_t got = pread(port->drop_files[i], text, sizeof text - 1, 0);

        text[got > 0 ? got : 0] = '\0';
        drops += strtoull(text, NULL, 10);
    }
    return drops;
}

/* These files stay open, since none can be opened later. */
static void open_drop_files(struct port *port)
{
    char path[128];

    for (size_t i = 0; i < DROP_FILES; i++) {
        snprintf(path, sizeof path, "/sys/class/net/%s/statistics/%s", port->name, drop_names[i]);
        port->drop_files[i] = open(path, O_RDONLY | O_CLOEXEC);
    }
    port->drops_before = read_drops(port);
}

/* False: too many names, or one longer than interface names can be. */
static bool set_ports(struct capture *capture, const char *names)
{
    if (strcmp(names, "any") == 0)
        return true;
    for (size_t length; *names; names += length + (names[length] == ',')) {
        struct port *port = &capture->ports[capture->count];

        length = strcspn(names, ",");
        if (capture->count == CAPTURE_INTERFACES || length >= sizeof port->name)
            return false;
        memcpy(port->name, names, length);
        open_drop_files(port);
        capture->count++;
    }
    return capture->count > 0;
}

enum result capture_init(struct capture **capture, const struct capture_options *options)
{
    struct capture *new = calloc(1, sizeof *new);
    enum result result = RESULT_OK;

    if (!new)
        return RESULT_NO_MEMORY;
    new->promiscuous = options->promiscuous;
    new->lookup = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (!set_ports(new, options->interface))
        fail(new, CAPTURE_MISSING, "", "no such interface");
    else if (new->lookup < 0)
        fail_errno(new, "cannot ask for interfaces");
    else
        result = open_capture(new, options);
    if (result != RESULT_OK) {
        capture_destroy(&new);
        return result;
    }
    *capture = new;
    return RESULT_OK;
}

void capture_destroy(struct capture **capture)
{
    struct capture *old = *capture;

    if (!old)
        return;
    if (old->pcap)
        pcap_close(old->pcap);
    if (old->lookup >= 0)
        close(old->lookup);
    for (size_t i = 0; i < old->count; i++)
        for (size_t file = 0; file < DROP_FILES; file++)
            if (old->ports[i].drop_files[file] >= 0)
                close(old->ports[i].drop_files[file]);
    free(old);
    *capture = NULL;
}

enum capture_state capture_state(const struct capture *capture)
{
    return capture->state;
}

const char *capture_problem(const struct capture *capture)
{
    return capture->problem;
}

int capture_fd(const struct capture *capture)
{
    return pcap_fileno(capture->pcap);
}

/* The interface that had the name was renamed, so it is no longer captured, or is gone. */
static void fail_missing(struct capture *capture)
{
    const struct port *port = capture->ports;
    char name[IFNAMSIZ];

    if (find_name(capture, port->index, name) && strcmp(name, port->name) != 0 &&
        listen_for(capture, SILENT_PROTOCOL, port->index))
        fail(capture, CAPTURE_MISSING, "the interface has another name now", name);
    else
        fail(capture, CAPTURE_MISSING, "", "the interface has disappeared");
}

/* The filter passes nothing of other interfaces that get the names. */
static void look_at_several(struct capture *capture)
{
    char name[IFNAMSIZ];

    for (size_t i = 0; i < capture->count; i++)
        if (find_name(capture, capture->ports[i].index, name))
            return;
    fail(capture, CAPTURE_FAILED, "", "all of the interfaces have disappeared");
}

enum capture_state capture_look(struct capture *capture)
{
    if (capture->count > 1)
        look_at_several(capture);
    else if (capture->count == 1 &&
             find_interface(capture, capture->ports) != capture->ports->index)
        fail_missing(capture);
    else if (capture->count == 1 && !is_up(capture, capture->ports))
        fail(capture, CAPTURE_DOWN, "", "the interface is down");
    return capture->state;
}

bool capture_lacks(const struct capture *capture)
{
    for (size_t i = 0; i < capture->count; i++)
        if (capture->ports[i].known != UP)
            return true;
    return false;
}

/* What has become of one of several interfaces. */
static struct capture_news port_news(const struct capture *capture, struct port *port)
{
    static const enum capture_event events[] = {CAPTURE_CAME_UP, CAPTURE_WENT_DOWN,
                                                CAPTURE_WENT_AWAY};
    struct capture_news news = {.event = CAPTURE_QUIET};
    enum presence now = GONE;

    memcpy(news.name, port->name, sizeof news.name);
    if (find_name(capture, port->index, news.new_name)) {
        memcpy(port->name, news.new_name, sizeof port->name);
        now = is_up(capture, port) ? UP : DOWN;
    }
    if (strcmp(news.name, port->name) != 0) {
        news.event = CAPTURE_RENAMED;
    } else if (now != port->known) {
        news.event = events[now];
        port->known = now;
    }
    return news;
}

struct capture_news capture_news(struct capture *capture)
{
    struct capture_news news = {.event = CAPTURE_QUIET};

    if (capture->count > 1 && capture->state == CAPTURE_GOOD)
        for (size_t i = 0; i < capture->count && news.event == CAPTURE_QUIET; i++)
            news = port_news(capture, &capture->ports[i]);
    return news;
}

static void take_packet(u_char *context, const struct pcap_pkthdr *header, const u_char *data)
{
    struct capture *capture = (struct capture *)(void *)context;
    struct frame frame = {
        .data = data,
        .captured = header->caplen,
        .length = header->len,
        .time = (int64_t)header->ts.tv_sec * 1000000 + header->ts.tv_usec,
        .linktype = capture->linktype,
    };

    if (capture->taken == RESULT_OK)
        capture->taken = capture->take(capture->context, &frame);
    if (capture->taken != RESULT_OK)
        pcap_breakloop(capture->pcap);
}

enum result capture_read(struct capture *capture, capture_frame_fn *take, void *context)
{
    int64_t now = clock_monotonic();
    int status;

    if (now - capture->looked >= LOOK_EVERY) {
        capture->looked = now;
        if (capture_look(capture) != CAPTURE_GOOD)
            return RESULT_END;
    }
    capture->take = take;
    capture->context = context;
    capture->taken = RESULT_OK;
    status = pcap_dispatch(capture->pcap, CAPTURE_AT_ONCE, take_packet, (u_char *)capture);
    if (capture->taken != RESULT_OK)
        return capture->taken;
    if (status >= 0 || status == PCAP_ERROR_BREAK)
        return RESULT_OK;
    if (capture_look(capture) == CAPTURE_GOOD)
        fail(capture, CAPTURE_FAILED, "", pcap_geterr(capture->pcap));
    return RESULT_END;
}

enum capture_state capture_reopen(struct capture *capture)
{
    struct port *port = capture->ports; /* the only one; otherwise there is nothing to wait for */
    socklen_t size = sizeof(int);
    int error, before = port->index, now = find_interface(capture, port);

    capture->state = CAPTURE_GOOD;
    if (now >= 0)
        port->index = now;
    if (capture_look(capture) != CAPTURE_GOOD)
        return capture->state;
    if (!listen_for(capture, ETH_P_ALL, now)) {
        if (errno == ENODEV || errno == ENXIO)
            fail(capture, CAPTURE_MISSING, "", "the interface has disappeared");
        else
            fail_errno(capture, "cannot listen to it again");
    }
    if (now != before)
        set_promiscuous(capture, port);
    /* Clears an earlier error. */
    getsockopt(capture_fd(capture), SOL_SOCKET, SO_ERROR, &error, &size);
    return capture->state;
}

void capture_count(struct capture *capture, struct capture_counts *counts)
{
    struct tpacket_stats_v3 stats; /* since the last call */
    socklen_t size = sizeof stats;

    if (getsockopt(capture_fd(capture), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) {
        capture->counts.packets += stats.tp_packets;
        capture->counts.kernel_drops += stats.tp_drops;
    }
    for (size_t i = 0; i < capture->count; i++) {
        struct port *port = &capture->ports[i];
        uint64_t drops = read_drops(port);

        if (drops > port->drops_before) /* otherwise it is another interface by now */
            capture->counts.interface_drops += drops - port->drops_before;
        port->drops_before = drops;
    }
    *counts = capture->counts;
}

/* glibc's list of hardware types is shorter than Linux's. */
#ifndef ARPHRD_NETLINK
#define ARPHRD_NETLINK 824
#endif
#ifndef ARPHRD_VSOCKMON
#define ARPHRD_VSOCKMON 826
#endif

/* Hardware types with frames that check_linktype rejects. */
static bool is_foreign(int hardware)
{
    static const int foreign[] = {ARPHRD_EETHER,
                                  ARPHRD_AX25,
                                  ARPHRD_PRONET,
                                  ARPHRD_CHAOS,
                                  ARPHRD_IEEE802,
                                  ARPHRD_ARCNET,
                                  ARPHRD_CAN,
                                  ARPHRD_CISCO,
                                  ARPHRD_FRAD,
                                  ARPHRD_LOCALTLK,
                                  ARPHRD_FDDI,
                                  ARPHRD_IRDA,
                                  ARPHRD_FCPP,
                                  ARPHRD_FCAL,
                                  ARPHRD_FCPL,
                                  ARPHRD_FCFABRIC,
                                  ARPHRD_IEEE80211,
                                  ARPHRD_IEEE80211_PRISM,
                                  ARPHRD_IEEE80211_RADIOTAP,
                                  ARPHRD_IEEE802_TR,
                                  ARPHRD_IEEE802154,
                                  ARPHRD_NETLINK,
                                  ARPHRD_VSOCKMON};

    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (foreign[i] == hardware)
            return true;
    return false;
}

/* libpcap also lists devices that are not network interfaces, such as Bluetooth. */
static bool can_be_captured(int lookup, const char *name)
{
    struct ifreq request = {0};

    if (strcmp(name, "any") == 0)
        return true;
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    return strlen(name) < sizeof request.ifr_name && ioctl(lookup, SIOCGIFHWADDR, &request) == 0 &&
           !is_foreign(request.ifr_hwaddr.sa_family);
}

enum result capture_list(capture_interface_fn *tell, void *context, char *problem, size_t size)
{
    int lookup = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char why[PCAP_ERRBUF_SIZE];
    pcap_if_t *interfaces;

    if (lookup < 0 || pcap_findalldevs(&interfaces, why) != 0) {
        snprintf(problem, size, "%s", lookup < 0 ? strerror(errno) : why);
        if (lookup >= 0)
            close(lookup);
        return RESULT_SYSTEM;
    }
    for (const pcap_if_t *p = interfaces; p; p = p->next)
        if (can_be_captured(lookup, p->name))
            tell(context, &(struct capture_interface){
                              .name = p->name,
                              .description = p->description,
                              .up = (p->flags & PCAP_IF_UP) || strcmp(p->name, "any") == 0,
                              .connected = (p->flags & PCAP_IF_CONNECTION_STATUS) !=
                                           PCAP_IF_CONNECTION_STATUS_DISCONNECTED});
    pcap_freealldevs(interfaces);
    close(lookup);
    return RESULT_OK;
}
