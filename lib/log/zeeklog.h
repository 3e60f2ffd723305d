/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zeek's conn.log and dns.log, and ssl.log, quic.log and http.log for the names that connections
 * say, read in one direction, in every shape that they come in:
 *
 *   TSV    by the #fields of its header, in any order, which may come again with another one
 *          (docs.zeek.org, "Zeek log formats"; a plain first line of names does as a header)
 *   JSON   an object a line, or arrays of objects, with ids as id.orig_h, id_orig_h or an object id
 *
 * What a row is a log's #path or _path says, else its fields. Rows of other logs are passed over.
 */
#ifndef SECFLOW_ZEEKLOG_H
#define SECFLOW_ZEEKLOG_H

#include "log/log.h"

extern const struct log_reader zeek_reader;

#endif
