#include "watch.h"

#include "common.h"

#include <inttypes.h>
#include <sys/resource.h>

/* Said at first, and then each time that they have doubled. */
static void tell_dropped_records(struct watch *watch, uint64_t dropped)
{
    if (dropped <= 2 * watch->dropped)
        return;
    complain(NULL, "nobody reads the output: %" PRIu64 " record%s dropped so far", dropped,
             dropped == 1 ? " was" : "s were");
    watch->dropped = dropped;
}

void watch_look(struct watch *watch, const struct watch_counts *counts)
{
    tell_dropped_records(watch, counts->outbox.dropped_flows);
}

void watch_tell(const struct watch *watch, const struct watch_counts *counts)
{
    const struct outbox_counts *outbox = &counts->outbox;
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    complain(watch->interface,
             "%" PRIu64 " packets, %" PRIu64 " dropped by the kernel, %" PRIu64
             " by the interface; %" PRIu64 " records in %" PRIu64 " windows, %" PRIu64
             " of them early; flows: %zu in %zu KiB; names: %" PRIu64 " in %" PRIu64
             " KiB, %" PRIu64 " forgotten for want of room; output: %" PRIu64
             " windows waiting in %" PRIu64 " KiB, %" PRIu64
             " records dropped; memory: at most %ld MiB",
             counts->capture.packets, counts->capture.kernel_drops, counts->capture.interface_drops,
             outbox->records, counts->meter.windows, counts->meter.early, counts->flows,
             counts->flow_bytes / 1024, outbox->names, outbox->names_bytes / 1024,
             outbox->names_forgotten + outbox->dropped_names + counts->unnamed, outbox->waiting,
             outbox->bytes / 1024, outbox->dropped_flows, usage.ru_maxrss / 1024);
}
