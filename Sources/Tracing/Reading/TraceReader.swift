import Glibc
import GuestKernel

/// The whole life of the process that reads a guest's trace records: until the guest's process has ended, and a little
/// longer.
public enum TraceReader {
    /// What was not shown, for the user; nothing when all was.
    public struct Outcome: Sendable {
        public var messages: [String] = []
        /// Something is missing that was to be there.
        public var isIncomplete = false
    }

    /// How long a record may lie unread while there are few.
    private static let patienceMilliseconds: Int32 = 10

    public static func run(
        _ request: TraceRequest, _ rings: consuming TraceRings, output descriptor: Int32
    ) throws(TraceAreaError) -> Outcome {
        var session = TraceSession(request, TraceSink(descriptor), rings.readTime)
        while true {
            session.refreshClock()
            while let record = try rings.next() {
                session.take(record)
                rings.release()
                guard session.isFull else { continue }
                // What is written counts as read, should this process be ended.
                rings.releaseAll()
                session.flush()
            }
            session.flush()
            if !rings.sleep(milliseconds: patienceMilliseconds) { break }
        }
        session.finish(droppedCount: rings.droppedCount)
        var outcome = outcome(session.failure, session.lostLineCount, rings.droppedCount, request.dropsRecords)
        if rings.missingCount > 0 {
            outcome.messages.append(
                "trace: the guest's process ended while \(rings.missingCount) records were being written")
        }
        return outcome
    }

    private static func outcome(
        _ failure: Int32, _ lostLineCount: UInt64, _ droppedCount: UInt64, _ isDroppingAllowed: Bool
    ) -> Outcome {
        var outcome = Outcome()
        if failure != 0 {
            let reason = String(cString: strerror(failure))
            outcome.messages.append("trace: \(reason): \(lostLineCount) lines could not be written")
            outcome.isIncomplete = true
        }
        if droppedCount > 0 {
            outcome.messages.append(
                "trace: \(droppedCount) records were dropped, as they came faster than they could be read")
            if !isDroppingAllowed { outcome.isIncomplete = true }
        }
        return outcome
    }
}
