/// Signals by name.
enum SignalNames {
    static let numberMax: Int32 = 64
    /// The kernel's first one; those above are called SIGRT_1 and so on.
    private static let realTimeFirst: Int32 = 32

    /// From 1 on.
    private static let standard =
        """
        HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU \
        URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS
        """.split(separator: " ").map(String.init)

    private static let numbers: [String: Int32] = {
        var numbers: [String: Int32] = ["RTMIN": realTimeFirst]
        for (index, name) in standard.enumerated() { numbers[name] = Int32(index + 1) }
        for number in realTimeFirst + 1...numberMax { numbers["RT_\(number - realTimeFirst)"] = number }
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
