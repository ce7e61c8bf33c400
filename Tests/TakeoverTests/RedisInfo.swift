import Foundation
import TestSupport

/// What a redis server says of itself (INFO).
struct RedisInfo: Sendable {
    private let fields: [String: String]

    private init(_ client: RespClient, section: String) throws {
        guard case .bulk(let bytes) = try client.call("INFO", section) else { throw TestFailure("no INFO") }
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        fields = Dictionary(
            lines.compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
            }, uniquingKeysWith: { $1 })
    }

    subscript(_ name: String) -> String? { fields[name] }

    /// Asks until the answer is as wanted; returns that.
    @discardableResult
    static func wait(
        at port: UInt16, seconds: Double = 30, until isWanted: @escaping @Sendable (RedisInfo) -> Bool
    ) async throws -> RedisInfo {
        try await Threads.run {
            let client = try RespClient(port: port)
            let deadline = Date(timeIntervalSinceNow: seconds)
            while true {
                let info = try RedisInfo(client, section: "persistence")
                if isWanted(info) { return info }
                if Date() > deadline { throw TestFailure("still so after \(seconds) s: \(info.fields)") }
                usleep(5000)
            }
        }
    }
}
