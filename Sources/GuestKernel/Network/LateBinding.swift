import CThreadGate
import Glibc
import GuestMemory

/// A socket whose name was taken at the takeover, by the old primary that is still ending or by somebody else: it is
/// tried again until it succeeds or the guest closes the socket.
struct LateBinding {
    private static let pauseMicroseconds: UInt32 = 50_000

    /// Not kept open: a socket that the guest has closed needs no name.
    private(set) weak var file: FileDescription?
    let binding: SocketBinding

    init(file: FileDescription, binding: SocketBinding) {
        self.file = file
        self.binding = binding
    }

    /// Tries a restored kernel's on a thread of its own. Without one the sockets stay as they are, and the report says
    /// so.
    static func startAll(_ kernel: GuestKernel) {
        if kernel.lateBindings.isEmpty { return }
        let work = Work(kernel.lateBindings)
        kernel.lateBindings = []
        let result = HostThread.start(mask: HostSignals.helperMask) { work.run(kernel) }
        if result != 0 { kernel.configuration.report("no thread can be started to try again: errno \(result)") }
    }

    /// Sound as unchecked: one thread has it.
    private final class Work: @unchecked Sendable {
        private var open: [LateBinding]

        init(_ open: [LateBinding]) {
            self.open = open
        }

        func run(_ kernel: GuestKernel) {
            while !open.isEmpty, !kernel.hasEnded {
                thread_gate_pause()
                usleep(LateBinding.pauseMicroseconds)
                thread_gate_resume()
                open.removeAll { $0.isOver(kernel) }
            }
        }
    }

    private func isOver(_ kernel: GuestKernel) -> Bool {
        guard let file else { return true }
        guard binding.applyAgain(to: file.hostFD) == 0 else { return false }
        file.isBindingLate.store(false, ordering: .releasing)
        kernel.configuration.report(binding.success)
        return true
    }
}
