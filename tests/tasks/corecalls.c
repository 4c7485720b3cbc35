/* corecalls: the core's calls as an ordinary task makes them, right and wrong.
 * corecalls fs: the one that sets the FS base, and what depends on it. */
#include <ipc.h>
#include <mmu.h>
#include <string.h>

#include "check.h"
#include "raw.h"

static hf_status_t call(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t r10) {
    struct raw raw = {.rax = number, .rdi = rdi, .rsi = rsi, .rdx = rdx, .r10 = r10, .flags = RAW_FLAGS};
    raw_call(&raw);
    return (hf_status_t)raw.rax;
}

static void test_numbers(void) {
    check_status(call(0, 0, 0, 0, 0), HF_BAD_CALL, "call 0");
    check_status(call(HF_CALL_COUNT, 0, 0, 0, 0), HF_BAD_CALL, "the first unknown call");
    check_status(call(~0ul, 0, 0, 0, 0), HF_BAD_CALL, "call -1");
    check_status(call(1ul << 32 | HF_CALL_YIELD, 0, 0, 0, 0), HF_BAD_CALL, "a call with bit 32 set");
    check_status(call(1ul << 63 | HF_CALL_YIELD, 0, 0, 0, 0), HF_BAD_CALL, "a call with bit 63 set");
    for (unsigned number = 0; number < HF_CALL_COUNT; number++) {
        for (uint64_t bit = 5; bit < 64; bit++) {
            if (1ul << bit != HF_NOWAIT && call(1ul << bit | number, 0, 0, 0, 0) != HF_BAD_CALL) {
                printf("# call %u with bit %lu\n", number, bit);
                check(false, "reserved bits");
            }
        }
    }
    check(true, "all calls with each reserved bit");
    static const uint8_t never_wait[] = {HF_CALL_REPLY,
                                         HF_CALL_HOLD,
                                         HF_CALL_REPLY_HELD,
                                         HF_CALL_NOTIFY,
                                         HF_CALL_YIELD,
                                         HF_CALL_CLOCK,
                                         HF_CALL_HANDLE_COPY,
                                         HF_CALL_HANDLE_CLOSE,
                                         HF_CALL_PORT_IN,
                                         HF_CALL_PORT_OUT,
                                         HF_CALL_IRQ_ACK,
                                         HF_CALL_IRQ_BIND,
                                         HF_CALL_FS_BASE,
                                         HF_CALL_POWER,
                                         HF_CALL_MMU,
                                         HF_CALL_MMU_ONE,
                                         HF_CALL_MMU_REPLY_RECEIVE};
    bool refused = true;
    for (size_t i = 0; i < sizeof never_wait; i++) {
        refused = refused && call(never_wait[i] | HF_NOWAIT, 0, 0, 0, 0) == HF_BAD_CALL;
    }
    check(refused, "NOWAIT with calls that never wait");
}

static void test_privileges(void) {
    struct hf_operation operation = {.code = HF_OP_STAGE, .object = 0x1000, .frame = HF_NO_FRAME};
    struct hf_result result = {.status = 77};
    struct hf_message message = {0};
    struct hf_sender sender = {0};
    uint64_t done = 5;
    uint32_t value = 0;
    for (unsigned code = 0; code < 256; code++) {
        operation.code = (uint8_t)code;
        if (hf_mmu_one(&operation, &result) != HF_DENIED) {
            check(false, "an MMU operation without MEMORY");
        }
    }
    check(true, "all MMU operations without MEMORY");
    check_status(hf_mmu(1, &done), HF_DENIED, "a list of MMU operations");
    check_status(hf_mmu(0, &done), HF_DENIED, "an empty list of MMU operations");
    check_status(hf_mmu_reply_receive(1, &done, HF_SLOT_MEMSRV, &message, &sender), HF_DENIED,
                 "MMU, reply and receive");
    check_status(hf_power(1, 0), HF_BAD_HANDLE, "power through an endpoint");
    check_status(hf_power(5, 0), HF_BAD_HANDLE, "power through nothing");
    check_status(hf_port_in(1, 0x3f8, 1, &value), HF_BAD_HANDLE, "a port through an endpoint");
    check_status(hf_port_in(50, 0x3f8, 1, &value), HF_BAD_HANDLE, "a port through nothing");
    check_status(hf_port_out(50, 0x64, 1, 0xfe), HF_BAD_HANDLE, "reset through nothing");
    check_status(hf_irq_ack(1), HF_BAD_HANDLE, "an interrupt through an endpoint");
    check_status(hf_irq_bind(50, 1), HF_BAD_HANDLE, "binding nothing");
}

