public import CGuestEntry
import CThreadGate

/// A raw syscall of the supervisor's own: the result, or a negative errno (syscall(2)).
@inlinable
@inline(__always)
@discardableResult
public func hostCall(
    _ number: Int32, _ a: UInt64 = 0, _ b: UInt64 = 0, _ c: UInt64 = 0, _ d: UInt64 = 0, _ e: UInt64 = 0,
    _ f: UInt64 = 0
) -> Int {
    host_call(Int(number), a, b, c, d, e, f)
}

/// A host call that may sleep, of a thread that is not the guest's: a fork need not wait for it (thread_gate.h).
@discardableResult
public func hostWait(
    _ number: Int32, _ a: UInt64 = 0, _ b: UInt64 = 0, _ c: UInt64 = 0, _ d: UInt64 = 0, _ e: UInt64 = 0,
    _ f: UInt64 = 0
) -> Int {
    thread_gate_pause()
    defer { thread_gate_resume() }
    return hostCall(number, a, b, c, d, e, f)
}

/// Makes `call` again for as long as a signal interrupts it (-EINTR).
@inlinable
@discardableResult
public func retryingInterrupts(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result != -4 { return result }
    }
}

extension UInt64 {
    /// The address of host memory, as a syscall's argument.
    @inlinable
    public init(address pointer: UnsafeRawPointer?) {
        self = UInt64(UInt(bitPattern: pointer))
    }

    /// A signed argument (a file descriptor, AT_FDCWD) as a syscall takes it: sign-extended.
    @inlinable
    public init(signed value: some FixedWidthInteger & SignedInteger) {
        self = UInt64(bitPattern: Int64(value))
    }
}
