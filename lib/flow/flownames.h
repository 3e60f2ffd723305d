/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that flows gave themselves, by the number of the flow; and by the uid of a Zeek
 * connection, whose rows come in any order. An array holds them, so that numbers should be dense: 4
 * bytes each. A uid costs 21 to 27 bytes, a text is kept once.
 *
 * Part of the flowtable module.
 *
 * A name beside an offer of Encrypted Client Hello counts, unless hellos with it speak against it.
 * Most browsers offer with a random config_id where there is nothing to hide (GREASE; RFC 9849
 * section 6.2), while all who hide behind a front send the id of its key. So it is a front's name
 * once its hellos repeated the id of the one before twice, and four times as often as they changed
 * it: keys change, too. The same goes for a hello of which the rest is missing, and maybe an offer.
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
 * The flow said that. The first name stays, unless it is to be replaced; where it was cut the whole
 * of it is news. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result flownames_add(struct flownames *names, uint32_t flow,
                                     const struct hello *hello, bool replace);

/* The flow's name, which the names own. False: it has none, or a front's. */
bool flownames_get(const struct flownames *names, uint32_t flow, const char **name, size_t *length);

/*
 * A connection of that uid (a hash of it, not 0) is of the flow, whose name it may give; or said
 * that name. The first name that a uid is given stays. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result flownames_join(struct flownames *names, uint64_t uid, uint32_t flow);
MUST_CHECK enum result flownames_tell(struct flownames *names, uint64_t uid,
                                      const struct hostname *said);

/* The flow has no name any more. */
void flownames_clear(struct flownames *names, uint32_t flow);

/* How much memory the names take; and what of it is for their texts. */
size_t flownames_bytes(const struct flownames *names);
size_t flownames_texts(const struct flownames *names);

/* Takes a name over from other names, to a flow that has none here. RESULT_NO_MEMORY. */
MUST_CHECK enum result flownames_move(struct flownames *to, uint32_t to_flow,
                                      const struct flownames *from, uint32_t from_flow);

#endif
