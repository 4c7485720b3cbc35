#include "object.h"

hf_serial_t serial_next(void) {
    static hf_serial_t last;
    return ++last;
}

static void *object_in(hf_frame_t frame, enum hf_frame_type type) {
    return frame_is(frame, type) ? frame_pointer(frame) : NULL;
}

struct endpoint *endpoint_in(hf_frame_t frame) {
    return object_in(frame, HF_FRAME_ENDPOINT);
}

struct handle *handles_in(hf_frame_t frame) {
    return object_in(frame, HF_FRAME_HANDLES);
}
