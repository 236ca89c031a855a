/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_HOLD_H
#define CUSTOMTIMER_HOLD_H

int ct_hold_attach(const unsigned int *guard_ns);
void ct_hold_detach(void);
void ct_hold_release(void);

#endif /* CUSTOMTIMER_HOLD_H */
