/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_BASE_H
#define CUSTOMTIMER_BASE_H

#include "state.h"

struct module;

/* Stands in for the base of a timer that is being moved. Never locked. */
extern struct custom_timer_base ct_moving;

int ct_base_init(void);
void ct_base_exit(void);
int ct_base_up(unsigned int cpu);
void ct_base_pause(unsigned int cpu);
void ct_base_down(unsigned int cpu);
void ct_base_abandon(unsigned int cpu);
bool ct_base_is_paused(unsigned int cpu);
void ct_base_carry_tick(struct custom_timer_base *base,
			struct custom_timer *tick, void (*refused)(void));
struct custom_timer_base *ct_base_move(struct custom_timer *t,
				       struct custom_timer_base *base,
				       unsigned int cpu);
void ct_base_drop_module(struct module *mod);

#endif /* CUSTOMTIMER_BASE_H */
