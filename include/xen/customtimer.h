/* SPDX-License-Identifier: MIT */
/*
 * Guest interface of the Xen custom timer: a one-shot timer per virtual CPU
 * with an interrupt of its own, for use beside the guest's tick.
 *
 * A hypervisor with the custom-timer series has the same definitions in its
 * public headers (xen.h, features.h and vcpu.h); this file serves guests that
 * are built with headers from before it. Everything here is append-only.
 */
#ifndef XEN_CUSTOMTIMER_H
#define XEN_CUSTOMTIMER_H

/*
 * Raised on the vCPU whose custom timer has expired. Per vCPU.
 */
#define VIRQ_CUSTOM_TIMER 15

/*
 * Feature bit (submap 0): the domain may use the operations below.
 */
#define XENFEAT_custom_timer 31

/*
 * All times are nanoseconds of Xen system time. No time and no window may
 * exceed this; a larger one is refused with -EINVAL.
 */
#define XEN_CUSTOM_TIMER_MAX_NS 0x3fffffffffffffffULL

/*
 * Arms the calling vCPU's custom timer. It raises VIRQ_CUSTOM_TIMER once, not
 * before expires_ns and, while the vCPU runs, not after expires_ns +
 * window_ns. An earlier setting is replaced.
 *
 *  -ETIME   expires_ns has passed. Nothing is armed, not even what was before.
 *  -EINVAL  not the calling vCPU, an unknown flag, a pad that is not zero, a
 *           time or window out of bounds.
 *  -EPERM   the domain may not use custom timers.
 *  -EFAULT  the argument cannot be read or written.
 *  -ENOSYS  the hypervisor knows no custom timer.
 *
 * On any error but -ETIME an earlier setting stays. now_ns is written on
 * success and on -ETIME, so that the caller learns the hypervisor's idea of
 * the present, unless VCPU_CUSTOM_TIMER_no_now is set: it makes the operation
 * cheaper by the access to the caller's memory.
 *
 * Two interrupts to one vCPU are at least the hypervisor's min-period apart:
 * an expiry that would come earlier is delayed to it, and counted.
 */
#define VCPUOP_set_custom_timer 32
struct vcpu_set_custom_timer {
    uint64_t expires_ns; /* IN  */
    uint64_t window_ns;  /* IN: 0 asks for the exact moment */
    uint64_t now_ns;     /* OUT */
    uint32_t flags;      /* IN: VCPU_CUSTOM_TIMER_* */
    uint32_t pad;        /* IN: must be 0 */
};

/*
 * Leave now_ns alone.
 */
#define VCPU_CUSTOM_TIMER_no_now (1U << 0)

/*
 * Stops the calling vCPU's custom timer. Takes no argument. An interrupt that
 * was already raised stays pending. Stopping an idle timer is no error.
 */
#define VCPUOP_stop_custom_timer 33

/*
 * Reads the counters of any vCPU of the calling domain.
 */
#define VCPUOP_get_custom_timer 34
struct vcpu_get_custom_timer {
    uint64_t now_ns;        /* OUT: the present */
    uint64_t expires_ns;    /* OUT: what is armed; 0: nothing */
    uint64_t window_ns;     /* OUT */
    uint64_t set;           /* OUT: times armed */
    uint64_t fired;         /* OUT: interrupts raised */
    uint64_t throttled;     /* OUT: expiries delayed to keep min-period */
    uint64_t parked;        /* OUT: times taken off the CPU's queue while the
                             *      vCPU waited for a CPU */
    uint64_t max_late_ns;   /* OUT: worst distance from expires_ns to the
                             *      raising of the interrupt */
    uint64_t min_period_ns; /* OUT: the hypervisor's min-period */
    uint32_t flags;         /* IN: must be 0 */
    uint32_t pad;           /* IN: must be 0 */
};

/*
 * Flag of VCPUOP_set_singleshot_timer: set the custom timer, with window 0,
 * in place of the single-shot timer. A time that has passed expires at once
 * unless VCPU_SSHOTTMR_future is given too.
 */
#define VCPU_SSHOTTMR_custom (1U << 1)

#endif /* XEN_CUSTOMTIMER_H */
