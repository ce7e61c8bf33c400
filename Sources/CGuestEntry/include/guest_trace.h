// What the guest's calls leave for whoever traces them: records in rings that another process reads.
//
// The shared file has a page for the area, and then one after the other the rings: a page each, and their bytes.
// Numbers are as the CPU has them: writer and reader are the same program on the same machine.
#ifndef GUEST_TRACE_H
#define GUEST_TRACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest_context.h"

#define GUEST_TRACE_VERSION 1u
#define GUEST_TRACE_PAGE_BYTES 4096u
#define GUEST_TRACE_CALLS 512u
/// A record takes a ring's part of this at most. A beginning is only written where an end fits as well.
#define GUEST_TRACE_RECORDS_LEAST 16u

/// The shared file's first page.
struct guest_trace_area {
    uint32_t version;
    /// Bytes of each ring: a power of two, and whole pages.
    uint32_t ring_bytes;
    /// The number of the next record of all rings.
    _Atomic uint64_t next_sequence;
    /// Rings there are in the file.
    _Atomic uint32_t ring_count;
    /// Nonzero while the reader sleeps: a wake-up is wanted once a ring is half full.
    _Atomic uint32_t reader_sleeps;
    /// Nonzero once the reader has ended: what is written from then on is lost.
    _Atomic uint32_t reader_is_gone;
    /// Nonzero: what finds no room is dropped, and counted, instead of waiting for the reader.
    uint32_t drops;
    /// Records that found no room.
    _Atomic uint64_t dropped;
    /// The epoch that the guest is in: one more than was cut last; 0 without a mirror.
    _Atomic uint64_t epoch;
    /// So many bytes of a buffer are kept.
    uint32_t text_bytes;
    /// What records have as their time: GUEST_TRACE_CLOCK_NONE and its like.
    uint32_t clock;
    /// The calls that are traced, a bit each.
    uint64_t calls[GUEST_TRACE_CALLS / 64];
};

/// A ring's first page; its bytes follow. Mapped by both sides twice, one behind the other, so that no record is in two
/// parts.
struct guest_trace_ring {
    /// Bytes that have been written, and read, since the beginning.
    _Atomic uint64_t written;
    uint8_t padding[56];
    _Atomic uint64_t read;
    /// The writer waits for room, on this word.
    _Atomic uint32_t writer_waits;
    uint8_t other_padding[52];
    /// Nonzero: no thread writes to it any more, until another takes it over.
    _Atomic uint32_t is_free;
};

/// No time, as nobody asks for one: in a virtual machine the counter takes 16 ns to read, and twice for a call.
#define GUEST_TRACE_CLOCK_NONE 0u
/// The CPU's time stamp counter.
#define GUEST_TRACE_CLOCK_COUNTER 1u
#define GUEST_TRACE_CLOCK_MONOTONIC 2u

#define GUEST_TRACE_BEGIN 1u
#define GUEST_TRACE_END 2u
#define GUEST_TRACE_SIGNAL 3u
#define GUEST_TRACE_THREAD_END 4u
#define GUEST_TRACE_GUEST_END 5u
#define GUEST_TRACE_NOTE 6u
#define GUEST_TRACE_THREAD_BEGIN 7u

/// What every record begins with. Records are multiples of 8 bytes long.
struct guest_trace_record {
    uint32_t byte_count;
    uint32_t kind;
    uint64_t sequence;
    /// See `clock`.
    uint64_t time;
    /// Which thread's; of GUEST_END the signal that ended the guest, or 0.
    int32_t thread;
    /// BEGIN and END: the call's. SIGNAL: the signal's. THREAD_END, GUEST_END: the exit status; of a thread with which
    /// its process has ended by a signal, that in the bits from 8 on.
    uint32_t number;
};

/// A call, before it is made; snippets of memory follow.
struct guest_trace_begin {
    struct guest_trace_record record;
    uint64_t arguments[6];
};

/// A call's end; snippets follow.
struct guest_trace_end {
    struct guest_trace_record record;
    int64_t result;
    /// The epoch that it ended in, where there is a mirror, or 0.
    uint64_t epoch;
    /// GUEST_TRACE_HELD and its like.
    uint64_t flags;
};

/// The call has left output that waits for its commit.
#define GUEST_TRACE_HELD 1u
/// The call was not made, but was given its result; it was made to last longer.
#define GUEST_TRACE_INJECTED 2u
#define GUEST_TRACE_DELAYED 4u

/// A signal that is acted on: a siginfo_t.
struct guest_trace_signal {
    struct guest_trace_record record;
    uint64_t information[16];
};

/// What happens to epochs and output, where there is a mirror: `number` says what, and what the values are.
struct guest_trace_note {
    struct guest_trace_record record;
    uint64_t values[2];
};

