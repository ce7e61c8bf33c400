import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

extension HeldStream {
    // MARK: - By calls that do not wait

    /// Lets out what may go, as far as the host takes it at once.
    func release(_ state: inout State, _ effects: inout Effects) {
        if mayBlock {
            if state.queue.isDue { effects.isForBlockingReleaser = true }
        } else if !state.isBlocked {
            releaseDue(&state, &effects)
        }
        settle(&state, &effects)
    }

    /// The releaser's turn: the host takes more, or says why not.
    func goOn() {
        var effects = Effects()
        state.withLock { state in
            state.isBlocked = false
            release(&state, &effects)
        }
        finish(effects)
    }

    private func releaseDue(_ state: inout State, _ effects: inout Effects) {
        while !gate.isSealed, let step = state.queue.next() {
            let result = send(step)
            if result == -Int(EINTR) { continue }
            if result == -Int(EAGAIN) {
                state.isBlocked = true
                effects.isNewlyBlocked = true
                return
            }
            record(result, of: step, in: &state)
        }
    }

    private func send(_ step: HeldQueue.Step) -> Int {
        guard let fault = gate.fault else { return give(step) }
        fault.pass(.release)
        if fault.takesHalf() {
            var half = step
            if case .bytes = step.kind, step.byteCount > 1 { half.byteCount = step.byteCount / 2 }
            _ = give(half)
            TestFault.die()
        }
        let result = give(step)
        fault.pass(.released)
        return result
    }

    private func give(_ step: HeldQueue.Step) -> Int {
        let target = UInt64(signed: hostFD)
        switch step.kind {
        case .bytes where kind == .connection:
            let flags = SocketTransfer.hostFlags(0)
            return hostCall(__NR_sendto, target, UInt64(address: step.payload), UInt64(step.byteCount), flags)
        case .bytes:
            // By the blocking releaser: as long as the reader wants.
            return hostWait(__NR_write, target, UInt64(address: step.payload), UInt64(step.byteCount))
        case .datagram:
            let count = step.byteCount - step.addressByteCount
            let address = step.addressByteCount == 0 ? 0 : UInt64(address: step.payload)
            return hostCall(
                __NR_sendto, target, UInt64(address: step.payload.map { $0 + step.addressByteCount }), UInt64(count),
                SocketTransfer.hostFlags(step.flags), address, UInt64(step.addressByteCount))
        case .shutdown:
            return hostCall(__NR_shutdown, target, UInt64(signed: step.flags))
        case .close:
            if kind.isSocket { HostSockets.close(hostFD) } else { hostCall(__NR_close, target) }
            return 0
        }
    }

    /// Takes a step's result into the queue. An error ends what was to be sent and waits for the guest's next write;
    /// a datagram's is that datagram's alone.
    private func record(_ result: Int, of step: HeldQueue.Step, in state: inout State) {
        if result >= 0 { gate.trace?.note(.released(stream: number, byteCount: result)) }
        switch step.kind {
        case .bytes where result > 0:
            state.queue.releaseBytes(result)
        case .bytes:
            state.error = result == 0 ? EIO : Int32(-result)
            state.queue.discardPayload()
        case .datagram:
            if result < 0 { state.error = Int32(-result) }
            state.queue.releaseOperation()
        case .shutdown, .close:
            state.queue.releaseOperation()
        }
    }

    /// Brings up to date whoever follows the queue.
    private func settle(_ state: inout State, _ effects: inout Effects) {
        clearFull(&state, &effects)
        for waiter in state.waiters where isMet(waiter.need, state) { waiter.thread.wakeUp() }
        if travels, !state.isReleaseNoted, state.queue.released != state.toldPosition, !gate.isPassing {
            state.isReleaseNoted = true
            gate.noteReleased(self)
        }
        guard state.queue.isDue != state.isCounted else { return }
        state.isCounted = state.queue.isDue
        gate.countUndrained(state.isCounted, isWaitedFor: !kind.isSocket && !isMaster)
    }

    /// What is held is nobody's any more, and nobody waits for the host to take it.
    func forgetPayload(_ state: inout State) {
        state.queue.discardPayload()
        if state.isBlocked { gate.releaser.forget(self) }
        state.isBlocked = false
    }

