import Foundation
import TestSupport

/// A guest under `run --mirror local`: the primary is a shell's child, so that its end does not take the mirror along,
/// and both write into the same two pipes.
struct LocalMirror: Sendable {
    /// The shell: leader of the group. Once the primary was killed it stays, and with it the pipes, until its standard
    /// input is closed.
    let shell: RunningCommand
    let primary: pid_t
    let mirror: pid_t

    /// `redirection` is what a shell takes for the guest's standard output.
    private static func script(_ redirection: String) -> String {
        """
        "$0" "$@" </dev/null \(redirection) & echo "shell: primary is process $!" >&2
        wait $!; status=$?; echo "shell: primary ended by $status" >&2
        [ $status != 137 ] || read -r line
        """
    }

    /// Runs `body` beside a guest that has a mirror on this machine, both killed afterwards.
    static func with<Result>(
        _ guest: Command, _ options: [String] = [], redirection: String = "",
        _ body: (LocalMirror) async throws -> Result
    ) async throws -> Result {
        let words = ["--mirror", "local", "--allow-unreplicated-writes", "/tmp"]
        var command = Understudy.run(guest, options: words + options)
        command.arguments = ["-c", script(redirection), command.program].map { Array($0.utf8) } + command.arguments
        command.program = "/bin/bash"
        command.input = .held
        return try await command.running { shell in
            try await shell.waitForErrors(ReplicatedGuest.protectedLine)
            let local = LocalMirror(
                shell: shell, primary: try number(after: "shell: primary is process ", shell),
                mirror: try number(after: "understudy: mirror is process ", shell))
            do {
                let result = try await body(local)
                local.killMirror()
                return result
            } catch {
                local.killMirror()
                throw error
            }
        }
    }

    /// Whether the mirror's process is there, and not just its entry in the process table.
    var mirrorRuns: Bool {
        guard let data = FileManager.default.contents(atPath: "/proc/\(mirror)/stat") else { return false }
        let state = String(decoding: data, as: UTF8.self).split(separator: ")").last?.dropFirst().first
        return state != "Z" && state != "X"
    }

    /// Waits until the mirror has ended, lets the shell end, and returns all that was said.
    func finish() async throws -> CommandOutcome {
        let deadline = Date(timeIntervalSinceNow: 60)
        while mirrorRuns {
            if Date() > deadline { throw TestFailure("the mirror, process \(mirror), does not end") }
            try await Task.sleep(nanoseconds: 5_000_000)
        }
        try await shell.waitForErrors("shell: primary ended by ")
        shell.closeInput()
        return try await shell.waitForEnd()
    }

    // It may be in a session of its own, where killing the shell's group does not reach it.
    private func killMirror() {
        if mirrorRuns { kill(mirror, SIGKILL) }
    }

    private static func number(after words: String, _ shell: RunningCommand) throws -> pid_t {
        for line in shell.errorText.split(separator: "\n") where line.hasPrefix(words) {
            if let number = pid_t(line.dropFirst(words.count)) { return number }
        }
        throw TestFailure("\"\(words)NUMBER\" was not said: \(shell.errorText)")
    }
}
