// What is not done: what would harm the machine or take all of its memory, and in a tame run what would end it.
#ifndef FUZZER_SPARE_H
#define FUZZER_SPARE_H

#include "arguments.h"
#include "calls.h"

enum { SPARE_IT = 0, MAKE_IT = 1, LARGE = 16 << 20 };

// Memory that is filled at once is a machine's, not only a guest's.
static void limit_filled_memory(long number, uint64_t *a) {
    const uint64_t fills = 0x8000 | 0x2000; // MAP_POPULATE, MAP_LOCKED
    const int is_filling_advice = (int)a[2] == 22 || (int)a[2] == 23;
    if (number == SYS_mmap && a[1] > LARGE) a[3] &= ~fills;
    if (number == SYS_madvise && a[1] > LARGE && is_filling_advice) a[2] = 4;
    if ((number == SYS_mlock || number == SYS_mlock2) && a[1] > LARGE) a[1] |= 1ull << 62;
    if (number == SYS_fallocate && a[3] > LARGE) a[3] |= 1ull << 63;
}

// Signals go to the guest, to the supervisor's threads, and, where only the sandbox has such, to 1 and -1.
static int spare_processes(long number, uint64_t *a) {
    const int is_kill = number == SYS_kill || number == SYS_tkill || number == SYS_tgkill
        || number == SYS_rt_sigqueueinfo || number == SYS_rt_tgsigqueueinfo;
    if (!names_process(number)) return MAKE_IT;
    const int at = number == SYS_setpriority || number == SYS_ioprio_set ? 1 : 0;
    // Whoever watches is process 1: signals do not reach it, but its limits and its processors could be changed.
    if (!is_kill && ((int)a[at] == 1 || (int)a[at] == -1)) a[at] = (uint64_t)own_pid;
    if (number == SYS_setpriority || number == SYS_ioprio_set) {
        int kind = (int)a[0], own = number == SYS_ioprio_set;
        if (kind != own && kind > 0 && kind < 4) a[0] = (uint64_t)own;
    }
    return MAKE_IT;
}

static int is_playground(uint64_t address) {
    return address >= (uint64_t)playground && address < (uint64_t)playground + PLAYGROUND_PAGES * PAGE;
}

// What was not made for the call may be anything.
static void spare_unknown(uint64_t *address) {
    const int is_made = *address >= (uint64_t)threads && *address < (uint64_t)(threads + THREADS_MAX);
    if (!is_made && *address < arena_end) *address = 0;
}

static int spare_signals(long number, uint64_t *a) {
    if (number == SYS_rt_sigaction) {
        uint64_t signal = (uint32_t)a[0];
        if (signal == SIGSEGV || signal == SIGBUS || signal == NUDGE) a[0] = SIGUSR2;
        spare_unknown(&a[1]);
    }
    const int at = number == SYS_kill || number == SYS_tkill || number == SYS_rt_sigqueueinfo ? 1
        : number == SYS_tgkill || number == SYS_rt_tgsigqueueinfo ? 2 : -1;
    if (at < 0) return MAKE_IT;
    for (size_t i = 0; i < host_task_count; i++)
        if ((pid_t)a[at - 1] == host_tasks[i] && (at == 1 || (pid_t)a[0] == own_pid) && host_tasks[i] != own_pid)
            return MAKE_IT;
    // A fault's signal may say that it is one.
    const int is_fault = (uint32_t)a[at] == SIGSEGV || (uint32_t)a[at] == SIGBUS;
    if (is_deadly((uint32_t)a[at]) || is_fault) a[at] = NUDGE;
    return MAKE_IT;
}

// Cuts a range so that it takes nothing of the program's own. What lies at the supervisor's place stays as it is.
static void cut_range(uint64_t *address, uint64_t *length) {
    if (*address >= arena_end) return;
    if (!is_playground(*address)) *address = (uint64_t)playground;
    uint64_t room = (uint64_t)playground + PLAYGROUND_PAGES * PAGE - *address;
    if (*length > room && *length < 1ull << 47) *length = room & -(uint64_t)PAGE;
}

