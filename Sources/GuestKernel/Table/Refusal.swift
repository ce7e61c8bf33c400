/// Calls that are refused for one reason: how their rows are made.
struct Refusal {
    /// A call's number, name and arguments; the arguments are there for whoever traces the guest.
    typealias Call = (number: Int, name: String, arguments: [ArgumentKind])

    /// What the guest is told.
    var errno: Int32
    /// What it means for the user.
    var note: String
    /// Whether the user is told when a guest makes such a call: programs that make it do not work
    /// without. What libraries only try, to do without it, is counted in the report and nothing more.
    var isReported = false

    func rows(_ calls: [Call]) -> [Syscall] {
        calls.map { call in
            var row = Syscall(
                call.number, call.name, callClass: .refused, support: .none, note: note, refusal: errno)
            row.arguments = call.arguments
            if isReported { row.refusalReport = "the guest called \(call.name), which is refused: \(note)" }
            return row
        }
    }
}
