import CThreadGate

/// Makes a call that may sleep: a fork of this process does not wait for it (thread_gate.h). `errno` is the call's.
@inline(__always)
func asleep<Result>(_ call: () -> Result) -> Result {
    thread_gate_pause()
    defer { thread_gate_resume() }
    return call()
}
