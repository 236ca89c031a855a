// SPDX-License-Identifier: GPL-2.0
/*
 * In the place of xen.c on a kernel without CONFIG_XEN.
 */
#include <linux/errno.h>
#include <linux/printk.h>

#include "backend.h"
#include "xen.h"

/* Any context. */
const char *ct_xen_guest_type(void)
{
	return "none";
}

/* Any context. */
const char *ct_xen_events(void)
{
	return "none";
}

/* Process context. */
static int ct_xen_probe(void)
{
	pr_err("this kernel was built without CONFIG_XEN. Load with backend=hrtimer to develop without Xen\n");
	return -ENODEV;
}

/* Nothing else is called after that. */
const struct ct_backend ct_xen_backend = {
	.name = "xen",
	.probe = ct_xen_probe,
};
