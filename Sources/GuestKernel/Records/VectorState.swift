import CGuestEntry

/// A context's XSAVE image (standard format, Intel SDM vol. 1, 13.4) on its way into a record and back.
enum VectorState {
    /// The legacy region and the header behind it: the least that an image has.
    static let headerEnd = 576
    private static let componentsOffset = 512
    /// x87 and SSE, which lie in the legacy region.
    private static let ofLegacyRegion: UInt64 = 3

    /// Where each component ends. Asked once: CPUID is a trip to the hypervisor in a virtual machine.
    private static let componentEnds: [Int] = (0..<63).map { component in
        if ofLegacyRegion >> UInt64(component) & 1 != 0 { return headerEnd }
        guard guest_xsave_mask() >> UInt64(component) & 1 != 0 else { return 0 }
        return Int(guest_xsave_component_offset(UInt32(component)) + guest_xsave_component_bytes(UInt32(component)))
    }

    /// How much of the image holds components that are not in their initial state.
    static func byteCountInUse(_ context: UnsafeMutablePointer<guest_context>) -> Int {
        let area = UnsafeRawPointer(guest_context_xsave_area(context)!)
        return end(of: area.load(fromByteOffset: componentsOffset, as: UInt64.self))
    }

    private static func end(of components: UInt64) -> Int {
        var end = headerEnd
        var rest = components & ~ofLegacyRegion & ~(1 << 63)
        while rest != 0 {
            end = max(end, componentEnds[rest.trailingZeroBitCount])
            rest &= rest - 1
        }
        return end
    }

    /// Puts an image into a context that nothing runs on. False when XRSTOR would fault on it, or would read on where
    /// the image has ended; the context's vector state is the initial one then.
    static func install(_ image: [UInt8], in context: UnsafeMutablePointer<guest_context>) -> Bool {
        guard image.count >= headerEnd, image.count <= Int(context.pointee.xsave_bytes) else { return false }
        let area = UnsafeMutableRawPointer(guest_context_xsave_area(context)!)
        image.withUnsafeBytes { area.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        let isValid = guest_context_vector_state_is_valid(context) && byteCountInUse(context) <= image.count
        if !isValid { guest_context_reset_vector_state(context) }
        return isValid
    }
}
