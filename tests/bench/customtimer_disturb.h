/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_DISTURB_H
#define CUSTOMTIMER_DISTURB_H

#include <linux/types.h>

/*
 * What the module's parameters ask for begins or ends. Process context, on the CPU to
 * disturb.
 */
void customtimer_disturb(bool on);

#endif /* CUSTOMTIMER_DISTURB_H */
