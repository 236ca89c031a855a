// SPDX-License-Identifier: GPL-2.0
/*
 * The bases of all CPUs: which of them run timers, which keep them for later, where the
 * timers of one that is gone go, and what a module leaves behind.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched/isolation.h>
#include <linux/slab.h>

#include "backend.h"
#include "base.h"
#include "expire.h"
#include "program.h"

/* CPUs whose base takes timers. Changed and read locklessly, as a hint. */
static struct cpumask ct_cpus;

struct custom_timer_base ct_moving;

/* Process context. */
static void ct_base_free(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		kfree(ct_base_of(cpu)->errors);
}

/* Once, before any other call. Process context. */
int ct_base_init(void)
{
	struct custom_timer_base *base;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		base = ct_base_of(cpu);
		base->errors = kzalloc_node(sizeof(*base->errors), GFP_KERNEL,
					    cpu_to_node(cpu));
		if (!base->errors) {
			ct_base_free();
			return -ENOMEM;
		}
		raw_spin_lock_init(&base->lock);
		base->cpu = cpu;
		base->irq = -1;
		base->armed.at = KTIME_MAX;
		base->armed.end = KTIME_MAX;
		ct_queue_init(&base->exact, false);
		ct_queue_init(&base->range, true);
		base->raise.work = IRQ_WORK_INIT_HARD(ct_expire_raised);
		INIT_CSD(&base->kick, ct_program_kick, base);
		base->expire = ct_expire;
		snprintf(base->name, sizeof(base->name), "customtimer%u", cpu);
	}
	return 0;
}

/* IPI. */
static void ct_nothing(void *unused)
{
}

/*
 * After the last CPU is down: waits for what may still be on its way to code
 * that is about to go. A CPU may have run ct_base_close() ahead of an earlier
 * kick, but it takes no further call before it is done with that. Process context.
 */
void ct_base_exit(void)
{
	unsigned int cpu;

	on_each_cpu(ct_nothing, NULL, true);
	for_each_possible_cpu(cpu)
		irq_work_sync(&ct_base_of(cpu)->raise.work);
	ct_base_free();
}

/* On the base's CPU, interrupts off. */
static void ct_base_open(void *info)
{
	struct custom_timer_base *base = info;

	ct_lock(base);
	ct_precise_open(&base->precise);
	base->life = CT_ONLINE;
	base->kicked = false;
	base->raise.pending = false;
	base->raise.again = false;
	cpumask_set_cpu(base->cpu, &ct_cpus);
	ct_program(base);
	raw_spin_unlock(&base->lock);
}

/*
 * The CPU's own tick is to be among its timers, as @tick, or no longer is: NULL.
 * If it is, no hrtimer can stand in, and @refused is called when the hypervisor refuses.
 * On the base's CPU, interrupts off.
 */
void ct_base_carry_tick(struct custom_timer_base *base,
			struct custom_timer *tick, void (*refused)(void))
{
	ct_lock(base);
	ct_program_stop(base);
	raw_spin_unlock(&base->lock);

	/* Nothing sets the source in between: it is only set on this CPU. */
	base->tick = tick;
	base->tick_refused = refused;
	ct_lock(base);
	ct_program(base);
	raw_spin_unlock(&base->lock);
}

/* On the base's CPU, interrupts off. Timers that are started from now on wait. */
static void ct_base_close(void *info)
{
	struct custom_timer_base *base = info;

	ct_lock(base);
	ct_program_stop(base);
	base->life = CT_PAUSED;
	raw_spin_unlock(&base->lock);
}

/* Connects a base to its source of interrupts. May sleep. */
static int ct_base_connect(struct custom_timer_base *base)
{
	int err = ct_hrtimer_backend.cpu_up(base);

	if (!err && ct_backend != &ct_hrtimer_backend)
		err = ct_backend->cpu_up(base);
	return err;
}

/* Takes its source of interrupts from a base. May sleep. */
static void ct_base_disconnect(struct custom_timer_base *base)
{
	if (ct_backend != &ct_hrtimer_backend)
		ct_backend->cpu_down(base);
	ct_hrtimer_backend.cpu_down(base);
}

/* Makes the base of @cpu, which is online, usable. May sleep. */
int ct_base_up(unsigned int cpu)
{
	struct custom_timer_base *base = ct_base_of(cpu);
	int err = ct_base_connect(base);

	if (!err)
		smp_call_function_single(cpu, ct_base_open, base, true);
	return err;
}

