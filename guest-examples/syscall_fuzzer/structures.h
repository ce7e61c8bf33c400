// Structures that calls point to, made anew for each on the calling thread's desk.
#ifndef FUZZER_STRUCTURES_H
#define FUZZER_STRUCTURES_H

#include "pools.h"
#include <sys/uio.h>
#include <sys/un.h>

enum { DESK_WORDS = 512, DESK_PARTS = 6, THREADS_MAX = 16 };

// A desk has a part for each argument of a call, so that they do not come to lie over each other.
struct desk {
    uint64_t words[DESK_PARTS][DESK_WORDS];
};

struct fuzzer_thread {
    struct chance chance;
    struct desk desk;
    int index;
    unsigned long calls;
    volatile int recovers; // whether `recovery` may be jumped to
    sigjmp_buf recovery;
};

static struct fuzzer_thread threads[THREADS_MAX];
static void *handler_entry, *handler_restorer; // as libc has installed them
static char child_stack[16 * PAGE] __attribute__((aligned(PAGE)));

static uint64_t time_on(uint64_t *words, struct chance *chance) {
    for (int i = 0; i < 4; i += 2) {
        words[i] = one_in(chance, 12) ? any_length(chance) : 0;
        words[i + 1] = one_in(chance, 12) ? any_length(chance) : below(chance, 3000);
    }
    return (uint64_t)words;
}

// A timer's interval and first time. One that comes every few microseconds leaves a guest no time for anything else.
static uint64_t timer_on(uint64_t *words, struct chance *chance) {
    time_on(words, chance);
    if (is_wild) return (uint64_t)words;
    words[0] = one_in(chance, 8), words[1] = 0;
    return (uint64_t)words;
}

static uint64_t set_on(uint64_t *words, struct chance *chance) {
    words[0] = one_in(chance, 3) ? -1ull : any_word(chance);
    if (!is_wild) words[0] &= ~(1ull << (NUDGE - 1));
    return (uint64_t)words;
}

static uint64_t action_on(uint64_t *words, struct chance *chance) {
    words[0] = one_in(chance, 4) ? (uint64_t)SIG_IGN : (uint64_t)handler_entry;
    words[1] = SA_SIGINFO | 0x04000000 | (any_word(chance) & (SA_NODEFER | SA_RESTART)) | SA_ONSTACK;
    words[2] = (uint64_t)handler_restorer;
    words[3] = one_in(chance, 2) ? 0 : any_word(chance);
    if (is_wild && one_in(chance, 8)) words[0] = one_in(chance, 2) ? 0 : any_word(chance);
    if (is_wild && one_in(chance, 8)) words[1] = any_word(chance);
    if (is_wild && one_in(chance, 16)) words[2] = any_pointer(chance);
    return (uint64_t)words;
}

static uint64_t vectors_on(uint64_t *words, struct chance *chance) {
    for (int i = 0; i < 16; i += 2) {
        words[i] = any_pointer(chance);
        words[i + 1] = one_in(chance, 12) ? any_length(chance) : below(chance, 600);
    }
    return (uint64_t)words;
}

