import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory
import Synchronization

/// The test mode that stops and resumes the whole guest at random moments, so that each safe point and each wait is
/// met by a stop sooner or later. The same seed gives the same pauses; where in the guest they fall is chance.
public final class TestStops: Sendable {
    public let seed: UInt64
    /// Stops a second, on average, as far as the guest's own stopping and the machine allow.
    public let rate: UInt64
    private let stops = Atomic<UInt64>(0)

    public static let defaultRate: UInt64 = 2000
    public static let rateMax: UInt64 = 100_000
    /// PR_SET_TIMERSLACK of uapi/linux/prctl.h; Glibc does not show it to Swift.
    private static let setTimerSlack: UInt64 = 29
    /// The guest gets on even where stopping it takes longer than the time between stops.
    private static let pauseNanosecondsMin: UInt64 = 20_000
    private static let lagPeriodsMax: UInt64 = 20
    private static let holdNanosecondsMax: UInt64 = 200_000

    public init(seed: UInt64, rate: UInt64) {
        self.seed = seed
        self.rate = rate
    }

    /// From `SEED[:RATE]`; nil where it is not that.
    public convenience init?(parsing text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let seed = UInt64(parts[0]) else { return nil }
        let rate = parts.count == 2 ? UInt64(parts[1]) : TestStops.defaultRate
        guard let rate, 1...TestStops.rateMax ~= rate else { return nil }
        self.init(seed: seed, rate: rate)
    }

    /// How often the guest was stopped so far.
    var count: UInt64 { stops.load(ordering: .relaxed) }

    /// Starts the thread that does it; it ends with the guest.
    func start(_ kernel: GuestKernel) throws(SupervisorError) {
        let result = HostThread.start(mask: HostSignals.helperMask) { [self] in
            // The default slack of 50 us would be felt at thousands of stops a second.
            hostCall(__NR_prctl, TestStops.setTimerSlack, 1, 0, 0, 0)
            stopAndResume(kernel)
        }
        guard result == 0 else { throw SupervisorError(.failed, "no thread for --test-stops: \(errorText(result))") }
    }

    private func stopAndResume(_ kernel: GuestKernel) {
        var generator = SplitMix64(seed: seed)
        let period = 1_000_000_000 / rate
        let holdMax = min(TestStops.holdNanosecondsMax, period / 2)
        var due = kernel.clock.monotonicNanoseconds()
        while !kernel.hasEnded {
            // Uniform from 0 to twice the mean. By a schedule rather than by pauses: what stopping takes comes off the
            // next pause, and a machine that cannot keep up is not asked to catch up with more than a moment.
            due += generator.next() % (2 * period + 1)
            let now = kernel.clock.monotonicNanoseconds()
            if due + TestStops.lagPeriodsMax * period < now { due = now }
            HostThreads.sleep(max(due, now + TestStops.pauseNanosecondsMin) - now)
            kernel.gate.stop(kernel)
            HostThreads.sleep(generator.next() % (holdMax + 1))
            kernel.gate.resume()
            stops.wrappingAdd(1, ordering: .relaxed)
        }
    }
}

/// Steele, Lea and Flood's generator: small, and the same everywhere for a seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
