// sources: tests/evil/order.c
// include: tests/evil libipc libipc/include
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "order.h"

/* The host has these, too. */
#define strtol own_strtol
#define strtoul own_strtoul
#define atoi own_atoi
#include "number.c"

static const struct {
    const char *line;
    struct order order;
} good[] = {
    {"", {true, true, 1, 1000000}},
    {"fastpath=off", {true, true, 1, 1000000}},
    {"evil=attacks", {true, false, 1, 1000000}},
    {"evil=random", {false, true, 1, 1000000}},
    {"evil=random,7", {false, true, 7, 1000000}},
    {"evil=random,0,1", {false, true, 0, 1}},
    {"evil=attacks,random", {true, true, 1, 1000000}},
    {"evil=attacks,random,7,200", {true, true, 7, 200}},
    {"devil=random evil=attacks evil=random", {true, false, 1, 1000000}},
    {"a=b evil=random,1000000000000000000,1000000000000 c=d", {false, true, 1000000000000000000, 1000000000000}},
};

static const char *const bad[] = {
    "evil=",
    "evil= attacks",
    "evil=all",
    "evil=attack",
    "evil=attacksx",
    "evil=attacks,",
    "evil=attacks,attacks",
    "evil=attacks,7,200",
    "evil=random,attacks",
    "evil=random,",
    "evil=random,seven",
    "evil=random,-7",
    "evil=random,,200",
    "evil=random,7,",
    "evil=random,7,0",
    "evil=random,7,200,",
    "evil=random,7,200,3",
    "evil=random,7,2e5",
    "evil=random,1000000000000000001",
    "evil=random,7,1000000000001",
    "evil=random,99999999999999999999999999",
    "evil=random,000000000000000000000000000000000000000000000000000000000000000007",
};

static void test_what_is_meant(void **) {
    for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct order order;
        assert_true(order_read(good[i].line, &order));
        assert_int_equal(order.attacks, good[i].order.attacks);
        assert_int_equal(order.random, good[i].order.random);
        assert_int_equal(order.seed, good[i].order.seed);
        assert_int_equal(order.calls, good[i].order.calls);
    }
}

static void test_what_means_nothing(void **) {
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct order order;
        if (order_read(bad[i], &order)) fail_msg("'%s' was taken", bad[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_meant),
        cmocka_unit_test(test_what_means_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
