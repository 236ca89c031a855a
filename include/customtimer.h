/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The custom timer's interface for kernel code.
 *
 * A custom timer is used like an hrtimer on CLOCK_MONOTONIC: set it up once,
 * start it with a deadline, and its callback runs in hard interrupt context
 * when the deadline has come, never before. What differs is how it gets there:
 * through an interrupt of its own that nothing else in the guest shares.
 *
 * A timer started with a window of 0 is exact. One with a window may run
 * anywhere in [deadline, deadline + window] and shares its interrupt with
 * others where their windows overlap.
 */
#ifndef CUSTOMTIMER_H
#define CUSTOMTIMER_H

#include <linux/ktime.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#define CUSTOM_TIMER_VERSION "0.1.0"

struct custom_timer_base;

/**
 * enum custom_timer_restart - what a callback wants to happen next
 * @CUSTOM_TIMER_NORESTART: the timer is done
 * @CUSTOM_TIMER_RESTART: start the timer again, at the deadline that the
 *	callback gave it, usually with custom_timer_forward()
 */
enum custom_timer_restart {
	CUSTOM_TIMER_NORESTART,
	CUSTOM_TIMER_RESTART,
};

/**
 * struct custom_timer - one timer
 *
 * Lives in its user's memory, which has to stay until the timer is neither
 * queued nor running: see custom_timer_cancel(). All members are private.
 */
struct custom_timer {
	/* private: */
	struct rb_node node;
	ktime_t expires;	/* the deadline */
	ktime_t end;		/* deadline + window */
	ktime_t min_end;	/* the smallest end at or below this node */
	enum custom_timer_restart (*function)(struct custom_timer *t);
	struct custom_timer_base *base;
	u64 pass;		/* the expiry pass that ran it last */
	u64 order;		/* among those of its queue with the same deadline */
	bool queued;
};

void custom_timer_setup(struct custom_timer *t,
			enum custom_timer_restart (*fn)(struct custom_timer *));

int schedule_custom_timer(struct custom_timer *t, u64 delay_ns);
int schedule_custom_timer_range(struct custom_timer *t, u64 delay_ns,
				u64 window_ns);
int custom_timer_start(struct custom_timer *t, ktime_t expires, u64 window_ns);
int custom_timer_start_on(struct custom_timer *t, unsigned int cpu,
			  ktime_t expires, u64 window_ns);

int custom_timer_try_to_cancel(struct custom_timer *t);
int custom_timer_cancel(struct custom_timer *t);

u64 custom_timer_forward(struct custom_timer *t, ktime_t now, u64 interval_ns);
bool custom_timer_active(struct custom_timer *t);
ktime_t custom_timer_remaining(struct custom_timer *t);

/**
 * custom_timer_expires - the deadline of a timer
 * @t: the timer
 *
 * Meant for the callback, and for a timer that nobody else starts.
 *
 * Return: CLOCK_MONOTONIC time of the deadline it was last given.
 */
static inline ktime_t custom_timer_expires(const struct custom_timer *t)
{
	return t->expires;
}

#endif /* CUSTOMTIMER_H */