    /// Whether a terminal is a pseudoterminal's master, which alone has a number to tell.
    static func isMaster(_ hostFD: Int32) -> Bool {
        let slaveNumber: UInt64 = 0x8004_5430  // TIOCGPTN
        var number: UInt32 = 0
        return hostCall(__NR_ioctl, UInt64(signed: hostFD), slaveNumber, UInt64(address: &number)) == 0
    }

    // MARK: - By calls that may wait

    /// Lets out one bounded piece by a call that may wait, without the lock: `buffer` holds a copy of the bytes. False
    /// when there is nothing to do. Only the gate's blocking releaser calls this, so nobody else takes from the queue.
    func releaseWaiting(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let next = state.withLock { state -> HeldQueue.Step? in
            guard !gate.isSealed, var step = state.queue.next() else { return nil }
            step.byteCount = min(step.byteCount, buffer.count)
            if let payload = step.payload {
                buffer.baseAddress!.copyMemory(from: payload, byteCount: step.byteCount)
                step.payload = UnsafeRawPointer(buffer.baseAddress!)
            }
            return step
        }
        guard let step = next else { return false }
        let result = retryingInterrupts { send(step) }
        // It is not to block, and takes no more: poll(2) waits for whoever it is.
        if result == -Int(EAGAIN) {
            var entry = pollfd(fd: hostFD, events: Int16(POLLOUT), revents: 0)
            hostWait(__NR_poll, UInt64(address: &entry), 1, UInt64(signed: -1))
            return true
        }
        var effects = Effects()
        let isMore = state.withLock { state in
            record(result, of: step, in: &state)
            settle(&state, &effects)
            return state.queue.isDue
        }
        finish(effects)
        return isMore
    }

    // MARK: - Guest threads that wait

    private func isMet(_ need: Need, _ state: borrowing State) -> Bool {
        switch need {
        case .space: return !isFull || state.error != 0
        case .released(let position): return state.queue.released >= position
        }
    }

    /// Makes the thread be woken once its need is met; false when it is met already. The thread called
    /// `prepareToSleep` before, and calls `stopWaiting` afterwards.
    func startWaiting(_ thread: GuestThread, for need: Need) -> Bool {
        state.withLock { state in
            if isMet(need, state) { return false }
            if !state.waiters.contains(where: { $0.thread === thread }) {
                state.waiters.append(Waiter(thread: thread, need: need))
            }
            return true
        }
    }

    func stopWaiting(_ thread: GuestThread) {
        state.withLock { state in state.waiters.removeAll { $0.thread === thread } }
    }

    // MARK: - Descriptions

    /// Another description writes here; false when the stream is on its way out.
    func join(_ file: FileDescription) -> Bool {
        state.withLock { state in
            if state.userCount == 0, !state.files.isEmpty { return false }
            state.userCount += 1
            state.files.removeAll { $0.file == nil }
            state.files.append(Watched(file: file))
            return true
        }
    }

    /// What becomes of a description's host descriptor when its last reference goes.
    struct Leaving {
        /// It stays open: the stream writes through it.
        var isKept: Bool
        /// `putClose` has to follow, once nothing watches the descriptor any more.
        var isToBeClosed: Bool
    }

    /// A description that writes here goes.
    ///
    /// A connection's end and a pipe's are output, so the descriptor is kept until their epoch is committed. What has
    /// nothing held and no peer that would see it (a listener, a socket for datagrams, one that never connected, a
    /// file) is closed at once: a listener's address is free for the guest's next bind. Each kept descriptor counts
    /// against the host's limit, so a guest that closes without end meets EMFILE as it would by not closing.
    func leave(_ leavingFD: Int32) -> Leaving {
        state.withLock { state in
            state.userCount -= 1
            let isOwn = leavingFD == hostFD
            if state.userCount > 0 { return Leaving(isKept: isOwn, isToBeClosed: false) }
            let isQuiet = state.queue.isEmpty && (gate.isPassing || state.isCloseCommitted || !isClosingSeen)
            if isQuiet, isOwn { return Leaving(isKept: false, isToBeClosed: false) }
            return Leaving(isKept: isOwn, isToBeClosed: true)
        }
    }

    /// The descriptor may be closed at once.
    func allowClose() {
        state.withLock { $0.isCloseCommitted = true }
    }

    /// Whether closing the descriptor tells somebody something.
    private var isClosingSeen: Bool {
        switch kind {
        case .pipe, .fifo: return true
        case .connection, .messages: return HostSockets.isConnected(hostFD)
        case .unreplicated, .datagrams, .terminal, .regular: return false
        }
    }
}
