// Contexts: their regions, their vector state, and requests to stop.
//
// Rules
// - Everything here runs in the supervisor, on the supervisor's stack; guest_context_attach binds the
//   calling thread, the other functions take any context whose thread is not in the guest, except
//   guest_context_request_stop, which any thread may call at any time.
#define _GNU_SOURCE
#include "include/guest_context.h"

#include <cpuid.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "include/guest_signals.h"
#include "include/host_call.h"

extern const char guest_leave_called[];

// XSAVE header and legacy region, Intel SDM vol. 1, 13.4.
#define XSAVE_LEGACY_BYTES 512
#define XSAVE_HEADER_BYTES 64
#define XSAVE_MXCSR 24
#define XSAVE_MXCSR_MASK 28
#define XSAVE_X87_REGISTERS 32
#define XSAVE_SSE_REGISTERS 160
#define XSAVE_SSE_BYTES 256
#define MXCSR_DEFAULT 0x1f80u
#define MXCSR_MASK 0xffffu
#define X87_CONTROL_DEFAULT 0x37f
#define XSTATE_BV 512
#define XCOMP_BV 520
#define XSTATE_X87 1ull
#define XSTATE_SSE 2ull
// Protection keys stay with the host: pkey_alloc is refused, and a guest's PKRU could lock the supervisor out.
#define XSTATE_PKRU (1ull << 9)
// AMX tiles need a permission that the supervisor never asks for, and 8 KiB that the region does not have.
#define XSTATE_AMX (3ull << 17)

static uint64_t read_xcr0(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

uint64_t guest_xsave_mask(void) {
    return read_xcr0() & ~(XSTATE_PKRU | XSTATE_AMX);
}

uint32_t guest_xsave_component_bytes(uint32_t component) {
    uint32_t size, offset, flags, reserved;
    __cpuid_count(0xd, component, size, offset, flags, reserved);
    return size;
}

uint32_t guest_xsave_component_offset(uint32_t component) {
    uint32_t size, offset, flags, reserved;
    __cpuid_count(0xd, component, size, offset, flags, reserved);
    return offset;
}

// The end of the last component in the mask, in the standard format (CPUID leaf 0xd).
uint32_t guest_xsave_bytes(void) {
    uint64_t mask = guest_xsave_mask();
    uint32_t end = XSAVE_LEGACY_BYTES + XSAVE_HEADER_BYTES;
    for (uint32_t component = 2; component < 63; component++) {
        if (!(mask >> component & 1)) continue;
        uint32_t size, offset, flags, reserved;
        __cpuid_count(0xd, component, size, offset, flags, reserved);
        if (offset + size > end) end = offset + size;
    }
    return end;
}

static int has_xsaveopt(void) {
    uint32_t a, b, c, d;
    __cpuid_count(0xd, 1, a, b, c, d);
    return (int)(a & 1);
}

struct guest_context *guest_context_create(void) {
    const size_t bytes = GUEST_CONTEXT_REGION_BYTES;
    if (guest_xsave_bytes() > GUEST_CONTEXT_XSAVE_BYTES) return NULL;
    char *mapped = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return NULL;
    char *aligned = (char *)(((uint64_t)mapped + bytes - 1) & ~(uint64_t)(bytes - 1));
    if (aligned > mapped) munmap(mapped, (size_t)(aligned - mapped));
    munmap(aligned + bytes, (size_t)(mapped + bytes - aligned));
    struct guest_context *context = (struct guest_context *)aligned;
    context->rflags = 0x202;
    context->resume_full = 1;
    context->xsave_mask = guest_xsave_mask();
    context->xsave_bytes = guest_xsave_bytes();
    context->xsave_optimized = (uint32_t)has_xsaveopt();
    context->self = (uint64_t)context;
    context->leave_called = (uint64_t)guest_leave_called;
    context->hardware_gs = context->self;
    guest_context_reset_vector_state(context);
    return context;
}

void guest_context_destroy(struct guest_context *context) {
    munmap(context, GUEST_CONTEXT_REGION_BYTES);
}

long guest_context_attach(struct guest_context *context) {
    stack_t stack = {
        .ss_sp = (char *)context + GUEST_CONTEXT_SIGNAL_STACK,
        .ss_size = GUEST_CONTEXT_REGION_BYTES - GUEST_CONTEXT_SIGNAL_STACK,
    };
    uint64_t fs_base;
    __asm__ volatile("rdfsbase %0" : "=r"(fs_base));
    context->host_fs_base = fs_base;
    context->host_tid = (int32_t)host_call(__NR_gettid, 0, 0, 0, 0, 0, 0);
    return host_call(__NR_sigaltstack, (uint64_t)&stack, 0, 0, 0, 0, 0);
}

void guest_context_detach(struct guest_context *context) {
    (void)context;
    stack_t stack = {.ss_flags = SS_DISABLE};
    host_call(__NR_sigaltstack, (uint64_t)&stack, 0, 0, 0, 0, 0);
}

void guest_context_request_stop(struct guest_context *context) {
    __atomic_store_n(&context->stop, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&context->state, __ATOMIC_SEQ_CST) != CONTEXT_STATE_GUEST) return;
    uint64_t process = (uint64_t)host_call(__NR_getpid, 0, 0, 0, 0, 0, 0);
    host_call(__NR_tgkill, process, (uint64_t)context->host_tid, GUEST_PREEMPT_SIGNAL, 0, 0, 0);
}

