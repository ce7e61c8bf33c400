import Glibc
import GuestMemory

/// Starts this executable once more, for another part.
enum OwnExecutable {
    /// POSIX_SPAWN_SETSID of spawn.h, which Swift does not see.
    private static let ownSession: Int32 = 0x80

    /// The process's id, or an errno. `handed` are the descriptors that it gets with the standard ones, `signalMask`
    /// the signals that are blocked in it.
    static func start(
        _ path: String, _ words: [String], handing handed: [Int32], signalMask: UInt64, isOwnSession: Bool = false
    ) -> Result<Int32, SpawnError> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The same number twice: what is closed on exec otherwise stays open (posix_spawn(3)).
        for descriptor in handed { posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var mask = sigset_t()
        withUnsafeMutableBytes(of: &mask) { $0.storeBytes(of: signalMask, as: UInt64.self) }
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | (isOwnSession ? ownSession : 0)))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, path, &actions, &attributes, &arguments, environ)
        return result == 0 ? .success(pid) : .failure(SpawnError(errno: result))
    }

    struct SpawnError: Error {
        let errno: Int32
    }
}
