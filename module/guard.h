/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_GUARD_H
#define CUSTOMTIMER_GUARD_H

int ct_guard_init(void);
void ct_guard_exit(void);
unsigned int ct_guard_ns(void);

#endif /* CUSTOMTIMER_GUARD_H */
