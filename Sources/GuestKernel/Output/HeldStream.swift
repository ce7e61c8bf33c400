import CGuestEntry
import Glibc
import GuestMemory
import RecordCoding
import Synchronization

/// What the outside sees of the guest through one description (or several of one outside object), held until the
/// epoch that caused it is committed (architecture §5).
///
/// One lock per write. The host is written to under that lock, by calls that never wait, so that the order is the
/// queue's whoever releases. What would wait is done by the gate's own threads (`OutputReleaser`, `BlockingReleaser`).
/// Lock order: a stream's lock → the gate's; nobody takes an epoll set's while holding either.
final class HeldStream: Sendable {
    enum Kind: Sendable {
        /// A connection: bytes without boundaries.
        case connection
        /// Internet datagrams and raw packets, queued with their destinations.
        case datagrams
        /// Unix datagrams and packets. Their errors are the receiver's answer (nobody there, its queue full), which
        /// programs rely on, so each waits for its commit and is then sent directly.
        case messages
        /// A pipe that was opened by its path. Its other end may be the guest's own, which then sees at once what was
        /// written and that it was closed, so each write waits for its commit and is then done directly. So it is with
        /// disks and with eventfds from outside.
        case fifo
        /// A file outside the volumes that the guest may write to all the same: as `fifo`, as the guest itself may read
        /// what it has written.
        case unreplicated
        case pipe
        case terminal
        case regular
    }

    /// Held bytes of one stream at most: what a socket's send buffer holds once TCP has grown it a little.
    static let byteCountMax = 256 << 10
    /// `put`'s result when nothing is held here any more: the call goes to the host.
    static let passesOn = Int.min

    struct State: ~Copyable, Sendable {
        var queue: HeldQueue
        /// The guest's descriptions that write here; the stream's host descriptor is the first one's.
        var files: [Watched] = []
        var userCount = 0
        var waiters: [Waiter] = []
        /// What a release met, for the guest's next write.
        var error: Int32 = 0
        /// The guest has shut its sending side.
        var isShut = false
        /// The guest's close(2) has waited for its commit.
        var isCloseCommitted = false
        /// Whether the next cut knows of it.
        var isListed = false
        /// The host took no more: it is the releaser's to go on.
        var isBlocked = false
        /// Whether it is counted among those that `OutputGate.drain` waits for.
        var isCounted = false
        /// Whether its released position is due to be told to the mirror, and the one that was told last.
        var isReleaseNoted = false
        var toldPosition: UInt64 = 0
        /// Of a regular file: where in it the stream's first byte would lie.
        var fileOrigin: Int64?
    }

    struct Watched {
        weak var file: FileDescription?
    }

    struct Waiter {
        let thread: GuestThread
        let need: Need
    }

    /// What a guest thread sleeps for.
    enum Need {
        case space
        /// Everything before the position has gone out.
        case released(UInt64)
    }

    /// What is left to do once the lock is given back.
    struct Effects {
        var isReadinessChanged = false
        var isNewlyBlocked = false
        var isForBlockingReleaser = false
    }

    let gate: OutputGate
    /// The first description's identity.
    let number: UInt64
    let kind: Kind
    /// A socket's.
    let domain: Int32
    let hostFD: Int32
    /// Whether its bytes are part of the epoch: a connection that a takeover resets takes its bytes with it.
    let travels: Bool
    /// Whether the host would make a writer wait: a file, or what could not be opened anew without blocking.
    let mayBlock: Bool
    let place: OutputPlace
    /// A pseudoterminal's master: what it has not been able to say is lost when it closes, as natively
    /// (tty_ldisc_hangup in drivers/tty/tty_ldisc.c).
    let isMaster: Bool
    /// Whether datagrams go from port to port; a raw socket's do not.
    var hasPorts: Bool {
        if case .socket(_, SocketType.datagram, _) = place { return true }
        return false
    }
    /// No more fits. Set and cleared under the lock; read without it by whoever asks for readiness.
    private let isFullFlag = Atomic<Bool>(false)
    /// Nothing is held and nothing will be: for the way in to see without the lock.
    private let passesFlag = Atomic<Bool>(false)
    let state: Mutex<State>

