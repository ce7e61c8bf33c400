// Writing trace records.
//
// Rules
// - Runs on the way out of the guest, too (direct.c): no thread-local storage, general registers only, guest memory by
//   the routines of copy.S only, and it waits for nobody.
// - A ring has one writer. The reader may be gone, or may write anything into the shared file: what is read from there
//   is only ever used to find out how much room there is, bounded by what this side knows.
#include "include/guest_trace.h"

#include <linux/futex.h>
#include <stddef.h>
#include <time.h>

#include "include/guest_access.h"
#include "include/guest_direct.h"
#include "include/guest_signals.h"
#include "include/host_call.h"

// More text than this is for the long way.
#define DIRECT_TEXT_BYTES_MAX 4096u

static struct guest_trace_area *area;
static int32_t wake_descriptor;
static uint64_t ring_bytes;

void guest_trace_set_area(struct guest_trace_area *new_area, int32_t descriptor) {
    wake_descriptor = descriptor;
    ring_bytes = new_area ? new_area->ring_bytes : 0;
    area = new_area;
}

bool guest_trace_wants(uint32_t number) {
    if (!area) return false;
    // The last bit stands for all numbers from there on.
    if (number >= GUEST_TRACE_CALLS) number = GUEST_TRACE_CALLS - 1;
    return area->calls[number / 64] >> number % 64 & 1;
}

