import Foundation
import Testing

/// Lets as many tests start guests at once as there are processors, and the others wait.
///
/// A test has one slot for all that it starts: if it took a second one, two tests could wait for each other.
actor GuestSlots {
    static let shared = GuestSlots()

    private var free = max(2, min(8, ProcessInfo.processInfo.activeProcessorCount))
    private var waiters: [CheckedContinuation<Void, Never>] = []

    func take() async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { waiters.append($0) }
    }

    func giveBack() {
        if waiters.isEmpty {
            free += 1
        } else {
            waiters.removeFirst().resume()
        }
    }
}

/// Marks tests that start guests.
public struct GuestSlotTrait: TestTrait, SuiteTrait, TestScoping {
    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // A suite, or a test as a whole, starts nothing by itself.
        guard testCase != nil else { return try await function() }
        await GuestSlots.shared.take()
        do {
            try await function()
        } catch {
            await GuestSlots.shared.giveBack()
            throw error
        }
        await GuestSlots.shared.giveBack()
    }
}

extension Trait where Self == GuestSlotTrait {
    /// Each test, or case of a test, waits until a processor is there for its guest.
    public static var startsGuests: GuestSlotTrait { GuestSlotTrait() }
}
