/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in the handshakes of flows: the server_name of a TLS ClientHello, the Host of an HTTP/1
 * request, the ClientHello in Initial packets of QUIC versions 1 and 2.
 *
 * A handshake may be spread over packets in any order. Until it is whole, its first bytes are kept:
 * at most SNI_STREAM_MAX per flow, SNI_PENDING_MAX flows, SNI_BYTES_MAX in all, and another eighth
 * of that to record which bytes have come. At most SNI_PIECES_MAX packets contribute to one.
 * Handshakes beyond these limits yield no name. If a TCP stream's first segment does not arrive
 * first, its SYN must have been seen.
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

/* How a packet relates to handshakes. */
enum sni_part {
    SNI_NOTHING,
    SNI_BEGINS, /* a handshake may begin here */
    SNI_GOES_ON /* an incomplete handshake may continue here, or its SYN is here */
};

enum sni_part sni_look(const struct sni *sni, const struct packet *packet);

/*
 * Reads a packet that is part of a handshake. RESULT_OK: it gives a name to the flow from the
 * packet's source; the same name may be returned again when more is known. RESULT_END: no name.
 * RESULT_NO_MEMORY.
 */
MUST_CHECK enum result sni_read(struct sni *sni, const struct packet *packet, struct hello *hello);

#endif
