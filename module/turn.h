/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose turn it is on a CPU: its timers' or everything else's. Pure: knows no clock, no
 * lock, no scheduler.
 */
#ifndef CUSTOMTIMER_TURN_H
#define CUSTOMTIMER_TURN_H

#include <linux/ktime.h>
#include <linux/types.h>

/**
 * struct ct_turn - how long timers have had a CPU
 * @pass: number of the current pass of the expiry loop
 * @entry: when it began
 * @counted: the moment up to which @kept was counted
 * @kept: ns for which everything else has been kept from the CPU, less what it got
 *	since
 * @owed: how much @kept was when this pass began
 * @raised: the last pass had to end, and this one comes after other interrupts
 * @arm_ns: how long it takes to set the next interrupt; the caller knows
 * @floor: the next pass comes no sooner: until then the CPU is for everything else
 */
struct ct_turn {
	u64 pass;
	ktime_t entry;
	ktime_t counted;
	s64 kept;
	s64 owed;
	bool raised;
	u32 arm_ns;
	ktime_t floor;
};

void ct_turn_begin(struct ct_turn *turn, ktime_t until, ktime_t off,
		   ktime_t now, bool wanted);
bool ct_turn_is_over(const struct ct_turn *turn, ktime_t until);
bool ct_turn_has_time_for_tick(const struct ct_turn *turn, ktime_t now);
void ct_turn_forget(struct ct_turn *turn, ktime_t now);
void ct_turn_end(struct ct_turn *turn, ktime_t now);
void ct_turn_yield(struct ct_turn *turn, ktime_t now, bool raise);
void ct_turn_pause(struct ct_turn *turn, ktime_t now);

#endif /* CUSTOMTIMER_TURN_H */