static uint64_t address_on(uint64_t *words, struct chance *chance) {
    memset(words, 0, 128);
    switch (below(chance, 6)) {
    case 0: {
        struct sockaddr_un *name = (struct sockaddr_un *)words;
        name->sun_family = AF_UNIX;
        strcpy(name->sun_path, "socket");
        break;
    }
    case 1: {
        struct sockaddr_un *name = (struct sockaddr_un *)words;
        name->sun_family = AF_UNIX;
        strcpy(name->sun_path + 1, one_in(chance, 2) ? "fuzzer" : "other");
        break;
    }
    case 2: {
        struct sockaddr_in6 *name = (struct sockaddr_in6 *)words;
        name->sin6_family = AF_INET6;
        name->sin6_port = htons((uint16_t)(one_in(chance, 2) ? 0 : 20000 + below(chance, 8)));
        name->sin6_addr = in6addr_loopback;
        break;
    }
    case 3: words[0] = any_word(chance), words[1] = any_word(chance); break;
    default: {
        struct sockaddr_in *name = (struct sockaddr_in *)words;
        name->sin_family = AF_INET;
        name->sin_port = htons((uint16_t)(one_in(chance, 2) ? 0 : 20000 + below(chance, 8)));
        name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    }
    return (uint64_t)words;
}

// Control data: descriptors to be passed, or anything.
static uint64_t control_on(uint64_t *words, struct chance *chance) {
    struct cmsghdr *control = (struct cmsghdr *)words;
    uint64_t count = below(chance, 5);
    control->cmsg_len = CMSG_LEN(count * sizeof(int));
    control->cmsg_level = one_in(chance, 8) ? (int)below(chance, 300) : SOL_SOCKET;
    control->cmsg_type = one_in(chance, 8) ? (int)below(chance, 64) : SCM_RIGHTS;
    for (uint64_t i = 0; i < count; i++) ((int *)CMSG_DATA(control))[i] = (int)any_descriptor(chance);
    if (one_in(chance, 8)) control->cmsg_len = any_length(chance);
    return count;
}

// Four of them in a row, as sendmmsg has them.
static uint64_t messages_on(uint64_t *words, struct chance *chance) {
    for (int i = 0; i < 4; i++) {
        uint64_t *message = words + 8 * i, *vectors = words + 64 + 32 * i, *control = words + 256 + 32 * i;
        uint64_t count = control_on(control, chance);
        message[0] = one_in(chance, 4) ? address_on(words + 400, chance) : one_in(chance, 4) ? any_pointer(chance) : 0;
        message[1] = one_in(chance, 8) ? any_length(chance) : 16;
        message[2] = one_in(chance, 16) ? any_pointer(chance) : vectors_on(vectors, chance);
        message[3] = one_in(chance, 16) ? any_length(chance) : below(chance, 9);
        message[4] = one_in(chance, 2) ? 0 : one_in(chance, 8) ? any_pointer(chance) : (uint64_t)control;
        message[5] = one_in(chance, 8) ? any_length(chance) : CMSG_SPACE(count * sizeof(int));
        message[6] = message[7] = 0;
    }
    return (uint64_t)words;
}

static uint64_t polled_on(uint64_t *words, struct chance *chance) {
    struct {
        int descriptor;
        short events, found;
    } *entries = (void *)words;
    for (int i = 0; i < 32; i++) {
        entries[i].descriptor = (int)any_descriptor(chance);
        entries[i].events = (short)(one_in(chance, 3) ? any_word(chance) : 5);
    }
    return (uint64_t)words;
}

// struct sigevent of a timer.
static uint64_t event_on(uint64_t *words, struct chance *chance) {
    uint64_t signal = any_signal(chance);
    if (!is_wild && (is_deadly(signal) || signal == NUDGE)) signal = SIGALRM;
    memset(words, 0, 64);
    words[0] = any_word(chance);
    ((int *)words)[2] = (int)signal;
    ((int *)words)[3] = (int)(one_in(chance, 8) ? any_word(chance) : below(chance, 5));
    ((int *)words)[4] = (int)any_task(chance);
    return (uint64_t)words;
}

static uint64_t stack_on(uint64_t *words, struct chance *chance) {
    memset(words, 0, 24);
    words[0] = is_wild ? any_pointer(chance) : (uint64_t)buffers;
    words[1] = is_wild && one_in(chance, 2) ? below(chance, 4) : 1ull << 20; // flags: nothing that would be taken
    words[2] = is_wild ? any_length(chance) : 100;
    return (uint64_t)words;
}

// Limits that leave a tame run its descriptors.
static uint64_t limit_on(uint64_t *words, struct chance *chance) {
    words[0] = is_wild ? any_length(chance) : 512 + below(chance, 100000);
    words[1] = one_in(chance, 4) ? words[0] : is_wild ? any_length(chance) : 1 << 20;
    return (uint64_t)words;
}

static const uint64_t thread_flags = 0x10f00; // CLONE_VM, FS, FILES, SIGHAND, THREAD

static uint64_t clone_flags(struct chance *chance) {
    uint64_t more = any_flags(chance) & 0xffff0000 & ~0x80000ull; // not a thread pointer of chance
    return thread_flags | (one_in(chance, 2) ? more : 0);
}

static uint64_t clone_arguments_on(uint64_t *words, struct chance *chance) {
    memset(words, 0, 128);
    words[0] = clone_flags(chance) & 0xffffffff;
    words[2] = any_pointer(chance);
    words[3] = any_pointer(chance);
    words[4] = is_wild && one_in(chance, 4) ? any_signal(chance) : 0;
    words[5] = (uint64_t)child_stack;
    words[6] = sizeof child_stack - 64;
    return (uint64_t)words;
}

#endif
