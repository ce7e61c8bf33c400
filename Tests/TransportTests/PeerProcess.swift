import Glibc
import TestSupport
import Transport

/// A `TransportPeer` that a test has started, with the channel to it. Killed with the object.
final class PeerProcess {
    enum Kind {
        static let page: UInt32 = 1
        static let ready: UInt32 = 2
        static let fill: UInt32 = 3
        static let exit: UInt32 = 4
        static let watch: UInt32 = 5
        static let release: UInt32 = 6
    }

    let pid: pid_t
    let channel: LocalChannel
    private var isReaped = false

    static let patience: UInt64 = 10_000_000_000

    init() throws {
        let listener = try LocalListener()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var arguments = [strdup("TransportPeer"), strdup(listener.name), nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let path = try PeerProcess.path()
        let result = posix_spawn(&child, path, &actions, nil, &arguments, environ)
        guard result == 0 else { throw TestFailure("cannot start \(path): \(String(cString: strerror(result)))") }
        pid = child
        guard let channel = try listener.accept(timeoutNanoseconds: PeerProcess.patience) else {
            throw TestFailure("TransportPeer has not connected")
        }
        self.channel = channel
    }

    deinit {
        kill()
        reap()
    }

    /// Gives it `page`, which it holds as `role`, and returns its identity.
    func give(_ page: LifePage, holdingAs role: PeerRole?) throws -> MachineIdentity {
        try channel.send(
            LocalMessage(kind: Kind.page, number: UInt64(role?.rawValue ?? 0), descriptors: [page.descriptor]))
        let words = String(decoding: try answer().bytes, as: UTF8.self).split(separator: " ")
        guard words.count == 4, let pid = Int32(words[1]), let startTime = UInt64(words[2]),
            let namespace = UInt64(words[3])
        else { throw TestFailure("TransportPeer has answered \(words)") }
        return MachineIdentity(
            bootIdentity: String(words[0]), pid: pid, startTime: startTime, pidNamespace: namespace)
    }

    func ask(_ kind: UInt32, _ number: UInt64) throws {
        try channel.send(LocalMessage(kind: kind, number: number))
    }

    func answer() throws -> LocalMessage {
        guard let message = try channel.receive(timeoutNanoseconds: PeerProcess.patience) else {
            throw TestFailure("TransportPeer has ended")
        }
        return message
    }

    func kill() {
        if !isReaped { Glibc.kill(pid, SIGKILL) }
    }

    func reap() {
        if isReaped { return }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        isReaped = true
    }

    /// It lies where the test runner lies.
    private static func path() throws -> String {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = bytes.withUnsafeMutableBytes {
            readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        guard count > 0 else { throw TestFailure("/proc/self/exe cannot be read") }
        let own = String(decoding: bytes.prefix(count), as: UTF8.self)
        return own.prefix(upTo: own.lastIndex(of: "/")!) + "/TransportPeer"
    }
}
