/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_PROCFS_H
#define CUSTOMTIMER_PROCFS_H

int ct_procfs_init(void);
void ct_procfs_exit(void);

#endif /* CUSTOMTIMER_PROCFS_H */
