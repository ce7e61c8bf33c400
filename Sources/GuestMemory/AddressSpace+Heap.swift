extension AddressSpace {
    /// brk(2) as the syscall is: returns the new end, or the old one when it cannot be moved.
    /// `byteCountMax` is the data size limit (RLIMIT_DATA).
    public func moveHeapEnd(to address: UInt64, byteCountMax: UInt64) -> UInt64 {
        state.withLock { state in
            guard address >= state.heapStart, address < GuestLayout.mappable.end else { return state.heapEnd }
            guard address - state.heapStart <= byteCountMax, state.map.hasRoomForEdit else { return state.heapEnd }
            let oldEnd = roundUp(state.heapEnd)
            let newEnd = roundUp(address)
            if newEnd < oldEnd {
                let result = clear(AddressRange(start: newEnd, end: oldEnd), in: &state)
                if result < 0 { return state.heapEnd }
            } else if newEnd > oldEnd {
                let grown = AddressRange(start: oldEnd, end: newEnd)
                guard state.map.isFree(grown), HostMemory.protect(grown, [.read, .write]) == 0 else {
                    return state.heapEnd
                }
                state.map.insert(VirtualMemoryArea(range: grown, protection: [.read, .write], kind: .heap))
                state.noteOpened(grown)
            }
            state.heapEnd = address
            return address
        }
    }
}