    init(
        gate: OutputGate, kind: Kind, file: FileDescription, domain: Int32 = 0, place: OutputPlace, travels: Bool
    ) {
        self.gate = gate
        number = file.identity
        self.domain = domain
        self.kind = kind
        self.travels = travels
        self.place = place
        hostFD = file.hostFD
        isMaster = kind == .terminal && HeldStream.isMaster(hostFD)
        mayBlock = kind == .regular || !kind.isSocket && file.isSharedWithStrangers
        let joinByteCountMax = kind.joinByteCountMax
        state = Mutex(
            State(queue: HeldQueue(byteCountMax: HeldStream.byteCountMax, joinByteCountMax: joinByteCountMax)))
    }

    var isFull: Bool { isFullFlag.load(ordering: .sequentiallyConsistent) }
    var passes: Bool { passesFlag.load(ordering: .relaxed) }
    var isEmpty: Bool { state.withLock { $0.queue.isEmpty } }
    var heldByteCount: Int { state.withLock { $0.queue.payloadByteCount } }
    /// The position after everything that was held so far.
    var end: UInt64 { state.withLock { $0.queue.end } }

    // MARK: - What the guest does

    /// Holds up to `count` bytes, at least `minimum`, that `fill` writes. How many were taken, a negative errno
    /// (EAGAIN: full), or `passesOn`. With `isForced` the limit does not count: the bytes have been taken from
    /// elsewhere already.
    @inline(__always)
    func put(
        _ count: Int, minimum: Int = 1, isForced: Bool = false, _ fill: (UnsafeMutableRawPointer, Int) -> Int
    ) -> Int {
        var effects = Effects()
        let result = state.withLock { state -> Int in
            if let refusal = refusal(&state) { return refusal }
            if !isForced, isPassing(state) { return HeldStream.passesOn }
            let room = isForced ? count : state.queue.room
            if room < minimum {
                setFull(&state, &effects)
                return failed(EAGAIN)
            }
            // All before is in the file: whoever moved its end or its position has done so by now.
            if kind == .regular, state.queue.isEmpty {
                state.fileOrigin = FileOrigin.nextWrite(to: hostFD).map { $0 - Int64(state.queue.end) }
            }
            let taken = state.queue.appendBytes(min(count, room), fill)
            if taken < 0 { return taken }
            if taken < count || state.queue.room == 0 { setFull(&state, &effects) }
            hold(&state, &effects)
            gate.trace?.note(.held(stream: number, byteCount: taken))
            return taken
        }
        finish(effects)
        return result
    }

    /// Holds a datagram whole, which `fill` writes; as `put`.
    func putDatagram(
        to address: UnsafeRawBufferPointer, flags: Int32, _ count: Int, _ fill: (UnsafeMutableRawPointer, Int) -> Int
    ) -> Int {
        var effects = Effects()
        let result = state.withLock { state -> Int in
            if let refusal = refusal(&state) { return refusal }
            if isPassing(state) { return HeldStream.passesOn }
            if state.queue.room < address.count + count + HeldQueue.overheadByteCount {
                setFull(&state, &effects)
                return failed(EAGAIN)
            }
            let taken = state.queue.appendDatagram(to: address, flags: flags, count, fill)
            if taken >= 0 {
                hold(&state, &effects)
                gate.trace?.note(.held(stream: number, byteCount: taken))
            }
            return taken
        }
        finish(effects)
        return result
    }

    /// Holds shutdown(2) of the sending side; false when the call goes to the host.
    func putShutdown(_ how: Int32) -> Bool {
        var effects = Effects()
        let isHeld = state.withLock { state -> Bool in
            if isPassing(state) { return false }
            state.isShut = true
            state.queue.appendShutdown(how)
            hold(&state, &effects)
            return true
        }
        finish(effects)
        return isHeld
    }

    /// The guest's last reference went: the host's descriptor is closed when all before it has gone out. Shut before,
    /// where a mirror has the socket, too, and nobody is to notice.
    func putClose(isShutFirst: Bool) {
        var effects = Effects()
        state.withLock { state in
            if isMaster { forgetPayload(&state) }
            if isShutFirst { state.queue.appendShutdown(Int32(SHUT_RDWR)) }
            state.queue.appendClose()
            hold(&state, &effects)
        }
        finish(effects)
    }

    /// An error that a release has met, or that the guest's own shutdown makes; the next write's answer.
    func takeError() -> Int32 {
        state.withLock { state in
            let error = state.error
            state.error = 0
            return error
        }
    }