/* Whether the base of @cpu keeps timers for later. Process context. */
bool ct_base_is_paused(unsigned int cpu)
{
	return READ_ONCE(ct_base_of(cpu)->life) == CT_PAUSED;
}

/*
 * Takes the base of @cpu, which is online, out of use for a while. Its timers
 * stay and wait. May sleep.
 */
void ct_base_pause(unsigned int cpu)
{
	struct custom_timer_base *base = ct_base_of(cpu);

	smp_call_function_single(cpu, ct_base_close, base, true);
	ct_base_disconnect(base);
}

/*
 * The CPU that timers of one that is offline go to: one that was not isolated, by nohz_full=
 * or isolcpus=, if there is one. nr_cpu_ids: no CPU takes timers. Any context.
 */
static unsigned int ct_base_heir(void)
{
	const struct cpumask *timers, *domain;
	unsigned int cpu;

	rcu_read_lock();
	timers = housekeeping_cpumask(HK_TYPE_TIMER);
	domain = housekeeping_cpumask(HK_TYPE_DOMAIN);
	for_each_cpu_and(cpu, &ct_cpus, timers) {
		if (cpumask_test_cpu(cpu, domain))
			goto out;
	}
	cpu = cpumask_any_and(&ct_cpus, timers);
	if (cpu >= nr_cpu_ids)
		cpu = cpumask_any(&ct_cpus);
out:
	rcu_read_unlock();
	return cpu;
}

/*
 * Takes @t from the locked @base to that of @cpu or, if that is offline, of another
 * CPU. Returns the base it ends up on, locked: one that runs it, or keeps it for later.
 * A timer whose callback runs stays where it is, so that a timer never runs on two CPUs
 * at once.
 */
struct custom_timer_base *ct_base_move(struct custom_timer *t,
					 struct custom_timer_base *base,
					 unsigned int cpu)
{
	struct custom_timer_base *to;

	if (base->running.timer == t)
		return base;

	for (;;) {
		to = ct_base_of(cpu);
		if (to != base) {
			ct_program_update(base);
			WRITE_ONCE(t->base, &ct_moving);
			raw_spin_unlock(&base->lock);
			ct_lock(to);
			WRITE_ONCE(t->base, to);
			base = to;
		}
		if (likely(base->life != CT_OFFLINE))
			return base;
		cpu = ct_base_heir();
		/* None when the module goes. */
		if (cpu >= nr_cpu_ids)
			return base;
	}
}

/*
 * Moves the timers of a base that is offline to one that is not. None of their
 * callbacks is running. At the end of the module there is no other base, and no timer
 * either unless its owner lost it. Process context.
 */
static void ct_hand_over(struct custom_timer_base *from)
{
	struct custom_timer_base *to;
	unsigned int lost = 0;
	struct custom_timer *t;
	unsigned long flags;

	for (;;) {
		ct_lock_irqsave(from, flags);
		t = ct_queue_first(&from->exact) ?: ct_queue_first(&from->range);
		if (!t)
			break;
		ct_dequeue(from, t);
		to = from;
		if (cpumask_empty(&ct_cpus)) {
			lost++;
		} else {
			to = ct_base_move(t, from, from->cpu);
			ct_enqueue(to, t);
			to->stats.moved += t->queued;
			ct_program_update(to);
		}
		raw_spin_unlock_irqrestore(&to->lock, flags);
	}
	raw_spin_unlock_irqrestore(&from->lock, flags);
	if (lost)
		pr_err("%u timers were still queued at unload and are dropped\n",
		       lost);
}

/*
 * The CPU of a base that is paused is gone, or has no interrupts for timers: another
 * CPU gets them. Process context.
 */
void ct_base_abandon(unsigned int cpu)
{
	struct custom_timer_base *base = ct_base_of(cpu);
	unsigned long flags;

	ct_lock_irqsave(base, flags);
	base->life = CT_OFFLINE;
	cpumask_clear_cpu(cpu, &ct_cpus);
	raw_spin_unlock_irqrestore(&base->lock, flags);
	ct_hand_over(base);
}

/*
 * Takes the base of @cpu, which is online, out of use and hands its timers to another
 * CPU. May sleep.
 */
void ct_base_down(unsigned int cpu)
{
	ct_base_pause(cpu);
	ct_base_abandon(cpu);
}

/* How many timers are looked at while a base is locked. */
#define CT_CHUNK 32

/*
 * Whether @t or its callback @function is part of @mod. Does not look into @t, which may
 * have been freed. Any context.
 */
