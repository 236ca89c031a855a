// SPDX-License-Identifier: GPL-2.0
/*
 * A red-black tree by deadline. Every node also knows the smallest end of the
 * windows at or below it, so that the moment that serves the most timers with
 * one interrupt is found on one path down the tree.
 *
 * Any context; the caller serialises all calls on one queue.
 */
#include <linux/rbtree_augmented.h>

#include "queue.h"

static inline bool ct_compute_min_end(struct custom_timer *t, bool exit)
{
	struct custom_timer *left = ct_timer_of(t->node.rb_left);
	struct custom_timer *right = ct_timer_of(t->node.rb_right);
	ktime_t min_end = t->end;

	if (left && left->min_end < min_end)
		min_end = left->min_end;
	if (right && right->min_end < min_end)
		min_end = right->min_end;
	if (exit && t->min_end == min_end)
		return true;
	t->min_end = min_end;
	return false;
}

RB_DECLARE_CALLBACKS(static, ct_min_end, struct custom_timer, node, min_end,
		     ct_compute_min_end)

void ct_queue_init(struct ct_queue *q, bool windows)
{
	q->root = RB_ROOT_CACHED;
	q->count = 0;
	q->changes = 0;
	q->windows = windows;
}

/*
 * Links @t where it belongs; true if that is leftmost. @windows is constant, so
 * that an exact queue has a loop of its own.
 */
static __always_inline bool ct_link(struct ct_queue *q, struct custom_timer *t,
				    bool windows)
{
	struct rb_node **link = &q->root.rb_root.rb_node;
	struct rb_node *parent = NULL;
	bool leftmost = true;

	while (*link) {
		struct custom_timer *other = ct_timer_of(*link);

		parent = *link;
		if (windows && t->end < other->min_end)
			other->min_end = t->end;
		if (t->expires < other->expires) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(&t->node, parent, link);
	return leftmost;
}

/* Timers with the same deadline keep the order in which they were added. */
void ct_queue_add(struct ct_queue *q, struct custom_timer *t)
{
	bool leftmost;

	if (q->windows) {
		leftmost = ct_link(q, t, true);
		t->min_end = t->end;
		rb_insert_augmented_cached(&t->node, &q->root, leftmost,
					   &ct_min_end);
	} else {
		leftmost = ct_link(q, t, false);
		rb_insert_color_cached(&t->node, &q->root, leftmost);
	}
	q->count++;
	t->order = ++q->changes;
}

void ct_queue_del(struct ct_queue *q, struct custom_timer *t)
{
	if (q->windows)
		rb_erase_augmented_cached(&t->node, &q->root, &ct_min_end);
	else
		rb_erase_cached(&t->node, &q->root);
	q->count--;
	q->changes++;
}

/*
 * The first timer that comes after where one with this deadline and order is or was, NULL
 * if there is none. To walk the queue in several steps between which it may change: no
 * timer that stays queued is left out, and none comes twice. An order of 0 comes before
 * all others.
 */
struct custom_timer *ct_queue_beyond(const struct ct_queue *q, ktime_t expires,
				     u64 order)
{
	struct custom_timer *t = ct_timer_of(q->root.rb_root.rb_node);
	struct custom_timer *found = NULL;

	while (t) {
		if (t->expires > expires ||
		    (t->expires == expires && t->order > order)) {
			found = t;
			t = ct_timer_of(t->node.rb_left);
		} else {
			t = ct_timer_of(t->node.rb_right);
		}
	}
	return found;
}

/**
 * ct_queue_next - when to interrupt next for the timers of a queue
 * @q: a queue with windows
 * @end: set to the latest moment that still keeps every window
 *
 * The smallest end E of all windows bounds the next interrupt. Every timer
 * whose deadline is at or before E can share it, so the interrupt belongs at
 * the latest of these deadlines: the beginning of the intersection of the
 * longest run of overlapping windows. Repeating this takes as few interrupts
 * as any schedule that keeps every window.
 *
 * Return: the moment, KTIME_MAX if the queue is empty.
 */
ktime_t ct_queue_next(const struct ct_queue *q, ktime_t *end)
{
	struct custom_timer *t = ct_timer_of(q->root.rb_root.rb_node);
	ktime_t next = KTIME_MAX;

	if (!t) {
		*end = KTIME_MAX;
		return next;
	}

	*end = t->min_end;
	while (t) {
		if (t->expires <= *end) {
			next = t->expires;
			t = ct_timer_of(t->node.rb_right);
		} else {
			t = ct_timer_of(t->node.rb_left);
		}
	}
	return next;
}
