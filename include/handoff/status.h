/* What a call answers. */
#pragma once

#define HF_STATUS_LIST(X) \
    X(OK, "done") \
    X(BAD_CALL, "no such call, or it makes no sense in the caller's state") \
    X(BAD_HANDLE, "no such handle, or it names another kind of object") \
    X(DENIED, "a right is missing") \
    X(BAD_ARGUMENT, "an argument is out of range") \
    X(BAD_ADDRESS, "not canonical, not in the user half, or misaligned") \
    X(BAD_FRAME, "no RAM there, or its type forbids it") \
    X(EXISTS, "something is there already") \
    X(NOT_MAPPED, "nothing is mapped there") \
    X(NO_TABLE, "a page table is missing") \
    X(NOT_EMPTY, "something counted still refers to it") \
    X(NOT_READY, "not in a state for that") \
    X(NO_MEMORY, "out of memory") \
    X(QUOTA, "over the quota") \
    X(BAD_IMAGE, "the image is malformed") \
    X(NOT_FOUND, "no such name") \
    X(DEAD, "the other side is gone") \
    X(CANCELLED, "stopped while waiting") \
    X(AGAIN, "a bounded part is done, call again") \
    X(WOULD_BLOCK, "nobody is ready on the other side") \
    X(TOO_BIG, "it does not fit")

typedef enum hf_status {
#define X(name, text) HF_##name,
    HF_STATUS_LIST(X)
#undef X
        HF_STATUS_COUNT
} hf_status_t;
