import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory
import RecordCoding
import Synchronization

/// The test mode that stands in for a mirror: it cuts epochs as a checkpointer would and commits each a random moment
/// later, so that every byte of output is held. It keeps a mirror's ledger, too, which has to be empty in the end.
/// Optionally the mirror is lost after a while.
public final class TestCommits: Sendable {
    private struct Cut {
        var epoch: UInt64
        var dueNanoseconds: UInt64
    }

    private struct State {
        var generator: SplitMix64
        var ledger = OutputLedger()
        var cuts: [Cut] = []
        var epochCount: UInt64 = 0
        var problem: String?
    }

    public let seed: UInt64
    /// From the start of the guest; nil keeps the mirror.
    private let lossNanoseconds: UInt64?
    private let state: Mutex<State>

    private static let delayNanosecondsMax: UInt64 = 3_000_000
    private static let cutNanosecondsMax: UInt64 = 5_000_000
    private static let pollNanoseconds: UInt64 = 100_000
    private static let drainNanosecondsMax: UInt64 = 60_000_000_000

    /// From `SEED[:LOST_AFTER_MILLISECONDS]`; nil where it is not that.
    public init?(parsing text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let seed = UInt64(parts[0]) else { return nil }
        self.seed = seed
        if parts.count == 2 {
            guard let milliseconds = UInt64(parts[1]), milliseconds < 1 << 40 else { return nil }
            lossNanoseconds = milliseconds * 1_000_000
        } else {
            lossNanoseconds = nil
        }
        state = Mutex(State(generator: SplitMix64(seed: seed)))
    }

    /// How many epochs were cut so far.
    var count: UInt64 { state.withLock { $0.epochCount } }

    /// Starts the two threads that do it: one cuts, one commits.
    func start(_ kernel: GuestKernel, _ output: OutputGate) throws(SupervisorError) {
        let begun = kernel.clock.monotonicNanoseconds()
        for body in [cutForEver, commitForEver] {
            let result = HostThread.start(mask: HostSignals.helperMask) { body(kernel, output, begun) }
            guard result == 0 else {
                throw SupervisorError(.failed, "no thread for --test-commits: \(errorText(result))")
            }
        }
    }

    /// The guest has ended: cuts and commits the rest. What went wrong, if anything did.
    func finish(_ kernel: GuestKernel, _ output: OutputGate) -> String? {
        cut(kernel, output)
        commit(output, dueNanoseconds: .max)
        guard output.drain(timeoutNanoseconds: TestCommits.drainNanosecondsMax) else {
            return "--test-commits: the host did not take all of the guest's output"
        }
        let isLost = lossNanoseconds != nil
        return state.withLock { state in
            note(&state) { state throws(RecordError) in try state.ledger.markReleased(output.takeReleased()) }
            if state.problem == nil, !isLost, !state.ledger.isEmpty {
                state.problem = "--test-commits: the mirror's ledger still holds output that was released"
            }
            return state.problem
        }
    }

    private func cutForEver(_ kernel: GuestKernel, _ output: OutputGate, _ begun: UInt64) {
        while !kernel.hasEnded {
            if isLost(kernel, begun) { return output.releaseEverything() }
            let pause = state.withLock { $0.generator.next() % TestCommits.cutNanosecondsMax }
            kernel.gate.demand.wait(timeoutNanoseconds: pause + 1)
            if kernel.hasEnded { return }
            cut(kernel, output)
        }
    }

    private func isLost(_ kernel: GuestKernel, _ begun: UInt64) -> Bool {
        guard let lossNanoseconds else { return false }
        return kernel.clock.monotonicNanoseconds() - begun >= lossNanoseconds
    }

    private func cut(_ kernel: GuestKernel, _ output: OutputGate) {
        kernel.gate.stop(kernel)
        state.withLock { state in
            state.epochCount += 1
            let bytes = output.cut(epoch: state.epochCount)
            kernel.gate.demand.satisfy()
            note(&state) { state throws(RecordError) in try state.ledger.add(bytes) }
            let delay = state.generator.next() % TestCommits.delayNanosecondsMax
            state.cuts.append(
                Cut(epoch: state.epochCount, dueNanoseconds: kernel.clock.monotonicNanoseconds() + delay))
        }
        kernel.gate.resume()
    }

    private func commitForEver(_ kernel: GuestKernel, _ output: OutputGate, _ begun: UInt64) {
        while !kernel.hasEnded {
            commit(output, dueNanoseconds: kernel.clock.monotonicNanoseconds())
            HostThreads.sleep(TestCommits.pollNanoseconds)
        }
    }

    /// Commits the epochs whose time has come, as one: a mirror's ack is for all before it, too.
    private func commit(_ output: OutputGate, dueNanoseconds: UInt64) {
        state.withLock { state in
            let due = state.cuts.prefix { $0.dueNanoseconds <= dueNanoseconds }
            guard let last = due.last else { return }
            state.cuts.removeFirst(due.count)
            output.commit(epoch: last.epoch)
            note(&state) { state throws(RecordError) in try state.ledger.markReleased(output.takeReleased()) }
        }
    }

    private func note(_ state: inout State, _ act: (inout State) throws(RecordError) -> Void) {
        do throws(RecordError) {
            try act(&state)
        } catch {
            state.problem = "--test-commits: what the gate wrote cannot be read: \(error)"
        }
    }
}
