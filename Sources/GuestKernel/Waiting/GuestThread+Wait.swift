import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// How a wait ended.
enum WaitOutcome {
    case ready
    case timedOut
    /// A signal that will be delivered, or the end of the process.
    case interrupted
}

/// What a thread sleeps on, for whoever has to wake it.
enum SleepKind {
    static let none: UInt32 = 0
    static let word: UInt32 = 1
    static let poll: UInt32 = 2
}

extension GuestThread {
    /// Wakes the thread out of a wait, or makes the wait it is about to begin return at once:
    /// the word is set before the sleep's kind is read, and read after the kind was set.
    func wakeUp() {
        wakeWord.store(1, ordering: .sequentiallyConsistent)
        switch sleepKind.load(ordering: .sequentiallyConsistent) {
        case SleepKind.word: HostFutex.wake(wakeWord)
        case SleepKind.poll: kick()
        default: break
        }
    }

    /// The kick is blocked but inside ppoll's mask, where a pending one ends the wait at once.
    private func kick() {
        let process = UInt64(hostCall(__NR_getpid))
        hostCall(__NR_tgkill, process, UInt64(signed: context.pointee.host_tid), UInt64(GUEST_KICK_SIGNAL))
    }

    /// Begins a wait: from here on `wakeUp` counts. Returns false when there is something to
    /// interrupt the wait for already.
    func prepareToSleep() -> Bool {
        wakeWord.store(0, ordering: .sequentiallyConsistent)
        return !kernel.mustInterrupt(self)
    }

    /// Sleeps until `wakeUp` or the deadline (guest monotonic time). The caller called
    /// `prepareToSleep` and then made itself known to whoever wakes it.
    func sleepUntilWoken(deadlineNanoseconds: UInt64?) -> Bool {
        sleepKind.store(SleepKind.word, ordering: .sequentiallyConsistent)
        kernel.gate.beginWaiting(self, cuts: true)
        var isWoken = true
        while wakeWord.load(ordering: .sequentiallyConsistent) == 0 {
            guard let deadlineNanoseconds else {
                HostFutex.wait(wakeWord, while: 0)
                continue
            }
            let now = kernel.clock.monotonicNanoseconds()
            if now >= deadlineNanoseconds {
                isWoken = false
                break
            }
            HostFutex.wait(wakeWord, while: 0, timeoutNanoseconds: deadlineNanoseconds - now)
        }
        sleepKind.store(SleepKind.none, ordering: .sequentiallyConsistent)
        kernel.gate.endWaiting(self)
        return isWoken
    }

    /// Makes a host call that sleeps on a word among others, in the waiting phase; it is given the address of the
    /// thread's own, which is no longer 0 once the thread is to wake up.
    func sleepingOnWord(_ call: (UInt64) -> Int) -> Int {
        sleepKind.store(SleepKind.word, ordering: .sequentiallyConsistent)
        kernel.gate.beginWaiting(self, cuts: true)
        let result = call(HostFutex.address(of: wakeWord))
        sleepKind.store(SleepKind.none, ordering: .sequentiallyConsistent)
        kernel.gate.endWaiting(self)
        return result
    }

    /// Sleeps for a moment although there may be something to interrupt it for: for who waits until others are gone.
    func sleepBriefly() {
        wakeWord.store(0, ordering: .sequentiallyConsistent)
        _ = sleepUntilWoken(deadlineNanoseconds: kernel.clock.deadline(after: 200_000))
    }

    /// Whether somebody has woken the thread since `prepareToSleep`.
    var isWokenUp: Bool { wakeWord.load(ordering: .sequentiallyConsistent) != 0 }

    /// Waits until one of the host descriptors has an event. The result is ppoll's count, 0 for the
    /// deadline, or -EINTR. `fds` is the supervisor's memory.
    func pollHost(_ fds: UnsafeMutablePointer<pollfd>, _ count: Int, deadlineNanoseconds: UInt64?) -> Int {
        while true {
            guard prepareToSleep() else { return failed(EINTR) }
            let result = sleepInKernel { mask in
                var timeout = timespec()
                let hasTimeout = remaining(until: deadlineNanoseconds, &timeout)
                return withUnsafePointer(to: &timeout) { timeout in
                    hostCall(
                        __NR_ppoll, UInt64(address: fds), UInt64(count), hasTimeout ? UInt64(address: timeout) : 0,
                        UInt64(address: mask), 8)
                }
            }
            if result != -Int(EINTR) { return result }
        }
    }

    /// Makes a host call that sleeps with `mask` in force (ppoll, epoll_pwait), in the waiting phase.
    func sleepInKernel(_ call: (UnsafePointer<UInt64>) -> Int) -> Int {
        sleepKind.store(SleepKind.poll, ordering: .sequentiallyConsistent)
        kernel.gate.beginWaiting(self, cuts: true)
        let result: Int
        if wakeWord.load(ordering: .sequentiallyConsistent) == 0 {
            // Everything blocked but the kick, preemption and the synchronous signals.
            var mask = HostSignals.waitMask
            result = call(&mask)
        } else {
            result = failed(EINTR)
        }
        sleepKind.store(SleepKind.none, ordering: .sequentiallyConsistent)
        kernel.gate.endWaiting(self)
        // Another call for each wait, so only for guests of several processes.
        if result > 0, kernel.hasRelatives { _ = kernel.takeHostSignals?(kernel, ~SignalSet.ofJobControl) }
        return result
    }

    /// The time left until a deadline; false when there is no deadline.
    func remaining(until deadlineNanoseconds: UInt64?, _ timeout: inout timespec) -> Bool {
        guard let deadlineNanoseconds else { return false }
        let now = kernel.clock.monotonicNanoseconds()
        let left = deadlineNanoseconds > now ? deadlineNanoseconds - now : 0
        timeout = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
        return true
    }

    /// Waits for events on one descriptor.
    func wait(for file: FileDescription, events: Int16, deadlineNanoseconds: UInt64? = nil) -> WaitOutcome {
        var entry = pollfd(fd: file.hostFD, events: events, revents: 0)
        let result = pollHost(&entry, 1, deadlineNanoseconds: deadlineNanoseconds)
        if result > 0 { return .ready }
        return result == 0 ? .timedOut : .interrupted
    }

    /// Wait outside, act inside: does `act`, which never blocks; where it says EAGAIN and the
    /// guest asked to block, waits for `events` and tries again.
    @inline(__always)
    func performBlocking(
        _ file: FileDescription, events: Int16, isBlocking: Bool, deadlineNanoseconds: UInt64? = nil,
        _ act: () -> Int
    ) -> Int {
        while true {
            let result = act()
            file.transfers.set()
            if result == -Int(EINTR) { continue }
            if result != -Int(EAGAIN) || !isBlocking { return result }
            switch wait(for: file, events: events, deadlineNanoseconds: deadlineNanoseconds) {
            case .ready: continue
            case .timedOut: return failed(EAGAIN)
            // One with a timeout is not made again after a handler (sock_intr_errno in include/net/sock.h).
            case .interrupted: return deadlineNanoseconds == nil ? Restart.system : Restart.withoutHandler
            }
        }
    }
}
