// SPDX-License-Identifier: GPL-2.0
/*
 * In the place of hold.c on a kernel without Xen or without dynamic ftrace.
 */
#include <linux/errno.h>

#include "hold.h"

/* Process context. */
int ct_guard_attach(void)
{
	return -EOPNOTSUPP;
}

/* Process context. */
void ct_guard_detach(void)
{
}

/* Process context. */
void ct_guard_release(void)
{
}
