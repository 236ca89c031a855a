/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CUSTOMTIMER_CLOCKEVENT_H
#define CUSTOMTIMER_CLOCKEVENT_H

void ct_clockevent_cpu_up(unsigned int cpu);
int ct_clockevent_cpu_down(unsigned int cpu);
void ct_clockevent_clock_stepping(void);
void ct_clockevent_exit(void);

#endif /* CUSTOMTIMER_CLOCKEVENT_H */
