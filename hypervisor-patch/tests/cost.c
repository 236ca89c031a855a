/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many instructions does the timer code take for callers who know nothing
 * of ranges? The same random traffic can be run with stock and with patched
 * timer code. Both are counted to the instruction, by single-stepping a child.
 *
 * usage: cost TIMERS STEPS SPREAD: so many timers, each set up to SPREAD ns ahead;
 * each step sets (4 in 5) or stops one of them, and time passes. Prints calls and
 * instructions of each operation.
 *
 * What surrounds the code in Xen (the interrupt, NOW(), the LAPIC) is not
 * counted, so that differences look larger here than they are.
 */
#include "timer.c"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

unsigned int this, online = 1, cpu_online_map;
bool no_memory;

static s_time_t now = 1000, hardware;
static bool raised, settled;
static softirq_handler timer_softirq;
static unsigned long interrupts, softirqs, runs;

/* As much work as Xen's: read the TSC, scale what has passed since a stamp. */
s_time_t __attribute__((noinline)) NOW(void)
{
    static struct { uint64_t tsc; s_time_t stime; int shift; uint32_t mul_frac; } stamp = { .mul_frac = 1u << 31 };
    __typeof__(stamp) *s = &stamp;
    uint64_t passed;
    uint32_t lo, hi;

    asm ( "" : "+r" (s) );
    asm volatile ( "lfence; rdtsc" : "=a" (lo), "=d" (hi) );
    passed = (((uint64_t)hi << 32) | lo) - s->tsc;
    passed = s->shift < 0 ? passed >> -s->shift : passed << s->shift;
    passed = ((unsigned __int128)passed * s->mul_frac) >> 32;
    asm volatile ( "" :: "r" (passed + s->stime) );
    return now;
}

void open_softirq(int nr, softirq_handler handler) { timer_softirq = handler; }
void raise_softirq(unsigned int nr) { raised = true; }
void cpu_raise_softirq(unsigned int cpu, unsigned int nr) { raised = true; }

int reprogram_timer(s_time_t timeout)
{
    hardware = timeout > now ? timeout : 0;
    return hardware || !timeout;
}

/* Each opens and closes a stretch that is counted under that number. */
#define COUNT(what) do { if ( settled ) asm volatile ( "int3" :: "a" ((long)(what)) : "memory" ); } while ( 0 )
enum { SET, STOP, SOFTIRQ, KINDS };

static uint64_t seed = 88172645463325252ull;

static uint64_t rnd(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

#define MAX_TIMERS 16384
static struct timer timers_[MAX_TIMERS];

static void callback(void *data)
{
    runs++;
}

static void softirq(void)
{
    while ( raised )
    {
        raised = false;
        softirqs++;
        COUNT(SOFTIRQ);
        timer_softirq();
        COUNT(SOFTIRQ);
        now += 200;
    }
}

/* Xen's callers are in other files: nothing may be inlined into them. */
static void (*volatile set_it)(struct timer *, s_time_t) = set_timer;
static void (*volatile stop_it)(struct timer *) = stop_timer;

static void workload(unsigned int n, unsigned int steps, s_time_t spread)
{
    unsigned int i;

    timer_init();
    for ( i = 0; i < n; i++ )
        init_timer(&timers_[i], callback, NULL, 0);
    for ( i = 0; i < n; i++ )
    {
        set_timer(&timers_[i], now + rnd(spread));
        softirq();
    }
    interrupts = softirqs = runs = 0;
    for ( i = 0; i < steps + 200; i++ )
    {
        struct timer *t = &timers_[rnd(n)];
        s_time_t to = now + rnd(spread / n);

        /* First the heap has to grow. */
        settled = i >= 200;

        if ( rnd(5) )
        {
            s_time_t when = now + rnd(spread);

            COUNT(SET);
            set_it(t, when);
            COUNT(SET);
        }
        else
        {
            COUNT(STOP);
            stop_it(t);
            COUNT(STOP);
        }
        softirq();
        while ( hardware && hardware <= to )
        {
            /* It takes a moment from the interrupt to the softirq. */
            now = max(now, hardware + 200);
            hardware = 0;
            interrupts++;
            raised = true;
            softirq();
        }
        now = max(now, to);
    }
}

int main(int argc, char **argv)
{
    unsigned int n = argc > 1 ? atoi(argv[1]) : 8, steps = argc > 2 ? atoi(argv[2]) : 2000;
    s_time_t spread = argc > 3 ? atoll(argv[3]) : MILLISECS(10);
    unsigned long count[KINDS] = { 0 }, calls[KINDS] = { 0 };
    int fds[2], status, counting = -1;
    pid_t child;

    if ( n < 1 || n > MAX_TIMERS || spread < n || pipe(fds) )
        return 2;
    child = fork();
    if ( child == 0 )
    {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        workload(n, steps, spread);
        if ( write(fds[1], (unsigned long[]){ interrupts, softirqs, runs }, 24) != 24 )
            _exit(1);
        _exit(0);
    }
    for ( waitpid(child, &status, 0); !WIFEXITED(status) && !WIFSIGNALED(status); waitpid(child, &status, 0) )
    {
        long text = ptrace(PTRACE_PEEKUSER, child, 8 * 16 /* rip */, NULL);
        long what = ptrace(PTRACE_PEEKUSER, child, 8 * 10 /* rax */, NULL);

        errno = 0;
        if ( WSTOPSIG(status) == SIGTRAP && (ptrace(PTRACE_PEEKTEXT, child, text - 1, NULL) & 0xff) == 0xcc &&
             what >= 0 && what < KINDS )
        {
            if ( counting < 0 )
            {
                counting = what;
                calls[what]++;
                count[what]--;
            }
            else
                counting = -1;
        }
        else if ( counting >= 0 )
            count[counting]++;
        ptrace(counting >= 0 ? PTRACE_SINGLESTEP : PTRACE_CONT, child, NULL, NULL);
    }
    {
        unsigned long end[3] = { 0 };

        if ( !WIFEXITED(status) || WEXITSTATUS(status) || read(fds[0], end, sizeof(end)) != sizeof(end) )
        {
            fprintf(stderr, "the child failed\n");
            return 1;
        }
        printf("set %lu %lu stop %lu %lu softirq %lu %lu interrupts %lu run %lu\n",
               calls[SET], count[SET], calls[STOP], count[STOP], calls[SOFTIRQ], count[SOFTIRQ], end[0], end[2]);
    }
    return 0;
}
