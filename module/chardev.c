// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/customtimer: every open file is one timer. include/uapi/customtimer.h is
 * its interface.
 *
 * As with a timerfd, a periodic timer is started anew by whoever reads it, so an
 * interrupt is never without a system call, and programs that do not read cost
 * nothing.
 */
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/math64.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "chardev.h"
#include "customtimer.h"
#include "params.h"
#include "backend.h"
#include "state.h"
#include "uapi/customtimer.h"

/* The bound of dev_max_timers and dev_max_rate. */
#define CT_DEV_MAX_LIMIT 10000000

/* How far a user may be ahead of dev_max_rate. */
#define CT_DEV_BURST_NS (10 * NSEC_PER_MSEC)

static struct ct_bounded dev_max_timers = {
	.value = 1024,
	.max = CT_DEV_MAX_LIMIT,
};
module_param_cb(dev_max_timers, &ct_bounded_ops, &dev_max_timers, 0644);
MODULE_PARM_DESC(dev_max_timers, "how many /dev/customtimer a user without CAP_SYS_RESOURCE may have open; 0: any number (default 1024)");

static struct ct_bounded dev_max_rate = {
	.value = 100000,
	.max = CT_DEV_MAX_LIMIT,
};
module_param_cb(dev_max_rate, &ct_bounded_ops, &dev_max_rate, 0644);
MODULE_PARM_DESC(dev_max_rate, "how many of their deadlines may come in a second, others are put off; 0: any number (default 100000)");

/**
 * struct ct_dev_user - what one user has open
 * @list: in ct_dev_users
 * @uid: the user
 * @timers: files that count for it
 * @due: CLOCK_MONOTONIC moment until which its expirations so far are enough
 */
struct ct_dev_user {
	struct list_head list;
	kuid_t uid;
	unsigned int timers;
	atomic64_t due;
};

static LIST_HEAD(ct_dev_users);

/* Protects the list, and @timers of its members. */
static DEFINE_MUTEX(ct_dev_users_lock);

/* All open files. */
static atomic_t ct_dev_files = ATOMIC_INIT(0);

/**
 * struct ct_dev - an open file
 * @timer: its timer; queued only between ct_dev_start() and @fired
 * @wait: readers and pollers
 * @refs: the file, and the list that it is in by @woken
 * @woken: in the list of a struct ct_dev_waker
 * @waking: it is
 * @lock: serialises whoever changes what follows, but for @fired and the figures of
 *	the callback. Never held across an access to user memory.
 * @fired: the deadline has come and nobody has taken note of it yet
 * @ticks: expirations taken note of and not read
 * @armed: there is a deadline to come, or one that nobody has taken note of
 * @exact: it may have a window of 0
 * @expires: the deadline
 * @interval: distance to the next, 0: none
 * @window: as armed
 * @cpu: as armed
 * @user: whom it counts for, NULL: no limits
 * @stats: figures; interrupts and delays are the callback's
 */
struct ct_dev {
	struct custom_timer timer;
	wait_queue_head_t wait;
	refcount_t refs;
	struct llist_node woken;
	unsigned long waking;
	struct mutex lock;
	bool fired;
	u64 ticks;
	bool armed;
	bool exact;
	u64 expires;
	u64 interval;
	u64 window;
	int cpu;
	struct ct_dev_user *user;
	struct customtimer_stats stats;
};

/**
 * struct ct_dev_waker - wakes the readers of files on PREEMPT_RT, where the lock of a wait
 *	queue cannot be taken in hard interrupts
 * @work: wakes them, in a thread of this CPU. No part of a file, which may be freed before
 *	the thread is done with it.
 * @files: whose readers are to be woken
 */
struct ct_dev_waker {
	struct irq_work work;
	struct llist_head files;
};

static DEFINE_PER_CPU(struct ct_dev_waker, ct_dev_wakers);

/* Number of open files. Any context. */
unsigned int ct_chardev_timers(void)
{
	return atomic_read(&ct_dev_files);
}

/* Forgets users that have nothing open and owe nothing. List locked. */
static void ct_dev_forget_users(ktime_t now)
{
	struct ct_dev_user *user, *next;

	list_for_each_entry_safe(user, next, &ct_dev_users, list) {
		if (user->timers || atomic64_read(&user->due) > now)
			continue;
		list_del(&user->list);
		kfree(user);
	}
}

/* The entry of @uid, a new one if there is none; NULL: no memory. List locked. */
static struct ct_dev_user *ct_dev_find_user(kuid_t uid)
{
	struct ct_dev_user *user;

	list_for_each_entry(user, &ct_dev_users, list) {
		if (uid_eq(user->uid, uid))
			return user;
	}
	user = kzalloc(sizeof(*user), GFP_KERNEL);
	if (user) {
		user->uid = uid;
		list_add(&user->list, &ct_dev_users);
	}
	return user;
}

