import CGuestEntry

extension TraceArea {
    /// Writes a note, from any thread. The supervisor waits for no reader: what finds no room is dropped and counted.
    func note(_ note: TraceNote) {
        if case .epochCut(let epoch, _) = note { setEpoch(epoch + 1) }
        let (number, first, second) = note.values
        withNoteRecord(as: guest_trace_note.self, waits: false) { record in
            record.pointee.record.kind = GUEST_TRACE_NOTE
            record.pointee.record.number = number
            record.pointee.values = (first, second)
        }
    }

    /// The last record, once no thread writes any more.
    public func writeEnd(_ end: GuestEnd) {
        withNoteRecord(as: guest_trace_record.self, waits: true) { record in
            record.pointee.kind = GUEST_TRACE_GUEST_END
            record.pointee.thread = end.signal
            record.pointee.number = UInt32(bitPattern: end.status)
        }
    }

    /// A process of the guest's has ended, and with it its first thread.
    func writeProcessEnd(pid: Int32, _ end: GuestEnd) {
        withNoteRecord(as: guest_trace_record.self, waits: true) { record in
            record.pointee.kind = GUEST_TRACE_THREAD_END
            record.pointee.thread = pid
            record.pointee.number = UInt32(bitPattern: end.status | end.signal << 8)
        }
    }

    private func withNoteRecord<Record>(
        as type: Record.Type, waits: Bool, _ fill: (UnsafeMutablePointer<Record>) -> Void
    ) {
        noteRing.withLock { ring in
            if ring == nil { ring = takeRing().map(Ring.init) }
            guard let pointer = ring?.pointer, let place = room(in: pointer, MemoryLayout<Record>.size, waits: waits)
            else { return guest_trace_count_dropped() }
            fill(place.bindMemory(to: Record.self, capacity: 1))
            let head = place.assumingMemoryBound(to: guest_trace_record.self)
            head.pointee.time = guest_trace_now()
            guest_trace_publish(pointer, head, UInt64(MemoryLayout<Record>.size))
        }
    }

    private func room(
        in ring: UnsafeMutablePointer<guest_trace_ring>, _ byteCount: Int, waits: Bool
    ) -> UnsafeMutableRawPointer? {
        while true {
            if let place = guest_trace_reserve(ring, UInt64(byteCount)) { return place }
            guard waits, guest_trace_waits() else { return nil }
            guest_trace_wait_for_room(ring, UInt64(byteCount))
        }
    }
}

extension GuestEnd {
    /// The exit status; 0 where a signal has ended the guest.
    fileprivate var status: Int32 {
        if case .exited(let status) = self { return status & 0xff }
        return 0
    }

    /// The signal; 0 where the guest has exited.
    fileprivate var signal: Int32 {
        if case .signalled(let signal) = self { return signal }
        return 0
    }
}