uint64_t guest_trace_time(const struct guest_trace_area *of) {
    if (of->clock == GUEST_TRACE_CLOCK_NONE) return 0;
    if (of->clock == GUEST_TRACE_CLOCK_COUNTER) {
        uint32_t low, high;
        __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
        return (uint64_t)high << 32 | low;
    }
    struct timespec now = {0};
    host_call(__NR_clock_gettime, CLOCK_MONOTONIC, (uint64_t)&now, 0, 0, 0, 0);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t guest_trace_now(void) {
    return guest_trace_time(area);
}

static uint8_t *place(struct guest_trace_ring *ring) {
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    return (uint8_t *)ring + GUEST_TRACE_PAGE_BYTES + (written & (ring_bytes - 1));
}

static uint64_t used(struct guest_trace_ring *ring) {
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    return written - atomic_load_explicit(&ring->read, memory_order_acquire);
}

void *guest_trace_reserve(struct guest_trace_ring *ring, uint64_t byte_count) {
    uint64_t in_use = used(ring);
    if (in_use > ring_bytes || byte_count > ring_bytes - in_use) return NULL;
    return place(ring);
}

void guest_trace_wake_reader(void) {
    if (!atomic_exchange(&area->reader_sleeps, 0)) return;
    uint64_t one = 1;
    host_call(__NR_write, (uint64_t)wake_descriptor, (uint64_t)&one, sizeof one, 0, 0, 0);
}

void guest_trace_publish(struct guest_trace_ring *ring, struct guest_trace_record *record, uint64_t byte_count) {
    record->byte_count = (uint32_t)byte_count;
    // Records of all threads are numbered through: the order in which they are shown, and the proof that none is
    // missing.
    record->sequence = atomic_fetch_add(&area->next_sequence, 1);
    // One writer: no other processor's add can come in between, and a store is cheaper.
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    atomic_store_explicit(&ring->written, written + byte_count, memory_order_release);
    if (used(ring) > ring_bytes / 2 && atomic_load_explicit(&area->reader_sleeps, memory_order_relaxed)) {
        guest_trace_wake_reader();
    }
}

bool guest_trace_waits(void) {
    return !area->drops && !atomic_load(&area->reader_is_gone);
}

static void futex(_Atomic uint32_t *word, uint64_t operation, uint64_t value, const struct timespec *timeout) {
    // Not FUTEX_PRIVATE_FLAG: the other side is another process.
    host_call(__NR_futex, (uint64_t)word, operation, value, (uint64_t)timeout, 0, 0);
}

void guest_trace_wait_for_room(struct guest_trace_ring *ring, uint64_t byte_count) {
    const struct timespec patience = {.tv_nsec = 50000000};
    atomic_store(&ring->writer_waits, 1);
    guest_trace_wake_reader();
    if (guest_trace_reserve(ring, byte_count) == NULL && guest_trace_waits()) {
        futex(&ring->writer_waits, FUTEX_WAIT, 1, &patience);
    }
    atomic_store(&ring->writer_waits, 0);
}

void guest_trace_wake_writer(struct guest_trace_ring *ring) {
    if (!atomic_load(&ring->writer_waits)) return;
    if (atomic_exchange(&ring->writer_waits, 0)) futex(&ring->writer_waits, FUTEX_WAKE, 1, NULL);
}

void guest_trace_count_dropped(void) {
    if (area) atomic_fetch_add(&area->dropped, 1);
}

void guest_trace_set_epoch(struct guest_trace_area *of, uint64_t epoch) {
    atomic_store_explicit(&of->epoch, epoch, memory_order_relaxed);
}

uint64_t guest_trace_epoch(const struct guest_trace_area *of) {
    return atomic_load_explicit(&of->epoch, memory_order_relaxed);
}

uint64_t guest_trace_dropped(const struct guest_trace_area *of) {
    return atomic_load(&of->dropped);
}

uint64_t guest_trace_unread(const struct guest_trace_ring *ring) {
    uint64_t count = 0;
    uint64_t written = guest_trace_written(ring);
    uint64_t position = atomic_load(&ring->read);
    const struct guest_trace_record *record;
    while ((record = guest_trace_record_at(ring, position, written, (uint32_t)ring_bytes)) != NULL) {
        position += record->byte_count;
        count++;
    }
    return count;
}

void guest_trace_set_reader_gone(struct guest_trace_area *of) {
    atomic_store(&of->reader_is_gone, 1);
}

bool guest_trace_take(struct guest_trace_ring *ring) {
    // Several processes take rings where the guest has children.
    uint32_t was_free = 1;
    if (!atomic_compare_exchange_strong(&ring->is_free, &was_free, 0)) return false;
    if (atomic_load(&ring->written) == atomic_load(&ring->read)) return true;
    atomic_store(&ring->is_free, 1);
    return false;
}

bool guest_trace_is_unread(const struct guest_trace_ring *ring) {
    return atomic_load(&ring->is_free) && atomic_load(&ring->written) != atomic_load(&ring->read);
}

void guest_trace_give_back(struct guest_trace_ring *ring) {
    atomic_store(&ring->is_free, 1);
}

void guest_trace_add_ring(struct guest_trace_area *of) {
    atomic_fetch_add(&of->ring_count, 1);
}

uint32_t guest_trace_ring_count(const struct guest_trace_area *of) {
    return atomic_load(&of->ring_count);
}

// The first bytes of a buffer; nothing where they cannot be read. Bytes written.
static uint64_t append_text(uint8_t *target, uint64_t address, uint64_t count) {
    struct guest_trace_snippet *snippet = (struct guest_trace_snippet *)target;
    uint8_t *bytes = target + sizeof *snippet;
    uint64_t padded = (count + 7) & ~7ull;
    if (count == 0 || !guest_direct_is_memory(address, count)) return 0;
    *(uint64_t *)(bytes + padded - 8) = 0;
    if (guest_copy(bytes, (const void *)address, count) != 0) return 0;
    snippet->address = address;
    snippet->byte_count = (uint32_t)count;
    snippet->kind = 0;
    return sizeof *snippet + padded;
}

static uint64_t shown(uint64_t count) {
    return count < area->text_bytes ? count : area->text_bytes;
}

static bool sends(uint32_t number) {
    return number == __NR_write || number == __NR_pwrite64 || number == __NR_sendto;
}

static bool receives(uint32_t number) {
    return number == __NR_read || number == __NR_pread64 || number == __NR_recvfrom;
}

// Whether there is memory to be shown that only the long way captures.
static bool needs_supervisor(const struct guest_context *context, uint32_t number) {
    if (number == __NR_recvfrom || number == __NR_sendto) return context->r8 != 0;
    return number == __NR_getcpu;
}

bool guest_trace_begin_directly(struct guest_context *context, uint32_t number) {
    if (needs_supervisor(context, number)) return false;
    struct guest_trace_ring *ring = (struct guest_trace_ring *)context->trace_ring;
    uint64_t text = area->text_bytes;
    if (text > DIRECT_TEXT_BYTES_MAX) return false;
    // As in the supervisor, which may have to make the call after all, and to write its end.
    struct guest_trace_begin *begin = guest_trace_reserve(ring, 2 * (ring_bytes / GUEST_TRACE_RECORDS_LEAST));
    if (begin == NULL) return false;
    begin->record.kind = GUEST_TRACE_BEGIN;
    begin->record.time = guest_trace_now();
    begin->record.thread = context->guest_tid;
    begin->record.number = number;
    begin->arguments[0] = context->rdi;
    begin->arguments[1] = context->rsi;
    begin->arguments[2] = context->rdx;
    begin->arguments[3] = context->r10;
    begin->arguments[4] = context->r8;
    begin->arguments[5] = context->r9;
    uint64_t bytes = sizeof *begin;
    if (sends(number)) bytes += append_text((uint8_t *)begin + bytes, context->rsi, shown(context->rdx));
    guest_trace_publish(ring, &begin->record, bytes);
    context->trace_has_begun = 1;
    return true;
}

void guest_trace_end_directly(struct guest_context *context, uint32_t number) {
    struct guest_trace_ring *ring = (struct guest_trace_ring *)context->trace_ring;
    // There is room: it was found together with the beginning's.
    struct guest_trace_end *end = (struct guest_trace_end *)place(ring);
    end->record.kind = GUEST_TRACE_END;
    end->record.time = guest_trace_now();
    end->record.thread = context->guest_tid;
    end->record.number = number;
    end->result = (int64_t)context->rax;
    end->epoch = atomic_load_explicit(&area->epoch, memory_order_relaxed);
    end->flags = 0;
    uint64_t bytes = sizeof *end;
    if (receives(number) && end->result > 0) {
        bytes += append_text((uint8_t *)end + bytes, context->rsi, shown((uint64_t)end->result));
    }
    guest_trace_publish(ring, &end->record, bytes);
    context->trace_has_begun = 0;
}

// Reading, in the other process.

void guest_trace_done(struct guest_trace_ring *ring, uint32_t bytes, uint64_t position) {
    atomic_store_explicit(&ring->read, position, memory_order_release);
    // On one core the two change places for each wake-up: a writer that waits is woken when there is little left.
    if (atomic_load_explicit(&ring->written, memory_order_relaxed) - position > bytes / 8) return;
    // The writer says that it waits, and then looks at what has been read: one of the two sees the other.
    atomic_thread_fence(memory_order_seq_cst);
    guest_trace_wake_writer(ring);
}

bool guest_trace_wants_room(const struct guest_trace_ring *ring) {
    return atomic_load(&ring->writer_waits);
}

void guest_trace_announce_sleep(struct guest_trace_area *of) {
    atomic_store(&of->reader_sleeps, 1);
}

void guest_trace_end_sleep(struct guest_trace_area *of) {
    atomic_store(&of->reader_sleeps, 0);
}
