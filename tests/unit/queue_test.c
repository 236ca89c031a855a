// SPDX-License-Identifier: GPL-2.0
/*
 * The queue against a brute-force oracle.
 */
#include <stdlib.h>

#include "queue.h"
#include "tap.h"

#define TIMERS 200
#define STEPS 2000000

static struct custom_timer timers[TIMERS];

static u64 seed = 1;

/* xorshift64: the same numbers on every host */
static u64 number(u64 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static ktime_t oracle_next(ktime_t *end)
{
	ktime_t next = -1;
	int i;

	*end = KTIME_MAX;
	for (i = 0; i < TIMERS; i++)
		if (timers[i].queued && timers[i].end < *end)
			*end = timers[i].end;
	for (i = 0; i < TIMERS; i++)
		if (timers[i].queued && timers[i].expires <= *end &&
		    timers[i].expires > next)
			next = timers[i].expires;
	return next < 0 ? KTIME_MAX : next;
}

static ktime_t oracle_first(void)
{
	ktime_t first = KTIME_MAX;
	int i;

	for (i = 0; i < TIMERS; i++)
		if (timers[i].queued && timers[i].expires < first)
			first = timers[i].expires;
	return first;
}

static ktime_t oracle_from(ktime_t from)
{
	ktime_t first = KTIME_MAX;
	int i;

	for (i = 0; i < TIMERS; i++)
		if (timers[i].queued && timers[i].expires >= from &&
		    timers[i].expires < first)
			first = timers[i].expires;
	return first;
}

/*
 * The depth in black nodes of a subtree, -1 if the tree's rules or the smallest
 * ends are broken somewhere in it.
 */
static int audit(struct rb_node *node, bool windows, ktime_t *min_end)
{
	struct custom_timer *t = ct_timer_of(node);
	ktime_t left_end, right_end;
	int left, right;

	*min_end = KTIME_MAX;
	if (!node)
		return 1;
	left = audit(node->rb_left, windows, &left_end);
	right = audit(node->rb_right, windows, &right_end);
	*min_end = t->end;
	if (left_end < *min_end)
		*min_end = left_end;
	if (right_end < *min_end)
		*min_end = right_end;
	if (left < 0 || left != right || (windows && t->min_end != *min_end))
		return -1;
	if (!(node->__rb_parent_color & 1) &&
	    ((node->rb_left && !(node->rb_left->__rb_parent_color & 1)) ||
	     (node->rb_right && !(node->rb_right->__rb_parent_color & 1))))
		return -1;
	return left + (node->__rb_parent_color & 1);
}

static void test_random(bool windows)
{
	unsigned int step, wrong = 0, broken = 0, count = 0;
	ktime_t end, want_end, min_end, from;
	struct custom_timer *t;
	struct ct_queue q;
	ktime_t span;

	ct_queue_init(&q, windows);
	for (step = 0; step < STEPS; step++) {
		/* Crowded and sparse phases, equal deadlines included. */
		span = step / 100000 % 2 ? 50 : 1000000;
		t = &timers[number(TIMERS)];
		if (t->queued) {
			ct_queue_del(&q, t);
			t->queued = false;
			count--;
		} else {
			t->expires = number(span);
			t->end = t->expires;
			if (windows && number(3))
				t->end += number(span);
			ct_queue_add(&q, t);
			t->queued = true;
			count++;
		}
		if (windows)
			wrong += ct_queue_next(&q, &end) !=
				 oracle_next(&want_end) || end != want_end;
		wrong += q.count != count;
		t = ct_queue_first(&q);
		wrong += (t ? t->expires : KTIME_MAX) != oracle_first();
		from = number(span);
		t = ct_queue_beyond(&q, from, 0);
		wrong += (t ? t->expires : KTIME_MAX) != oracle_from(from);
		if (step % 64 == 0)
			broken += audit(q.root.rb_root.rb_node, windows,
					&min_end) < 0;
	}
	ok(!wrong, "%u random steps, %s: first, next and from as the oracle says",
	   STEPS, windows ? "windows" : "exact");
	ok(!broken, "%u random steps, %s: the tree keeps its rules", STEPS,
	   windows ? "windows" : "exact");
	for (step = 0; step < TIMERS; step++)
		timers[step].queued = false;
}

static void add(struct ct_queue *q, int i, ktime_t start, ktime_t end)
{
	timers[i].expires = start;
	timers[i].end = end;
	ct_queue_add(q, &timers[i]);
}

static void test_example(void)
{
	struct ct_queue q;
	ktime_t next, end;

	ct_queue_init(&q, true);
	next = ct_queue_next(&q, &end);
	ok(next == KTIME_MAX && end == KTIME_MAX, "an empty queue wants nothing");
	add(&q, 0, 100, 103);
	add(&q, 1, 101, 104);
	add(&q, 2, 102, 104);
	add(&q, 3, 104, 106);
	next = ct_queue_next(&q, &end);
	ok(next == 102 && end == 103,
	   "[100,103] [101,104] [102,104] [104,106] meet in [102,103]");
	ct_queue_del(&q, &timers[0]);
	next = ct_queue_next(&q, &end);
	ok(next == 104 && end == 104, "without the first they meet in [104,104]");
	add(&q, 0, 103, 103);
	next = ct_queue_next(&q, &end);
	ok(next == 103 && end == 103, "an exact timer is not moved");
	add(&q, 4, 103, KTIME_MAX);
	next = ct_queue_next(&q, &end);
	ok(next == 103 && end == 103, "a window without end changes nothing");
}

static void test_order(void)
{
	struct custom_timer *t;
	bool in_order = true;
	struct ct_queue q;
	int i;

	ct_queue_init(&q, true);
	for (i = 0; i < 50; i++)
		add(&q, i, i % 3, i % 3);
	ok(ct_queue_beyond(&q, 0, 0) == &timers[0] &&
	   ct_queue_beyond(&q, 1, 0) == &timers[1] &&
	   ct_queue_beyond(&q, 2, 0) == &timers[2] && !ct_queue_beyond(&q, 3, 0),
	   "from: the first of equal deadlines");
	for (i = 0; i < 50; i++) {
		static const int starts[] = { 0, 17, 34 };

		t = ct_queue_first(&q);
		in_order &= t == &timers[(i < 17 ? i * 3 :
					  i < 34 ? (i - starts[1]) * 3 + 1 :
						   (i - starts[2]) * 3 + 2)];
		ct_queue_del(&q, t);
	}
	ok(in_order && !q.count, "equal deadlines keep the order of their start");
}

/*
 * A walk in steps of 7, between which timers come and go, at a few deadlines only: what
 * stays is met once.
 */
static void test_walk(void)
{
	unsigned int seen[TIMERS] = {}, round, lost = 0, twice = 0;
	struct custom_timer *t;
	ktime_t expires;
	struct ct_queue q;
	u64 order;
	int i, n;

	for (round = 0; round < 1000; round++) {
		ct_queue_init(&q, round % 2);
		for (i = 0; i < TIMERS; i++) {
			seen[i] = 0;
			expires = number(3);
			add(&q, i, expires, expires);
		}
		expires = 0;
		order = 0;
		do {
			t = ct_queue_beyond(&q, expires, order);
			for (n = 0; t && n < 7; n++) {
				seen[t - timers]++;
				expires = t->expires;
				order = t->order;
				t = ct_queue_after(t);
			}
			/* The first half stays; the one met last may go, too. */
			i = TIMERS / 2 + number(TIMERS / 2);
			ct_queue_del(&q, &timers[i]);
			timers[i].expires = number(3);
			timers[i].end = timers[i].expires;
			ct_queue_add(&q, &timers[i]);
		} while (n == 7);
		for (i = 0; i < TIMERS / 2; i++) {
			lost += !seen[i];
			twice += seen[i] > 1;
		}
	}
	ok(!lost && !twice, "a walk in steps meets each timer that stays once");
}

static int by_end(const void *a, const void *b)
{
	const struct custom_timer *x = *(struct custom_timer *const *)a;
	const struct custom_timer *y = *(struct custom_timer *const *)b;

	return x->end < y->end ? -1 : x->end > y->end;
}

/* As few interrupts as the greedy algorithm, which is known to be optimal. */
static void test_stabbing(void)
{
	struct custom_timer *sorted[TIMERS];
	unsigned int round, wrong = 0, broken = 0;
	ktime_t next, end, last;
	struct custom_timer *t;
	struct ct_queue q;
	int i, used, optimum;

	for (round = 0; round < 5000; round++) {
		ct_queue_init(&q, true);
		for (i = 0; i < TIMERS; i++) {
			next = number(100000);
			add(&q, i, next, next + number(1 + number(3000)));
			sorted[i] = &timers[i];
		}
		qsort(sorted, TIMERS, sizeof(*sorted), by_end);
		for (i = 0, optimum = 0, last = -1; i < TIMERS; i++) {
			if (sorted[i]->expires > last) {
				last = sorted[i]->end;
				optimum++;
			}
		}
		for (used = 0; q.count; used++) {
			next = ct_queue_next(&q, &end);
			while ((t = ct_queue_first(&q)) && t->expires <= next) {
				broken += t->end < next;
				ct_queue_del(&q, t);
			}
		}
		wrong += used != optimum;
	}
	ok(!wrong, "5000 sets of %d windows: the optimal number of interrupts",
	   TIMERS);
	ok(!broken, "5000 sets of %d windows: no window is missed", TIMERS);
}

/* A timer that does not lead can come and go without moving the interrupt. */
static void test_leads(void)
{
	unsigned int round, wrong = 0, leading = 0;
	ktime_t next, end, next_without, end_without;
	struct ct_queue q;
	int i, n;

	for (round = 0; round < 20000; round++) {
		ct_queue_init(&q, true);
		n = 1 + number(20);
		for (i = 0; i < n; i++) {
			next = number(1000);
			add(&q, i, next, next + number(300));
		}
		i = number(n);
		if (ct_queue_leads(&q, &timers[i])) {
			leading++;
			continue;
		}
		next = ct_queue_next(&q, &end);
		ct_queue_del(&q, &timers[i]);
		next_without = ct_queue_next(&q, &end_without);
		wrong += next != next_without || end != end_without;
	}
	ok(!wrong && leading && leading < round,
	   "what does not lead does not move the next interrupt (%u of %u lead)",
	   leading, round);
}

int main(void)
{
	test_example();
	test_order();
	test_walk();
	test_stabbing();
	test_leads();
	test_random(true);
	test_random(false);
	return done_testing();
}
