// SPDX-License-Identifier: GPL-2.0
/*
 * What the engine costs, next to hrtimers. Driven by tests/bench/engine.sh
 * through /proc/customtimer_engine: write a command, read its result.
 *
 * pairs TIMER PLACE QUEUED CPUS	ns for start + cancel of one timer while QUEUED
 *				others wait, shared by CPUS (one or all). PLACE
 *				of its deadline: first, random or last
 * restart TIMER QUEUED		ns to start one of QUEUED timers anew
 * ranges TIMER COUNT WINDOW SPAN	number of interrupts that serve COUNT timers
 *				with windows of WINDOW ns, spread over SPAN ns,
 *				and the least that can
 * bulk COUNT, drop		start COUNT timers with random deadlines; cancel them
 * sizes			bytes
 *
 * TIMER is custom or hrtimer.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kernel_stat.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/sort.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "state.h"

#define FAR (1000 * NSEC_PER_SEC)

/* Runs with interrupts off are so long, and there are so many of them. */
#define BATCH 50
#define BATCHES 40

struct both {
	struct custom_timer custom;
	struct hrtimer hrtimer;
	ktime_t expires;
};

static struct both *queue, one;
static unsigned int queued;
static bool use_custom;
static ktime_t *deadlines;
static char result[128];

static enum custom_timer_restart custom_nothing(struct custom_timer *t)
{
	return CUSTOM_TIMER_NORESTART;
}

static enum hrtimer_restart hrtimer_nothing(struct hrtimer *t)
{
	return HRTIMER_NORESTART;
}

static void both_init(struct both *b)
{
	custom_timer_setup(&b->custom, custom_nothing);
	hrtimer_setup(&b->hrtimer, hrtimer_nothing, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_PINNED_HARD);
}

static __always_inline void both_start(struct both *b, ktime_t expires,
				       u64 window)
{
	if (use_custom)
		custom_timer_start(&b->custom, expires, window);
	else
		hrtimer_start_range_ns(&b->hrtimer, expires, window,
				       HRTIMER_MODE_ABS_PINNED_HARD);
}

static __always_inline void both_cancel(struct both *b)
{
	if (use_custom)
		custom_timer_cancel(&b->custom);
	else
		hrtimer_cancel(&b->hrtimer);
}

/* A moment between 1 and 2 times FAR from now. */
static ktime_t random_far(void)
{
	return ktime_get() + FAR + get_random_u64() % FAR;
}

/* On its CPU, interrupts off: starts this CPU's share of the queue. */
static void fill_cpu(void *cpus)
{
	unsigned int i, step = *(unsigned int *)cpus;

	for (i = step > 1 ? smp_processor_id() : 0; i < queued; i += step)
		both_start(&queue[i], queue[i].expires, 0);
}

static int fill(unsigned int count, bool all_cpus)
{
	unsigned int i, cpus = all_cpus ? num_online_cpus() : 1;

	queue = vzalloc(array_size(max(count, 1U), sizeof(*queue)));
	if (!queue)
		return -ENOMEM;
	queued = count;
	for (i = 0; i < count; i++) {
		both_init(&queue[i]);
		queue[i].expires = random_far();
	}
	if (all_cpus)
		on_each_cpu(fill_cpu, &cpus, true);
	else
		smp_call_function_single(smp_processor_id(), fill_cpu, &cpus,
					 true);
	return 0;
}

static void drop(void)
{
	unsigned int i;

	for (i = 0; i < queued; i++)
		both_cancel(&queue[i]);
	vfree(queue);
	queue = NULL;
	queued = 0;
}

enum place { FIRST, GIVEN, RESTART };

/*
 * The duration of one batch. "First" has to be nearer than the guest's own next
 * tick, so it is counted from the present, which is read for the others as well.
 */
static __always_inline u64 time_batch(enum place place, unsigned int batch)
{
	ktime_t begin, *at = deadlines + batch * BATCH;
	unsigned long flags;
	unsigned int i;
	u64 took;

	local_irq_save(flags);
	begin = ktime_get();
	for (i = 0; i < BATCH; i++) {
		ktime_t now = ktime_get();

		if (place == RESTART) {
			both_start(&queue[at[i] % queued], at[i], 0);
		} else {
			both_start(&one, place == FIRST ? now + 200000 : at[i],
				   0);
			both_cancel(&one);
		}
	}
	took = ktime_get() - begin;
	local_irq_restore(flags);
	return took;
}

static u64 time_clock(void)
{
	unsigned long flags;
	ktime_t begin;
	unsigned int i;
	u64 took;

	local_irq_save(flags);
	begin = ktime_get();
	for (i = 0; i < BATCH; i++)
		ktime_get();
	took = ktime_get() - begin;
	local_irq_restore(flags);
	return took;
}