static void spare_memory(long number, uint64_t *a) {
    switch (number) {
    case SYS_mmap:
        if (a[3] & 0x100010) cut_range(&a[0], &a[1]); // MAP_FIXED, MAP_FIXED_NOREPLACE
        break;
    case SYS_munmap: case SYS_mprotect: case SYS_madvise: case SYS_mlock: case SYS_msync: case SYS_munlock:
    case SYS_mlock2: case 216: // remap_file_pages
        cut_range(&a[0], &a[1]);
        break;
    case SYS_mremap:
        cut_range(&a[0], &a[1]);
        if (a[3] & 2) cut_range(&a[4], &a[2]);
        break;
    default: break;
    }
}

static int spare_tame(long number, uint64_t *a, struct chance *chance) {
    switch (number) {
    case SYS_exit: case SYS_exit_group: case SYS_rt_sigreturn: return SPARE_IT;
    case 335: case 336: return SPARE_IT; // uretprobe and uprobe: Linux answers with SIGILL
    case SYS_close_range:
        if ((uint32_t)a[0] < FIRST_DESCRIPTOR) a[0] = FIRST_DESCRIPTOR;
        break;
    case SYS_close: case SYS_dup2: case SYS_dup3: {
        uint64_t *closed_one = number == SYS_close ? &a[0] : &a[1];
        if ((uint32_t)*closed_one < FIRST_DESCRIPTOR) *closed_one = FIRST_DESCRIPTOR;
        break;
    }
    case SYS_sigaltstack:
        spare_unknown(&a[0]);
        break;
    case SYS_futex: {
        // No signal ends these three (LOCK_PI, WAIT_REQUEUE_PI, LOCK_PI2), so a time that has passed does.
        const int operation = (int)a[1] & 127;
        if (operation == 6 || operation == 11 || operation == 13) a[3] = (uint64_t)read_only;
        break;
    }
    case SYS_setitimer: spare_unknown(&a[1]); break;
    case SYS_timer_settime: spare_unknown(&a[2]); break;
    // A wait that could not be ended.
    case SYS_rt_sigsuspend: spare_unknown(&a[0]); break;
    case SYS_ppoll: spare_unknown(&a[3]); break;
    case SYS_epoll_pwait: case SYS_epoll_pwait2: spare_unknown(&a[4]); break;
    case SYS_pselect6: spare_unknown(&a[5]); break;
    case SYS_arch_prctl:
        if (a[0] == 0x1002) a[0] = 0x1003; // with another FS base there is no libc
        break;
    case SYS_prctl:
        if ((int)a[0] == 4) return SPARE_IT; // nobody could look at a process that is not dumpable
        break;
    case SYS_brk:
        if (a[0] && a[0] < (uint64_t)heap_end) a[0] = (uint64_t)heap_end;
        break;
    case SYS_setrlimit: spare_unknown(&a[1]); break;
    case SYS_prlimit64: spare_unknown(&a[2]); break;
    case SYS_clone:
        a[0] = clone_flags(chance), a[1] = (uint64_t)child_stack + 8 * PAGE;
        break;
    case SYS_clone3:
        spare_unknown(&a[0]);
        break;
    default: break;
    }
    spare_memory(number, a);
    return spare_signals(number, a);
}

static int spare_wild(long number, uint64_t *a, struct chance *chance) {
    switch (number) {
    case SYS_exit_group: return one_in(chance, 50);
    case SYS_exit: case SYS_rt_sigreturn: return one_in(chance, 20);
    case SYS_clone: case SYS_clone3: break;
    // Who stops the guest, or ends it at once, ends the fuzzing as well: not too often.
    case SYS_kill: case SYS_tkill: return !is_deadly((uint32_t)a[1]) || one_in(chance, 20);
    case SYS_tgkill: return !is_deadly((uint32_t)a[2]) || one_in(chance, 20);
    case SYS_munmap: case SYS_mmap: case SYS_mprotect: case SYS_mremap: return !one_in(chance, 3);
    default: break;
    }
    return MAKE_IT;
}

static int spare(long number, uint64_t *a, struct chance *chance) {
    if (!makes_children && makes_child(number)) return SPARE_IT;
    if (!makes_children && number == SYS_clone) a[0] |= thread_flags;
    limit_filled_memory(number, a);
    if (spare_processes(number, a) == SPARE_IT) return SPARE_IT;
    return is_wild ? spare_wild(number, a, chance) : spare_tame(number, a, chance);
}

#endif
