/// A reply of a redis server.
public enum RespValue: Equatable, Sendable {
    case simple(String)
    case error(String)
    case integer(Int)
    case bulk([UInt8])
    case null
    case array([RespValue])

    public static let ok = RespValue.simple("OK")

    /// A bulk string of this text.
    public static func text(_ text: String) -> RespValue { .bulk(Array(text.utf8)) }
}

extension RespValue: CustomStringConvertible {
    public var description: String {
        switch self {
        case .simple(let text): return text
        case .error(let text): return "error \(text)"
        case .integer(let number): return String(number)
        case .bulk(let bytes):
            let shown = String(decoding: bytes.prefix(60), as: UTF8.self).debugDescription
            return bytes.count > 60 ? "\(shown)… (\(bytes.count) bytes)" : shown
        case .null: return "nil"
        case .array(let values): return "[\(values.map(\.description).joined(separator: ", "))]"
        }
    }
}