/* Counts one more timer for @uid. May sleep. */
static struct ct_dev_user *ct_dev_get_user(kuid_t uid)
{
	unsigned int most = READ_ONCE(dev_max_timers.value);
	struct ct_dev_user *user;

	mutex_lock(&ct_dev_users_lock);
	ct_dev_forget_users(ktime_get());
	user = ct_dev_find_user(uid);
	if (!user)
		user = ERR_PTR(-ENOMEM);
	else if (most && user->timers >= most)
		user = ERR_PTR(-EMFILE);
	else
		user->timers++;
	mutex_unlock(&ct_dev_users_lock);
	return user;
}

/* One timer less. May sleep. */
static void ct_dev_put_user(struct ct_dev_user *user)
{
	mutex_lock(&ct_dev_users_lock);
	user->timers--;
	ct_dev_forget_users(ktime_get());
	mutex_unlock(&ct_dev_users_lock);
}

/* Accounts for an expiration. Hard interrupt context. */
static void ct_dev_charge(struct ct_dev_user *user, ktime_t now)
{
	unsigned int rate = READ_ONCE(dev_max_rate.value);
	s64 due = atomic64_read(&user->due);

	if (!rate)
		return;
	while (!atomic64_try_cmpxchg(&user->due, &due,
				     max(due, now) + NSEC_PER_SEC / rate))
		;
}

/* The earliest deadline that @user may have now. Any context. */
static u64 ct_dev_earliest(const struct ct_dev_user *user)
{
	if (!user || !READ_ONCE(dev_max_rate.value))
		return 0;
	return max_t(s64, atomic64_read(&user->due) - CT_DEV_BURST_NS, 0);
}

/* Process context. */
static void ct_dev_put(struct ct_dev *dev)
{
	if (refcount_dec_and_test(&dev->refs))
		kfree(dev);
}

/* Hard interrupt context, on PREEMPT_RT process context. */
static void ct_dev_wake(struct ct_dev *dev)
{
	wake_up_poll(&dev->wait, EPOLLIN | EPOLLRDNORM);
}

/* On PREEMPT_RT, process context. */
static void ct_dev_wake_files(struct irq_work *work)
{
	struct ct_dev_waker *waker = container_of(work, struct ct_dev_waker,
						  work);
	struct llist_node *files = llist_del_all(&waker->files);
	struct ct_dev *dev, *next;

	files = llist_reverse_order(files);
	llist_for_each_entry_safe(dev, next, files, woken) {
		/* From here on it may be in another list. */
		clear_bit_unlock(0, &dev->waking);
		smp_mb__after_atomic();
		ct_dev_wake(dev);
		ct_dev_put(dev);
	}
}

/*
 * Has a thread wake the readers; one that has not begun to will see what they wait for.
 * Hard interrupt context.
 */
static void ct_dev_wake_soon(struct ct_dev *dev)
{
	struct ct_dev_waker *waker = this_cpu_ptr(&ct_dev_wakers);

	if (test_and_set_bit(0, &dev->waking))
		return;
	refcount_inc(&dev->refs);
	llist_add(&dev->woken, &waker->files);
	irq_work_queue(&waker->work);
}

/* The timer's callback. Hard interrupt context. */
static enum custom_timer_restart ct_dev_expired(struct custom_timer *timer)
{
	struct ct_dev *dev = container_of(timer, struct ct_dev, timer);
	struct customtimer_stats *s = &dev->stats;
	ktime_t now = ktime_get();
	u64 late = ktime_sub(now, custom_timer_expires(timer));

	/* From here on a reader may start it anew: see ct_dev_collect(). */
	smp_store_release(&dev->fired, true);
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		ct_dev_wake_soon(dev);
	else
		ct_dev_wake(dev);

	s->interrupts++;
	s->last_late_ns = late;
	s->worst_late_ns = max(s->worst_late_ns, late);
	s->total_late_ns += late;
	if (dev->user)
		ct_dev_charge(dev->user, now);
	return CUSTOM_TIMER_NORESTART;
}

/* Starts the timer. File locked. */
static void ct_dev_start(struct ct_dev *dev)
{
	u64 earliest = ct_dev_earliest(dev->user);
	u64 expires = dev->expires;

	if (expires < earliest) {
		expires = earliest;
		dev->stats.throttled++;
	}
	/* Another CPU will do when that one has gone. */
	if (dev->cpu == CUSTOMTIMER_ANY_CPU ||
	    custom_timer_start_on(&dev->timer, dev->cpu, expires, dev->window))
		custom_timer_start(&dev->timer, expires, dev->window);
}

