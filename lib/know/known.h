/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lists know: facts about names, addresses, networks, ports and behaviors, by key. Lists are
 * written by strangers: the tables are seeded, a key has no more facts than KNOWN_FACTS.
 */
#ifndef SECFLOW_KNOWN_H
#define SECFLOW_KNOWN_H

#include "know/note.h"
#include "packet/address.h"

struct known;

/* What a key is, and its bytes. */
enum known_kind {
    KNOWN_NAME,         /* in lower case, without the final dot */
    KNOWN_NAME_PORT,    /* name:port */
    KNOWN_ADDRESS,      /* family, and its 4 or 16 bytes */
    KNOWN_ADDRESS_PORT, /* the same, and the port as 2 bytes */
    KNOWN_PORT,         /* 2 bytes */
    KNOWN_FLOW_ID,      /* 64 hexadecimal digits */
    KNOWN_BEHAVIOR,     /* category, a space, and the kind and the key of where it goes to */
    KNOWN_NETWORK,      /* as an address, then the bits of its prefix as a byte */
    KNOWN_KINDS
};

#define KNOWN_KEY_MOST 400u

struct known_key {
    enum known_kind kind;
    uint16_t length;
    char bytes[KNOWN_KEY_MOST];
};

/* The keys of addresses, of address and port, of ports, and of networks, whose bits are cleared. */
void known_key_address(struct known_key *key, const struct address *address);
void known_key_address_port(struct known_key *key, const struct address *address, uint16_t port);
void known_key_port(struct known_key *key, uint16_t port);
void known_key_network(struct known_key *key, const struct address *address, uint8_t prefix);

/*
 * The key of a category towards another key, NULL: towards anything. False: together they are too
 * long.
 */
MUST_CHECK bool known_key_behavior(struct known_key *key, const char *category, size_t length,
                                   const struct known_key *to);

/* How far below a name a fact holds. */
enum known_scope {
    KNOWN_EXACT,
    KNOWN_BELOW, /* within the registered domain (domain.h) */
    KNOWN_ALL    /* for all names below */
};

/* Facts of one key, at most; others are dropped. */
#define KNOWN_FACTS 64u

/* Lists, at most. */
#define KNOWN_LISTS UINT16_MAX

struct fact {
    uint32_t next;  /* the next of the same key; 0: it is the last */
    uint32_t value; /* the rank, or the note */
    uint32_t key;   /* where its key is */
    uint16_t list;
    uint8_t scope : 2; /* enum known_scope */
    uint8_t ranked : 1;
    _Atomic uint8_t suffix; /* of the first of a key: whether it is a suffix; 0: not looked up */
};

MUST_CHECK enum result known_init(struct known **known);
void known_destroy(struct known **known);

/*
 * Begins a list of that name: facts that are added from now on are its. RESULT_INVALID: there are
 * too many lists.
 */
MUST_CHECK enum result known_begin(struct known *known, const char *name, size_t length,
                                   uint16_t *list);

/* Gives the list begun last another name. */
MUST_CHECK enum result known_rename(struct known *known, const char *name, size_t length);

/* How many lists were begun; their numbers begin at 0. */
size_t known_lists(const struct known *known);

/* From now on none of the facts of a list are found. */
void known_forget(struct known *known, uint16_t list);
bool known_forgotten(const struct known *known, uint16_t list);

/*
 * Adds a fact to the list begun last. RESULT_NO_MEMORY. Notes are packed (note.h); equal ones are
 * kept once.
 */
MUST_CHECK enum result known_add(struct known *known, const struct known_key *key,
                                 enum known_scope scope, const struct text *packed);
MUST_CHECK enum result known_add_rank(struct known *known, const struct known_key *key,
                                      uint32_t rank);

/* Begins a list with the name and the facts of one of another object, a ready one. As known_begin.
 */
MUST_CHECK enum result known_copy(struct known *known, const struct known *from, uint16_t list);

/* To be called after adding and before asking. RESULT_NO_MEMORY. */
MUST_CHECK enum result known_ready(struct known *known);

/* Number of keys of a kind; of facts, of those dropped. */
uint32_t known_keys(const struct known *known, enum known_kind kind);
uint64_t known_facts(const struct known *known);
uint64_t known_dropped(const struct known *known);

/* True if some fact holds below a name, and if one does for all names below. */
bool known_has_below(const struct known *known);
bool known_has_all(const struct known *known);

/* Fetches the memory where the search for a key begins, which is soon asked for. */
void known_fetch(const struct known *known, enum known_kind kind, const char *bytes, size_t length);

/* The first fact of a key, 0 for none; any kind but KNOWN_NETWORK. */
uint32_t known_find(const struct known *known, enum known_kind kind, const char *bytes,
                    size_t length);
const struct fact *known_fact(const struct known *known, uint32_t number);

/*
 * True if the name that is the key of this first fact is a suffix, as domain.h says. Several
 * threads may ask, as they may ask for anything here.
 */
bool known_is_suffix(struct known *known, uint32_t number);

/*
 * The longest network that holds the address, and from one network the next that holds it, too.
 * UINT32_MAX: none.
 */
uint32_t known_network(const struct known *known, const struct address *address);
uint32_t known_wider(const struct known *known, uint32_t network);
uint32_t known_network_fact(const struct known *known, uint32_t network);

/* What a fact that has no rank says. */
const char *known_note(const struct known *known, const struct fact *fact);

/* The name of a list as a JSON string that a NUL follows. */
const char *known_list(const struct known *known, uint16_t list, size_t *length);

#endif
