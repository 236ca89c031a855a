/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_WAIT_H
#define CUSTOMTIMER_WAIT_H

#include "state.h"

/* The last stretch before an exact deadline, in which its timer is fixed. */
#define CT_LAST_NS 2000

bool ct_wait(struct custom_timer_base *base, ktime_t now, ktime_t until);

#endif /* CUSTOMTIMER_WAIT_H */
