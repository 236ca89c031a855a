/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_PARAMS_H
#define CUSTOMTIMER_PARAMS_H

#include <linux/moduleparam.h>

/**
 * struct ct_bounded - a parameter that takes a number from 0 to a bound
 * @value: read locklessly
 * @max: the bound
 */
struct ct_bounded {
	unsigned int value;
	unsigned int max;
};

extern const struct kernel_param_ops ct_bounded_ops;

int ct_param_parse(const char *val, const struct kernel_param *kp,
		   unsigned int max, unsigned int *number);

#endif /* CUSTOMTIMER_PARAMS_H */
