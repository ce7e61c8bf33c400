// Calls made without leaving the guest.
//
// Rules
// - guest_call_directly runs on the supervisor's stack, with the guest's FS base and vector state: no thread-local
//   storage, no stack protector, general registers only. It must not block but on a disk, takes no locks, and touches
//   guest memory by the routines of copy.S only.
// - Signals that are sent meanwhile do nothing; enter.S looks at the stop word afterwards.
// - What it returns 0 for is made again in the supervisor, as if nothing had been done here: so a call that would have
//   to wait (EAGAIN), was interrupted, or raises a signal (EPIPE). Of a call that was done in part `call_progress` has
//   the part. EFAULT is the guest's: a datagram that could not be copied is gone. (Pages that are closed for tracking
//   there are only with a mirror, when no descriptor is in the table.)
#include "include/guest_direct.h"

#include <errno.h>
#include <stdatomic.h>

#include "include/guest_access.h"
#include "include/guest_trace.h"
#include "include/host_call.h"

// Longer transfers have safe points in between (TransferCalls).
#define TRANSFER_BYTES_MAX (256u << 10)
#define MSG_DONTWAIT 0x40
#define MSG_NOSIGNAL 0x4000

// A descriptor's entry: how many threads are in a call on it, what may be done, the host descriptor.
// In one word, so that whoever counts itself in sees what was there at that moment.
#define ENTRY_USER (1ull << 32)
#define ENTRY_ACCESS_SHIFT 24
#define ENTRY_HOST_MASK ((1u << ENTRY_ACCESS_SHIFT) - 1)

static _Atomic uint64_t entries[GUEST_DIRECT_DESCRIPTORS];
static uint64_t memory_end;

void guest_direct_set_memory_end(uint64_t end) {
    memory_end = end;
}

bool guest_direct_is_memory(uint64_t address, uint64_t count) {
    return address < memory_end && count <= memory_end - address;
}

void guest_direct_set(uint32_t descriptor, int32_t host, uint32_t access) {
    if (descriptor >= GUEST_DIRECT_DESCRIPTORS) return;
    uint32_t low = access == 0 ? 0 : access << ENTRY_ACCESS_SHIFT | ((uint32_t)host & ENTRY_HOST_MASK);
    uint64_t seen = atomic_load(&entries[descriptor]), wanted;
    do {
        // Whoever waits for the last calls on what the descriptor was before would wait for those on this one, too.
        wanted = seen >= ENTRY_USER ? seen & ~(ENTRY_USER - 1) : low;
    } while (!atomic_compare_exchange_weak(&entries[descriptor], &seen, wanted));
}

void guest_direct_settle(uint32_t descriptor) {
    if (descriptor >= GUEST_DIRECT_DESCRIPTORS) return;
    while (atomic_load(&entries[descriptor]) >= ENTRY_USER) host_call(__NR_sched_yield, 0, 0, 0, 0, 0, 0);
}

static inline int allows(uint32_t entry, uint32_t access) {
    return (entry >> ENTRY_ACCESS_SHIFT & access) == access;
}

// Takes part in a descriptor's calls: its entry's lower half, or 0 where it does not allow all of `access`.
static inline uint32_t begin(uint64_t descriptor, uint32_t access) {
    // As the kernel, which takes an unsigned int.
    uint32_t index = (uint32_t)descriptor;
    if (index >= GUEST_DIRECT_DESCRIPTORS) return 0;
    // Most that are not allowed are seen here, without a write that other processors would have to hear of.
    if (!allows((uint32_t)atomic_load_explicit(&entries[index], memory_order_relaxed), access)) return 0;
    uint32_t entry = (uint32_t)atomic_fetch_add(&entries[index], ENTRY_USER);
    if (allows(entry, access)) return entry;
    atomic_fetch_sub(&entries[index], ENTRY_USER);
    return 0;
}

static inline void end(uint64_t descriptor) {
    atomic_fetch_sub(&entries[(uint32_t)descriptor], ENTRY_USER);
}

static inline int is_buffer(uint64_t address, uint64_t count) {
    return count - 1 < TRANSFER_BYTES_MAX && guest_direct_is_memory(address, count);
}

static inline uint32_t is_socket(uint32_t entry) {
    return entry >> ENTRY_ACCESS_SHIFT & GUEST_DIRECT_SOCKET;
}

static inline uint32_t finish(struct guest_context *context, long result) {
    if (result == -EAGAIN || result == -EINTR || result == -EPIPE || result == -EFBIG) return 0;
    context->rax = (uint64_t)result;
    return 1;
}

