import CThreadGate
import Glibc
import Synchronization

/// Starts a host thread that is nobody's to join.
public enum HostThread {
    /// Room for the supervisor's own frames; guests have stacks of their own.
    private static let stackByteCount = 512 << 10

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new thread with the signal mask `mask`. 0 or an errno. Until the mask is set
    /// the thread has its creator's, and no thread of the supervisor's takes asynchronous signals.
    public static func start(mask: UInt64, _ body: @escaping @Sendable () -> Void) -> Int32 {
        // A guest's thread is stopped by the guest's gate.
        let isCounted = mask != HostSignals.guestThreadMask
        if isCounted { thread_gate_add() }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackByteCount)
        var handle = pthread_t()
        let argument = Unmanaged.passRetained(
            Body {
                if isCounted { thread_gate_adopt() }
                HostSignals.setMask(mask)
                body()
            }
        ).toOpaque()
        let result = pthread_create(
            &handle, &attributes,
            { argument in
                Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
                thread_gate_quit()
                return nil
            }, argument)
        if result != 0 {
            Unmanaged<Body>.fromOpaque(argument).release()
            if isCounted { thread_gate_drop() }
        }
        return result
    }
}
