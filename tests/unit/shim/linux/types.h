/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel's environment as the pure units need, on the host. The
 * red-black tree's own headers are the kernel's.
 */
#ifndef SHIM_TYPES_H
#define SHIM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define rcu_assign_pointer(p, v) WRITE_ONCE(p, v)
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#endif /* SHIM_TYPES_H */
