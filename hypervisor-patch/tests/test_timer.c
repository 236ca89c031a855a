/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Range timers against a brute-force oracle. Prints TAP.
 *
 * The file under test is included whole, so that its inner state can be looked
 * at. Time stands still while code runs. Interrupts and softirqs are taken at
 * once, so that every timer must run within its range, unless a test delays
 * them on purpose.
 */
#include "timer.c"

#include <stdarg.h>

/* --- the machine ------------------------------------------------------- */

unsigned int this, online = 1, cpu_online_map;
bool no_memory;

static s_time_t now = 1000;
static s_time_t hardware[NR_CPUS];
static bool raised[NR_CPUS];
static softirq_handler timer_softirq;
static unsigned long interrupts, softirqs;

s_time_t NOW(void)
{
    return now;
}

void open_softirq(int nr, softirq_handler handler)
{
    timer_softirq = handler;
}

void raise_softirq(unsigned int nr)
{
    raised[this] = true;
}

void cpu_raise_softirq(unsigned int cpu, unsigned int nr)
{
    raised[cpu] = true;
}

int reprogram_timer(s_time_t timeout)
{
    assert(timeout >= 0);
    if ( timeout && timeout <= now )
    {
        hardware[this] = 0;
        return 0;
    }
    hardware[this] = timeout;
    return 1;
}

/* --- the oracle -------------------------------------------------------- */

#define MAX_TIMERS 12000

struct tested {
    struct timer timer;
    bool queued, alive, ranged;
    unsigned int cpu;
    s_time_t start, end;
    unsigned int runs;
    /* If not 0, the callback sets the timer again, so much later. */
    s_time_t again, width;
    /* If set, the callback stops this one. */
    struct tested *stops;
    /* If set, the callback sets this one, to the beginning of time. */
    struct tested *sets;
};

static struct tested tested[MAX_TIMERS];
static unsigned int ntested;
static bool delays;

static int failures, number;
static char why[256];

static void complain(const char *format, ...)
{
    va_list ap;

    if ( why[0] )
        return;
    va_start(ap, format);
    vsnprintf(why, sizeof(why), format, ap);
    va_end(ap);
}

static void result(const char *what)
{
    number++;
    printf("%sok %d - %s\n", why[0] ? "not " : "", number, what);
    if ( why[0] )
    {
        printf("# %s\n", why);
        failures++;
    }
    why[0] = 0;
    fflush(stdout);
}

static int by_start(const void *a, const void *b)
{
    const struct tested *x = *(struct tested *const *)a, *y = *(struct tested *const *)b;

    return x->start < y->start ? -1 : x->start > y->start;
}

/*
 * The stop by definition: the latest start that is not after the smallest of
 * all ends; no more than @cap timers of the sorted queue are looked at.
 *
 * Without timers that were set with set_timer_range() the stop need not be the
 * latest: @least is the earliest one that is right. That is the first start
 * unless it is close, and then the second if both can share an interrupt.
 */
static s_time_t oracle(unsigned int cpu, unsigned int cap, s_time_t *least)
{
    static struct tested *queue[MAX_TIMERS];
    unsigned int i, n = 0;
    s_time_t end = STIME_MAX, stop = 0;
    bool ranged = false, close;

    for ( i = 0; i < ntested; i++ )
        if ( tested[i].queued && tested[i].cpu == cpu && tested[i].start != STIME_MAX )
        {
            queue[n++] = &tested[i];
            end = min(end, tested[i].end);
            ranged |= tested[i].ranged;
        }
    *least = 0;
    if ( !n )
        return 0;
    qsort(queue, n, sizeof(queue[0]), by_start);
    for ( i = 0; i < n && i < cap && queue[i]->start <= end; i++ )
        stop = queue[i]->start;
    *least = stop;
    if ( ranged )
        return stop;
    close = queue[0]->start - now <= timer_slop;
    *least = queue[close && n > 1 && queue[1]->start <= end && !per_cpu(timers, cpu).list]->start;
    return close ? stop : *least;
}

