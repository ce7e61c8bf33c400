import Foundation
import TestSupport

/// The pages that went to the mirror so far, as `ctl status` has them.
struct SentPages {
    var count: Double
    var byteCount: Double

    /// What an answer waited for is counted soon after it was let go.
    private static let patienceNanoseconds: UInt64 = 200_000_000

    /// - Parameter pidFile: what `run --pid-file` has written.
    init(of pidFile: [UInt8]) async throws {
        guard let pid = pid_t(String(decoding: pidFile, as: UTF8.self).filter(\.isNumber)) else {
            throw TestFailure("no pid in the file")
        }
        try await Task.sleep(nanoseconds: SentPages.patienceNanoseconds)
        let pages = try await Control.status(of: pid)["pages"] as? [String: Any]
        guard let count = pages?["count"] as? NSNumber, let bytes = pages?["encoded_bytes"] as? NSNumber else {
            throw TestFailure("the status has no pages")
        }
        self.init(count: count.doubleValue, byteCount: bytes.doubleValue)
    }

    private init(count: Double, byteCount: Double) {
        self.count = count
        self.byteCount = byteCount
    }

    static func - (left: SentPages, right: SentPages) -> SentPages {
        SentPages(count: left.count - right.count, byteCount: left.byteCount - right.byteCount)
    }
}
