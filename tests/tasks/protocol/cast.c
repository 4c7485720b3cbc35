/* The conductor's tasks: starting, telling, hearing, seeing and ending them. */
#include <stdio.h>

#include "conductor.h"

#define KEPT_RIGHTS (HF_RIGHT_CALL | HF_RIGHT_RECEIVE | HF_RIGHT_NOTIFY | HF_RIGHT_GRANT)
#define OWNER_BADGE(endpoint) ROLE_BADGE(ROLES + 1 + (endpoint))

struct member roles[ROLES + 1];
static struct member owners[ENDPOINTS];
static hf_handle_t home, endpoints[ENDPOINTS];

static const char *const kind_names[] = {
#define X(name) [KIND_##name] = #name,
    KIND_LIST(X)
#undef X
};

bool cast_begin(void) {
    hf_buffer()->receive_slot = HF_SLOT_ANY;
    return mem_endpoint_create(&home) == HF_OK;
}

/* A copy to give away, closed when it has been. */
static bool copy(hf_handle_t of, unsigned rights, hf_badge_t badge, hf_handle_t *made) {
    *made = HF_SLOT_ANY;
    return hf_handle_copy(of, rights, badge, made) == HF_OK;
}

static bool start(struct member *member, const char *const *argv, struct mem_spawn_options *options) {
    *member = (struct member){0};
    hf_status_t status = mem_spawn("protocol", argv, options, &member->task);
    for (unsigned i = 0; i < options->handle_count; i++) {
        if (hf_handle_close(options->handles[i]) != HF_OK) return false;
    }
    member->lives = status == HF_OK;
    return member->lives;
}

bool cast_role(unsigned role) {
    char number[4];
    struct mem_spawn_options options = {.handle_count = SLOT_WEAK + 1 - SLOT_HOME};
    hf_badge_t badge = ROLE_BADGE(role);
    hf_handle_t *given = options.handles;
    bool good = copy(home, HF_RIGHT_CALL | HF_RIGHT_GRANT, badge, &given[0]);
    for (unsigned e = 0; e < ENDPOINTS; e++) {
        good = good && copy(endpoints[e], KEPT_RIGHTS, badge, &given[SLOT_ENDPOINT + e - SLOT_HOME]);
    }
    good = good && copy(endpoints[0], HF_RIGHT_NOTIFY | HF_RIGHT_GRANT, badge, &given[SLOT_WEAK - SLOT_HOME]);
    snprintf(number, sizeof number, "%u", role);
    log_event("spawn %u", role);
    return good && start(&roles[role], (const char *[]){"role", number, NULL}, &options);
}

static bool end(struct member *member) {
    struct hf_exit how;
    bool good = mem_kill(member->task.handle) == HF_OK && mem_wait(member->task.handle, &how) == HF_OK &&
                how.how == HF_EXIT_KILLED && hf_handle_close(member->task.handle) == HF_OK;
    if (good && member->ready) good = hf_handle_close(member->waits) == HF_OK;
    *member = (struct member){0};
    return good;
}

bool cast_end_role(unsigned role) {
    log_event("kill %u", role);
    bool good = end(&roles[role]);
    log_event("killed %u", role);
    return good;
}

bool cast_end_owner(unsigned endpoint) {
    log_event("ruin %u", endpoint);
    bool good = end(&owners[endpoint]) && hf_handle_close(endpoints[endpoint]) == HF_OK;
    log_event("ruined %u", endpoint);
    return good;
}

bool cast_tell(unsigned role, enum command command, uint64_t argument, uint64_t number) {
    struct member *member = &roles[role];
    struct hf_message message = {.label = command, .word = {[WORD_ARGUMENT] = argument, [WORD_NUMBER] = number}};
    member->busy = true;
    member->ready = false;
    member->told = command;
    member->told_argument = argument;
    return hf_reply_held(member->waits, &message) == HF_OK;
}

static bool answers(enum command command) {
    return command == COMMAND_REPLY || command == COMMAND_REPLY_RECEIVE || command == COMMAND_REPLY_RECEIVE_NOWAIT;
}

/* What it has now, by what it was told and what it found. */
static void guess(struct member *member, hf_status_t status, enum kind kind) {
    bool held = member->told == COMMAND_HOLD && status == HF_OK;
    if (held || answers(member->told)) member->has_call = false;
    if (kind == KIND_CALL) member->has_call = true;
    if (held) member->holds[member->told_argument] = true;
    if (member->told == COMMAND_REPLY_HELD || member->told == COMMAND_CLOSE)
        member->holds[member->told_argument] = false;
}

