/* SPDX-License-Identifier: Apache-2.0 */
/* load_write.h - a window back into the form of the document, for what comes from elsewhere. */
#ifndef SCHEDULER_LOAD_WRITE_H
#define SCHEDULER_LOAD_WRITE_H

#include "scheduler/model.h"

/* A new "window" object that load reads as the same window; cJSON_Delete() it. zone_name is that of
 * window->zone, NULL without one. The window has no calendar. NULL: no memory. */
cJSON *load_write_window(const struct window *window, const char *zone_name);

#endif
