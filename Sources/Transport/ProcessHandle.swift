import Glibc

/// A hold on one process of this machine that can never turn into a hold on another one (pidfd_open(2)).
public final class ProcessHandle: Sendable {
    public let identity: MachineIdentity
    private let descriptor: OwnedDescriptor

    private init(_ identity: MachineIdentity, _ descriptor: consuming OwnedDescriptor) {
        self.identity = identity
        self.descriptor = descriptor
    }

    /// The process that `identity` says; nil when that one is gone, also if its pid is another's by now.
    ///
    /// Throws when it cannot be told which process is meant: it is another machine's, or another pid namespace's. Then
    /// nothing must be done to it.
    public static func open(_ identity: MachineIdentity) throws(TransportError) -> ProcessHandle? {
        let own = try MachineIdentity.own()
        guard own.isSameMachine(as: identity) else {
            throw TransportError("process \(identity.pid) is on another machine")
        }
        guard own.pidNamespace == identity.pidNamespace else {
            throw TransportError("process \(identity.pid) is in another pid namespace")
        }
        // Else 0 and negative numbers would be whole groups of processes.
        guard identity.pid > 0 else { throw TransportError("\(identity.pid) is not a process's number") }
        let result = HostSystemCall.call(HostSystemCall.pidfdOpen, Int(identity.pid), 0)
        guard result >= 0 else {
            let code = Int32(-result)
            if code == ESRCH { return nil }
            throw .failed("cannot get hold of process \(identity.pid)", code)
        }
        // Only now: what the descriptor stands for does not change any more.
        let descriptor = OwnedDescriptor(Int32(result))
        if let startTime = try startTime(of: identity.pid) {
            return startTime == identity.startTime ? ProcessHandle(identity, descriptor) : nil
        }
        // It has ended since, or it lives and /proc hides it (hidepid, proc(5)).
        if try descriptor.wait(for: Int32(POLLIN), until: Deadline(in: 0)) { return nil }
        throw TransportError("cannot tell which process \(identity.pid) is: /proc does not show it")
    }

    /// For poll(2): readable once the process has ended. It stays this object's.
    public var pollDescriptor: Int32 { descriptor.number }

    /// SIGKILL. No error when the process has ended already.
    public func kill() throws(TransportError) {
        let result = HostSystemCall.call(HostSystemCall.pidfdSendSignal, Int(descriptor.number), Int(SIGKILL), 0, 0)
        guard result == 0 || result == -Int(ESRCH) else {
            throw .failed("cannot kill process \(identity.pid)", Int32(-result))
        }
    }

    /// Whether the process has ended within the timeout: no thread of it runs any more.
    public func waitUntilGone(timeoutNanoseconds: UInt64) throws(TransportError) -> Bool {
        try descriptor.wait(for: Int32(POLLIN), until: Deadline(in: timeoutNanoseconds))
    }

    /// Nil when /proc does not have the process.
    private static func startTime(of pid: Int32) throws(TransportError) -> UInt64? {
        do throws(TransportError) {
            return try ProcStat(parsing: ProcFile.read("/proc/\(pid)/stat")).startTime
        } catch {
            // ENOENT when it is opened, ESRCH when it is read.
            if error.errno == ENOENT || error.errno == ESRCH { return nil }
            throw error
        }
    }
}