/// Epoch, streams with output in it.
#define GUEST_TRACE_EPOCH_CUT 1u
/// Epoch.
#define GUEST_TRACE_EPOCH_COMMITTED 2u
/// Stream, bytes.
#define GUEST_TRACE_OUTPUT_HELD 3u
#define GUEST_TRACE_OUTPUT_RELEASED 4u
#define GUEST_TRACE_MIRROR_LOST 5u
#define GUEST_TRACE_SUPERSEDED 6u

/// A piece of memory.
struct guest_trace_snippet {
    uint64_t address;
    uint32_t byte_count;
    uint32_t kind;
};

/// Which area this process writes to; NULL for none. Before the first guest thread runs.
void guest_trace_set_area(struct guest_trace_area *area, int32_t wake_descriptor);

/// Whether a call is traced.
bool guest_trace_wants(uint32_t number);

/// The time for a record; and of an area that is another process's.
uint64_t guest_trace_now(void);
uint64_t guest_trace_time(const struct guest_trace_area *area);

/// Room for a record of up to so many bytes in a ring of the calling thread's own; NULL where there is none now.
void *guest_trace_reserve(struct guest_trace_ring *ring, uint64_t byte_count);

/// Hands a record to the reader that was made in the room reserved: its length and number are filled in.
void guest_trace_publish(struct guest_trace_ring *ring, struct guest_trace_record *record, uint64_t byte_count);

/// Wakes the reader, if it sleeps.
void guest_trace_wake_reader(void);

/// Whether a writer that finds no room waits for it.
bool guest_trace_waits(void);

/// Sleeps until the reader has made that much room, or is gone, or for 50 ms.
void guest_trace_wait_for_room(struct guest_trace_ring *ring, uint64_t byte_count);

/// Counts a record that found no room.
void guest_trace_count_dropped(void);
uint64_t guest_trace_dropped(const struct guest_trace_area *area);

/// Says which epoch the guest is in.
void guest_trace_set_epoch(struct guest_trace_area *area, uint64_t epoch);
uint64_t guest_trace_epoch(const struct guest_trace_area *area);

/// Tells writers that nobody reads any more.
void guest_trace_set_reader_gone(struct guest_trace_area *area);

// Records in the ring that nobody has read.
uint64_t guest_trace_unread(const struct guest_trace_ring *ring);
void guest_trace_wake_writer(struct guest_trace_ring *ring);

/// A ring that no thread writes to and that has been read: the caller's from now on. False: it is not to be had.
bool guest_trace_take(struct guest_trace_ring *ring);
/// Whether it would be to be had, had it been read.
bool guest_trace_is_unread(const struct guest_trace_ring *ring);
void guest_trace_give_back(struct guest_trace_ring *ring);

/// A ring has been added to the file.
void guest_trace_add_ring(struct guest_trace_area *area);
uint32_t guest_trace_ring_count(const struct guest_trace_area *area);

/// The reader's side: how far the writer is, and what it was told of the reader.
static inline uint64_t guest_trace_written(const struct guest_trace_ring *ring) {
    return atomic_load_explicit(&ring->written, memory_order_acquire);
}

static inline uint64_t guest_trace_read(const struct guest_trace_ring *ring) {
    return atomic_load_explicit(&ring->read, memory_order_relaxed);
}

/// The record at a position that the writer has passed; NULL when there is none. What was written is not believed: a
/// record reaches no further than what the ring can hold, or there is none.
static inline const struct guest_trace_record *guest_trace_record_at(
    const struct guest_trace_ring *ring, uint64_t position, uint64_t written, uint32_t ring_bytes
) {
    uint64_t ready = written - position;
    if (ready < sizeof(struct guest_trace_record) || ready > ring_bytes) return NULL;
    const uint8_t *place = (const uint8_t *)ring + GUEST_TRACE_PAGE_BYTES + (position & (ring_bytes - 1));
    const struct guest_trace_record *record = (const struct guest_trace_record *)place;
    uint32_t count = record->byte_count;
    if (count < sizeof *record || count > ready || count % 8 != 0) return NULL;
    return record;
}

/// All up to a position has been read.
void guest_trace_done(struct guest_trace_ring *ring, uint32_t ring_bytes, uint64_t position);

/// Whether a ring's writer waits for room.
bool guest_trace_wants_room(const struct guest_trace_ring *ring);

/// The reader says that it goes to sleep. It looks once more before it does.
void guest_trace_announce_sleep(struct guest_trace_area *area);
void guest_trace_end_sleep(struct guest_trace_area *area);

/// Used by direct.c: the two halves of a call that is made without leaving the guest. False: there is no room.
bool guest_trace_begin_directly(struct guest_context *context, uint32_t number);
void guest_trace_end_directly(struct guest_context *context, uint32_t number);

#endif
