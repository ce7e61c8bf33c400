/// Signals by name.
enum SignalNames {
    static let numberMax: Int32 = 64

    /// Without SIG.
    private static let numbers: [String: Int32] = {
        var text = TraceText()
        var numbers: [String: Int32] = [:]
        for number in 1...numberMax {
            text.removeAll()
            SignalName.append(UInt64(number), &text)
            numbers[String(decoding: text.bytes, as: UTF8.self)] = number
        }
        return numbers
    }()

    /// SIGUSR1, usr1 or 10.
    static func number(of text: String) throws(TraceOptionError) -> Int32 {
        if let number = UInt32(text) {
            guard number >= 1, number <= UInt32(numberMax) else {
                throw TraceOptionError("signal \(text) does not exist: they go from 1 to \(numberMax)")
            }
            return Int32(number)
        }
        let upper = text.uppercased()
        let name = upper.hasPrefix("SIG") ? String(upper.dropFirst("SIG".count)) : upper
        guard let number = numbers[name] else {
            throw TraceOptionError.unknown("signal", upper, among: numbers.keys.map { "SIG\($0)" })
        }
        return number
    }
}
