/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Just enough of Xen's environment to compile xen/common/timer.c in user
 * space: CPUs are array indices, time stands still until the test moves it,
 * and one thread plays all parts.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_NR_CPUS 4
#define NR_CPUS CONFIG_NR_CPUS

typedef int64_t s_time_t;
typedef bool bool_t;

#define STIME_MAX INT64_MAX
#define MILLISECS(x) ((s_time_t)(x) * 1000000)
#define MICROSECS(x) ((s_time_t)(x) * 1000)

#define ASSERT(x) assert(x)
#define BUG() abort()
#define BUG_ON(x) assert(!(x))
#define BUILD_BUG_ON(x) _Static_assert(!(x), #x)
#define __read_mostly
#define __init
#define always_inline inline __attribute__((always_inline))
#undef likely
#undef unlikely
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define cf_check
#define __cacheline_aligned
#define ACCESS_ONCE(x) (*(volatile __typeof__(x) *)&(x))
#define read_atomic(p) (*(p))
#define write_atomic(p, v) (*(p) = (v))
#define cpu_relax() ((void)0)
#define container_of(p, t, m) ((t *)((char *)(p) - offsetof(t, m)))
#define max(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define min(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define integer_param(name, var)

/* Locks: only that they are held when they should be. */
typedef struct { int held; } spinlock_t;
#define spin_lock_init(l) ((l)->held = 0)
#define _spin_lock(l) (assert(!(l)->held), (l)->held = 1, (void)0)
#define spin_lock(l) _spin_lock(l)
#define spin_lock_irq(l) _spin_lock(l)
#define spin_lock_irqsave(l, f) ((f) = 0, _spin_lock(l))
#define spin_unlock(l) (assert((l)->held), (l)->held = 0, (void)0)
#define spin_unlock_irq(l) spin_unlock(l)
#define spin_unlock_irqrestore(l, f) ((void)(f), spin_unlock(l))
#define local_irq_save(f) ((f) = 0)
#define local_irq_restore(f) ((void)(f))
#define block_lock_speculation() ((void)0)
#define DEFINE_RCU_READ_LOCK(x) int x __attribute__((unused))
#define rcu_read_lock(l) ((void)(l))
#define rcu_read_unlock(l) ((void)(l))

extern unsigned int this;
#define smp_processor_id() this
#define DEFINE_PER_CPU(type, name) __typeof__(type) per_cpu__##name[NR_CPUS]
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) per_cpu__##name[NR_CPUS]
/* The compiler must take the address for as opaque as Xen's is: it decides what is kept in registers. */
#define per_cpu(name, cpu) (*({                                              \
    __typeof__(&per_cpu__##name[0]) p_ = per_cpu__##name + (cpu);            \
    asm ( "" : "+r" (p_) );                                                  \
    p_; }))
#define this_cpu(name) per_cpu(name, this)

extern unsigned int online;
extern unsigned int cpu_online_map;
#define cpu_online(c) (!!(online & (1u << (c))))
#define cpumask_any(m) ((unsigned int)__builtin_ctz(online))
#define for_each_online_cpu(c) for ((c) = 0; (c) < NR_CPUS; (c)++) if (cpu_online(c))

enum { TIMER_SOFTIRQ, NR_SOFTIRQS };
typedef void (*softirq_handler)(void);
void open_softirq(int nr, softirq_handler handler);
void raise_softirq(unsigned int nr);
void cpu_raise_softirq(unsigned int cpu, unsigned int nr);

s_time_t NOW(void);

extern bool no_memory;
#define xmalloc_array(type, n) ((type *)(no_memory ? NULL : malloc(sizeof(type) * (n))))
#define xfree(p) free(p)

#define XENLOG_WARNING
#define printk(...) ((void)0)
#define printk_once(...) ((void)0)

#define register_keyhandler(key, fn, text, diag) ((void)(fn))
struct notifier_block {
    int (*notifier_call)(struct notifier_block *nfb, unsigned long action, void *hcpu);
    int priority;
};
#define register_cpu_notifier(n) ((void)(n))
enum { CPU_UP_PREPARE = 1, CPU_UP_CANCELED, CPU_DEAD, CPU_RESUME_FAILED, CPU_REMOVE };
#define NOTIFY_DONE 0
#define park_offline_cpus false
enum { SYS_STATE_active, SYS_STATE_suspend };
#define system_state SYS_STATE_active

struct list_head { struct list_head *next, *prev; };
#define INIT_LIST_HEAD(l) ((l)->next = (l)->prev = (l))
#define list_entry(p, t, m) container_of(p, t, m)
static inline bool list_empty(const struct list_head *l) { return l->next == l; }
static inline void list_add(struct list_head *n, struct list_head *l)
{
    n->next = l->next;
    n->prev = l;
    l->next->prev = n;
    l->next = n;
}
static inline void list_del(struct list_head *n)
{
    n->next->prev = n->prev;
    n->prev->next = n->next;
}

#endif