    private func refusal(_ state: inout State) -> Int? {
        if state.error != 0 {
            let error = state.error
            state.error = 0
            return failed(error)
        }
        return state.isShut ? failed(EPIPE) : nil
    }

    private func isPassing(_ state: borrowing State) -> Bool {
        guard gate.isPassing, state.queue.isEmpty else { return false }
        passesFlag.store(true, ordering: .relaxed)
        return true
    }

    /// Something new is held: the next cut is to know of it. Without a mirror it goes out at once.
    private func hold(_ state: inout State, _ effects: inout Effects) {
        if !gate.isPassing {
            if state.isListed { return }
            state.isListed = gate.list(self)
            if state.isListed { return }
        }
        state.queue.commitEverything()
        release(&state, &effects)
    }

    // MARK: - Epochs

    /// Everything held belongs to the epoch that is being cut. Returns the position of its end.
    func cut(into writer: inout RecordWriter) -> UInt64 {
        writer.put(number)
        place.put(into: &writer)
        return state.withLock { state in
            writer.put(state.fileOrigin)
            state.queue.cut(into: &writer)
            state.isListed = false
            return state.queue.end
        }
    }

    func cut() -> UInt64 {
        state.withLock { state in
            state.queue.cut()
            state.isListed = false
            return state.queue.end
        }
    }

    /// The mirror has everything before `position`: it goes out, as far as the host takes it.
    func commit(to position: UInt64) {
        var effects = Effects()
        state.withLock { state in
            state.queue.commit(to: position)
            release(&state, &effects)
        }
        finish(effects)
    }

    /// There is no mirror any more.
    func commitEverything() {
        var effects = Effects()
        state.withLock { state in
            state.queue.commitEverything()
            release(&state, &effects)
        }
        finish(effects)
    }

    /// What has gone out, for the mirror to know.
    func takeReleasedPosition() -> UInt64 {
        state.withLock { state in
            state.isReleaseNoted = false
            state.toldPosition = state.queue.released
            return state.toldPosition
        }
    }

    // MARK: - Readiness

    func setFull(_ state: inout State, _ effects: inout Effects) {
        if isFullFlag.exchange(true, ordering: .sequentiallyConsistent) == false { effects.isReadinessChanged = true }
    }

    /// Half of it is free again.
    func clearFull(_ state: inout State, _ effects: inout Effects) {
        guard isFullFlag.load(ordering: .relaxed), state.queue.heldByteCount <= HeldStream.byteCountMax / 2 else {
            return
        }
        isFullFlag.store(false, ordering: .sequentiallyConsistent)
        effects.isReadinessChanged = true
    }

    /// Does what may not be done under the lock.
    @inline(__always)
    func finish(_ effects: Effects) {
        if effects.isReadinessChanged { refreshReadiness() }
        if effects.isNewlyBlocked { gate.releaser.add(self) }
        if effects.isForBlockingReleaser { gate.blockingReleaser.add(self) }
    }

    /// Tells the epoll sets that watch it.
    private func refreshReadiness() {
        let files = state.withLock { state in state.files.compactMap(\.file) }
        for file in files { file.refreshOutputReadiness() }
    }
}

extension HeldStream.Kind {
    var isSocket: Bool {
        switch self {
        case .connection, .datagrams, .messages: return true
        case .fifo, .unreplicated, .pipe, .terminal, .regular: return false
        }
    }

    /// Nothing but its end is ever queued.
    var actsDirectly: Bool { self == .messages || self == .fifo || self == .unreplicated }

    /// PIPE_BUF: up to that, writes to a pipe stay whole among other writers' (pipe(7)).
    private static let pipeBufferByteCount = 4096

    /// See `HeldQueue`: several processes may write to one log, each line by one write.
    var joinByteCountMax: Int {
        switch self {
        case .connection, .datagrams, .messages, .fifo, .unreplicated: return .max
        case .pipe: return HeldStream.Kind.pipeBufferByteCount
        case .terminal, .regular: return 64 << 10
        }
    }

    /// The least that a write of so many bytes may put.
    func minimum(_ count: Int) -> Int {
        self == .pipe && count <= HeldStream.Kind.pipeBufferByteCount ? count : 1
    }
}
