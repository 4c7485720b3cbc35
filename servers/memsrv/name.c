#include "name.h"

#include <string.h>

#include "core.h"
#include "record.h"

#define CHAINS 64u
#define SLOT 1u

struct name {
    struct name *next;    /* in the chain of its text */
    struct name *sibling; /* of the same registrar */
    struct task *registrar;
    hf_frame_t table; /* a handle table with the endpoint's handle in SLOT: no slot of a table that stays
                         could be emptied again */
    char text[HF_NAME_BYTES];
};

static struct name *chains[CHAINS];
static struct waiters waiting; /* for a name that is not there */
static hf_frame_t own_handles;
static struct record_pool pool = {.bytes = sizeof(struct name)};

void name_init(hf_frame_t handles) { own_handles = handles; }

/* The request's name, copied with zeroes behind it; HF_BAD_ARGUMENT. */
static hf_status_t take_text(const struct request *request, char text[HF_NAME_BYTES]) {
    unsigned length = request->bytes - 1; /* wraps for 0, and is too long then */
    if (length == 0 || length >= HF_NAME_BYTES || BUFFER->bytes[length] != 0) return HF_BAD_ARGUMENT;
    for (unsigned i = 0; i < length; i++) {
        if (BUFFER->bytes[i] < ' ' || BUFFER->bytes[i] > '~') return HF_BAD_ARGUMENT;
    }
    memset(text, 0, HF_NAME_BYTES);
    memcpy(text, BUFFER->bytes, length);
    return HF_OK;
}

static struct name **chain_of(const char *text) {
    unsigned hash = 0;
    for (; *text; text++) {
        hash = hash * 31 + (uint8_t)*text;
    }
    return &chains[hash % CHAINS];
}

static void unlink_sibling(struct name *name) {
    struct name **link = &name->registrar->names;
    while (*link != name) {
        link = &(*link)->sibling;
    }
    *link = name->sibling;
}

static void drop(struct name *name) {
    struct name **link = chain_of(name->text);
    while (*link != name) {
        link = &(*link)->next;
    }
    *link = name->next;
    unlink_sibling(name);
    core_must(core_object(HF_OP_HANDLES_DESTROY, name->table, NULL));
    ledger_give(&name->registrar->ledger, LEDGER_objects, name->table);
    ledger_record_give(&name->registrar->ledger, &pool, name);
}

void name_drop_all(struct task *process) {
    while (process->names) {
        drop(process->names);
    }
}

/* Whether a slot has an endpoint's handle with CALL and GRANT: HF_OK, HF_BAD_HANDLE, HF_DENIED,
 * HF_DEAD; HF_NO_MEMORY when memsrv has no slot for a copy to try. A message with a label of the
 * core's is refused for that as soon as nothing is wrong with the handle, so nobody gets it. */
static hf_status_t probe(hf_frame_t table, uint64_t slot) {
    unsigned copy;
    hf_status_t status = core_put(own_handles, HF_SLOT_ANY, HF_PUT_COPY, table, slot, HF_RIGHTS_SAME, &copy);
    if (status != HF_OK) return status;
    status = hf_call_nowait(copy, &(struct hf_message){.label = HF_LABEL_CORE});
    core_must(hf_handle_close(copy));
    return status == HF_BAD_ARGUMENT ? HF_OK : status;
}

/* The name, if its endpoint still lives. HF_NOT_FOUND; HF_NO_MEMORY when that can't be tried. */
static hf_status_t find(const char *text, struct name **found) {
    struct name *name = *chain_of(text);
    while (name && strcmp(name->text, text) != 0) {
        name = name->next;
    }
    if (!name) return HF_NOT_FOUND;
    hf_status_t status = probe(name->table, SLOT);
    if (status == HF_DEAD) {
        drop(name);
        return HF_NOT_FOUND;
    }
    *found = name;
    return status;
}

/* How many names it has; those whose endpoints are gone are dropped when that is too many. */
static unsigned count_names(struct task *process) {
    unsigned count = 0;
    for (struct name *name = process->names; name; name = name->sibling) {
        count++;
    }
    for (struct name *name = process->names, *next; name && count >= HF_TASK_NAMES; name = next) {
        next = name->sibling;
        if (probe(name->table, SLOT) == HF_DEAD) {
            drop(name);
            count--;
        }
    }
    return count;
}

static hf_status_t make(struct task *process, const char *text, uint64_t slot, struct name **made) {
    struct ledger *ledger = &process->ledger;
    struct name *name = ledger_record(ledger, &pool);
    if (!name) return ledger_why_no_record(ledger, &pool);
    hf_status_t status = ledger_take(ledger, LEDGER_objects, &name->table);
    if (status != HF_OK) {
        ledger_record_give(ledger, &pool, name);
        return status;
    }
    core_must(core_object(HF_OP_HANDLES_CREATE, name->table, NULL));
    core_must(core_put(name->table, SLOT, HF_PUT_COPY, process->handles, slot, HF_RIGHTS_SAME, NULL));
    memcpy(name->text, text, HF_NAME_BYTES);
    name->registrar = process;
    name->sibling = process->names;
    process->names = name;
    name->next = *chain_of(text);
    *chain_of(text) = name;
    *made = name;
    return HF_OK;
}

/* A copy for the asker. HF_NO_MEMORY: its handle table is full. */
static hf_status_t give(const struct task *asker, const struct name *name, struct hf_message *answer) {
    unsigned slot = 0;
    hf_status_t status =
        core_put(asker->process->handles, HF_SLOT_ANY, HF_PUT_COPY, name->table, SLOT, HF_RIGHTS_SAME, &slot);
    answer->word[0] = status == HF_OK ? slot : 0;
    return status;
}

static void answer_waiting(const struct name *name) {
    for (struct task *asker = waiting.first, *next; asker; asker = next) {
        struct hf_message answer = {0};
        next = asker->held.next;
        if (strcmp(asker->wanted, name->text) == 0) {
            answer.label = give(asker, name, &answer);
            hold_answer(asker, &answer);
        }
    }
}

hf_status_t name_register(struct request *request) {
    struct task *process = request->task;
    uint64_t slot = request->message.word[0];
    char text[HF_NAME_BYTES];
    struct name *name;
    hf_status_t status = take_text(request, text);
    if (status == HF_OK) {
        status = probe(process->handles, slot);
    }
    if (status != HF_OK) return status;
    status = find(text, &name);
    if (status != HF_NOT_FOUND) return status == HF_OK ? HF_EXISTS : status;
    if (count_names(process) >= HF_TASK_NAMES) return HF_QUOTA;
    status = make(process, text, slot, &name);
    if (status == HF_OK) {
        answer_waiting(name);
    }
    return status;
}

hf_status_t name_lookup(struct request *request) {
    struct task *asker = request->asker;
    uint64_t flags = request->message.word[0];
    struct name *name;
    hf_status_t status = take_text(request, asker->wanted);
    if (status != HF_OK) return status;
    if (flags & ~(uint64_t)HF_LOOKUP_WAIT) return HF_BAD_ARGUMENT;
    status = find(asker->wanted, &name);
    if (status == HF_OK) return give(asker, name, &request->message);
    if (status != HF_NOT_FOUND || !(flags & HF_LOOKUP_WAIT)) return status;
    return hold_in(asker, &waiting);
}
