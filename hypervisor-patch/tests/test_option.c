/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command line option custom-timer=, with the hypervisor's own parsers.
 * Prints TAP. option.c is cut out of the patched tree by the script `option`.
 */
#include <ctype.h>

#include "harness.h"

#define __ro_after_init
#define SECONDS(x) ((s_time_t)(x) * 1000000000)
#define min_t(t, a, b) ({ t x_ = (a), y_ = (b); x_ < y_ ? x_ : y_; })
#define max_t(t, a, b) ({ t x_ = (a), y_ = (b); x_ > y_ ? x_ : y_; })
#define custom_param(name, fn)

#include "option.c"

int main(void)
{
    static const struct {
        const char *line;
        int rc;
        bool dom0, domu;
        s_time_t period;
    } try[] = {
        { "true", 0, true, true, 10000 },
        { "0", 0, false, false, 10000 },
        { "no", 0, false, false, 10000 },
        { "dom0=0", 0, false, true, 10000 },
        { "no-domU", 0, true, false, 10000 },
        { "domU", 0, true, true, 10000 },
        { "off,domU=1", 0, false, true, 10000 },
        { "domU=1,off", 0, false, false, 10000 },
        { "dom0=0,dom0=1,dom0=no", 0, false, true, 10000 },
        { "min-period=20000", 0, true, true, 20000 },
        { "min-period=0x4e20", 0, true, true, 20000 },
        { "min-period=20000,min-period=30000", 0, true, true, 30000 },
        { "off,min-period=5000", 0, false, false, 5000 },
        { "min-period=0", 0, true, true, 1000 },
        { "min-period=999", 0, true, true, 1000 },
        { "min-period=1000", 0, true, true, 1000 },
        { "min-period=1000000000", 0, true, true, 1000000000 },
        { "min-period=1000000001", 0, true, true, 1000000000 },
        { "min-period=999999999999999999", 0, true, true, 1000000000 },
        { "min-period=18446744073709571616", -EINVAL, true, true, 10000 },
        { "min-period=0x100000000000004e20", -EINVAL, true, true, 10000 },
        { "min-period=-1", -EINVAL, true, true, 10000 },
        { "min-period=+20000", -EINVAL, true, true, 10000 },
        { "min-period= 20000", -EINVAL, true, true, 10000 },
        { "min-period=", -EINVAL, true, true, 10000 },
        { "min-period", -EINVAL, true, true, 10000 },
        { "min-period=20us", -EINVAL, true, true, 10000 },
        { "min-period=20000x,dom0=0", -EINVAL, false, true, 10000 },
        { "", -EINVAL, true, true, 10000 },
        { ",", -EINVAL, true, true, 10000 },
        { "dom0=0,", -EINVAL, false, true, 10000 },
        { ",dom0=0", -EINVAL, false, true, 10000 },
        { "dom0=maybe,domU=0", -EINVAL, true, false, 10000 },
        { "dom1=0", -EINVAL, true, true, 10000 },
        { "dom0", 0, true, true, 10000 },
        { "garbage", -EINVAL, true, true, 10000 },
        { "=", -EINVAL, true, true, 10000 },
    };
    unsigned int i, n = sizeof(try) / sizeof(try[0]), failures = 0;

    printf("1..%u\n", n);
    for ( i = 0; i < n; i++ )
    {
        int rc;
        bool ok;

        opt_dom0 = opt_domu = true;
        opt_min_period = MIN_PERIOD_DEFAULT;
        rc = parse_custom_timer(try[i].line);
        ok = rc == try[i].rc && opt_dom0 == try[i].dom0 && opt_domu == try[i].domu &&
             opt_min_period == try[i].period;
        printf("%sok %u - custom-timer=%s\n", ok ? "" : "not ", i + 1, try[i].line);
        if ( !ok )
            printf("# returned %d: dom0=%d domU=%d min-period=%" PRId64 "\n", rc, opt_dom0, opt_domu, opt_min_period);
        failures += !ok;
    }
    return failures != 0;
}
