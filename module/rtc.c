// SPDX-License-Identifier: GPL-2.0
/*
 * The host's wall clock as an RTC: read in every guest, set in dom0, with an
 * alarm on a custom timer.
 */
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/rtc.h>

#include "customtimer.h"
#include "parts.h"
#include "xenclock.h"

/*
 * How often a pending alarm looks whether the host's clock was set meanwhile, and
 * how much later than the second it may come.
 */
#define CT_ALARM_LOOK_NS (60 * NSEC_PER_SEC)
#define CT_ALARM_WINDOW_NS NSEC_PER_MSEC

static struct platform_device *ct_rtc_device;
static struct rtc_device *ct_rtc;

/* Linux sets its clock by an rtc0 that can be read while it is registered. */
static bool ct_rtc_readable;

static struct custom_timer ct_alarm;
static struct irq_work ct_alarm_work;

/* Protected by the RTC's lock but for what the alarm's callback reads. */
static time64_t ct_alarm_time;
static bool ct_alarm_on;

/* Nanoseconds from now to the alarm, by the wall clock. Any context. */
static s64 ct_alarm_distance(void)
{
	struct timespec64 now;

	ct_xen_wallclock(&now);
	return ktime_sub(ktime_set(READ_ONCE(ct_alarm_time), 0),
			 timespec64_to_ktime(now));
}

/* Hard interrupt context. */
static enum custom_timer_restart ct_alarm_expired(struct custom_timer *t)
{
	s64 left = ct_alarm_distance();

	if (left > 0) {
		schedule_custom_timer_range(t, min_t(s64, left,
						     CT_ALARM_LOOK_NS),
					    CT_ALARM_WINDOW_NS);
		return CUSTOM_TIMER_NORESTART;
	}
	irq_work_queue(&ct_alarm_work);
	return CUSTOM_TIMER_NORESTART;
}

/* Interrupt context; with PREEMPT_RT a thread, because RTCs take sleeping locks. */
static void ct_alarm_report(struct irq_work *work)
{
	rtc_update_irq(ct_rtc, 1, RTC_IRQF | RTC_AF);
}

/* Process context, the RTC's lock held. */
static int ct_rtc_read_time(struct device *dev, struct rtc_time *tm)
{
	struct timespec64 now;

	if (!ct_rtc_readable)
		return -EAGAIN;
	ct_xen_wallclock(&now);
	rtc_time64_to_tm(now.tv_sec, tm);
	return 0;
}

/* Process context, the RTC's lock held. */
static int ct_rtc_set_time(struct device *dev, struct rtc_time *tm)
{
	struct timespec64 ts = { .tv_sec = rtc_tm_to_time64(tm) };

	return ct_xen_set_wallclock(&ts);
}

/* Process context, the RTC's lock held. */
static int ct_rtc_alarm_irq_enable(struct device *dev, unsigned int enabled)
{
	ct_alarm_on = enabled;
	if (!enabled)
		custom_timer_cancel(&ct_alarm);
	else
		schedule_custom_timer(&ct_alarm, 0);
	return 0;
}

/* Process context, the RTC's lock held. */
static int ct_rtc_read_alarm(struct device *dev, struct rtc_wkalrm *alarm)
{
	rtc_time64_to_tm(ct_alarm_time, &alarm->time);
	alarm->enabled = ct_alarm_on;
	return 0;
}

/* Process context, the RTC's lock held. */
static int ct_rtc_set_alarm(struct device *dev, struct rtc_wkalrm *alarm)
{
	custom_timer_cancel(&ct_alarm);
	WRITE_ONCE(ct_alarm_time, rtc_tm_to_time64(&alarm->time));
	return ct_rtc_alarm_irq_enable(dev, alarm->enabled);
}

/* For guests that may not set the clock: Linux would try again for ever. */
static const struct rtc_class_ops ct_rtc_read_only_ops = {
	.read_time = ct_rtc_read_time,
	.read_alarm = ct_rtc_read_alarm,
	.set_alarm = ct_rtc_set_alarm,
	.alarm_irq_enable = ct_rtc_alarm_irq_enable,
};

static const struct rtc_class_ops ct_rtc_ops = {
	.read_time = ct_rtc_read_time,
	.set_time = ct_rtc_set_time,
	.read_alarm = ct_rtc_read_alarm,
	.set_alarm = ct_rtc_set_alarm,
	.alarm_irq_enable = ct_rtc_alarm_irq_enable,
};

/* What is made here belongs to the device's resource group. Process context. */
static int ct_rtc_register(struct device *dev)
{
	ct_rtc = devm_rtc_allocate_device(dev);
	if (IS_ERR(ct_rtc))
		return PTR_ERR(ct_rtc);
	ct_rtc->ops = ct_xen_may_set_wallclock() ? &ct_rtc_ops :
						   &ct_rtc_read_only_ops;
	/* Xen keeps 32 bits of seconds, and is set at once. */
	ct_rtc->range_max = U32_MAX;
	ct_rtc->set_offset_nsec = NSEC_PER_SEC;
	return devm_rtc_register_device(ct_rtc);
}

/* Process context. */
static int ct_rtc_start(void)
{
	int err;

	if (!ct_xen_has_clock("rtc"))
		return -ENODEV;

	custom_timer_setup(&ct_alarm, ct_alarm_expired);
	init_irq_work(&ct_alarm_work, ct_alarm_report);
	ct_rtc_readable = false;

	ct_rtc_device = platform_device_register_simple("customtimer-rtc",
							PLATFORM_DEVID_NONE,
							NULL, 0);
	if (IS_ERR(ct_rtc_device)) {
		err = PTR_ERR(ct_rtc_device);
		goto err;
	}
	if (!devres_open_group(&ct_rtc_device->dev, &ct_rtc, GFP_KERNEL)) {
		err = -ENOMEM;
		goto err_device;
	}
	err = ct_rtc_register(&ct_rtc_device->dev);
	if (err)
		goto err_group;
	/* The alarm's work may outlast the registration. */
	get_device(&ct_rtc->dev);
	ct_rtc_readable = true;
	return 0;

err_group:
	devres_release_group(&ct_rtc_device->dev, &ct_rtc);
err_device:
	platform_device_unregister(ct_rtc_device);
err:
	pr_err("rtc: Linux does not take the clock (%d)\n", err);
	return err;
}

/* Whoever has the device open gets -ENODEV from now on. Process context. */
static int ct_rtc_stop(void)
{
	devres_release_group(&ct_rtc_device->dev, &ct_rtc);
	custom_timer_cancel(&ct_alarm);
	irq_work_sync(&ct_alarm_work);
	put_device(&ct_rtc->dev);
	platform_device_unregister(ct_rtc_device);
	return 0;
}

struct ct_part ct_rtc_part = {
	.name = "rtc",
	.start = ct_rtc_start,
	.stop = ct_rtc_stop,
};