/* What must hold whenever no softirq is pending. */
static void check_cpu(unsigned int cpu)
{
    s_time_t stop = per_cpu(timers, cpu).stop, first = STIME_MAX, least = STIME_MAX;
    unsigned int i, ranged = 0;

    for ( i = 0; i < ntested; i++ )
        if ( tested[i].queued && tested[i].cpu == cpu )
        {
            first = min(first, tested[i].start);
            least = min(least, tested[i].end);
            ranged += tested[i].ranged;
            if ( !timer_is_active(&tested[i].timer) )
                complain("a timer was forgotten");
        }

    if ( per_cpu(timers, cpu).ranged != ranged )
        complain("%u timers with a range, counted %u", ranged, per_cpu(timers, cpu).ranged);
    if ( stop == STIME_MAX )
        stop = 0;
    if ( stop != hardware[cpu] )
        complain("programmed %" PRId64 ", said %" PRId64, hardware[cpu], stop);
    if ( first == STIME_MAX )
    {
        if ( stop )
            complain("programmed for nothing");
        return;
    }
    if ( !stop )
        complain("nothing programmed");
    else if ( stop > least )
        complain("stop %" PRId64 " after the end of a range, %" PRId64, stop, least);
    else if ( stop < first )
        complain("stop %" PRId64 " before any start, %" PRId64, stop, first);
}

static void stop_it(struct tested *t)
{
    t->queued = false;
    stop_timer(&t->timer);
}

static void callback(void *data)
{
    struct tested *t = data;

    if ( !t->queued )
        complain("ran, but was not set");
    if ( t->cpu != this )
        complain("ran on the wrong CPU");
    if ( now < t->start )
        complain("early: %" PRId64 " before %" PRId64, now, t->start);
    if ( !delays && now > t->end )
        complain("late: %" PRId64 " after [%" PRId64 ", %" PRId64 "]", now, t->start, t->end);
    t->queued = false;
    t->runs++;
    if ( t->stops )
        stop_it(t->stops);
    if ( t->sets )
    {
        t->sets->start = t->sets->end = 0;
        t->sets->queued = t->sets->ranged = true;
        set_timer_range(&t->sets->timer, 0, 0);
    }
    if ( t->again )
    {
        t->start = now + t->again;
        t->end = t->start + t->width;
        t->queued = t->ranged = true;
        set_timer_range(&t->timer, t->start, t->end);
    }
}

static void run_softirqs(void)
{
    unsigned int cpu, was = this, i, rounds = 0;

    for ( cpu = 0; cpu < NR_CPUS; cpu++ )
        while ( cpu_online(cpu) && raised[cpu] )
        {
            raised[cpu] = false;
            this = cpu;
            softirqs++;
            timer_softirq();
            /* The clock moves while code runs, if only a little. */
            if ( raised[cpu] && ++rounds > 3 )
                now++;
            for ( i = 0; ntested <= 2000 && i < ntested; i++ )
                if ( tested[i].queued && tested[i].cpu == cpu && !raised[cpu] && tested[i].start <= now &&
                     !tested[i].again )
                    complain("due, but not run");
            if ( !raised[cpu] )
            {
                s_time_t least, most = oracle(cpu, PREFIX_MAX, &least), chosen = per_cpu(timer_deadline, cpu);

                if ( most )
                {
                    most = max(most, now);
                    least = max(least, now);
                }
                if ( chosen < least || chosen > most )
                    complain("chose %" PRId64 " where [%" PRId64 ", %" PRId64 "] is right", chosen, least, most);
            }
        }
    this = was;
}

/* Moves the clock to @to, with all the interrupts on the way. */
static void advance(s_time_t to)
{
    for ( ; ; )
    {
        s_time_t next = STIME_MAX;
        unsigned int cpu;

        for ( cpu = 0; cpu < NR_CPUS; cpu++ )
            if ( cpu_online(cpu) && hardware[cpu] && hardware[cpu] < next )
                next = hardware[cpu];
        if ( next > to )
            break;
        now = max(now, next);
        for ( cpu = 0; cpu < NR_CPUS; cpu++ )
            if ( cpu_online(cpu) && hardware[cpu] && hardware[cpu] <= now )
            {
                hardware[cpu] = 0;
                interrupts++;
                raised[cpu] = true;
            }
        run_softirqs();
    }
    now = max(now, to);
}

/* --- operations, told to both sides ------------------------------------- */

