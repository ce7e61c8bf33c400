/// Names that the command line's contract has, and this version does not: whoever uses one is told so, instead of
/// that it does not exist.
enum LaterFeatures {
    private static let commands: Set<String> = ["bench"]

    /// What to say about a command line that could not be parsed; nil when it names nothing of the kind.
    static func problem(in commandLine: [String]) -> String? {
        guard let command = commandLine.dropFirst().first else { return nil }
        if commands.contains(command) { return "\(command) is not built yet" }
        return nil
    }
}
