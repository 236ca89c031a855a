/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_DEBUGFS_H
#define CUSTOMTIMER_DEBUGFS_H

void ct_debugfs_init(void);
void ct_debugfs_exit(void);

#endif /* CUSTOMTIMER_DEBUGFS_H */
