/// Calls that are refused for one reason: how their rows are made.
struct Refusal {
    /// A call's number, name and arguments; the arguments are there for whoever traces the guest.
    typealias Call = (number: Int, name: String, arguments: [ArgumentKind])

    /// What the guest is told.
    var errno: Int32
    /// What it means for the user.
    var note: String
    /// Whether the user is told when a guest makes such a call: programs that ask do not work without
    /// it. What libraries only try, to do without it, is counted in the report and nothing more.
    var isReported = false

    func rows(_ calls: [Call]) -> [Syscall] {
        calls.map { call in
            var row = Syscall(
                call.number, call.name, callClass: .refused, support: .none, note: note, refusal: errno)
            row.arguments = call.arguments
            if isReported { row.handler = reporting(call.name) }
            return row
        }
    }

    private func reporting(_ name: String) -> SyscallHandler {
        let refusal = self
        return { thread, _ in
            thread.kernel.reportOnce("the guest called \(name), which is refused: \(refusal.note)")
            return failed(refusal.errno)
        }
    }
}
