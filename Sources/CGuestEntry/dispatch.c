// Turning the interception of syscalls on, for one thread.
//
// Rules
// - Called by the guest's host thread itself, in the supervisor, before it first enters the guest.
#include "include/guest_dispatch.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "include/host_call.h"

// Newer than Debian 12's headers (include/uapi/linux/prctl.h).
#define SET_SYSCALL_USER_DISPATCH 59
#define DISPATCH_OFF 0
#define DISPATCH_EXCLUSIVE_ON 1
#define DISPATCH_INCLUSIVE_ON 2

static long user_dispatch(uint64_t mode, uint64_t offset, uint64_t length) {
    // No selector byte: where it is NULL the range alone decides (kernel/entry/syscall_user_dispatch.c).
    return host_call(__NR_prctl, SET_SYSCALL_USER_DISPATCH, mode, offset, length, 0, 0);
}

static long filter_by_counter(uint64_t arena_end) {
    const uint32_t counter_high = offsetof(struct seccomp_data, instruction_pointer) + 4;
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, counter_high),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)(arena_end >> 32), 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    long result = host_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, (uint64_t)&filter, 0, 0, 0);
    if (result != -EACCES) return result;
    // Without CAP_SYS_ADMIN a filter needs no_new_privs.
    result = host_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);
    if (result < 0) return result;
    return host_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, (uint64_t)&filter, 0, 0, 0);
}

long guest_dispatch_enable(int method, uint64_t arena_end) {
    switch (method) {
    case GUEST_DISPATCH_INCLUSIVE:
        return user_dispatch(DISPATCH_INCLUSIVE_ON, 0, arena_end);
    case GUEST_DISPATCH_SELECTOR:
        return user_dispatch(DISPATCH_EXCLUSIVE_ON, arena_end, ~arena_end);
    case GUEST_DISPATCH_SECCOMP:
        return filter_by_counter(arena_end);
    default:
        return -EINVAL;
    }
}

void guest_dispatch_disable(int method) {
    if (method != GUEST_DISPATCH_SECCOMP) user_dispatch(DISPATCH_OFF, 0, 0);
}