/* Takes note of a deadline that has come, and starts the timer for the next. File locked. */
static void ct_dev_collect(struct ct_dev *dev)
{
	u64 missed = 0;
	s64 late;

	/* The callback is through with the deadline: see ct_dev_expired(). */
	if (!smp_load_acquire(&dev->fired))
		return;

	if (dev->interval) {
		late = ktime_get() - dev->expires;
		missed = div64_u64(max_t(s64, late, 0), dev->interval);
		/* Neither product nor sum leaves 64 bits. */
		dev->expires = min_t(u64, dev->expires +
				     (missed + 1) * dev->interval, KTIME_MAX);
	}
	dev->stats.missed += missed;
	dev->armed = dev->interval;
	WRITE_ONCE(dev->ticks, dev->ticks + 1 + missed);
	/* After @ticks, because ct_dev_readable() looks at them after this. */
	smp_store_release(&dev->fired, false);
	if (dev->armed)
		ct_dev_start(dev);
}

/* Forgets whatever the timer was doing. File locked. */
static void ct_dev_stop(struct ct_dev *dev)
{
	custom_timer_cancel(&dev->timer);
	dev->fired = false;
	dev->armed = false;
	WRITE_ONCE(dev->ticks, 0);
}

/* Any context. */
static bool ct_dev_readable(const struct ct_dev *dev)
{
	/* Before @ticks: see ct_dev_collect(). */
	return smp_load_acquire(&dev->fired) || READ_ONCE(dev->ticks);
}

/* Process context, as all of the file's operations; the file is not locked. */
static int ct_dev_open(struct inode *inode, struct file *file)
{
	struct ct_dev_user *user = NULL;
	struct ct_dev *dev;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL_ACCOUNT);
	if (!dev)
		return -ENOMEM;

	if (!capable(CAP_SYS_RESOURCE)) {
		user = ct_dev_get_user(file->f_cred->euid);
		if (IS_ERR(user)) {
			kfree(dev);
			return PTR_ERR(user);
		}
	}
	custom_timer_setup(&dev->timer, ct_dev_expired);
	init_waitqueue_head(&dev->wait);
	refcount_set(&dev->refs, 1);
	mutex_init(&dev->lock);
	dev->exact = (file->f_mode & FMODE_WRITE) || capable(CAP_SYS_NICE);
	dev->cpu = CUSTOMTIMER_ANY_CPU;
	dev->user = user;
	file->private_data = dev;
	atomic_inc(&ct_dev_files);
	return stream_open(inode, file);
}

/* Process context. Nobody else uses the file. */
static int ct_dev_release(struct inode *inode, struct file *file)
{
	struct ct_dev *dev = file->private_data;

	custom_timer_cancel(&dev->timer);
	if (dev->user)
		ct_dev_put_user(dev->user);
	ct_dev_put(dev);
	atomic_dec(&ct_dev_files);
	return 0;
}

/* Process context. Locks the file. */
static ssize_t ct_dev_read(struct file *file, char __user *buf, size_t count,
			   loff_t *pos)
{
	struct ct_dev *dev = file->private_data;
	bool wait = !(file->f_flags & O_NONBLOCK);
	u64 ticks;
	int err;

	if (count < sizeof(ticks))
		return -EINVAL;

	do {
		if (wait) {
			err = wait_event_interruptible(dev->wait,
						       ct_dev_readable(dev));
			if (err)
				return err;
		}
		mutex_lock(&dev->lock);
		ct_dev_collect(dev);
		ticks = dev->ticks;
		WRITE_ONCE(dev->ticks, 0);
		mutex_unlock(&dev->lock);
		/* Unless another reader was faster. */
	} while (wait && !ticks);

	if (!ticks)
		return -EAGAIN;
	return put_user(ticks, (u64 __user *)buf) ?: sizeof(ticks);
}

/* Process context. Takes no lock. */
static __poll_t ct_dev_poll(struct file *file, poll_table *table)
{
	struct ct_dev *dev = file->private_data;

	poll_wait(file, &dev->wait, table);
	return ct_dev_readable(dev) ? EPOLLIN | EPOLLRDNORM : 0;
}