static int by_duration(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static int run_pairs(const char *place, unsigned int count, bool all_cpus)
{
	static u64 took[BATCHES];
	unsigned int i;
	int err;

	deadlines = kvmalloc_array(BATCH * BATCHES, sizeof(*deadlines),
				   GFP_KERNEL);
	if (!deadlines)
		return -ENOMEM;
	both_init(&one);
	migrate_disable();
	err = fill(count, all_cpus);
	if (err)
		goto out;
	for (i = 0; i < BATCH * BATCHES; i++)
		deadlines[i] = !strcmp(place, "last") ?
			       ktime_get() + 3 * FAR + i : random_far();
	/* The first warms up. */
	for (i = 0; i <= BATCHES; i++) {
		unsigned int batch = i % BATCHES;

		if (!strcmp(place, "first"))
			took[batch] = time_batch(FIRST, batch);
		else if (!strcmp(place, "restart"))
			took[batch] = time_batch(RESTART, batch);
		else
			took[batch] = time_batch(GIVEN, batch);
		took[batch] -= time_clock();
		usleep_range(50, 100);
	}
	/* Now and then another CPU takes part of the time. */
	sort(took, BATCHES, sizeof(*took), by_duration, NULL);
	snprintf(result, sizeof(result), "%llu\n",
		 div_u64(took[BATCHES / 2], BATCH));
	drop();
out:
	migrate_enable();
	kvfree(deadlines);
	return err;
}

/* Interrupts that ran a callback: those during which the count was another. */
static unsigned int ran, interrupts;
static unsigned long last_irq;
static DECLARE_COMPLETION(all_ran);

static void note_run(void)
{
	unsigned long irq = kstat_cpu_irqs_sum(smp_processor_id());

	interrupts += irq != last_irq;
	last_irq = irq;
	if (++ran == queued)
		complete(&all_ran);
}

static enum custom_timer_restart custom_note(struct custom_timer *t)
{
	note_run();
	return CUSTOM_TIMER_NORESTART;
}

static enum hrtimer_restart hrtimer_note(struct hrtimer *t)
{
	note_run();
	return HRTIMER_NORESTART;
}

static int by_expires(const void *a, const void *b)
{
	const struct both *x = a, *y = b;

	return x->expires < y->expires ? -1 : x->expires > y->expires;
}

/* The least number of moments that hit every window. */
static unsigned int optimum(u64 window)
{
	unsigned int i, n = 0;
	ktime_t last = -1;

	/* All are as wide, so the order of the starts is that of the ends. */
	sort(queue, queued, sizeof(*queue), by_expires, NULL);
	for (i = 0; i < queued; i++) {
		if (queue[i].expires > last) {
			last = queue[i].expires + window;
			n++;
		}
	}
	return n;
}

static int run_ranges(unsigned int count, u64 window, u64 span)
{
	unsigned int i, least;
	ktime_t base;
	int err = 0;

	queue = vzalloc(array_size(count, sizeof(*queue)));
	if (!queue)
		return -ENOMEM;
	queued = count;
	for (i = 0; i < count; i++)
		queue[i].expires = get_random_u64() % span;
	least = optimum(window);
	/* Time to start them all. */
	base = ktime_get() + 20 * NSEC_PER_MSEC + count * 10000;
	for (i = 0; i < count; i++) {
		both_init(&queue[i]);
		queue[i].expires += base;
		queue[i].custom.function = custom_note;
		queue[i].hrtimer.function = hrtimer_note;
	}
	ran = 0;
	interrupts = 0;
	reinit_completion(&all_ran);

	migrate_disable();
	for (i = 0; i < count; i++)
		both_start(&queue[i], queue[i].expires, window);
	if (!wait_for_completion_timeout(&all_ran, 20 * HZ))
		err = -ETIMEDOUT;
	migrate_enable();
	drop();
	snprintf(result, sizeof(result), "%u %u\n", least, interrupts);
	return err;
}

static int run(char *text)
{
	char *word[6] = {};
	unsigned long long number[6] = {};
	int i, n = 0;

	text = strim(text);
	while (n < ARRAY_SIZE(word) && (word[n] = strsep(&text, " ")))
		n++;
	for (i = 0; i < n; i++)
		if (kstrtoull(word[i], 10, &number[i]))
			number[i] = 0;

	if (n == 1 && !strcmp(word[0], "sizes")) {
		snprintf(result, sizeof(result), "%zu %zu %zu\n",
			 sizeof(struct custom_timer), sizeof(struct hrtimer),
			 sizeof(struct custom_timer_base));
		return 0;
	}
	if (n == 1 && !strcmp(word[0], "drop")) {
		drop();
		return 0;
	}
	if (n < 2 || queue)
		return -EINVAL;
	if (!strcmp(word[0], "bulk")) {
		use_custom = true;
		migrate_disable();
		i = fill(number[1], false);
		migrate_enable();
		return i;
	}
	use_custom = !strcmp(word[1], "custom");
	if (n == 5 && !strcmp(word[0], "pairs"))
		return run_pairs(word[2], number[3], !strcmp(word[4], "all"));
	if (n == 3 && !strcmp(word[0], "restart") && number[2])
		return run_pairs(word[0], number[2], false);
	if (n == 5 && !strcmp(word[0], "ranges") && number[4])
		return run_ranges(number[2], number[3], number[4]);
	return -EINVAL;
}

static DEFINE_MUTEX(one_at_a_time);

static ssize_t engine_write(struct file *file, const char __user *buf,
			    size_t len, loff_t *pos)
{
	char text[80];
	int err;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, len))
		return -EFAULT;
	text[len] = '\0';

	mutex_lock(&one_at_a_time);
	result[0] = '\0';
	err = run(text);
	mutex_unlock(&one_at_a_time);
	return err ?: len;
}

static int engine_show(struct seq_file *m, void *v)
{
	seq_puts(m, result);
	return 0;
}

static int engine_open(struct inode *inode, struct file *file)
{
	return single_open(file, engine_show, NULL);
}

static const struct proc_ops engine_ops = {
	.proc_open = engine_open,
	.proc_read = seq_read,
	.proc_write = engine_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init engine_init(void)
{
	return proc_create("customtimer_engine", 0600, NULL, &engine_ops) ?
	       0 : -ENOMEM;
}

static void __exit engine_exit(void)
{
	remove_proc_entry("customtimer_engine", NULL);
	drop();
}

module_init(engine_init);
module_exit(engine_exit);

MODULE_DESCRIPTION("Cost of custom timers and hrtimers");
MODULE_AUTHOR("xen-customtimer maintainers");
MODULE_LICENSE("GPL");
