/// What travels over a `LocalChannel`. Whoever receives one owns its descriptors and closes them.
public struct LocalMessage: Sendable, Equatable {
    public var kind: UInt32
    public var number: UInt64
    public var bytes: [UInt8]
    public var descriptors: [Int32]

    public static let byteCountMax = 64 << 10
    public static let descriptorCountMax = 64

    public init(kind: UInt32, number: UInt64, bytes: [UInt8] = [], descriptors: [Int32] = []) {
        self.kind = kind
        self.number = number
        self.bytes = bytes
        self.descriptors = descriptors
    }
}