static struct tested *new_timer(unsigned int cpu)
{
    struct tested *t = &tested[ntested++];

    assert(ntested <= MAX_TIMERS);
    memset(t, 0, sizeof(*t));
    t->cpu = cpu;
    t->alive = true;
    init_timer(&t->timer, callback, t, cpu);
    return t;
}

static void set_range(struct tested *t, s_time_t start, s_time_t end)
{
    t->start = start;
    t->end = max(start, end);
    t->queued = t->alive;
    t->ranged = true;
    set_timer_range(&t->timer, start, end);
}

static void set_plain(struct tested *t, s_time_t expires)
{
    t->start = expires;
    t->end = expires > STIME_MAX - timer_slop ? STIME_MAX : expires + timer_slop;
    t->queued = t->alive;
    t->ranged = false;
    set_timer(&t->timer, expires);
}

static void move_it(struct tested *t, unsigned int cpu)
{
    if ( t->alive )
        t->cpu = cpu;
    migrate_timer(&t->timer, cpu);
}

static void kill_it(struct tested *t)
{
    t->queued = t->alive = false;
    kill_timer(&t->timer);
}

/* The data of a CPU that was away is either kept or new. */
static bool new_data;

static void cpu_up(unsigned int cpu)
{
    if ( new_data )
        memset(&per_cpu(timers, cpu), 0, sizeof(per_cpu(timers, cpu)));
    cpu_callback(&cpu_nfb, CPU_UP_PREPARE, (void *)(long)cpu);
    online |= 1u << cpu;
    hardware[cpu] = 0;
    raised[cpu] = false;
}

static void cpu_down(unsigned int cpu)
{
    unsigned int i, to;

    online &= ~(1u << cpu);
    hardware[cpu] = 0;
    raised[cpu] = false;
    to = cpumask_any(&cpu_online_map);
    for ( i = 0; i < ntested; i++ )
        if ( tested[i].alive && tested[i].cpu == cpu )
            tested[i].cpu = to;
    cpu_callback(&cpu_nfb, CPU_DEAD, (void *)(long)cpu);
}

static void drop_all(void)
{
    unsigned int i;

    for ( i = 0; i < ntested; i++ )
        if ( tested[i].alive )
            kill_it(&tested[i]);
    run_softirqs();
    for ( i = 0; i < NR_CPUS; i++ )
        if ( cpu_online(i) )
            check_cpu(i);
    ntested = 0;
}

static uint64_t seed = 88172645463325252ull;

