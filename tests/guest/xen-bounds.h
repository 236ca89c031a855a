/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Each field of each operation of the custom timer at its limits, for guests of
 * any kind. Who includes this defines
 *
 *   int op(int cmd, unsigned int vcpu, void *arg)	the hypercall vcpu_op
 *   void report(bool good, const char *what, u64 value, int want, int got)
 *
 * and the types u32, u64 and bool.
 */
#ifndef XEN_BOUNDS_H
#define XEN_BOUNDS_H

#include "xen/customtimer.h"

#define BOUNDS_SINGLESHOT 8		/* VCPUOP_set_singleshot_timer */
#define BOUNDS_FUTURE 1			/* VCPU_SSHOTTMR_future */
enum { BOUNDS_ENOENT = 2, BOUNDS_EFAULT = 14, BOUNDS_EINVAL = 22, BOUNDS_ETIME = 62 };

struct bounds {
	unsigned int vcpu;
	/* What should be armed; expires 0: nothing. */
	u64 expires;
	u64 window;
};

/* Was @ret what was wanted, and is armed what should be? */
static void bounds_ok(const struct bounds *b, int ret, int want,
		      const char *what, u64 value)
{
	struct vcpu_get_custom_timer get = {};
	bool good = ret == want &&
		    !op(VCPUOP_get_custom_timer, b->vcpu, &get) &&
		    get.expires_ns == b->expires && get.window_ns == b->window;

	report(good, what, value, want, ret);
}

static void bounds_set(struct bounds *b, struct vcpu_set_custom_timer set,
		       int want, const char *what, u64 value)
{
	u64 expires = set.expires_ns, window = set.window_ns;
	int ret = op(VCPUOP_set_custom_timer, b->vcpu, &set);
	bool told = !want || want == -BOUNDS_ETIME;

	if (told) {
		b->expires = want ? 0 : expires;
		b->window = want ? 0 : window;
	}
	/* Only now_ns may have changed, and only where the caller is told. */
	if (set.expires_ns != expires || set.window_ns != window ||
	    !set.now_ns == (told && !(set.flags & VCPU_CUSTOM_TIMER_no_now)))
		ret = 1;
	bounds_ok(b, ret, want, what, value);
}

static void bounds_shot(struct bounds *b, u64 expires, u32 flags, int want)
{
	struct { u64 expires; u32 flags; u32 pad; } shot = {
		.expires = expires,
		.flags = flags | VCPU_SSHOTTMR_custom,
	};
	int ret = op(BOUNDS_SINGLESHOT, b->vcpu, &shot);

	if (!want || want == -BOUNDS_ETIME) {
		b->expires = want ? 0 : expires;
		b->window = 0;
	}
	bounds_ok(b, ret, want, "single-shot: expires", expires);
}

/*
 * @other: another vCPU of the domain, or @vcpu if there is none.
 * @constant: an argument that cannot be written. @random: any number.
 */
