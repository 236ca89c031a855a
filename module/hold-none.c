// SPDX-License-Identifier: GPL-2.0
/*
 * In the place of hold.c on a kernel without Xen or without dynamic ftrace.
 */
#include <linux/errno.h>

#include "hold.h"

/* Process context. */
int ct_hold_attach(const unsigned int *guard_ns)
{
	return -EOPNOTSUPP;
}

/* Process context. */
void ct_hold_detach(void)
{
}

/* Process context. */
void ct_hold_release(void)
{
}
