import Glibc

/// A moment of the wall clock, for people and for other programs' logs.
public struct Timestamp: Sendable {
    let seconds: Int
    let nanoseconds: Int

    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }

    /// RFC 3339 in UTC with microseconds, as in 2026-01-31T12:00:00.000000Z.
    public var text: String {
        var seconds = seconds
        var fields = tm()
        gmtime_r(&seconds, &fields)
        let date = [fields.tm_year + 1900, fields.tm_mon + 1, fields.tm_mday].map { Timestamp.padded(Int($0), 2) }
        let time = [fields.tm_hour, fields.tm_min, fields.tm_sec].map { Timestamp.padded(Int($0), 2) }
        let fraction = Timestamp.padded(nanoseconds / 1000, 6)
        return "\(date.joined(separator: "-"))T\(time.joined(separator: ":")).\(fraction)Z"
    }

    func seconds(since start: Timestamp) -> Double {
        Double(seconds - start.seconds) + Double(nanoseconds - start.nanoseconds) / 1e9
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
