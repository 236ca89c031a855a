/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_XEN_H
#define CUSTOMTIMER_XEN_H

const char *ct_xen_guest_type(void);
const char *ct_xen_events(void);

#endif /* CUSTOMTIMER_XEN_H */
