/// Errnos by name.
enum ErrnoNames {
    /// As many as a result can stand for.
    private static let numberMax: Int32 = 4095
    /// The kernel's own ways to say that a call is to be made again: no program ever gets one.
    private static let internalNumbers: ClosedRange<Int32> = 512...516

    /// By the names that are shown, and by others for the same.
    private static let numbers: [String: Int32] = {
        var numbers: [String: Int32] = ["EWOULDBLOCK": 11, "EDEADLOCK": 35, "ENOTSUP": 95]
        for number in 1...Int(ErrorName.numberMax) {
            if let error = ErrorName.of(number) { numbers["\(error.name)"] = Int32(number) }
        }
        return numbers
    }()

    /// ENOENT, enoent or 2.
    static func number(of text: String) throws(TraceOptionError) -> Int32 {
        if text.allSatisfy({ $0.isASCII && $0.isNumber }), !text.isEmpty {
            guard let number = Int32(text), number >= 1, number <= numberMax, !internalNumbers.contains(number) else {
                throw TraceOptionError("error=\(text): use an errno's name, or its number from 1 to \(numberMax)")
            }
            return number
        }
        guard let number = numbers[text.uppercased()] else {
            throw TraceOptionError.unknown("errno", text.uppercased(), among: numbers.keys)
        }
        return number
    }
}
