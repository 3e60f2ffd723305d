/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The third-party libraries that a tool is linked with, and their versions as loaded.
 *
 * The module that uses a library reports it, so that reporting links nothing more; libraries that
 * several modules use are reported here.
 */
#ifndef SECFLOW_LIBRARY_H
#define SECFLOW_LIBRARY_H

#define LIBRARY_TEXT 80u

/* Writes its name and version, such as "zlib 1.3.1". */
typedef void library_fn(char text[LIBRARY_TEXT]);

library_fn library_nettle;

#endif
