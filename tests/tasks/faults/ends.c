#include "ends.h"

bool suite_want_exception(unsigned role, unsigned vector, uint64_t error, const char *at, int line) {
    struct hf_exit how = role_end(role);
    bool good = suite_want_number(how.how, HF_EXIT_EXCEPTION, "how it ended", line);
    good = suite_want_number(how.address, vector, "its vector", line) && good;
    good = suite_want_number(how.error, error, "its error code", line) && good;
    return suite_want(how.rip == (uint64_t)at, "RIP is elsewhere", line) && good;
}

bool suite_want_fault(unsigned role, enum hf_reason reason, uint64_t address, uint64_t error, const char *at,
                      int line) {
    struct hf_exit how = role_end(role);
    bool good = suite_want_number(how.how, HF_EXIT_FAULT, "how it ended", line);
    good = suite_want_number(how.reason, reason, "why", line) && good;
    good = suite_want_number(how.error, error, "its error code", line) && good;
    good = suite_want(how.address == address, "the address is another", line) && good;
    good = suite_want(how.left.faults_refused == 1, "the ledger counts no refused fault", line) && good;
    return suite_want(how.rip == (uint64_t)at, "RIP is elsewhere", line) && good;
}
