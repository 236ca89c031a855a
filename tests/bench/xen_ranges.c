/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many interrupts do 1000 timers cost that are spread over 100 ms, with
 * windows of 1 ms and exact? The hypervisor's timer code itself, in user space,
 * on the harness of its tests. Time stands still while code runs.
 */
#include "timer.c"

#define TIMERS 1000
#define SPREAD MILLISECS(100)
#define SEEDS 20

unsigned int this, online = 1, cpu_online_map;
bool no_memory;

static s_time_t now, hardware;
static bool raised;
static softirq_handler timer_softirq;

s_time_t NOW(void) { return now; }
void open_softirq(int nr, softirq_handler handler) { timer_softirq = handler; }
void raise_softirq(unsigned int nr) { raised = true; }
void cpu_raise_softirq(unsigned int cpu, unsigned int nr) { raised = true; }

int reprogram_timer(s_time_t timeout)
{
    hardware = timeout > now ? timeout : 0;
    return hardware || !timeout;
}

static void softirq(void)
{
    while ( raised )
    {
        raised = false;
        timer_softirq();
    }
}

static struct tested {
    struct timer timer;
    s_time_t start, end;
    bool ran;
} tested[TIMERS];

static void callback(void *data)
{
    struct tested *t = data;

    /* A wrong answer is not worth measuring. */
    if ( t->ran || now < t->start || now > t->end )
    {
        fprintf(stderr, "[%" PRId64 ", %" PRId64 "] ran at %" PRId64 "\n", t->start, t->end, now);
        exit(1);
    }
    t->ran = true;
}

static int by_end(const void *a, const void *b)
{
    s_time_t x = ((const struct tested *)a)->end, y = ((const struct tested *)b)->end;

    return x < y ? -1 : x > y;
}

static unsigned int set_and_run(s_time_t window)
{
    unsigned int i, interrupts = 0;

    for ( i = 0; i < TIMERS; i++ )
    {
        tested[i].start = now + 1 + (s_time_t)random() % SPREAD;
        tested[i].end = tested[i].start + window;
        tested[i].ran = false;
        init_timer(&tested[i].timer, callback, &tested[i], 0);
        set_timer_range(&tested[i].timer, tested[i].start, tested[i].end);
        softirq();
    }
    while ( hardware )
    {
        now = hardware;
        hardware = 0;
        interrupts++;
        raised = true;
        softirq();
    }
    for ( i = 0; i < TIMERS; i++ )
    {
        if ( !tested[i].ran )
        {
            fprintf(stderr, "a timer has not run\n");
            exit(1);
        }
        kill_timer(&tested[i].timer);
    }
    return interrupts;
}

/* The fewest moments that meet every range: always the earliest end. */
static unsigned int optimum(void)
{
    unsigned int i, n = 0;
    s_time_t last = -1;

    qsort(tested, TIMERS, sizeof(tested[0]), by_end);
    for ( i = 0; i < TIMERS; i++ )
        if ( tested[i].start > last )
        {
            last = tested[i].end;
            n++;
        }
    return n;
}

static void measure(const char *name, s_time_t window)
{
    unsigned int interrupts = set_and_run(window), best = optimum();

    printf("row ranges timers=%u spread=100ms window=%s | interrupts=%u optimum=%u percent_more=%.2f\n",
           TIMERS, name, interrupts, best, 100.0 * (interrupts - best) / best);
}

int main(void)
{
    unsigned int seed;

    timer_init();
    for ( seed = 1; seed <= SEEDS; seed++ )
    {
        srandom(seed);
        measure("1ms", MILLISECS(1));
        measure("0", 0);
    }
    return 0;
}
