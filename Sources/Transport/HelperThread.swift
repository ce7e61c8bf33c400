import CThreadGate
import Glibc

/// Starts a thread that is nobody's to join and takes no signal but those about its own faults.
enum HelperThread {
    /// Nothing here calls deep.
    private static let stackByteCount = 256 << 10
    private static let ownFaults = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT]

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ what: String, _ run: @escaping @Sendable () -> Void) throws(TransportError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackByteCount)
        // The new thread inherits the mask, so that there is no moment in which it could take a signal.
        var blocked = sigset_t()
        var previous = sigset_t()
        sigfillset(&blocked)
        for signal in ownFaults { sigdelset(&blocked, signal) }
        pthread_sigmask(SIG_SETMASK, &blocked, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        var handle = pthread_t()
        let argument = Unmanaged.passRetained(Body(run)).toOpaque()
        thread_gate_add()
        let result = pthread_create(
            &handle, &attributes,
            { argument in
                thread_gate_adopt()
                Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
                thread_gate_quit()
                return nil
            }, argument)
        guard result == 0 else {
            Unmanaged<Body>.fromOpaque(argument).release()
            thread_gate_drop()
            throw .failed("no thread for \(what)", result)
        }
    }
}
