/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_CHARDEV_H
#define CUSTOMTIMER_CHARDEV_H

int ct_chardev_init(void);
void ct_chardev_exit(void);
unsigned int ct_chardev_timers(void);

#endif /* CUSTOMTIMER_CHARDEV_H */
