/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_EXPIRE_H
#define CUSTOMTIMER_EXPIRE_H

#include "state.h"

void ct_expire(struct custom_timer_base *base, bool used_up);
void ct_expire_raised(struct irq_work *work);

#endif /* CUSTOMTIMER_EXPIRE_H */