static uint64_t rnd(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* --- the tests ---------------------------------------------------------- */

static void test_example(void)
{
    static const s_time_t range[][2] = { { 100, 103 }, { 101, 104 }, { 102, 104 }, { 104, 106 } };
    s_time_t base = now + 1000;
    struct tested *t[4];
    unsigned int i;

    for ( i = 0; i < 4; i++ )
    {
        t[i] = new_timer(0);
        set_range(t[i], base + range[i][0], base + range[i][1]);
    }
    run_softirqs();
    if ( hardware[0] != base + 102 || this_cpu(timers).latest != base + 103 )
        complain("[%" PRId64 ", %" PRId64 "] instead of [102, 103]", hardware[0] - base,
                 this_cpu(timers).latest - base);
    interrupts = 0;
    advance(base + 102);
    if ( interrupts != 1 || !t[0]->runs || !t[1]->runs || !t[2]->runs || t[3]->runs )
        complain("the first three do not share an interrupt");
    advance(base + 104);
    if ( interrupts != 2 || !t[3]->runs )
        complain("the fourth is not on time");
    result("[100,103] [101,104] [102,104] [104,106]: one stop at 102, one at 104");
    drop_all();
}

static void test_alone(void)
{
    struct tested *t = new_timer(0), *u = new_timer(0);
    s_time_t at;
    int i;

    for ( i = 0; i < 4; i++ )
    {
        at = now + (i & 1 ? 7 : 700000);
        if ( i & 2 )
            set_range(t, at, at + MILLISECS(5));
        else
            set_plain(t, at);
        run_softirqs();
        if ( hardware[0] != at )
            complain("a lone timer %" PRId64 " ahead is not on time", at - now);
        advance(at);
        if ( t->queued )
            complain("a lone timer did not run");
    }
    result("a lone timer is on time, near or far, with slop or a range");

    /* Neighbours on all sides must not move an exact timer. */
    for ( i = -60; i <= 60 && !why[0]; i++ )
    {
        s_time_t exact = now + 1000000;

        set_range(t, exact, exact);
        set_plain(u, exact + i * 1000);
        run_softirqs();
        advance(exact - 1);
        if ( !t->queued )
            complain("an exact timer was early");
        advance(exact);
        if ( t->queued )
            complain("an exact timer was late beside %dus", i);
        advance(exact + MILLISECS(1));
        set_plain(u, now + 1000000 + i * 1000);
        run_softirqs();
        exact = now + 1000000;
        set_range(t, exact, exact);
        run_softirqs();
        advance(exact);
        if ( t->queued )
            complain("an exact timer was late after %dus", i);
        advance(exact + MILLISECS(1));
    }
    result("an exact timer is never moved by a neighbour's slop");
    drop_all();
}

static void test_edges(void)
{
    struct tested *t = new_timer(0), *u = new_timer(0);

    set_plain(t, STIME_MAX);
    run_softirqs();
    if ( hardware[0] )
        complain("a timer at the end of time is programmed");
    set_range(u, now + 50, STIME_MAX);
    run_softirqs();
    if ( hardware[0] != now + 50 )
        complain("the end of time hides another timer");
    advance(now + 50);
    if ( u->queued )
        complain("a range without an end did not run");
    set_plain(u, STIME_MAX - 1);
    stop_it(t);
    run_softirqs();
    if ( hardware[0] != STIME_MAX - 1 )
        complain("the last moment but one is not programmed");
    result("the end of time");

    delays = true;
    set_plain(u, 0);
    run_softirqs();
    set_plain(t, -5);
    run_softirqs();
    if ( u->runs != 2 || t->runs != 1 )
        complain("a time that has passed did not run at once");
    set_range(t, now, now);
    run_softirqs();
    if ( t->runs != 2 )
        complain("the present is not reached");
    set_range(t, now + 100, now - 100);
    run_softirqs();
    if ( hardware[0] != now + 100 )
        complain("an end before the start is not corrected");
    delays = false;
    result("the past, the present, and a range that is upside down");
    drop_all();
}

/* Random traffic on @cpus CPUs with @n timers for @steps steps. */
static void churn(unsigned int cpus, unsigned int n, unsigned int steps, s_time_t spread, s_time_t width,
                  bool hotplug)
{
    unsigned int i, c;

    for ( i = 0; i < n; i++ )
    {
        do
            c = rnd(cpus);
        while ( !cpu_online(c) );
        new_timer(c);
    }

    for ( i = 0; i < steps && !why[0]; i++ )
    {
        struct tested *t = &tested[rnd(n)];
        s_time_t start = now + 1 + rnd(spread);

        do
            this = rnd(cpus);
        while ( !cpu_online(this) );

        switch ( rnd(16) )
        {
        case 0 ... 4:
            set_plain(t, start);
            break;
        case 5 ... 8:
            set_range(t, start, start + rnd(width));
            break;
        case 9 ... 10:
            set_range(t, start, start);
            break;
        case 11:
            stop_it(t);
            break;
        case 12:
            do
                c = rnd(cpus);
            while ( !cpu_online(c) );
            move_it(t, c);
            break;
        case 13:
            if ( rnd(8) || !t->alive )
                break;
            kill_it(t);
            run_softirqs();
            c = t->cpu;
            memset(t, 0, sizeof(*t));
            t->cpu = c;
            t->alive = true;
            init_timer(&t->timer, callback, t, c);
            break;
        case 14:
            t->again = rnd(4) ? 0 : 1 + rnd(spread);
            t->width = rnd(width);
            break;
        case 15:
            c = rnd(cpus);
            if ( !hotplug || rnd(10) || !c )
                break;
            if ( cpu_online(c) )
            {
                this = 0;
                cpu_down(c);
            }
            else
                cpu_up(c);
            break;
        }
        if ( delays && rnd(4) )
        {
            /* Softirqs are held up for a while. */
            now += rnd(spread / 4 + 1);
            continue;
        }
        run_softirqs();
        for ( c = 0; c < cpus; c++ )
            if ( cpu_online(c) )
                check_cpu(c);
        if ( !rnd(3) )
            advance(now + rnd(spread / 2 + 1));
    }
    for ( i = 0; i < n; i++ )
        tested[i].again = 0;
    run_softirqs();
    advance(now + spread + width + MILLISECS(1));
    for ( i = 0; i < n; i++ )
        if ( tested[i].queued )
            complain("a timer was lost");
    drop_all();
    this = 0;
}

static void test_churn(void)
{
    unsigned int round, cpu;

    for ( round = 0; round < 40; round++ )
        churn(1, 1 + rnd(20), 2000, 1 + rnd(400000), 1 + rnd(200000), false);
    result("random traffic on one CPU is as the oracle says");

    for ( round = 0; round < 10; round++ )
        churn(1, 40 + rnd(200), 2000, 1 + rnd(200000), 1 + rnd(2000000), false);
    result("the same with more timers than the choice looks at");

    for ( round = 0; round < 200; round++ )
        churn(1, 1 + rnd(12), 500, 1 + rnd(12), 1 + rnd(8), false);
    result("the same with many ties");

    no_memory = true;
    for ( round = 0; round < 20; round++ )
        churn(1, 1 + rnd(60), 1000, 1 + rnd(400000), 1 + rnd(200000), false);
    no_memory = false;
    result("the same on the overflow list alone, without memory for a larger heap");

    for ( cpu = 1; cpu < NR_CPUS; cpu++ )
        cpu_up(cpu);
    for ( round = 0; round < 40; round++ )
        churn(NR_CPUS, 1 + rnd(60), 2000, 1 + rnd(400000), 1 + rnd(200000), false);
    result("random traffic on four CPUs, with migration");

    for ( round = 0; round < 40; round++ )
        churn(NR_CPUS, 1 + rnd(60), 2000, 1 + rnd(400000), 1 + rnd(200000), true);
    for ( cpu = 1; cpu < NR_CPUS; cpu++ )
        if ( !cpu_online(cpu) )
            cpu_up(cpu);
    result("the same while CPUs come and go");

    delays = true;
    for ( round = 0; round < 40; round++ )
        churn(NR_CPUS, 1 + rnd(60), 2000, 1 + rnd(400000), 1 + rnd(200000), true);
    delays = false;
    for ( cpu = 1; cpu < NR_CPUS; cpu++ )
        if ( cpu_online(cpu) )
            cpu_down(cpu);
    result("the same while softirqs are held up: nothing is lost or early");
}

static int by_end(const void *a, const void *b)
{
    const struct tested *x = *(struct tested *const *)a, *y = *(struct tested *const *)b;

    return x->end < y->end ? -1 : x->end > y->end;
}

/* The fewest moments that touch every range: always take the earliest end. */
static unsigned int stabbing(void)
{
    static struct tested *queue[MAX_TIMERS];
    unsigned int i, stops = 0;
    s_time_t at = -1;

    for ( i = 0; i < ntested; i++ )
        queue[i] = &tested[i];
    qsort(queue, ntested, sizeof(queue[0]), by_end);
    for ( i = 0; i < ntested; i++ )
        if ( queue[i]->start > at )
        {
            at = queue[i]->end;
            stops++;
        }
    return stops;
}

static void test_interrupts(void)
{
    static const struct { unsigned int n; s_time_t spread, width; } set[] = {
        { 30, MILLISECS(100), MICROSECS(50) },
        { 1000, MILLISECS(100), MILLISECS(1) },
        { 1000, MILLISECS(1000), MILLISECS(1) },
        { 1000, MILLISECS(100), 0 },
        { 10000, MILLISECS(100), MILLISECS(1) },
        { 10000, MICROSECS(10), MILLISECS(1) },
    };
    unsigned int s, i;

    for ( s = 0; s < sizeof(set) / sizeof(set[0]); s++ )
    {
        s_time_t base = now + MILLISECS(1);
        unsigned int best, most;
        char what[120];

        for ( i = 0; i < set[s].n; i++ )
            set_range(new_timer(0), base + rnd(set[s].spread), 0);
        for ( i = 0; i < set[s].n; i++ )
            set_range(&tested[i], tested[i].start, tested[i].start + set[s].width);
        run_softirqs();
        best = stabbing();
        most = best + set[s].n / PREFIX_MAX;
        interrupts = softirqs = 0;
        advance(base + set[s].spread + set[s].width + 1);
        for ( i = 0; i < ntested; i++ )
            if ( tested[i].runs != 1 )
                complain("timer %u ran %u times", i, tested[i].runs);
        if ( interrupts > most )
            complain("%lu interrupts, more than %u", interrupts, most);
        if ( softirqs > interrupts )
            complain("%lu softirqs for %lu interrupts", softirqs, interrupts);
        snprintf(what, sizeof(what), "%u ranges of %" PRId64 "us in %" PRId64 "us: %lu interrupts, fewest possible %u",
                 set[s].n, set[s].width / 1000, set[s].spread / 1000, interrupts, best);
        result(what);
        drop_all();
    }
}

/* Softirqs only where they serve a purpose. */
static void test_quiet(void)
{
    struct tested *t = new_timer(0), *u = new_timer(0), *v = new_timer(0);
    s_time_t at = now + MILLISECS(1);

    set_plain(t, at);
    run_softirqs();
    softirqs = 0;
    set_plain(u, at - 20000);
    run_softirqs();
    if ( softirqs || hardware[0] != at )
        complain("a new head that can wait for the next stop costs a softirq");
    stop_it(u);
    run_softirqs();
    softirqs = 0;
    set_plain(u, at + timer_slop + 1);
    run_softirqs();
    set_range(v, at + timer_slop + 1, at + MILLISECS(1));
    run_softirqs();
    if ( softirqs )
        complain("a timer that nobody can wait for costs a softirq");
    set_range(v, at - 5, at);
    run_softirqs();
    if ( softirqs )
        complain("the last moment of a range does not count");
    set_range(v, at, at);
    set_plain(u, at - timer_slop);
    run_softirqs();
    if ( softirqs )
        complain("the last moment of a tolerance does not count");
    set_plain(u, at - timer_slop - 1);
    run_softirqs();
    if ( softirqs != 1 || hardware[0] != at - timer_slop - 1 )
        complain("a tolerance is overdrawn");
    stop_it(u);
    run_softirqs();
    set_plain(u, at + timer_slop + 1);
    run_softirqs();
    stop_it(t);
    stop_it(v);
    set_range(t, at, at + 50);
    run_softirqs();
    softirqs = 0;
    set_range(v, at + 5, at + 5);
    run_softirqs();
    if ( softirqs != 1 || hardware[0] != at + 5 )
        complain("a stop that can be moved to serve one more is not");
    set_range(u, at + 5, at - 5);
    run_softirqs();
    if ( softirqs != 1 )
        complain("a range that is upside down is not taken for an exact one");
    set_plain(u, at - 60000);
    run_softirqs();
    if ( softirqs != 2 || hardware[0] != at - 60000 )
        complain("a head that cannot wait is not heeded");
    stop_it(u);
    stop_it(v);
    set_range(t, at, at + 50);
    run_softirqs();
    softirqs = 0;
    set_plain(u, at + 10);
    run_softirqs();
    if ( softirqs )
        complain("a timer without a range moves the stop");
    result("a softirq only where the hardware has to know");
    drop_all();

    t = new_timer(0);
    u = new_timer(0);
    t->again = t->width = 1000;
    set_range(t, now + 1000, now + 2000);
    set_range(u, now + 1000, now + 2000);
    run_softirqs();
    softirqs = interrupts = 0;
    advance(now + 1000 * 100);
    if ( interrupts != 100 || softirqs != 100 )
        complain("%lu interrupts and %lu softirqs where 100 each would do", interrupts, softirqs);
    t->again = 0;
    t->stops = u;
    set_range(u, now + 20000, now + 20000);
    set_range(t, now + 10000, now + 10000);
    run_softirqs();
    softirqs = 0;
    advance(now + 10000);
    if ( softirqs != 1 || hardware[0] )
        complain("stopping a timer in a callback costs a softirq");
    result("a callback that sets or stops timers costs no second softirq");
    drop_all();

    cpu_up(1);
    t = new_timer(1);
    u = new_timer(1);
    at = now + MILLISECS(1);
    set_plain(t, at);
    run_softirqs();
    softirqs = 0;
    set_plain(u, at + 10);
    run_softirqs();
    if ( softirqs )
        complain("another CPU is disturbed for nothing");
    stop_it(t);
    stop_it(u);
    set_range(t, at, at + 50);
    run_softirqs();
    softirqs = 0;
    set_range(u, at + 10, at + 60);
    run_softirqs();
    if ( softirqs )
        complain("another CPU is disturbed to share an interrupt");
    set_plain(u, at - 60000);
    run_softirqs();
    if ( softirqs != 1 || hardware[1] != at - 60000 )
        complain("another CPU is not told");
    result("another CPU is told only what it must know");
    drop_all();
    cpu_down(1);
}

/* Suspend to RAM: the hardware forgets, while the clock goes on. */
static void test_forgotten(void)
{
    struct tested *t = new_timer(0), *u = new_timer(0);

    set_plain(t, now + MILLISECS(1));
    run_softirqs();
    stop_it(t);
    raised[0] = false;
    hardware[0] = 0;
    now += MILLISECS(100);
    set_plain(u, now + MILLISECS(1));
    run_softirqs();
    if ( hardware[0] != now + MILLISECS(1) )
        complain("the hardware is not programmed again");
    result("a stop that has passed without an interrupt");
    drop_all();
}

/* Part of the timers on the heap, and part on the overflow list. */
static void test_overflow(void)
{
    unsigned int round, i;

    for ( round = 0; round < 60; round++ )
    {
        struct tested *t = NULL;
        s_time_t base = now + 1000;

        cpu_up(1);
        for ( i = 0; i < 8; i++ )
            set_plain(new_timer(1), base + rnd(100000));
        run_softirqs();
        no_memory = true;
        for ( i = 0; i < 40 && !why[0]; i++ )
        {
            t = new_timer(1);
            base = now + 1 + rnd(1000000);
            set_range(t, base, base + (rnd(2) ? 0 : rnd(60000)));
            run_softirqs();
            check_cpu(1);
            if ( !rnd(4) )
                advance(now + rnd(20000));
        }
        if ( round == 0 && !(per_cpu(timers, 1).list && heap_metadata(per_cpu(timers, 1).heap)->size) )
            complain("heap and list are not both in use");
        /* A larger heap takes the list in. */
        no_memory = round & 1;
        set_range(t, now + 1, now + 1);
        run_softirqs();
        advance(now + MILLISECS(2));
        for ( i = 0; i < ntested; i++ )
            if ( tested[i].queued )
                complain("a timer was lost");
        no_memory = false;
        drop_all();
        cpu_down(1);
    }
    result("heap and overflow list together");

    /*
     * Timers of the list run after those of the heap. Let one of them queue a
     * timer in the heap that is long due.
     */
    new_data = true;
    cpu_up(1);
    new_data = false;
    delays = true;
    set_plain(new_timer(1), 0);
    run_softirqs();
    if ( !tested[0].runs )
        complain("the first timer of a CPU does not run if it is due");
    for ( i = 1; i <= 15; i++ )
    {
        set_plain(new_timer(1), now + MILLISECS(1));
        run_softirqs();
    }
    no_memory = true;
    set_plain(new_timer(1), now + 10);
    run_softirqs();
    if ( tested[16].timer.status != TIMER_STATUS_in_list )
        complain("the timer is not on the list");
    tested[16].stops = &tested[1];
    tested[16].sets = &tested[0];
    advance(now + 10);
    if ( !tested[16].runs || tested[0].runs != 2 )
        complain("a timer that was due when it was queued waits");
    no_memory = delays = false;
    result("a time that has passed does not look like none");
    drop_all();
    cpu_down(1);
}

#define PLANNED 24

int main(void)
{
    timer_init();
    online = 1;

    printf("1..%d\n", PLANNED);
    test_example();
    test_alone();
    test_edges();
    test_quiet();
    test_forgotten();
    test_overflow();
    test_interrupts();
    test_churn();
    if ( number != PLANNED )
        printf("# planned for %d, ran %d\n", PLANNED, number);
    return failures || number != PLANNED;
}
