import Glibc
import Transport

/// `--fence-command`: makes sure that a silent peer on another machine does nothing any more.
enum FenceCommand {
    private static let shell = "/bin/sh"

    /// Runs it by the shell; true when it exits 0. The peer is told to it as UNDERSTUDY_PEER.
    static func run(_ command: String, peer: String, _ messages: MessageLog) -> Bool {
        messages.say(.info, "fencing \(peer): \(command)")
        var words: [UnsafeMutablePointer<CChar>?] = ([shell, "-c", command] as [String]).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var environment: [UnsafeMutablePointer<CChar>?] = []
        var cursor = environ
        while let entry = cursor.pointee {
            environment.append(entry)
            cursor += 1
        }
        let peerEntry = strdup("UNDERSTUDY_PEER=\(peer)")
        defer { free(peerEntry) }
        environment += [peerEntry, nil]
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var pid: pid_t = 0
        let spawned = posix_spawn(&pid, shell, nil, &attributes, &words, &environment)
        guard spawned == 0 else {
            messages.say(.error, "--fence-command cannot be run: \(errorText(spawned))")
            return false
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 { if errno != EINTR { return false } }
        if status != 0 { messages.say(.error, "--fence-command failed for \(peer): wait status \(status)") }
        return status == 0
    }
}
