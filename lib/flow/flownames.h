/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names from handshakes, by flow number, or by the uid of a Zeek connection, whose rows come in any
 * order. Flow numbers index an array, 4 bytes each, so they should be dense. A uid costs 21 to 27
 * bytes; a text is stored once.
 *
 * Part of the flowtable module.
 *
 * A name beside an offer of Encrypted Client Hello counts, unless its hellos show that it is a
 * front's. Most browsers send the offer with a random config_id if there is nothing to hide
 * (GREASE; RFC 9849 section 6.2), while everyone hiding behind a front sends the id of the front's
 * key. So a name is a front's once its hellos repeated the previous id twice, and four times as
 * often as they changed it, since keys change too. The same applies to an incomplete hello, whose
 * missing part may have an offer.
 */
#ifndef SECFLOW_FLOWNAMES_H
#define SECFLOW_FLOWNAMES_H

#include "base/result.h"
#include "name/hello.h"

struct flownames;

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result flownames_init(struct flownames **names);
void flownames_destroy(struct flownames **names);

/*
 * Adds a name that the flow gave. The first name stays unless replace is set. If the hello was cut
 * off earlier, the whole one adds what was missing. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result flownames_add(struct flownames *names, uint32_t flow,
                                     const struct hello *hello, bool replace);

/* The flow's name, owned by the names. False: it has none, or a front's. */
bool flownames_get(const struct flownames *names, uint32_t flow, const char **name, size_t *length);

/*
 * flownames_join: the connection with this uid (a hash of it, not 0) is part of the flow and may
 * give it a name. flownames_tell: the connection gave this name. A uid keeps the first name that it
 * is given. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result flownames_join(struct flownames *names, uint64_t uid, uint32_t flow);
MUST_CHECK enum result flownames_tell(struct flownames *names, uint64_t uid,
                                      const struct hostname *said);

/* Removes the flow's name. */
void flownames_clear(struct flownames *names, uint32_t flow);

/* Bytes of memory that the names take, and the part of it that is text. */
size_t flownames_bytes(const struct flownames *names);
size_t flownames_texts(const struct flownames *names);

/* Copies a name from other names to a flow that has none here. RESULT_NO_MEMORY. */
MUST_CHECK enum result flownames_move(struct flownames *to, uint32_t to_flow,
                                      const struct flownames *from, uint32_t from_flow);

#endif
