/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_XEN_H
#define CUSTOMTIMER_XEN_H

#include <linux/types.h>

struct timespec64;

const char *ct_xen_guest_type(void);
const char *ct_xen_events(void);
bool ct_xen_has_clock(const char *part);
void ct_xen_wallclock(struct timespec64 *ts);
bool ct_xen_may_set_wallclock(void);
int ct_xen_set_wallclock(const struct timespec64 *ts);

#endif /* CUSTOMTIMER_XEN_H */
