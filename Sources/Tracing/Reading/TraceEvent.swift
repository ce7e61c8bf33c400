import CGuestEntry
import GuestKernel

/// What happens to a guest beside its calls.
enum TraceEvent {
    /// A signal that is acted on, with its siginfo_t.
    case signal(Int32, UnsafeRawBufferPointer)
    /// A thread's end, alone or with the whole guest.
    case end(GuestEnd)
    case note(TraceNote)
    /// So many records found no room.
    case dropped(UInt64)
}
