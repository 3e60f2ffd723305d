/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.css and page.js, which the build makes into strings.
 */
#ifndef SECFLOW_PAGEPARTS_H
#define SECFLOW_PAGEPARTS_H

extern const char page_css[], page_js[];

#endif
