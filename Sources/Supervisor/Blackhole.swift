import GuestKernel
import GuestMemory
import Synchronization

/// The role of a `run --blackhole`: the whole pipeline, up to the bytes that a mirror would be sent. Each epoch counts
/// as committed as soon as it is encoded. To measure what protection costs without a mirror.
final class Blackhole: ReplicationRole {
    let statistics = ReplicationStatistics()
    let checkpointer: Checkpointer
    let peer: String? = nil
    let stateName = "measuring"
    private let kernel: GuestKernel
    private let output: OutputGate
    private let messages: MessageLog
    private let sink: Sink
    /// Counts ends of the cutting thread, for who has to wait for it.
    private let ended = Atomic<UInt32>(0)

    private final class Sink: EpochSink {
        private let output: OutputGate
        private let statistics: ReplicationStatistics
        private let clock: GuestClock
        private let file: BlackholeFile?
        /// The last epoch that was encoded; with a count of changes to sleep on.
        let sentEpoch = Atomic<UInt64>(0)
        let changes = Atomic<UInt32>(0)

        init(_ output: OutputGate, _ statistics: ReplicationStatistics, _ clock: GuestClock, _ file: BlackholeFile?) {
            self.output = output
            self.statistics = statistics
            self.clock = clock
            self.file = file
        }

        var isOnSameMachine: Bool { false }
        func hand(_ descriptors: [HandedDescriptors.Descriptor]) {}
        func send(_ bytes: UnsafeRawBufferPointer) throws { try file?.write(bytes) }

        func sendNow(_ bytes: UnsafeRawBufferPointer) throws -> Int {
            try send(bytes)
            return bytes.count
        }

        func noteSent(epoch: UInt64) {
            let now = clock.monotonicNanoseconds()
            statistics.state.withLock { $0.noteCommitted(upTo: epoch, at: now) }
            output.commit(epoch: epoch)
            sentEpoch.store(epoch, ordering: .sequentiallyConsistent)
            changes.wrappingAdd(1, ordering: .sequentiallyConsistent)
            HostFutex.wake(changes)
        }
    }

    init(
        _ kernel: GuestKernel, _ output: OutputGate, _ request: ReplicationRequest, _ messages: MessageLog
    ) throws(SupervisorError) {
        self.kernel = kernel
        self.output = output
        self.messages = messages
        let file = try request.blackholeFile.map { path throws(SupervisorError) in try BlackholeFile(path) }
        sink = Sink(output, statistics, kernel.clock, file)
        checkpointer = try Checkpointer(kernel, output, sink, request, statistics)
    }

    func start() throws(SupervisorError) {
        try HostThreads.start("send") { [self] in
            attempt { try checkpointer.sendEpochs() }
        }
        try HostThreads.start("epochs") { [self] in
            attempt { try checkpointer.run(while: { [self] in !kernel.hasEnded }, mayBecomeWhole: { true }) }
            ended.store(1, ordering: .sequentiallyConsistent)
            HostFutex.wake(ended)
        }
    }

    func finish(_ end: GuestEnd) {
        kernel.gate.demand.raise()
        while ended.load(ordering: .sequentiallyConsistent) == 0 { HostFutex.wait(ended, while: 0) }
        var final: UInt64 = 0
        attempt { try checkpointer.cutFinal(end) { final = $0 } }
        while !checkpointer.queue.isClosed {
            let seen = sink.changes.load(ordering: .sequentiallyConsistent)
            if sink.sentEpoch.load(ordering: .sequentiallyConsistent) >= final { break }
            HostFutex.wait(sink.changes, while: seen)
        }
        checkpointer.close()
        output.drainAtEnd()
    }

    /// What fails here is the host's memory: the guest goes on without.
    private func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            messages.say(.warning, "no epoch can be cut any more: \(LinkWords.of(error))")
            checkpointer.close()
            output.releaseEverything()
        }
    }
}
