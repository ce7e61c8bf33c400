import Glibc

extension AddressSpace {
    /// prctl(PR_SET_VMA_ANON_NAME): names memory without a file, or takes the name off. As in Linux,
    /// what lies around a hole is named before ENOMEM is returned.
    public func setName(_ name: String?, _ address: UInt64, byteCount: UInt64) -> Int {
        guard address & 4095 == 0 else { return -Int(EINVAL) }
        let (rawEnd, overflow) = address.addingReportingOverflow(byteCount)
        guard !overflow, rawEnd <= GuestLayout.arenaEnd else { return -Int(EINVAL) }
        if byteCount == 0 { return 0 }
        let whole = AddressRange(start: address, end: roundUp(rawEnd))
        // Nothing is ever mapped outside, so that whatever reaches out has a hole.
        guard let range = whole.intersection(GuestLayout.mappable) else { return -Int(ENOMEM) }
        return state.withLock { state in
            let pieces = state.map.areas(in: range)
            if pieces.contains(where: { $0.kind.file != nil }) { return -Int(EBADF) }
            guard state.map.hasRoomForEdit else { return -Int(ENOMEM) }
            state.map.setName(name, in: range)
            return state.map.isFullyMapped(whole) ? 0 : -Int(ENOMEM)
        }
    }
}
