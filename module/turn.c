// SPDX-License-Identifier: GPL-2.0
/*
 * The rule: timers may keep a CPU from everything else for a millisecond, and what they
 * have begun by then may end. After that the CPU is for everything else. How long, depends
 * on whether the CPU is wanted, which is to say that a task, a softirq or the scheduler
 * waits for it: on an idle CPU only other interrupts have to be taken, if it is known when
 * they have been.
 *
 * A pass that was shorter counts as well. What the CPU got between two passes makes up for
 * several times as much, so that timers which leave it enough are never held up.
 *
 * Any context; the caller serialises all calls for one CPU.
 */
#include <linux/minmax.h>
#include <linux/time64.h>

#include "turn.h"

/* How long timers may keep the CPU. */
#define CT_TURN_NS NSEC_PER_MSEC

/* A pass ends after so long even where timers have been promised the whole CPU. */
#define CT_PASS_NS NSEC_PER_SEC

/* One ns of a CPU for everything else makes up for so many of timers. */
#define CT_RATE_WANTED 5
#define CT_RATE_IDLE 500

/* An interrupt is not on its way for longer, unless the vCPU lost its CPU. */
#define CT_WAY_NS (200 * NSEC_PER_USEC)

/* To leave an interrupt and to take the next takes so long, in which nothing else runs. */
#define CT_LEAVE_NS (5 * NSEC_PER_USEC)

/* How soon to look again at a clock that stood still. */
#define CT_STALL_NS (10 * NSEC_PER_USEC)

/* A pass that has lasted longer waits for no tick any more. */
#define CT_TICK_NS (100 * NSEC_PER_USEC)

/* How much of timers a ns for everything else makes up for. */
static s64 ct_turn_rate(bool wanted)
{
	return wanted ? CT_RATE_WANTED : CT_RATE_IDLE;
}

/* What goes by from the end of a pass until everything else has the CPU, and back. */
static s64 ct_turn_leave(const struct ct_turn *turn)
{
	return (s64)CT_LEAVE_NS + turn->arm_ns;
}

/*
 * A pass begins at @now. Everything else had the CPU until @until. Interrupts have been off
 * since @off, or the CPU has sent itself this interrupt then. @wanted: what was
 * interrupted is more than idling.
 */
void ct_turn_begin(struct ct_turn *turn, ktime_t until, ktime_t off,
		   ktime_t now, bool wanted)
{
	s64 gap = clamp_t(s64, until - turn->counted, 0, NSEC_PER_SEC);
	s64 overhead = min(gap, ct_turn_leave(turn));

	/* Other interrupts have been taken, and nothing else waits for an idle CPU. */
	if (turn->raised && !wanted)
		turn->kept = 0;
	turn->raised = false;
	turn->kept -= (gap - overhead) * ct_turn_rate(wanted);
	turn->kept = max_t(s64, turn->kept, 0) + overhead;
	turn->owed = turn->kept;
	turn->kept += clamp_t(s64, now - off, 0, CT_WAY_NS);
	turn->entry = now;
	turn->counted = now;
	turn->pass++;
}

/* Whether the pass has to end before what would keep the CPU until @until. */
bool ct_turn_is_over(const struct ct_turn *turn, ktime_t until)
{
	return turn->kept + (until - turn->counted) > CT_TURN_NS ||
	       until - turn->entry > CT_PASS_NS;
}

/*
 * Whether the pass may wait for a tick as it does for a driver's timer. It may not from tick to
 * tick: the threads that they wake have to run.
 */
bool ct_turn_has_time_for_tick(const struct ct_turn *turn, ktime_t now)
{
	return now - turn->entry <= CT_TICK_NS;
}

/* What the pass has taken until @now does not count: it was asked for. */
void ct_turn_forget(struct ct_turn *turn, ktime_t now)
{
	turn->kept = turn->owed;
	turn->counted = now;
}

/* The pass ends. */
void ct_turn_end(struct ct_turn *turn, ktime_t now)
{
	turn->kept += now - turn->counted;
	turn->counted = now;
}

/*
 * After a pass that has had to end the CPU is for everything else. @raise: the CPU idles,
 * and the next pass comes when other interrupts have been taken; otherwise it is given a
 * time.
 */
void ct_turn_yield(struct ct_turn *turn, ktime_t now, bool raise)
{
	/* No more, however long the last callback was; no less, where it did not count. */
	turn->kept = CT_TURN_NS;
	turn->raised = raise;
	turn->floor = now;
	if (!raise)
		turn->floor += turn->kept / CT_RATE_WANTED + ct_turn_leave(turn);
}

/* After a pass that a clock which stands still has ended. */
void ct_turn_pause(struct ct_turn *turn, ktime_t now)
{
	turn->floor = now + CT_STALL_NS;
}
