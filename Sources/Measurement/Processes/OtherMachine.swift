import Glibc

/// A mirror in a network of its own (`other_machine.c`), with a link to it that can be dropped.
final class OtherMachine {
    /// Of this machine: where its mirror can be reached, and where the guest's own port can once it is there.
    let linkPort: UInt16
    let servicePort: UInt16
    let messages: MessageFile
    private let process: ChildProcess

    /// Nobody else is in that network.
    private static let mirrorPort = 7000
    private static let notAllowed: Int32 = 77

    /// Whether the kernel allows this user a network of one's own: it is tried.
    static func isAllowed(_ bench: Bench) -> Bool {
        let words = bench.guest("other-machine", "1", "1", "/bin/true")
        guard let end = try? ChildProcess(words).wait(secondsMax: 30) else { return false }
        return end.status != notAllowed
    }

    /// - Parameters:
    ///   - port: the guest's own.
    ///   - options: of `mirror`.
    init(_ bench: Bench, port: UInt16, mirror options: [String]) throws(MeasurementError) {
        let name = "mirror-\(MonotonicTime.nanoseconds)"
        messages = MessageFile(bench.scratch.path("\(name).messages"))
        let ports = MessageFile(bench.scratch.path("\(name).ports"))
        var spawning = ChildProcess.Options()
        spawning.output = .file(ports.path)
        spawning.error = .file(messages.path)
        let mirror = [bench.understudy, "mirror", "--listen", "127.0.0.1:\(OtherMachine.mirrorPort)"] + options
        let words = bench.guest("other-machine", "\(OtherMachine.mirrorPort)", "\(port)") + mirror
        process = try ChildProcess(words, spawning)
        try messages.waitForLine("understudy: listening on ", of: process)
        let numbers = try ports.waitForLine("", of: process).split(separator: " ").compactMap { UInt16($0) }
        guard numbers.count == 2 else { throw MeasurementError("other-machine has not said its ports") }
        (linkPort, servicePort) = (numbers[0], numbers[1])
    }

    /// From now on nothing passes, either way.
    func dropLink() { process.signal(SIGUSR1) }

    func kill() { process.kill() }
}
