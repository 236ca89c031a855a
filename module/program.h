/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The moment that a CPU's interrupt source is set to, and when changing that is worth a
 * hypercall.
 */
#ifndef CUSTOMTIMER_PROGRAM_H
#define CUSTOMTIMER_PROGRAM_H

#include "state.h"

struct module;

extern const struct module *ct_going;
bool ct_refuse_going(const struct custom_timer *t);

void ct_program(struct custom_timer_base *base);
void ct_program_raise(struct custom_timer_base *base, ktime_t now);
void ct_program_stop(struct custom_timer_base *base);
void ct_program_update(struct custom_timer_base *base);
void ct_program_kick(void *info);
bool ct_is_covered(const struct custom_timer_base *base,
		   const struct custom_timer *t);

/* The queue that @t belongs to. Base locked. */
static inline struct ct_queue *ct_queue_of(struct custom_timer_base *base,
					   const struct custom_timer *t)
{
	return t->end == t->expires ? &base->exact : &base->range;
}

/*
 * The first exact timer that is waited for, or NULL. The tick is not unless there
 * is time to spare: a guest with many hrtimers would have none left for drivers'
 * timers. Base locked.
 */
static inline const struct custom_timer *
ct_first_precise(const struct custom_timer_base *base)
{
	const struct custom_timer *t = ct_queue_first(&base->exact);

	if (t && t == base->tick && !base->precise.spare)
		t = ct_queue_after(t);
	return t;
}

/* Whether the setting may stay if it turns out to be too early. Base locked. */
static inline bool ct_is_far(const struct custom_timer_base *base)
{
	return time_before(jiffies, base->armed.far_until);
}

/*
 * Every timer comes into a queue here, but one of a module that is being unloaded, whose
 * search would otherwise have no end. Returns whether the setting may have to change. Base
 * locked.
 */
static __always_inline bool ct_enqueue(struct custom_timer_base *base,
				       struct custom_timer *t)
{
	struct ct_queue *q = ct_queue_of(base, t);

	if (unlikely(READ_ONCE(ct_going)) && ct_refuse_going(t))
		return false;
	ct_queue_add(q, t);
	t->queued = true;
	return (ct_queue_leads(q, t) || t == ct_first_precise(base)) &&
	       !ct_is_covered(base, t);
}

/* Returns whether the setting may have to change. Base locked. */
static __always_inline bool ct_dequeue(struct custom_timer_base *base,
				       struct custom_timer *t)
{
	struct ct_queue *q = ct_queue_of(base, t);
	bool led = ct_queue_leads(q, t);

	ct_queue_del(q, t);
	t->queued = false;
	return led && !(base->armed.exact && ct_is_far(base));
}

#endif /* CUSTOMTIMER_PROGRAM_H */