// read, write, and their positioned forms, which are for files that one can seek in.
static uint32_t transfer(struct guest_context *context, uint32_t number, uint32_t access, uint64_t flags) {
    if (!is_buffer(context->rsi, context->rdx)) return 0;
    uint32_t entry = begin(context->rdi, access);
    if (entry == 0) return 0;
    uint32_t host = entry & ENTRY_HOST_MASK;
    long result;
    if (is_socket(entry)) {
        number = access & GUEST_DIRECT_WRITE ? __NR_sendto : __NR_recvfrom;
        flags |= MSG_DONTWAIT | MSG_NOSIGNAL;
        result = host_call(number, host, context->rsi, context->rdx, flags, 0, 0);
    } else {
        result = host_call(number, host, context->rsi, context->rdx, context->r10, 0, 0);
    }
    end(context->rdi);
    if (access & GUEST_DIRECT_WRITE && result > 0 && (uint64_t)result < context->rdx) {
        // Whether the rest is waited for is the supervisor's to know.
        context->call_progress = result;
        return 0;
    }
    return finish(context, result);
}

// send and recv. Other flags than these mean other ways to wait, or other things to be told.
static uint32_t transfer_by_socket(struct guest_context *context, uint32_t access) {
    if (context->r8 != 0 || context->r10 & ~(uint64_t)(MSG_DONTWAIT | MSG_NOSIGNAL)) return 0;
    return transfer(context, 0, access | GUEST_DIRECT_SOCKET, context->r10);
}

static uint32_t seek(struct guest_context *context) {
    uint32_t entry = begin(context->rdi, GUEST_DIRECT_SEEK);
    if (entry == 0) return 0;
    long result = host_call(__NR_lseek, entry & ENTRY_HOST_MASK, context->rsi, context->rdx, 0, 0, 0);
    end(context->rdi);
    return finish(context, result);
}

static uint32_t get_processor(struct guest_context *context) {
    if (context->rdi >= memory_end || context->rsi >= memory_end) return 0;
    // As the vDSO does: both numbers are the limit of a segment.
    uint32_t both = CPU_NUMBER_SELECTOR;
    bool is_there;
    __asm__("lsl %0, %0" : "+r"(both), "=@ccz"(is_there));
    if (!is_there) return 0;
    if (context->rdi && guest_store32((uint32_t *)context->rdi, both & 0xfff)) return 0;
    if (context->rsi && guest_store32((uint32_t *)context->rsi, both >> 12)) return 0;
    return finish(context, 0);
}

static bool is_direct(uint32_t number) {
    switch (number) {
    case __NR_read:
    case __NR_write:
    case __NR_pread64:
    case __NR_pwrite64:
    case __NR_recvfrom:
    case __NR_sendto:
    case __NR_lseek:
    case __NR_getcpu:
    case __NR_sched_yield:
    case __NR_getuid:
    case __NR_geteuid:
    case __NR_getgid:
    case __NR_getegid: return true;
    default: return false;
    }
}

static uint32_t make_call(struct guest_context *context, uint32_t number) {
    switch (number) {
    case __NR_read: return transfer(context, number, GUEST_DIRECT_READ, 0);
    case __NR_write: return transfer(context, number, GUEST_DIRECT_WRITE, 0);
    case __NR_pread64: return transfer(context, number, GUEST_DIRECT_READ | GUEST_DIRECT_SEEK, 0);
    case __NR_pwrite64: return transfer(context, number, GUEST_DIRECT_WRITE | GUEST_DIRECT_SEEK, 0);
    case __NR_recvfrom: return transfer_by_socket(context, GUEST_DIRECT_READ);
    case __NR_sendto: return transfer_by_socket(context, GUEST_DIRECT_WRITE);
    case __NR_lseek: return seek(context);
    case __NR_getcpu: return get_processor(context);
    default: return finish(context, host_call(number, 0, 0, 0, 0, 0, 0));
    }
}

// Makes the call whose registers the context holds, if it is one of these. 1: rax is the result. 0: nothing has
// been done, but what call_progress says, and that the trace may have the call's beginning.
__attribute__((visibility("hidden"), used)) uint32_t guest_call_directly(struct guest_context *context) {
    uint32_t number = (uint32_t)context->rax;
    if (!context->makes_calls || !is_direct(number)) return 0;
    bool is_traced = context->trace_ring && guest_trace_wants(number);
    if (is_traced && !guest_trace_begin_directly(context, number)) return 0;
    if (make_call(context, number) == 0) return 0;
    if (is_traced) guest_trace_end_directly(context, number);
    context->call_counts[number]++;
    return 1;
}
