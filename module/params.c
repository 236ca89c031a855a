// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters that are bounded numbers.
 */
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/sysfs.h>

#include "params.h"

/*
 * The number from 0 to @max that @val is. Any other text is an error, which is logged.
 * Process context.
 */
int ct_param_parse(const char *val, const struct kernel_param *kp,
		   unsigned int max, unsigned int *number)
{
	if (kstrtouint(val, 0, number) || *number > max) {
		pr_err("%s takes a number from 0 to %u\n", kp->name, max);
		return -EINVAL;
	}
	return 0;
}

/* Process context. The value is read locklessly. */
static int ct_bounded_set(const char *val, const struct kernel_param *kp)
{
	struct ct_bounded *bounded = kp->arg;
	unsigned int number;
	int err = ct_param_parse(val, kp, bounded->max, &number);

	if (!err)
		WRITE_ONCE(bounded->value, number);
	return err;
}

/* Process context. */
static int ct_bounded_get(char *buffer, const struct kernel_param *kp)
{
	const struct ct_bounded *bounded = kp->arg;

	return sysfs_emit(buffer, "%u\n", READ_ONCE(bounded->value));
}

const struct kernel_param_ops ct_bounded_ops = {
	.set = ct_bounded_set,
	.get = ct_bounded_get,
};
