import ArgumentParser

/// A number of bytes, as every option of ours takes one: 4096, 64K, 128M, 2G.
struct SizeOption: Sendable, Equatable {
    var byteCount: Int

    private static let units: [(suffix: String, shift: Int)] = [("", 0), ("K", 10), ("M", 20), ("G", 30)]
    /// The arena has 32 TiB: beyond that somebody has mistaken the unit.
    private static let byteCountMax = 32 << 40

    init(parsing text: String) throws {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = String(text.dropFirst(digits.count))
        guard let number = Int(digits), let unit = SizeOption.units.first(where: { $0.suffix == suffix }) else {
            throw ValidationError("a size is a number of bytes, or has a unit: 64K, 128M or 2G")
        }
        guard number <= SizeOption.byteCountMax >> unit.shift else {
            throw ValidationError("a size is at most \(SizeOption.byteCountMax >> 30)G")
        }
        byteCount = number << unit.shift
    }
}