static void bounds_run(unsigned int vcpu, unsigned int other,
		       const void *constant, u64 random)
{
	const u64 most = XEN_CUSTOM_TIMER_MAX_NS;
	/* So far ahead that they stay armed. */
	const struct vcpu_set_custom_timer good = { .expires_ns = most / 2 };
	static const u64 too_much[] = {
		XEN_CUSTOM_TIMER_MAX_NS + 1, ~0ULL >> 1, 1ULL << 63, ~0ULL - 1, ~0ULL,
	};
	static const u32 unknown[] = { 2, 3, ~0U >> 1, 1U << 31, ~0U };
	static const u32 not_zero[] = { 1, 2, ~0U >> 1, 1U << 31, ~0U };
	static const u32 nowhere[] = { 511, 8192, ~0U >> 1, ~0U };
	struct bounds b = { .vcpu = vcpu };
	struct vcpu_set_custom_timer set;
	struct vcpu_get_custom_timer get;
	unsigned int i;

#define SET(field, value, want) do {					\
		set = good;						\
		set.field = (value);					\
		bounds_set(&b, set, want, "set: " #field, value);	\
	} while (0)
#define GET(field, value, want) do {					\
		get = (struct vcpu_get_custom_timer){ .field = (value) }; \
		bounds_ok(&b, op(VCPUOP_get_custom_timer, vcpu, &get), want, \
			  "get: " #field, value);			\
	} while (0)
#define EACH(values, statement) do {					\
		for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) \
			statement;					\
	} while (0)

	op(VCPUOP_stop_custom_timer, vcpu, NULL);

	SET(expires_ns, most, 0);
	SET(expires_ns, 0, -BOUNDS_ETIME);
	SET(expires_ns, most - 1, 0);
	SET(expires_ns, 1, -BOUNDS_ETIME);
	/* With nothing armed, then with something. */
	EACH(too_much, SET(expires_ns, too_much[i], -BOUNDS_EINVAL));
	SET(expires_ns, most / 2 + (random & most / 4), 0);
	EACH(too_much, SET(expires_ns, too_much[i], -BOUNDS_EINVAL));
	SET(window_ns, 1, 0);
	SET(window_ns, most, 0);
	SET(window_ns, random & most, 0);
	EACH(too_much, SET(window_ns, too_much[i], -BOUNDS_EINVAL));
	EACH(unknown, SET(flags, unknown[i], -BOUNDS_EINVAL));
	SET(flags, VCPU_CUSTOM_TIMER_no_now, 0);
	EACH(not_zero, SET(pad, not_zero[i], -BOUNDS_EINVAL));

	/* As far as a sum can go. */
	set = good;
	set.expires_ns = most;
	set.window_ns = most;
	bounds_set(&b, set, 0, "set: both", most);
	set.expires_ns = 0;
	set.now_ns = 0;
	bounds_set(&b, set, -BOUNDS_ETIME, "set: the past, window_ns", most);

	SET(expires_ns, most, 0);
	bounds_ok(&b, op(VCPUOP_set_custom_timer, vcpu, (void *)constant),
		  -BOUNDS_EFAULT, "set: argument that cannot be written", 0);
	GET(flags, 0, 0);
	EACH(not_zero, GET(flags, not_zero[i], -BOUNDS_EINVAL));
	EACH(not_zero, GET(pad, not_zero[i], -BOUNDS_EINVAL));

	for (i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		set = good;
		get = (struct vcpu_get_custom_timer){};
		bounds_ok(&b, op(VCPUOP_set_custom_timer, nowhere[i], &set),
			  -BOUNDS_ENOENT, "set: vCPU", nowhere[i]);
		bounds_ok(&b, op(VCPUOP_stop_custom_timer, nowhere[i], NULL),
			  -BOUNDS_ENOENT, "stop: vCPU", nowhere[i]);
		bounds_ok(&b, op(VCPUOP_get_custom_timer, nowhere[i], &get),
			  -BOUNDS_ENOENT, "get: vCPU", nowhere[i]);
	}
	if (other != vcpu) {
		set = good;
		get = (struct vcpu_get_custom_timer){};
		bounds_ok(&b, op(VCPUOP_set_custom_timer, other, &set),
			  -BOUNDS_EINVAL, "set: vCPU", other);
		bounds_ok(&b, op(VCPUOP_stop_custom_timer, other, NULL),
			  -BOUNDS_EINVAL, "stop: vCPU", other);
		bounds_ok(&b, op(VCPUOP_get_custom_timer, other, &get), 0,
			  "get: vCPU", other);
	}

	bounds_shot(&b, most - 1, 0, 0);
	bounds_shot(&b, most, BOUNDS_FUTURE, 0);
	EACH(too_much, bounds_shot(&b, too_much[i], 0, -BOUNDS_EINVAL));
	bounds_shot(&b, 0, BOUNDS_FUTURE, -BOUNDS_ETIME);
	bounds_shot(&b, most, 0, 0);
	bounds_shot(&b, 1, BOUNDS_FUTURE, -BOUNDS_ETIME);

	SET(expires_ns, most, 0);
	b.expires = 0;
	for (i = 0; i < 2; i++)
		bounds_ok(&b, op(VCPUOP_stop_custom_timer, vcpu, NULL), 0,
			  "stop: once more", i);

#undef SET
#undef GET
#undef EACH
}

#endif /* XEN_BOUNDS_H */
