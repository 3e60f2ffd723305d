/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suricata's eve.json, an event a line (docs.suricata.io, "Eve JSON Format"): flow and netflow
 * events, which are connections; dns of versions 1 to 3, which is names; and tls, quic and http for
 * the names that connections say. Other events are passed over without being parsed.
 *
 * An event may stand in the member "event" of an object, as AWS Network Firewall writes them, or
 * behind what a syslog transport puts in front, such as "@cee: ". Half a line at the end is what a
 * live log has there, and no damage.
 *
 * A netflow event tells of one side; those of one log are a point of observation of their own, so
 * that they count only where flow events do not tell as much.
 */
#ifndef SECFLOW_EVELOG_H
#define SECFLOW_EVELOG_H

#include "log/log.h"

extern const struct log_reader eve_reader;

#endif
