import CGuestEntry
import CallSites
import GuestMemory

/// A rewritten call site and its stub.
struct CallSiteEntry: Equatable {
    let site: CallSite
    let stub: CallStub
    let stubAddress: UInt64

    /// Nil where a jump does not reach from one to the other. Where calls are not answered in the guest, all leave it.
    init?(_ site: CallSite, stubAt address: UInt64, answers: Bool) {
        let made: CallStub?
        if answers, let offset = site.number.flatMap(CallSiteEntry.answerOffset) {
            made = CallStub(answering: site, at: address, valueOffset: offset)
        } else {
            made = CallStub(leavingFrom: site, at: address, leaveOffset: UInt32(CONTEXT_LEAVE_CALLED))
        }
        guard let made else { return nil }
        self.site = site
        stub = made
        stubAddress = address
    }

    /// Where a thread's context has the answer to a call that is always the same.
    private static func answerOffset(_ number: UInt32) -> UInt32? {
        switch Int32(bitPattern: number) {
        case __NR_getpid: return UInt32(CONTEXT_GUEST_PID)
        case __NR_gettid: return UInt32(CONTEXT_GUEST_TID)
        case __NR_getppid: return UInt32(CONTEXT_GUEST_PARENT_PID)
        default: return nil
        }
    }

    /// Where it is written in the guest's own code.
    var ranges: [AddressRange] { [site.range] + (site.islandRange.map { [$0] } ?? []) }

    var stubRange: AddressRange { AddressRange(start: stubAddress, count: UInt64(stub.bytes.count)) }

    /// Makes the code what it was, where it still is what was written: it may have been unmapped, or dropped.
    func restore(_ memory: AddressSpace) {
        for (patch, original) in zip(site.patches(to: stubAddress) ?? [], site.restoration.reversed())
        where ModuleFunctions.read(patch.address, patch.bytes.count) == patch.bytes {
            _ = memory.patch(original.address, original.bytes)
        }
    }
}

extension CallSite {
    var range: AddressRange { AddressRange(start: address, end: returnAddress) }

    var islandRange: AddressRange? {
        island.map { AddressRange(start: $0.address, count: UInt64($0.original.count)) }
    }

    func overlaps(_ range: AddressRange) -> Bool {
        self.range.overlaps(range) || islandRange?.overlaps(range) == true
    }
}
