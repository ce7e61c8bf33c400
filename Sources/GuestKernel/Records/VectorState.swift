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

    private static let byteCountMax = componentEnds.max() ?? headerEnd

    /// The image up to the last component that is not in its initial state.
    static func image(of context: UnsafeMutablePointer<guest_context>) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: guest_context_xsave_area(context), count: byteCountInUse(context)))
    }

    private static func byteCountInUse(_ context: UnsafeMutablePointer<guest_context>) -> Int {
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

    /// Whether an image is one that this CPU can load: XRSTOR does not fault on it, and does not read on where it ends.
    static func isLoadable(_ image: [UInt8]) -> Bool {
        guard image.count >= headerEnd, image.count <= byteCountMax else { return false }
        return image.withUnsafeBytes { bytes in
            guest_vector_image_is_valid(bytes.baseAddress!, guest_xsave_mask())
                && end(of: bytes.loadUnaligned(fromByteOffset: componentsOffset, as: UInt64.self)) <= image.count
        }
    }

    /// Puts an image that is loadable into a context that nothing has run on.
    static func install(_ image: [UInt8], in context: UnsafeMutablePointer<guest_context>) {
        precondition(isLoadable(image), "a vector state that this CPU cannot load")
        let area = UnsafeMutableRawPointer(guest_context_xsave_area(context)!)
        image.withUnsafeBytes { area.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    }
}