bool guest_context_take_stop(struct guest_context *context) {
    if (__atomic_load_n(&context->stop, __ATOMIC_RELAXED) == 0) return false;
    __atomic_store_n(&context->stop, 0, __ATOMIC_SEQ_CST);
    return true;
}

void guest_context_reset_vector_state(struct guest_context *context) {
    uint8_t *area = guest_context_xsave_area(context);
    __builtin_memset(area, 0, GUEST_CONTEXT_XSAVE_BYTES);
    // XRSTOR loads MXCSR from the area whenever SSE or AVX is asked for, XSTATE_BV or not.
    *(uint32_t *)(area + XSAVE_MXCSR) = MXCSR_DEFAULT;
    *(uint32_t *)(area + XSAVE_MXCSR_MASK) = MXCSR_MASK;
    // The x87 control word in its reset state; XSTATE_BV = 0 would give 0x37f as well.
    *(uint16_t *)area = X87_CONTROL_DEFAULT;
    *(uint64_t *)(area + XSTATE_BV) = XSTATE_X87 | XSTATE_SSE;
}

void guest_context_clear_vector_state(struct guest_context *context) {
    uint8_t *area = guest_context_xsave_area(context);
    __builtin_memset(area + XSTATE_BV, 0, XSAVE_HEADER_BYTES);
    *(uint32_t *)(area + XSAVE_MXCSR) = MXCSR_DEFAULT;
}

void guest_context_complete_vector_state(struct guest_context *context) {
    uint8_t *area = guest_context_xsave_area(context);
    uint64_t components = *(uint64_t *)(area + XSTATE_BV);
    if (!(components & XSTATE_X87)) {
        __builtin_memset(area, 0, XSAVE_MXCSR);
        __builtin_memset(area + XSAVE_X87_REGISTERS, 0, XSAVE_SSE_REGISTERS - XSAVE_X87_REGISTERS);
        *(uint16_t *)area = X87_CONTROL_DEFAULT;
    }
    if (!(components & XSTATE_SSE)) {
        __builtin_memset(area + XSAVE_SSE_REGISTERS, 0, XSAVE_SSE_BYTES);
    }
    *(uint64_t *)(area + XSTATE_BV) = components | XSTATE_X87 | XSTATE_SSE;
}

bool guest_vector_image_is_valid(const void *image, uint64_t mask) {
    const uint8_t *area = image;
    uint64_t word;
    __builtin_memcpy(&word, area + XSTATE_BV, sizeof word);
    if (word & ~mask) return false;
    for (size_t offset = XCOMP_BV; offset < XSTATE_BV + XSAVE_HEADER_BYTES; offset += 8) {
        __builtin_memcpy(&word, area + offset, sizeof word);
        if (word != 0) return false;
    }
    uint32_t mxcsr;
    __builtin_memcpy(&mxcsr, area + XSAVE_MXCSR, sizeof mxcsr);
    return (mxcsr & ~MXCSR_MASK) == 0;
}

bool guest_context_vector_state_is_valid(struct guest_context *context) {
    return guest_vector_image_is_valid(guest_context_xsave_area(context), context->xsave_mask);
}
