#include "source.h"

#include "core.h"
#include "directory.h"
#include "object.h"
#include "pager.h"

#define COST_LEAVE 1000

static struct directory directory;

bool source_add(struct source *source, enum badge_kind kind, struct task *owner) {
    if (!directory_add(&directory, source, &source->index)) return false;
    source->kind = kind;
    source->number = task_next_number();
    source->owner = owner;
    source->next = owner->sources;
    if (source->next) source->next->previous = source;
    owner->sources = source;
    return true;
}

void source_disown(struct source *source) {
    if (!source->owner) return;
    *(source->previous ? &source->previous->next : &source->owner->sources) = source->next;
    if (source->next) source->next->previous = source->previous;
    source->owner = NULL;
    source->next = source->previous = NULL;
}

void source_remove(struct source *source) {
    source_disown(source);
    directory_remove(&directory, source->index);
}

struct source *source_of_badge(hf_badge_t badge) {
    struct source *source = directory_at(&directory, badge_index(badge));
    return source && source->number == badge_number(badge) ? source : NULL;
}

hf_status_t source_put_handle(const struct task *process, const struct source *source, unsigned rights,
                              unsigned *slot) {
    return core_put(process->handles, HF_SLOT_ANY, HF_PUT_ENDPOINT, task_endpoint,
                    badge_make(source->number, source->index, rights, source->kind), HF_RIGHT_CALL | HF_RIGHT_GRANT,
                    slot);
}

bool source_leave_all(struct task *process, int *cost) {
    while (process->sources) {
        struct source *source = process->sources;
        if (*cost <= 0) return false;
        *cost -= COST_LEAVE;
        if (source->kind == BADGE_OBJECT) {
            if (!object_leave(source, cost)) return false;
        } else {
            source_disown(source);
            pager_disowned(source);
        }
    }
    return true;
}
