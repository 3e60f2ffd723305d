/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The libraries of others that a tool is linked with, and their versions as they are loaded.
 *
 * Each is told of by the module that uses it, so that to tell of it links nothing more; of what
 * several modules use, by this one.
 */
#ifndef SECFLOW_LIBRARY_H
#define SECFLOW_LIBRARY_H

#define LIBRARY_TEXT 80u

/* Writes its name and version, such as "zlib 1.3.1". */
typedef void library_fn(char text[LIBRARY_TEXT]);

library_fn library_nettle;

#endif
