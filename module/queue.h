/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timers in the order of their deadlines. Pure: knows no clock, no lock, no
 * Xen.
 */
#ifndef CUSTOMTIMER_QUEUE_H
#define CUSTOMTIMER_QUEUE_H

#include "customtimer.h"

struct ct_queue {
	struct rb_root_cached root;
	unsigned int count;
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

void ct_queue_init(struct ct_queue *q);
void ct_queue_add(struct ct_queue *q, struct custom_timer *t);
void ct_queue_del(struct ct_queue *q, struct custom_timer *t);
struct custom_timer *ct_queue_from(const struct ct_queue *q, ktime_t from);
ktime_t ct_queue_next(const struct ct_queue *q, ktime_t *end);

#endif /* CUSTOMTIMER_QUEUE_H */
