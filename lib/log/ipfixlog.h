/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NetFlow 5 (Cisco), NetFlow 9 (RFC 3954) and IPFIX (RFC 7011): messages one after another in a
 * file (RFC 5655), or datagrams in a capture, whose addresses tell exporters apart.
 *
 * Logs of one sample share the templates, and what exporters say about themselves: a file may have
 * the data, another the templates. Data whose template is not known yet wait for it, in bounded
 * memory.
 *
 * Most records are one direction of a conversation: a half. A record of both (RFC 5103) becomes two
 * halves, unless it says who began. Where a log has times of another clock, or none, the time of
 * the message is used.
 */
#ifndef SECFLOW_IPFIXLOG_H
#define SECFLOW_IPFIXLOG_H

#include "log/log.h"

extern const struct log_reader ipfix_reader;

#endif
