/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_KTIME_H
#define SHIM_KTIME_H

#include <linux/types.h>

typedef s64 ktime_t;

#define KTIME_MAX INT64_MAX

#endif /* SHIM_KTIME_H */