static void test_handles(void) {
    struct hf_message message = {0};
    struct hf_sender sender = {0};
    hf_handle_t copy = HF_SLOT_ANY, other = 0;
    check_status(call(HF_CALL_CALL, 0, 0, 0, 0), HF_BAD_HANDLE, "call through handle 0");
    check_status(call(HF_CALL_CALL, HF_HANDLE_COUNT, 0, 0, 0), HF_BAD_HANDLE, "call through handle 128");
    check_status(call(HF_CALL_CALL, 1ul << 32 | 1, 0, 0, 0), HF_BAD_HANDLE, "call through handle 2^32 + 1");
    check_status(call(HF_CALL_CALL, ~0ul, 0, 0, 0), HF_BAD_HANDLE, "call through handle -1");
    check_status(hf_receive(HF_SLOT_MEMSRV, &message, &sender), HF_DENIED, "receive memsrv's messages");
    check_status(hf_receive_nowait(HF_SLOT_CONSOLE, &message, &sender), HF_DENIED, "receive the console's messages");
    check_status(hf_notify(HF_SLOT_MEMSRV), HF_DENIED, "notify memsrv");
    check_status(hf_handle_copy(HF_SLOT_MEMSRV, HF_RIGHT_CALL, 99, &copy), HF_DENIED, "a badge without MINT");
    check_status(hf_handle_copy(HF_SLOT_MEMSRV, HF_RIGHT_CALL | HF_RIGHT_RECEIVE, 0, &copy), HF_DENIED, "more rights");
    check_status(hf_handle_copy(HF_SLOT_MEMSRV, 64, 0, &copy), HF_BAD_ARGUMENT, "a right that doesn't exist");
    check_status(hf_handle_copy(HF_SLOT_MEMSRV, HF_RIGHT_CALL, 0, &other), HF_BAD_HANDLE, "a copy to slot 0");
    other = HF_SLOT_MEMSRV;
    check_status(hf_handle_copy(HF_SLOT_MEMSRV, HF_RIGHT_CALL, 0, &other), HF_EXISTS, "a copy over itself");
    other = 128;
    check_status(hf_handle_copy(HF_SLOT_MEMSRV, HF_RIGHT_CALL, 0, &other), HF_BAD_HANDLE, "a copy to slot 128");
    check_status(hf_handle_copy(HF_SLOT_MEMSRV, 0, 0, &copy), HF_OK, "a copy without rights");
    check_status(hf_call(copy, &message), HF_DENIED, "a call through it");
    check_status(hf_handle_close(copy), HF_OK, "close it");
    check_status(hf_handle_close(copy), HF_BAD_HANDLE, "close it again");
    message = (struct hf_message){.label = HF_MEM_STAT, .handle = HF_SLOT_MEMSRV};
    check_status(hf_call(HF_SLOT_MEMSRV, &message), HF_DENIED, "pass on what lacks GRANT");
    message.handle = 60;
    check_status(hf_call(HF_SLOT_MEMSRV, &message), HF_BAD_HANDLE, "pass on nothing");
    message = (struct hf_message){.label = HF_MEM_STAT, .bytes = HF_MESSAGE_BYTES + 1};
    check_status(hf_call(HF_SLOT_MEMSRV, &message), HF_TOO_BIG, "more bytes than travel");
    message = (struct hf_message){.label = 0xffffffff};
    check_status(hf_call(HF_SLOT_MEMSRV, &message), HF_BAD_ARGUMENT, "a label of the core's");
}