static bool ct_belongs_to(const struct custom_timer *t,
			  enum custom_timer_restart (*function)(struct custom_timer *t),
			  const struct module *mod)
{
	return within_module((unsigned long)function, mod) ||
	       within_module((unsigned long)t, mod);
}

/* Serialises the searches. */
static DEFINE_MUTEX(ct_going_lock);

/* How often a timer of the module that is being unloaded was to be queued, but was not. */
static atomic_t ct_refused_going;

/*
 * The module that is being unloaded, else NULL. Who has locked a base and finds it is too
 * late for the search of that base; who does not has queued its timer before. Interrupts
 * are off meanwhile, and Linux waits for an RCU grace period before it frees the module.
 */
const struct module *ct_going __read_mostly;

/* Whether @t is not to be queued. A base is locked. */
bool ct_refuse_going(const struct custom_timer *t)
{
	const struct module *mod = READ_ONCE(ct_going);

	if (!mod || !ct_belongs_to(t, t->function, mod))
		return false;
	atomic_inc(&ct_refused_going);
	return true;
}

/*
 * Drops those of the next timers after @expires and @order that belong to @mod, and moves
 * these two on. Base locked.
 *
 * Return: the number of those that were looked at.
 */
static unsigned int ct_drop_some(struct custom_timer_base *base,
				 struct ct_queue *q, const struct module *mod,
				 ktime_t *expires, u64 *order,
				 unsigned int *dropped)
{
	struct custom_timer *t, *next;
	unsigned int n = 0;

	for (t = ct_queue_beyond(q, *expires, *order); t && n < CT_CHUNK;
	     t = next, n++) {
		next = ct_queue_after(t);
		*expires = t->expires;
		*order = t->order;
		if (ct_belongs_to(t, t->function, mod)) {
			ct_dequeue(base, t);
			++*dropped;
		}
	}
	return n;
}

/*
 * A queue may be long, so it is looked at in steps, and timers that are due come in
 * between. Process context.
 *
 * Return: the number of those that were dropped.
 */
static unsigned int ct_drop_from(struct custom_timer_base *base,
				 struct ct_queue *q, const struct module *mod)
{
	unsigned int n, dropped = 0;
	unsigned long flags;
	ktime_t expires = 0;
	u64 order = 0;

	do {
		ct_lock_irqsave(base, flags);
		n = ct_drop_some(base, q, mod, &expires, &order, &dropped);
		raw_spin_unlock_irqrestore(&base->lock, flags);
	} while (n == CT_CHUNK);
	return dropped;
}

/* Waits for a callback that has begun. Process context. */
static void ct_await_callback(struct custom_timer_base *base,
			      const struct module *mod)
{
	unsigned long flags;
	bool busy;

	for (;;) {
		ct_lock_irqsave(base, flags);
		busy = base->running.timer &&
		       ct_belongs_to(base->running.timer,
				     base->running.function, mod);
		raw_spin_unlock_irqrestore(&base->lock, flags);
		if (!busy)
			return;
		cond_resched();
	}
}

/*
 * Drops the timers that a module left behind when it was unloaded, before its code and
 * data go. From the first search on none is queued any more, on whichever CPU, so one
 * search of each is enough; those whose callback runs meanwhile are waited for.
 * Process context.
 */
void ct_base_drop_module(struct module *mod)
{
	struct custom_timer_base *base;
	unsigned int cpu, dropped = 0, refused;

	mutex_lock(&ct_going_lock);
	atomic_set(&ct_refused_going, 0);
	WRITE_ONCE(ct_going, mod);
	for_each_possible_cpu(cpu) {
		base = ct_base_of(cpu);
		dropped += ct_drop_from(base, &base->exact, mod);
		dropped += ct_drop_from(base, &base->range, mod);
	}
	for_each_possible_cpu(cpu)
		ct_await_callback(ct_base_of(cpu), mod);
	WRITE_ONCE(ct_going, NULL);
	refused = atomic_read(&ct_refused_going);
	mutex_unlock(&ct_going_lock);
	if (dropped)
		pr_err("module %s was unloaded with %u of its timers queued%s; they are dropped. It has to call custom_timer_cancel() first\n",
		       mod->name, dropped,
		       refused ? " and others being started" : "");
	else if (refused)
		pr_err("module %s was unloaded while it started timers; they are dropped. It has to call custom_timer_cancel() first\n",
		       mod->name);
}
