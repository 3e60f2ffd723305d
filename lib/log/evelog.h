/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suricata's eve.json, one event per line (docs.suricata.io, "Eve JSON Format"): flow and netflow
 * events, which give connections; dns of versions 1 to 3, which gives names; and tls, quic and http
 * for the names that connections ask for. Other events are skipped without being parsed.
 *
 * An event may be in the member "event" of an object, as AWS Network Firewall writes it, or after a
 * prefix from a syslog transport, such as "@cee: ". An incomplete last line is usual in a live log
 * and not damage.
 *
 * A netflow event describes one side. Those of a log are a point of observation of their own, so
 * they count only where flow events say less.
 */
#ifndef SECFLOW_EVELOG_H
#define SECFLOW_EVELOG_H

#include "log/log.h"

extern const struct log_reader eve_reader;

#endif
