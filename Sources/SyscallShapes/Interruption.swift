/// Results of a call that a signal interrupted: EINTR, and what the kernel turns into it or into another try.
public enum Interruption {
    private static let interrupted = -4
    /// ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND and ERESTART_RESTARTBLOCK (linux/errno.h).
    private static let restarted: Set<Int> = [-512, -513, -514, -516]

    public static func contains(_ result: Int) -> Bool {
        result == interrupted || isRestart(result)
    }

    /// Whether no program ever sees it.
    public static func isRestart(_ result: Int) -> Bool {
        result <= -512 && restarted.contains(result)
    }
}