/* What a role has told. */
static void hear(struct member *member, unsigned role, const struct hf_message *message) {
    hf_status_t status = (hf_status_t)message->word[WORD_STATUS];
    enum kind kind = message->word[WORD_KIND] < KINDS ? (enum kind)message->word[WORD_KIND] : KIND_NOTHING;
    if (message->label == REPORT_NEW) return;
    member->busy = false;
    guess(member, status, kind);
    log_event("end %u %s %s %lu %lu", role, hf_status_name(status), kind_names[kind], message->word[WORD_BADGE],
              message->word[WORD_VALUE]);
}

/* A call to the conductor is held until there is something to tell its task. */
static bool take_in(const struct hf_message *message, const struct hf_sender *sender) {
    unsigned role = (unsigned)__builtin_ctzl(sender->badge);
    struct member *member = role <= ROLES ? &roles[role] : &owners[role - ROLES - 1];
    member->waits = HF_SLOT_ANY;
    member->ready = hf_hold(&member->waits) == HF_OK;
    if (role <= ROLES) hear(member, role, message);
    return member->ready;
}

bool cast_listen(unsigned *count) {
    struct hf_message message;
    struct hf_sender sender;
    hf_status_t status;
    *count = 0;
    while ((status = hf_receive_nowait(home, &message, &sender)) == HF_OK) {
        if (!take_in(&message, &sender)) return false;
        ++*count;
    }
    return status == HF_WOULD_BLOCK;
}

/* The owner calls at once, with its endpoint; roles may have something to tell before. */
bool cast_owner(unsigned endpoint) {
    struct mem_spawn_options options = {.handle_count = 1};
    struct member *owner = &owners[endpoint];
    struct hf_message message = {0};
    struct hf_sender sender;
    log_event("make %u", endpoint);
    bool good = copy(home, HF_RIGHT_CALL | HF_RIGHT_GRANT, OWNER_BADGE(endpoint), &options.handles[0]) &&
                start(owner, (const char *[]){"owner", NULL}, &options);
    while (good && !owner->ready) {
        good = hf_receive(home, &message, &sender) == HF_OK && take_in(&message, &sender);
    }
    endpoints[endpoint] = message.handle;
    return good && message.handle && !(message.handle & HF_LOST);
}

/* ---- seeing what they wait for ---- */

static struct hf_task_info seen[ROLES + 1];

static unsigned role_of_number(uint64_t number) {
    for (unsigned role = 1; role <= ROLES; role++) {
        if (roles[role].lives && roles[role].task.number == number) return role;
    }
    return 0;
}

static bool look(void) {
    struct hf_task_info infos[MEM_TASKS_AT_ONCE];
    uint64_t cursor = 0;
    size_t count;
    do {
        if (mem_tasks(&cursor, infos, &count) != HF_OK) return false;
        for (size_t i = 0; i < count; i++) {
            seen[role_of_number(infos[i].number)] = infos[i];
        }
    } while (cursor);
    return true;
}

/* Waits for a role, or in a queue: the conductor's own is known to be empty. */
static bool is_settled(unsigned role) {
    const struct hf_task_info *info = &seen[role];
    if (!roles[role].lives) return true;
    if (!roles[role].busy) return roles[role].ready;
    return info->state == HF_INFO_SENDING || info->state == HF_INFO_RECEIVING ||
           (info->state == HF_INFO_WAITING && role_of_number(info->waits_for));
}

static void log_seen(unsigned role) {
    static const char *const names[] = {
        [HF_INFO_SENDING] = "SENDING", [HF_INFO_RECEIVING] = "RECEIVING", [HF_INFO_WAITING] = "WAITING"};
    const struct hf_task_info *info = &seen[role];
    log_event("see %u %s %u", role, names[info->state],
              info->state == HF_INFO_WAITING ? role_of_number(info->waits_for) : 0);
}

bool cast_settled(bool *settled) {
    unsigned heard;
    *settled = false;
    if (!look() || !cast_listen(&heard)) return false;
    if (heard) return true;
    for (unsigned role = 1; role <= ROLES; role++) {
        if (!is_settled(role)) return true;
    }
    for (unsigned role = 1; role <= ROLES; role++) {
        if (roles[role].lives && roles[role].busy) log_seen(role);
    }
    *settled = true;
    return true;
}
