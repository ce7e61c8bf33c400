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
        // Nothing of it belongs into what the guest prints, and it must not read the guest's input.
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDIN_FILENO, STDOUT_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // A group of its own, so that all of it can be ended.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var pid: pid_t = 0
        let spawned = posix_spawn(&pid, shell, &actions, &attributes, &words, &environment)
        guard spawned == 0 else {
            messages.say(.error, "--fence-command cannot be run: \(errorText(spawned))")
            return false
        }
        guard let status = wait(for: pid) else {
            messages.say(.error, "--fence-command for \(peer) has not ended in a minute and was killed")
            return false
        }
        if status != 0 { messages.say(.error, "--fence-command failed for \(peer): wait status \(status)") }
        return status == 0
    }

    /// Its wait status; nil when it had to be killed. A power switch takes seconds; nothing is decided meanwhile.
    private static func wait(for pid: pid_t) -> Int32? {
        var status: Int32 = 0
        for _ in 0..<patienceNanoseconds / pollNanoseconds {
            let ended = waitpid(pid, &status, WNOHANG)
            if ended == pid { return status }
            if ended < 0, errno != EINTR { return nil }
            HostThreads.sleep(pollNanoseconds)
        }
        kill(-pid, SIGKILL)
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return nil
    }

    private static let patienceNanoseconds: UInt64 = 60_000_000_000
    private static let pollNanoseconds: UInt64 = 2_000_000
}
