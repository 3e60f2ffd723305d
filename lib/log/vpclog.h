/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow logs of clouds, read sequentially:
 *
 *   AWS     lines of cells by a line of names, as VPC flow logs are in S3, or by names that the
 *           caller gives; each may begin with a time, as from CloudWatch
 *           (docs.aws.amazon.com/vpc, "Flow log records")
 *   Azure   flow logs of network security groups, versions 1 and 2, and of virtual networks,
 *           version 4 (learn.microsoft.com, "NSG flow logs", "Virtual network flow logs")
 *   Google  VPC flow logs as LogEntry (cloud.google.com/vpc, "VPC Flow Logs records")
 *   names   Route 53's resolver query log (docs.aws.amazon.com/Route53, "Values that appear in
 *           Resolver query logs")
 *
 * What is JSON may be one object per line, spread over lines, in arrays, or in an object with a
 * member records, events or logEvents, whose elements may hold a line of AWS in a member message.
 */
#ifndef SECFLOW_VPCLOG_H
#define SECFLOW_VPCLOG_H

#include "log/log.h"

extern const struct log_reader vpc_reader;

/*
 * A field that names of columns lack, without which nothing can be read; NULL: none. The names are
 * separated by blanks or commas, and may be as in a log's format: ${srcaddr}.
 */
const char *vpc_lacks(const char *names);

#endif
