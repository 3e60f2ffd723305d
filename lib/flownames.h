/*
 * The names that flows gave themselves, by the number of the flow, which should leave few out; and
 * by the uid of a Zeek connection, whose rows come in any order. A flow costs 4 bytes, a uid some
 * 20, a text is kept once.
 *
 * Part of the flowtable room.
 *
 * Encrypted Client Hello hides a name behind that of a front, and most browsers send what looks
 * like it where it is not (GREASE; RFC 9849 section 6.2), so that nobody can tell from one hello.
 * From several one can: a front has one config_id for all who come to it, until it changes keys,
 * while the others are random. So a name that was said beside such an offer counts only once its
 * hellos were seen to change the id more often than to repeat it.
 */
#ifndef SECFLOW_FLOWNAMES_H
#define SECFLOW_FLOWNAMES_H

#include "hello.h"
#include "result.h"

struct flownames;

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result flownames_init(struct flownames **names);
void flownames_destroy(struct flownames **names);

/*
 * The flow has that name; where it had one, only the offer of ECH may be news. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result flownames_add(struct flownames *names, uint32_t flow,
                                     const struct hello *hello);

/* The flow's name, which the names own. False: it has none, or one that may be a front's. */
bool flownames_get(const struct flownames *names, uint32_t flow, const char **name, size_t *length);

/* Whether the flow has a name, though it be a front's. */
bool flownames_has(const struct flownames *names, uint32_t flow);

/*
 * A connection of that uid (a hash of it, not 0) is of the flow, whose name it may give; or said
 * that name. The first name that a uid is given stays. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result flownames_join(struct flownames *names, uint64_t uid, uint32_t flow);
MUST_CHECK enum result flownames_tell(struct flownames *names, uint64_t uid,
                                      const struct hello *hello);

/* Takes a name over from other names, to a flow that has none here. RESULT_NO_MEMORY. */
MUST_CHECK enum result flownames_move(struct flownames *to, uint32_t to_flow,
                                      const struct flownames *from, uint32_t from_flow);

#endif
