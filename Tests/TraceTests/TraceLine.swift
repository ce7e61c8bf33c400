/// One line of a trace, and what is left of it once what differs from run to run is replaced.
struct TraceLine: Equatable, Sendable {
    /// Where it stands in the trace, from 1 on.
    let number: Int
    /// As it was written, its thread before it.
    let written: String
    /// What is compared.
    var text: String

    /// The call's name; nil for a signal or an end.
    var callName: Substring? {
        // Its number may stand before it (-n).
        let start = text.hasPrefix("[") ? text.firstIndex(of: "]").map { text.index($0, offsetBy: 2) } : text.startIndex
        guard let start, let end = text[start...].firstIndex(of: "("), end > start else { return nil }
        let name = text[start..<end]
        return name.allSatisfy { $0 == "_" || $0.isLetter || $0.isNumber } ? name : nil
    }

    /// The same call, whatever it returned.
    var withoutResult: TraceLine {
        guard callName != nil, let range = text.range(of: " = ", options: .backwards) else { return self }
        var line = self
        line.text = String(text[..<range.lowerBound])
        return line
    }

    /// What stands behind the last ` = `; nil for a signal or an end.
    var result: Substring? {
        guard callName != nil, let range = text.range(of: " = ", options: .backwards) else { return nil }
        return text[range.upperBound...]
    }
}
