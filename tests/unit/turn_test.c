// SPDX-License-Identifier: GPL-2.0
/*
 * Made-up passes: how long they may be, and what everything else gets after them.
 */
#include "turn.h"
#include "tap.h"

#define US 1000LL
#define MS 1000000LL

/* What a run of passes has come to. */
struct run {
	s64 longest;	/* without a pause that everything else could use */
	s64 yielded;	/* how often a pass had to end */
	s64 got;
	s64 end;
};

/*
 * For @total ns: a timer every @period, whose callback takes @callback. The pass goes on
 * while the next is due, and otherwise ends.
 */
static struct run passes(s64 total, s64 period, s64 callback, bool wanted)
{
	struct ct_turn turn = {};
	struct run r = {};
	s64 now = 100 * US, due = now, begin = now;

	while (now < total) {
		if (now < due || now < turn.floor) {
			s64 next = due > turn.floor ? due : turn.floor;

			r.got += next - now;
			now = next;
			begin = now;
		}
		ct_turn_begin(&turn, now, now, now, wanted);
		while (due <= now && !ct_turn_is_over(&turn, now)) {
			now += callback;
			due += period;
		}
		ct_turn_end(&turn, now);
		if (due <= now) {
			ct_turn_yield(&turn, now, false);
			r.yielded++;
		}
		if (now - begin > r.longest)
			r.longest = now - begin;
	}
	r.end = now;
	return r;
}

int main(void)
{
	struct ct_turn turn = {};
	struct run r;
	int wanted;

	for (wanted = 0; wanted < 2; wanted++) {
		r = passes(1000 * MS, 100 * US, 60 * US, wanted);
		ok(!r.yielded, "wanted %d: timers that leave 40 of 100 us are never held up", wanted);
		r = passes(1000 * MS, 10 * US, 12 * US, wanted);
		ok(r.longest <= 1 * MS + 12 * US,
		   "wanted %d: overloaded, they have the CPU for %lld ns at most", wanted, (long long)r.longest);
		ok(r.got >= (wanted ? r.end / 100 * 16 : 5 * US * r.yielded),
		   "wanted %d: and everything else gets %lld ns of %lld", wanted, (long long)r.got, (long long)r.end);
		r = passes(1000 * MS, 1 * MS, 5 * MS, wanted);
		ok(r.longest <= 5 * MS, "wanted %d: after one long callback the CPU is for everything else", wanted);
	}

	/* Interrupts that a CPU sends itself leave nothing between them. */
	s64 now = 1 * MS, begin = now;

	ct_turn_begin(&turn, now, now, now, true);
	while (!ct_turn_is_over(&turn, now)) {
		now += 50 * US;
		ct_turn_end(&turn, now);
		ct_turn_begin(&turn, now, now, now + 2 * US, true);
		now += 2 * US;
	}
	ok(now - begin <= 1 * MS + 52 * US, "many short passes count as one");

	/* A vCPU that lost its CPU while an interrupt was on its way is not at fault. */
	turn = (struct ct_turn){};
	ct_turn_begin(&turn, 10 * MS, 10 * MS, 30 * MS, true);
	ok(!ct_turn_is_over(&turn, 30 * MS), "an interrupt that was long on its way is served");

	ct_turn_begin(&turn, 40 * MS, 40 * MS, 40 * MS, true);
	ok(!ct_turn_is_over(&turn, 40 * MS + 900 * US), "a wait that ends in time may begin");
	ok(ct_turn_is_over(&turn, 41 * MS + 1), "one that does not may not");
	ok(ct_turn_has_time_for_tick(&turn, 40 * MS + 50 * US) &&
	   !ct_turn_has_time_for_tick(&turn, 40 * MS + 150 * US),
	   "a tick is waited for in short passes only");

	/* Where timers were promised the CPU, waiting does not count. */
	for (now = 40 * MS; !ct_turn_is_over(&turn, now) && now < 5000 * MS; now += 10 * US)
		ct_turn_forget(&turn, now);
	ok(now - 40 * MS >= 1000 * MS && now - 40 * MS <= 1001 * MS,
	   "what was asked for may take a second: %lld ns", (long long)(now - 40 * MS));
	ct_turn_end(&turn, now);
	ct_turn_yield(&turn, now, false);
	ok(turn.floor > now, "and ends with a pause");
	begin = turn.floor;
	ct_turn_begin(&turn, now, begin, begin, true);
	ct_turn_forget(&turn, begin);
	ok(ct_turn_is_over(&turn, begin + 1), "that is made up for if it was nobody's");

	/* An interrupt that the CPU sends to itself, on an idle CPU and on one that is wanted. */
	for (wanted = 0; wanted < 2; wanted++) {
		turn = (struct ct_turn){};
		ct_turn_begin(&turn, now, now, now, false);
		now += 2 * MS;
		ct_turn_end(&turn, now);
		ct_turn_yield(&turn, now, true);
		ct_turn_begin(&turn, now, now, now + 2 * US, wanted);
		ok(ct_turn_is_over(&turn, now + 3 * US) == wanted,
		   "wanted %d: after other interrupts timers %s", wanted, wanted ? "wait" : "go on");
	}

	ct_turn_pause(&turn, now);
	ok(turn.floor > now && turn.floor <= now + 100 * US, "a clock that stands still is looked at again soon");
	return done_testing();
}
