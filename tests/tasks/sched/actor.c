/* Those who follow the scripts. */
#include "actor.h"

static struct {
    struct hf_message message; /* the last that came */
    hf_handle_t held;
    uint64_t deadline;
} self;

static uint64_t ask(enum stage_label label, uint64_t word) {
    struct hf_message message = {.label = label, .word = {word}};
    hf_status_t status = hf_call(SLOT_RECORDER, &message);
    WANT(status == HF_OK);
    return message.word[0];
}

void stage_say(char letter) { ask(STAGE_SAY, (uint8_t)letter); }

static void must(hf_status_t status, hf_status_t wanted) {
    if (status != wanted) {
        stage_say('!');
    }
}

static hf_handle_t endpoint(const char *argument) { return SLOT_FIRST_ENDPOINT + (hf_handle_t)(*argument - 'a'); }

static void say(const char *argument) { stage_say(*argument); }

static hf_status_t call_with_letter(const char *argument) {
    struct hf_message message = {.word = {(uint64_t)argument[1]}};
    return hf_call(endpoint(argument), &message);
}

static void call(const char *argument) { must(call_with_letter(argument), HF_OK); }

static void dead(const char *argument) { must(call_with_letter(argument), HF_DEAD); }

static void take(const char *argument) { must(hf_receive(endpoint(argument), &self.message, NULL), HF_OK); }

static void say_letter_that_came(void) { stage_say((char)self.message.word[0]); }

static void hear(const char *argument) {
    take(argument);
    say_letter_that_came();
}

static void reply(const char *argument) {
    (void)argument;
    must(hf_reply(&(struct hf_message){0}), HF_OK);
}

static void next(const char *argument) { must(hf_reply_receive(endpoint(argument), &self.message, NULL), HF_OK); }

static void nexthear(const char *argument) {
    next(argument);
    say_letter_that_came();
}

static void hold(const char *argument) {
    (void)argument;
    self.held = HF_SLOT_ANY;
    must(hf_hold(&self.held), HF_OK);
}

static void answer(const char *argument) {
    (void)argument;
    must(hf_reply_held(self.held, &(struct hf_message){0}), HF_OK);
}

static void notify(const char *argument) {
    hf_handle_t bit = new_handle(endpoint(argument), HF_RIGHT_NOTIFY, 1);
    must(hf_notify(bit), HF_OK);
    must(hf_handle_close(bit), HF_OK);
}

static void yield(const char *argument) {
    (void)argument;
    hf_yield();
}

static void start(const char *argument) {
    (void)argument;
    self.deadline = ask(STAGE_START, 0);
}

static void spin(const char *argument) {
    (void)argument;
    while (hf_clock() < self.deadline) {
    }
}

static void pause(const char *argument) {
    (void)argument;
    while (hf_clock() < self.deadline) {
        hf_yield();
    }
}

static void touch(const char *argument) {
    void *at;
    (void)argument;
    hf_status_t status = mem_map(HF_PAGE_SIZE, HF_READ | HF_WRITE, 0, &at);
    must(status, HF_OK);
    if (status == HF_OK) {
        *(volatile char *)at = 1;
    }
}

static void kill(const char *argument) { ask(STAGE_KILL, (uint64_t)(*argument - '0')); }

static void die(const char *argument) {
    (void)argument;
    __builtin_trap();
}

#define VERB(name) \
    { #name, name }

static const struct {
    const char *name;
    void (*run)(const char *argument);
} verbs[] = {
    VERB(say),   VERB(call),     VERB(dead),  VERB(take),   VERB(hear),   VERB(reply),
    VERB(next),  VERB(nexthear), VERB(hold),  VERB(answer), VERB(notify), VERB(yield),
    VERB(start), VERB(spin),     VERB(pause), VERB(touch),  VERB(kill),   VERB(die),
};

static bool perform(const char *word, size_t length, const char *argument) {
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strlen(verbs[i].name) == length && strncmp(verbs[i].name, word, length) == 0) {
            verbs[i].run(argument);
            return true;
        }
    }
    return false;
}

int actor(uint64_t script) {
    const char *word = (const char *)script;
    while (*word != '\0') {
        size_t name = 0, length = 0;
        while (word[length] != '\0' && word[length] != ' ') length++;
        while (name < length && word[name] != ':') name++;
        if (!WANT(perform(word, name, word + name + 1))) return 1;
        word += length;
        word += *word == ' ';
    }
    return 0;
}
