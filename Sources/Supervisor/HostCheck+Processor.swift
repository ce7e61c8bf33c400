import CGuestEntry
import Glibc

extension HostCheck {
    /// asm/hwcap2.h, HWCAP2_FSGSBASE: the kernel lets user code write its FS base.
    private static let fsgsbaseBit: UInt = 2

    static var hasFsgsbase: Bool {
        getauxval(UInt(AT_HWCAP2)) & fsgsbaseBit != 0
    }

    /// Whether this CPU's vector state fits a guest thread's context.
    static var vectorStateFits: Bool {
        guest_xsave_bytes() <= UInt32(GUEST_CONTEXT_XSAVE_BYTES)
    }

    static func processorFeatures() -> [HostFeature] {
        let mask = guest_xsave_mask()
        let sizes = "\(guest_xsave_bytes()) bytes in all, room for \(GUEST_CONTEXT_XSAVE_BYTES)"
        var features = [
            HostFeature(
                "FSGSBASE", hasFsgsbase, since: "Linux 5.9, Ivy Bridge or Zen", detail: "the guest's FS base",
                isRequired: true),
            HostFeature("XSAVE", vectorStateFits, since: "Linux 2.6.30, Nehalem", detail: sizes, isRequired: true),
        ]
        // State components by their numbers, Intel SDM vol. 1, 13.1.
        let extensions: [(name: String, components: ClosedRange<UInt32>, since: String)] = [
            ("AVX", 2...2, "Linux 2.6.30, Sandy Bridge"), ("AVX-512", 5...7, "Linux 3.15, Skylake-X or Zen 4"),
        ]
        for vector in extensions {
            let isThere = vector.components.allSatisfy { mask >> UInt64($0) & 1 == 1 }
            let bytes = vector.components.map { guest_xsave_component_bytes($0) }.reduce(0, +)
            features.append(
                HostFeature(
                    vector.name, isThere, since: vector.since,
                    detail: isThere ? "\(bytes) bytes of vector state" : "", instead: "guests see none, as natively"))
        }
        return features
    }
}
