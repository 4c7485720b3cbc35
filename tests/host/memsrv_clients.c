#include "memsrv_clients.h"

#include "draw.h"
#include <string.h>

#define CLIENTS 64u

static struct client clients[CLIENTS];
unsigned long clients_granted, clients_refused, clients_of_label[HF_MEM_COUNT];

/* A task that was not seen before: with others in its address space it is not alone, nor are they; a forked one
 * has what its parent has. */
static struct client new_client(const struct task *task) {
    struct client client = {.serial = task->serial, .cr3 = task->cr3, .alone = true};
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (clients[i].serial != 0 && clients[i].cr3 == task->cr3) {
            client.alone = clients[i].alone = false;
        }
        if (clients[i].serial != 0 && clients[i].forked == task->mark) {
            memcpy(client.place, clients[i].place, sizeof client.place);
            memcpy(client.length, clients[i].length, sizeof client.length);
            memcpy(client.writable, clients[i].writable, sizeof client.writable);
        }
    }
    return client;
}

struct client *client_of(const struct task *task) {
    struct client *unused = NULL;
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (clients[i].serial == task->serial) {
            return &clients[i];
        }
        unused = clients[i].serial == 0 ? &clients[i] : unused;
    }
    if (unused == NULL) {
        memset(clients, 0, sizeof clients);
        unused = clients;
    }
    *unused = new_client(task);
    return unused;
}

bool client_maps(uint32_t label) { return label == HF_MEM_MAP || label == HF_MEM_OBJECT_MAP; }

/* What the last call brought. */
static void take_granted(struct task *task, struct client *client) {
    clients_of_label[client->label]++;
    switch (client->label) {
    case HF_MEM_MAP:
    case HF_MEM_OBJECT_MAP:
        client->place[client->asked_place] = task->registers.rdx;
        client->length[client->asked_place] = client->asked_length;
        client->writable[client->asked_place] = client->asked_to_write;
        break;
    case HF_MEM_UNMAP:
        client->place[client->asked_place] = 0;
        client->freed = client->asked_at;
        break;
    case HF_MEM_PROTECT:
        client->writable[client->asked_place] = false; /* at least not for certain */
        break;
    case HF_MEM_FORK:
        client->forked = task->registers.r10;
        break;
    case HF_MEM_PAGER_NEXT:
        if (task->buffer) memcpy(&client->id, task->buffer->bytes, sizeof client->id);
        break;
    case HF_MEM_PAGER_SUPPLY:
    case HF_MEM_PAGER_PASS:
    case HF_MEM_PAGER_REFUSE:
        client->id = 0;
        break;
    }
}

void client_take_answer(struct task *task, struct client *client) {
    const uint32_t label = client->label, status = (uint32_t)task->registers.rsi;
    if (label == 0) {
        return;
    }
    if (task->registers.rax == HF_OK && status == HF_OK) {
        clients_granted++;
        if (label < HF_MEM_COUNT) take_granted(task, client);
    } else {
        clients_refused++;
        if (label == HF_MEM_MAP && status == HF_EXISTS && client->asked_at == client->freed && client->alone) {
            fail_msg("%#llx was unmapped, and something is there", (unsigned long long)client->freed);
        }
        if (task->registers.rax == HF_OK && status >= HF_STATUS_COUNT) {
            fail_msg("label %u is answered by %u", label, status);
        }
    }
    client->freed = client_maps(label) ? 0 : client->freed;
    client->label = 0;
}

/* An address where something may be. */
uint64_t client_address(const struct client *client) {
    static const uint64_t places[] = {0x40000000, 0x40001000,     0x40002000,    0x40003000, 0x7fefc000,
                                      0x7fffc000, 0x7fffb000,     0x7fffe000,    0x7fffd000, 0,
                                      0x10000,    0x7ffffffff000, 0x800000000000};
    if (draw(3) == 0) {
        return places[draw(sizeof places / sizeof places[0])];
    }
    const unsigned at = (unsigned)draw(PLACES);
    const uint64_t pages = client->length[at] / HF_PAGE_SIZE + 1;
    return client->place[at] ? client->place[at] + draw(pages) * HF_PAGE_SIZE : 0x80000000 + draw(64) * HF_PAGE_SIZE;
}
