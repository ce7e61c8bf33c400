import GuestKernel
import GuestMemory
import RecordCoding

/// All that one cut has taken of the guest, on its way to the link.
///
/// Sound as unchecked: one thread has it at a time. The capture fills it, `EpochQueue` hands it on, and the sender
/// gives it back to be filled again.
final class CapturedEpoch: @unchecked Sendable {
    private(set) var number: UInt64 = 0
    let pages: PageStaging
    private(set) var discards = Discards.ranges([])
    private(set) var layout: [UInt8] = []
    private(set) var records = RecordSet()
    private(set) var recordByteCount = 0
    private(set) var output: [UInt8] = []
    /// The guest's file operations, as `Volumes` encodes them.
    private(set) var files: [UInt8] = []
    private(set) var handed: [HandedDescriptors.Descriptor] = []
    private(set) var guestNanoseconds: UInt64 = 0
    /// When the guest was stopped for it; for the first time where it was cut more than once.
    private(set) var stopNanoseconds: UInt64 = 0
    private(set) var pauseNanoseconds: UInt64 = 0
    /// Something waits for this epoch: held output, or a call that waits for a commit.
    private(set) var isByNeed = false
    private(set) var isWhole = false
    private(set) var end: GuestEnd?
    /// How often it was cut.
    private(set) var cutCount = 0
    var putNanoseconds: UInt64 = 0

    /// What one cut adds, besides pages.
    struct Parts {
        var layout: [UInt8] = []
        var records = RecordSet()
        var output: [UInt8] = []
        var files: [UInt8] = []
        var handed: [HandedDescriptors.Descriptor] = []
        var guestNanoseconds: UInt64 = 0
        var isByNeed = false
        var isWhole = false
    }

    /// A section of the wire has a limit (`EpochDecoder`); what grows with every cut stays well below it.
    private static let growingByteCountMax = 64 << 20
    /// They travel in one frame.
    private static let discardCountMax = 65_536
    private static let discardByteCount = 16

    init() throws(SupervisorError) {
        do {
            pages = try PageStaging()
        } catch {
            throw SupervisorError(.failed, "no memory for the pages of an epoch: \(error)")
        }
    }

    /// What it takes while it waits.
    var byteCount: Int {
        let discardCount: Int
        if case .ranges(let ranges) = discards { discardCount = ranges.count } else { discardCount = 0 }
        return pages.count * Int(pageSize) + discardCount * CapturedEpoch.discardByteCount + layout.count
            + recordByteCount + output.count + files.count
    }

    /// Whether another cut may go into it.
    var mayGrow: Bool { output.count + files.count < CapturedEpoch.growingByteCountMax && end == nil && !isWhole }

    // MARK: - Filling it

    /// Empties it for an epoch.
    func begin(_ number: UInt64) {
        self.number = number
        pages.reset()
        discards = .ranges([])
        files = []
        output = []
        handed = []
        isByNeed = false
        end = nil
        cutCount = 0
    }

    /// What the guest has dropped since the cut before: pages of that are gone. Returns what its next collection is to
    /// take whole, as there are too many ranges to keep apart.
    func drop(_ dropped: Discards) -> Discards {
        pages.remove(dropped)
        switch (discards, dropped) {
        case (.everything, _): return .ranges([])
        case (_, .everything): discards = .everything
        case (.ranges(let old), .ranges(let new)):
            // Touching ones are made one by whoever logs them, cut by cut.
            discards = .ranges(old + new)
            if old.count + new.count > CapturedEpoch.discardCountMax {
                discards = .everything
                pages.remove(.everything)
                return .everything
            }
        }
        return .ranges([])
    }

    /// The rest of a cut; its pages are in `pages` already.
    func add(_ parts: Parts) {
        layout = parts.layout
        records = parts.records
        recordByteCount = records.byteCount
        output = cutCount == 0 ? parts.output : OutputSection.joined(output, parts.output)
        files += parts.files
        // One that was closed again before the mirror ever heard of it would stay open there.
        handed = handed.filter { HandedDescriptors.isNeeded($0.identity, by: parts.records) } + parts.handed
        guestNanoseconds = parts.guestNanoseconds
        isByNeed = isByNeed || parts.isByNeed
        isWhole = parts.isWhole
        cutCount += 1
    }

    /// When it was cut, and how long the guest stood still for it.
    func noteCut(stoppedAt stop: UInt64, resumedAt resume: UInt64) {
        if cutCount == 1 { stopNanoseconds = stop }
        pauseNanoseconds = resume - stop
    }

    /// It is the guest's last.
    func finish(_ end: GuestEnd) {
        self.end = end
    }
}
