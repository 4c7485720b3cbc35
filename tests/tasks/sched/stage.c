/* The recorder of plays. */
#include "stage.h"

#include "actor.h"

#define RECORD_BYTES 64u
#define PRIORITY_OF_QUIET 1u
#define ATTEMPTS 4u
#define ACTORS (ROLES / ATTEMPTS)

static struct {
    hf_handle_t handles[STAGE_HANDLES + 1]; /* the recorder, a, b, c, d; 0 ends them */
    hf_handle_t quiet;                      /* the call of the role that says that all is quiet */
    uint64_t deadline;
    unsigned actors[ACTORS], actor_count;
    uint64_t ticks[ACTORS];
    size_t length;
    char record[RECORD_BYTES];
} stage;

uint64_t actor_ticks(unsigned actor) { return stage.ticks[actor]; }

const hf_handle_t *stage_handles(void) {
    for (unsigned i = 0; i < STAGE_HANDLES && stage.handles[i] == 0; i++) {
        stage.handles[i] = new_endpoint();
    }
    return stage.handles;
}

/* Has the processor only when nobody else wants it. */
static int say_quiet(uint64_t argument) {
    (void)argument;
    for (;;) {
        struct hf_message message = {.label = STAGE_QUIET};
        if (!WANT(hf_call(SLOT_RECORDER, &message) == HF_OK)) return 1;
    }
}

static void begin(void) {
    memset(stage.record, 0, sizeof stage.record);
    stage.length = 0;
    stage.actor_count = 0;
    stage.deadline = 0;
}

/* What an actor wants, but QUIET; the answer's word. */
static uint64_t obey(const struct hf_message *message) {
    uint64_t word = message->word[0];
    if (message->label == STAGE_SAY && stage.length + 1 < RECORD_BYTES) {
        stage.record[stage.length++] = (char)word;
    } else if (message->label == STAGE_START && stage.deadline == 0) {
        stage.deadline = hf_clock() + WINDOW_NANOSECONDS;
    } else if (message->label == STAGE_KILL) {
        WANT(mem_kill(role_handle(stage.actors[word])) == HF_OK);
    }
    return stage.deadline;
}

static void let_quiet_go_on(void) {
    if (stage.quiet == 0) {
        role_start(say_quiet, 0, PRIORITY_OF_QUIET, stage_handles());
    } else {
        WANT(hf_reply_held(stage.quiet, &(struct hf_message){0}) == HF_OK);
    }
}

const char *stage_record(void) {
    struct hf_message message = {0};
    let_quiet_go_on();
    while (WANT(hf_receive(stage_handles()[0], &message, NULL) == HF_OK) && message.label != STAGE_QUIET) {
        WANT(hf_reply(&(struct hf_message){.word = {obey(&message)}}) == HF_OK);
    }
    stage.quiet = HF_SLOT_ANY;
    WANT(hf_hold(&stage.quiet) == HF_OK);
    return stage.record;
}

/* Actors that have done what they had to are ended; those that wait still, too. */
static uint64_t end_actors(void) {
    uint64_t ticks = 0;
    for (unsigned i = 0; i < stage.actor_count; i++) {
        hf_status_t status = mem_kill(role_handle(stage.actors[i]));
        WANT(status == HF_OK || status == HF_DEAD);
    }
    for (unsigned i = 0; i < stage.actor_count; i++) {
        stage.ticks[i] = role_end(stage.actors[i]).left.ticks;
        ticks += stage.ticks[i];
    }
    return ticks;
}

/* Answers the ticks that all actors had. */
static uint64_t give(const struct part *parts) {
    begin();
    for (; parts->script != NULL; parts++) {
        if (parts->priority == 0) {
            stage_record();
            continue;
        }
        unsigned role = role_start(actor, (uint64_t)parts->script, parts->priority, stage_handles());
        stage.actors[stage.actor_count++] = role;
    }
    stage_record();
    return end_actors();
}

static void judge(const char *wanted, int line) {
    char text[2 * RECORD_BYTES + 32];
    note("record: %s", stage.record);
    snprintf(text, sizeof text, "record: %s, not %s", stage.record, wanted);
    suite_want(strcmp(stage.record, wanted) == 0, text, line);
}

void play_once(const struct part *parts, const char *wanted, int line) {
    give(parts);
    judge(wanted, line);
}

void play(const struct part *parts, const char *wanted, int line) {
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        bool undisturbed = give(parts) == 0;
        if (undisturbed || strcmp(stage.record, wanted) == 0) break;
    }
    judge(wanted, line);
}
