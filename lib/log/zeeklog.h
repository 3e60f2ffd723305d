/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zeek's conn.log and dns.log, and for names in handshakes ssl.log, quic.log and http.log, read
 * sequentially, in every form that they come in:
 *
 *   TSV    by the #fields of its header, in any order; another header may follow later
 *          (docs.zeek.org, "Zeek log formats"; a plain first line of names is also a header)
 *   JSON   one object per line, or arrays of objects; ids as id.orig_h, id_orig_h or an object id
 *
 * The kind of a row is given by the log's #path or _path, or else by its fields. Rows of other logs
 * are skipped.
 */
#ifndef SECFLOW_ZEEKLOG_H
#define SECFLOW_ZEEKLOG_H

#include "log/log.h"

extern const struct log_reader zeek_reader;

#endif