static void test_replies(void) {
    struct hf_message message = {0};
    struct hf_sender sender = {0};
    hf_handle_t reply = HF_SLOT_ANY;
    check_status(hf_reply(&message), HF_BAD_CALL, "a reply to nobody");
    check_status(hf_reply_receive(HF_SLOT_MEMSRV, &message, &sender), HF_BAD_CALL, "reply to nobody, and receive");
    check_status(hf_hold(&reply), HF_BAD_CALL, "hold nothing");
    check_status(hf_reply_held(HF_SLOT_MEMSRV, &message), HF_BAD_HANDLE, "reply through an endpoint");
    check_status(hf_reply_held(70, &message), HF_BAD_HANDLE, "reply through nothing");
}

static void test_own_endpoint(void) {
    hf_handle_t endpoint, notify = HF_SLOT_ANY;
    struct hf_message message = {0};
    struct hf_sender sender = {0};
    check_status(mem_endpoint_create(&endpoint), HF_OK, "an endpoint of one's own");
    check_status(hf_receive_nowait(endpoint, &message, &sender), HF_WOULD_BLOCK, "nothing to receive there");
    check_status(hf_call_nowait(endpoint, &message), HF_WOULD_BLOCK, "nobody receives there");
    check_status(hf_handle_copy(endpoint, HF_RIGHT_NOTIFY, 0x8000000000000005, &notify), HF_OK, "a handle to notify");
    check_status(hf_call_nowait(notify, &message), HF_DENIED, "a call through it");
    check_status(hf_notify(notify), HF_OK, "notify oneself");
    check_status(hf_notify(notify), HF_OK, "notify oneself again");
    check_status(hf_receive(endpoint, &message, &sender), HF_OK, "receive it");
    check(message.label == (uint32_t)HF_LABEL_NOTIFICATION && message.word[0] == 0x8000000000000005 &&
              sender.serial == 0,
          "it is the bits of the badge");
    check_status(hf_receive_nowait(endpoint, &message, &sender), HF_WOULD_BLOCK, "it came once");
    check_status(hf_reply(&message), HF_BAD_CALL, "and wants no reply");
}

static uint64_t read_fs(void) {
    uint64_t value;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(value));
    return value;
}

static void test_fs_base(void) {
    static uint64_t word = 0x1234567890abcdef;
    check_status(hf_fs_base(0xffff800000000000), HF_BAD_ADDRESS, "FS base in the core");
    check_status(hf_fs_base(0x800000000000), HF_BAD_ADDRESS, "FS base where no address is");
    check_status(hf_fs_base(HF_USER_END), HF_BAD_ADDRESS, "FS base at the end");
    check_status(hf_fs_base((uint64_t)&word), HF_OK, "FS base of one's own");
    check(read_fs() == word, "FS base is in effect");
    hf_yield();
    check(read_fs() == word, "FS base stays");
}

/* What a call leaves behind: nothing of the core's may be seen in any register. */
static void test_registers(void) {
    bool clean = true;
    for (uint64_t number = 0; number < HF_CALL_COUNT + 2; number++) {
        struct raw raw = {.rax = number, .flags = RAW_FLAGS};
        if (number == HF_CALL_YIELD || number == HF_CALL_FS_BASE) {
            continue;
        }
        raw_call(&raw);
        const uint64_t all[] = {raw.rax, raw.rbx, raw.rdx, raw.rsi, raw.rdi, raw.r8,
                                raw.r9,  raw.r10, raw.r12, raw.r13, raw.r14, raw.r15};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            clean = clean && all[i] < 0xffff800000000000;
        }
        clean = clean && raw.flags_back == RAW_FLAGS;
    }
    check(clean, "no call leaves the core's addresses in a register");
    struct raw raw = {.rax = HF_CALL_YIELD,
                      .flags = RAW_FLAGS | RAW_TRAP | RAW_DIRECTION | RAW_NESTED | RAW_ALIGNMENT | RAW_IDENTIFICATION |
                               0x8d5};
    raw_call(&raw);
    check(raw.flags_back == RAW_FLAGS, "flags come back with only IF set");
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "fs") == 0) {
        test_fs_base();
    } else {
        test_numbers();
        test_privileges();
        test_handles();
        test_replies();
        test_own_endpoint();
        test_registers();
    }
    puts("corecalls: done");
    return check_result();
}
