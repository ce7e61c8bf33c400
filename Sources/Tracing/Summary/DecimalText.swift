/// Numbers with a fixed count of decimals, as printf's %.Nf has them.
enum DecimalText {
    /// `number` counts units of the last digit.
    static func fixed(_ number: UInt64, digits: Int) -> String {
        let text = String(number)
        let padded = String(repeating: "0", count: Swift.max(0, digits + 1 - text.count)) + text
        return "\(padded.dropLast(digits)).\(padded.suffix(digits))"
    }

    static func seconds(_ nanoseconds: UInt64) -> String {
        fixed(rounded(nanoseconds, by: 1000), digits: 6)
    }

    static func microseconds(_ nanoseconds: UInt64) -> String {
        fixed(rounded(nanoseconds, by: 100), digits: 1)
    }

    private static func rounded(_ number: UInt64, by divisor: UInt64) -> UInt64 {
        number / divisor + (number % divisor >= divisor / 2 ? 1 : 0)
    }
}
