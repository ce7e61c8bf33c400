import CGuestEntry

extension AddressSpace {
    /// Writes to memory that the guest itself may not write, its code, so that the pages count as written. The guest is
    /// stopped: for a moment the pages may be written. False where nothing was.
    public func patch(_ address: UInt64, _ bytes: [UInt8]) -> Bool {
        guard let range = AddressRange(guestStart: address, count: UInt64(bytes.count))?.roundedOutToPages() else {
            return false
        }
        return state.withLock { state in
            guard let area = state.map.area(containing: address), area.range.contains(range), area.kind.isTracked
            else { return false }
            guard HostMemory.protect(range, area.protection.union([.read, .write])) >= 0 else { return false }
            // Written or not, they may have been.
            state.noteOpened(range)
            let isWritten = bytes.withUnsafeBytes {
                GuestAccess.copyOut(to: address, $0.baseAddress!, count: bytes.count)
            }
            precondition(
                HostMemory.protect(range, state.hostProtection(area.protection, area.kind)) >= 0,
                "code of the guest's at \(hexadecimal(address)) stays writable")
            return isWritten
        }
    }
}
