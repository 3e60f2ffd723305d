/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that flows give themselves: the server_name of a TLS ClientHello, the Host of an HTTP/1
 * request, the ClientHello in the Initial packets of QUIC version 1 and 2.
 *
 * A handshake may be spread over packets in any order. Until it is whole its first bytes are kept,
 * at most SNI_STREAM_MAX of a flow, SNI_PENDING_MAX flows, SNI_BYTES_MAX in all, beside an eighth
 * of it for which bytes these are; and at most SNI_PIECES_MAX packets add to one. What goes beyond
 * costs names. For a TCP stream of which another segment than the first arrives first, its SYN must
 * have been seen.
 */
#ifndef SECFLOW_SNI_H
#define SECFLOW_SNI_H

#include "name/hello.h"
#include "packet/packet.h"

#define SNI_STREAM_MAX 16384u
#define SNI_PIECES_MAX 64u
#define SNI_PENDING_MAX 4096u
#define SNI_BYTES_MAX (16u << 20)

struct sni;

/* RESULT_NO_MEMORY, or RESULT_SYSTEM. */
MUST_CHECK enum result sni_init(struct sni **sni);
void sni_destroy(struct sni **sni);

/* What a packet is to handshakes. */
enum sni_part {
    SNI_NOTHING,
    SNI_BEGINS, /* one may begin here */
    SNI_GOES_ON /* one that is not whole yet may go on, or its SYN is here */
};

enum sni_part sni_look(const struct sni *sni, const struct packet *packet);

/*
 * Reads a packet that is part of a handshake. Where that says a name, RESULT_OK: the flow from the
 * packet's source has it; the same name may come again, with what is known of it by then.
 * RESULT_END: no name. RESULT_NO_MEMORY.
 */
MUST_CHECK enum result sni_read(struct sni *sni, const struct packet *packet, struct hello *hello);

#endif
