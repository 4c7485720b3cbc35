#include "words.h"

static const char *const operations[] = {
#define X(upper, lower, object, fields, text) [HF_OP_##upper] = #upper,
    HF_OPERATION_LIST(X)
#undef X
};

static const unsigned fields_of[] = {
#define X(upper, lower, object, fields, text) [HF_OP_##upper] = fields,
    HF_OPERATION_LIST(X)
#undef X
};

static const char *const hows[] = {
#define X(name, text) text,
    CALL_HOW_LIST(X)
#undef X
};

static const char *const statuses[] = {
#define X(name, text) [HF_##name] = #name,
    HF_STATUS_LIST(X)
#undef X
};

static void print_frame(FILE *to, const char *name, hf_frame_t frame) {
    if (frame == HF_NO_FRAME) {
        fprintf(to, " %s=none", name);
    } else {
        fprintf(to, " %s=%llu", name, (unsigned long long)frame);
    }
}

static void print_operation(FILE *to, const struct call *call) {
    const struct hf_operation *op = &call->op;
    unsigned fields = fields_of[op->code];
    fprintf(to, "%s(%llu", operations[op->code], (unsigned long long)op->object);
    if (op->level || (fields & HF_LEVEL)) fprintf(to, " level=%u", op->level);
    if (op->address || (fields & HF_ADDRESS)) fprintf(to, " address=%#llx", (unsigned long long)op->address);
    if (op->frame || (fields & HF_FRAME)) print_frame(to, "frame", op->frame);
    if (op->rights)
        fprintf(to, " rights=%s%s%s", op->rights & 1 ? "r" : "", op->rights & 2 ? "w" : "", op->rights & 4 ? "x" : "");
    if (op->count) fprintf(to, " count=%u", op->count);
    if (op->code == HF_OP_TASK_SET)
        fprintf(to, " fields=%#x value=%lld operations=%lld", call->fields, (long long)call->value,
                (long long)call->operations);
    fprintf(to, ")");
}

void words_call(FILE *to, const struct call *call, hf_status_t status) {
    if (call->op.code) {
        print_operation(to, call);
    } else if (call->op.object && call->op.object != HF_NO_FRAME) {
        fprintf(to, "[%llu] ", (unsigned long long)call->op.object);
    }
    fprintf(to, "%s -> %s\n", hows[call->how], statuses[status]);
}
