/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measures one way to sleep until a deadline, on any number of threads.
 */
#ifndef CUSTOMTIMER_MEASURE_H
#define CUSTOMTIMER_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "samples.h"

struct plan {
	uint64_t interval;	/* ns from one deadline to the next */
	uint64_t loops;		/* of each thread, 0: no limit */
	uint64_t duration;	/* ns, 0: no limit */
	uint64_t warmup;	/* loops before, which do not count */
	int priority;		/* SCHED_FIFO; 0: SCHED_OTHER */
	unsigned int n_threads;
	const unsigned int *cpus;	/* of the threads */
	bool live;		/* a line on standard error as it goes */
};

struct result {
	const struct method *method;
	struct samples all;
	struct samples *thread;	/* each by itself */
	uint64_t early;		/* that woke before the deadline */
	uint64_t throttled;	/* deadlines that the module has put off */
};

struct method {
	const char *name;
	/* Why it cannot be used here; NULL: it can. */
	const char *(*missing)(void);
	int (*measure)(const struct plan *plan, struct result *result);
};

extern const struct method methods[];
extern const unsigned int n_methods;

/*
 * All of @plan, or until the program is interrupted. @result is zero but for its
 * method and room for each thread. Returns 0, or -1 after a line that says why.
 */
int measure(const struct plan *plan, struct result *result);

/* The methods whose callbacks run in the kernel. */
const char *kernel_missing(void);
int kernel_measure(const struct plan *plan, struct result *result);
int kernel_measure_hrtimer(const struct plan *plan, struct result *result);

#endif /* CUSTOMTIMER_MEASURE_H */
