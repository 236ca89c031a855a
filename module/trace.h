/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints, for perf, trace-cmd, bpftrace and tracefs. All times are
 * CLOCK_MONOTONIC, in ns.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM customtimer

#if !defined(CUSTOMTIMER_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define CUSTOMTIMER_TRACE_H

#include <linux/tracepoint.h>

#include "state.h"

/* A timer has been queued on @cpu. */
TRACE_EVENT(customtimer_start,
	TP_PROTO(const struct custom_timer *t, unsigned int cpu),
	TP_ARGS(t, cpu),
	TP_STRUCT__entry(
		__field(const void *, timer)
		__field(void *, function)
		__field(s64, expires)
		__field(u64, window)
		__field(u32, cpu)
	),
	TP_fast_assign(
		__entry->timer = t;
		__entry->function = t->function;
		__entry->expires = t->expires;
		__entry->window = t->end - t->expires;
		__entry->cpu = cpu;
	),
	TP_printk("timer=%p function=%ps expires=%lld window=%llu cpu=%u",
		  __entry->timer, __entry->function, __entry->expires,
		  __entry->window, __entry->cpu)
);

/* A queued timer has been taken back. */
TRACE_EVENT(customtimer_cancel,
	TP_PROTO(const struct custom_timer *t),
	TP_ARGS(t),
	TP_STRUCT__entry(
		__field(const void *, timer)
	),
	TP_fast_assign(
		__entry->timer = t;
	),
	TP_printk("timer=%p", __entry->timer)
);

/* This CPU has set its next interrupt. */
TRACE_EVENT(customtimer_arm,
	TP_PROTO(s64 expires, u64 window, int err),
	TP_ARGS(expires, window, err),
	TP_STRUCT__entry(
		__field(s64, expires)
		__field(u64, window)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->expires = expires;
		__entry->window = window;
		__entry->err = err;
	),
	TP_printk("expires=%lld window=%llu err=%d", __entry->expires,
		  __entry->window, __entry->err)
);

/*
 * An interrupt. @delay is its distance from the moment it was set for,
 * which for exact timers is earlier than the deadline by the lead; 0 if the
 * CPU interrupted itself.
 */
TRACE_EVENT(customtimer_interrupt,
	TP_PROTO(s64 now, s64 delay),
	TP_ARGS(now, delay),
	TP_STRUCT__entry(
		__field(s64, now)
		__field(s64, delay)
	),
	TP_fast_assign(
		__entry->now = now;
		__entry->delay = delay;
	),
	TP_printk("now=%lld delay=%lld", __entry->now, __entry->delay)
);

/* A callback is about to run, @error after its deadline. */
TRACE_EVENT(customtimer_expire_entry,
	TP_PROTO(const struct custom_timer *t, s64 error),
	TP_ARGS(t, error),
	TP_STRUCT__entry(
		__field(const void *, timer)
		__field(void *, function)
		__field(s64, expires)
		__field(u64, window)
		__field(s64, error)
	),
	TP_fast_assign(
		__entry->timer = t;
		__entry->function = t->function;
		__entry->expires = t->expires;
		__entry->window = t->end - t->expires;
		__entry->error = error;
	),
	TP_printk("timer=%p function=%ps expires=%lld window=%llu error=%lld",
		  __entry->timer, __entry->function, __entry->expires,
		  __entry->window, __entry->error)
);

/* A callback has returned. The timer itself may be gone. */
TRACE_EVENT(customtimer_expire_exit,
	TP_PROTO(const void *timer, bool restart),
	TP_ARGS(timer, restart),
	TP_STRUCT__entry(
		__field(const void *, timer)
		__field(bool, restart)
	),
	TP_fast_assign(
		__entry->timer = timer;
		__entry->restart = restart;
	),
	TP_printk("timer=%p restart=%d", __entry->timer, __entry->restart)
);

#endif /* CUSTOMTIMER_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