/* Process context. Takes no lock. */
static long ct_dev_info(const struct ct_dev *dev, void __user *arg)
{
	struct customtimer_info info = {
		.abi = CUSTOMTIMER_ABI,
		.features = dev->exact ? CUSTOMTIMER_EXACT : 0,
		.max_timers = READ_ONCE(dev_max_timers.value),
		.max_rate = READ_ONCE(dev_max_rate.value),
	};

	strscpy(info.version, CUSTOM_TIMER_VERSION, sizeof(info.version));
	strscpy(info.backend, ct_backend->name, sizeof(info.backend));
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* Whether the caller may have its timer on @cpu. Process context. */
static int ct_dev_check_cpu(int cpu)
{
	if (cpu == CUSTOMTIMER_ANY_CPU)
		return 0;
	if (cpu < 0 || cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return -EINVAL;
	if (!cpu_online(cpu))
		return -ENODEV;
	if (!cpumask_test_cpu(cpu, current->cpus_ptr) && !capable(CAP_SYS_NICE))
		return -EPERM;
	return 0;
}

/* Process context. Locks the file. */
static long ct_dev_arm(struct ct_dev *dev, const void __user *arg)
{
	struct customtimer_arm arm;
	int err;

	if (copy_from_user(&arm, arg, sizeof(arm)))
		return -EFAULT;
	if (arm.flags & ~CUSTOMTIMER_RELATIVE ||
	    memchr_inv(arm.reserved, 0, sizeof(arm.reserved)) ||
	    arm.expires_ns > KTIME_MAX || arm.interval_ns > KTIME_MAX ||
	    arm.window_ns > KTIME_MAX)
		return -EINVAL;
	err = ct_dev_check_cpu(arm.cpu);
	if (err)
		return err;
	if (!arm.window_ns && !dev->exact)
		return -EPERM;

	mutex_lock(&dev->lock);
	ct_dev_stop(dev);
	if (arm.flags & CUSTOMTIMER_RELATIVE)
		arm.expires_ns = min_t(u64, arm.expires_ns + ktime_get(),
				       KTIME_MAX);
	dev->expires = arm.expires_ns;
	dev->interval = arm.interval_ns;
	dev->window = arm.window_ns;
	dev->cpu = arm.cpu;
	dev->armed = true;
	dev->stats.armed++;
	ct_dev_start(dev);
	mutex_unlock(&dev->lock);
	return 0;
}

/* Process context. Locks the file. */
static long ct_dev_disarm(struct ct_dev *dev)
{
	mutex_lock(&dev->lock);
	ct_dev_stop(dev);
	mutex_unlock(&dev->lock);
	return 0;
}

/* Process context. Locks the file. */
static long ct_dev_get(struct ct_dev *dev, void __user *arg)
{
	struct customtimer_state state = { };

	mutex_lock(&dev->lock);
	ct_dev_collect(dev);
	if (dev->armed) {
		state.flags = CUSTOMTIMER_ARMED;
		state.expires_ns = dev->expires;
		state.remaining_ns = max_t(s64, dev->expires - ktime_get(), 1);
	}
	state.interval_ns = dev->interval;
	state.window_ns = dev->window;
	state.cpu = dev->cpu;
	state.expirations = dev->ticks;
	mutex_unlock(&dev->lock);
	return copy_to_user(arg, &state, sizeof(state)) ? -EFAULT : 0;
}

/*
 * The figures of a deadline that comes meanwhile may be there in part. Process context.
 * Locks the file.
 */
static long ct_dev_stats(struct ct_dev *dev, void __user *arg)
{
	struct customtimer_stats stats;

	mutex_lock(&dev->lock);
	ct_dev_collect(dev);
	stats = dev->stats;
	mutex_unlock(&dev->lock);
	return copy_to_user(arg, &stats, sizeof(stats)) ? -EFAULT : 0;
}

/* Process context. */
static long ct_dev_ioctl(struct file *file, unsigned int request,
			 unsigned long arg)
{
	struct ct_dev *dev = file->private_data;
	void __user *user = (void __user *)arg;

	switch (request) {
	case CUSTOMTIMER_INFO:
		return ct_dev_info(dev, user);
	case CUSTOMTIMER_ARM:
		return ct_dev_arm(dev, user);
	case CUSTOMTIMER_DISARM:
		return ct_dev_disarm(dev);
	case CUSTOMTIMER_GET:
		return ct_dev_get(dev, user);
	case CUSTOMTIMER_STATS:
		return ct_dev_stats(dev, user);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations ct_dev_fops = {
	.owner = THIS_MODULE,
	.open = ct_dev_open,
	.release = ct_dev_release,
	.read = ct_dev_read,
	.poll = ct_dev_poll,
	.unlocked_ioctl = ct_dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice ct_dev_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "customtimer",
	.fops = &ct_dev_fops,
};

/* Process context. */
int ct_chardev_init(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		init_irq_work(&per_cpu_ptr(&ct_dev_wakers, cpu)->work,
			      ct_dev_wake_files);
	return misc_register(&ct_dev_misc);
}

/*
 * Waits until no thread is at work for us. One that is done looks at its work once more, and
 * may be preempted before: it has to sleep first. Process context.
 */
static void ct_dev_sync_wakers(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu_ptr(&ct_dev_wakers, cpu)->work);
	synchronize_rcu_tasks();
}

/* No file is open: each holds a reference to the module. Process context. */
void ct_chardev_exit(void)
{
	misc_deregister(&ct_dev_misc);
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		ct_dev_sync_wakers();
	mutex_lock(&ct_dev_users_lock);
	ct_dev_forget_users(KTIME_MAX);
	mutex_unlock(&ct_dev_users_lock);
}
