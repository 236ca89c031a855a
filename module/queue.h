/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timers in the order of their deadlines. Pure: knows no clock, no lock, no
 * Xen. Any context; the caller serialises all calls on one queue.
 */
#ifndef CUSTOMTIMER_QUEUE_H
#define CUSTOMTIMER_QUEUE_H

#include "customtimer.h"

/**
 * struct ct_queue - timers in the order of their deadlines
 * @root: the tree
 * @count: the number of timers
 * @changes: how often one was added or taken out
 * @windows: they have windows. Those of an exact queue have none, and spare it
 *	keeping @min_end of its timers.
 */
struct ct_queue {
	struct rb_root_cached root;
	unsigned int count;
	u64 changes;
	bool windows;
};

static inline struct custom_timer *ct_timer_of(struct rb_node *node)
{
	return node ? rb_entry(node, struct custom_timer, node) : NULL;
}

/* The timer with the earliest deadline, NULL for an empty queue. */
static inline struct custom_timer *ct_queue_first(const struct ct_queue *q)
{
	return ct_timer_of(rb_first_cached(&q->root));
}

/* The one that follows @t in the same queue, or NULL. */
static inline struct custom_timer *ct_queue_after(const struct custom_timer *t)
{
	return ct_timer_of(rb_next(&t->node));
}

/*
 * Whether the next interrupt depends on @t, which is in the queue: without it,
 * the same moment would do for all others.
 */
static inline bool ct_queue_leads(const struct ct_queue *q,
				  const struct custom_timer *t)
{
	if (!q->windows)
		return ct_queue_first(q) == t;
	return t->expires <= ct_timer_of(q->root.rb_root.rb_node)->min_end;
}

void ct_queue_init(struct ct_queue *q, bool windows);
void ct_queue_add(struct ct_queue *q, struct custom_timer *t);
void ct_queue_del(struct ct_queue *q, struct custom_timer *t);
struct custom_timer *ct_queue_beyond(const struct ct_queue *q, ktime_t expires,
				     u64 order);
ktime_t ct_queue_next(const struct ct_queue *q, ktime_t *end);

#endif /* CUSTOMTIMER_QUEUE_H */
