/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_GUARD_H
#define CUSTOMTIMER_GUARD_H

#include "state.h"

int ct_guard_init(void);
void ct_guard_exit(void);
unsigned int ct_guard_ns(void);
struct custom_timer *
ct_guard_before_tick(const struct custom_timer_base *base, ktime_t now);

#endif /* CUSTOMTIMER_GUARD_H */
