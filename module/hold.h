/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_HOLD_H
#define CUSTOMTIMER_HOLD_H

int ct_guard_attach(void);
void ct_guard_detach(void);
void ct_guard_release(void);

#endif /* CUSTOMTIMER_HOLD_H */
