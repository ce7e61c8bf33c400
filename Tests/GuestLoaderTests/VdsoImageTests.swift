import TestSupport
import Testing

@testable import GuestLoader

@Suite("the vDSO as a file")
struct VdsoImageTests {
    @Test("readelf finds its functions, with their version, where they are")
    func symbols() async throws {
        let image = VdsoImage(
            code: [UInt8](repeating: 0x90, count: 100),
            functions: [
                VdsoImage.Function(name: "__vdso_clock_gettime", offset: 0, byteCount: 60),
                VdsoImage.Function(name: "__vdso_time", offset: 64, byteCount: 36),
            ])
        #expect(image.bytes.count == VdsoImage.byteCount)
        try await ScratchDirectory.with { scratch in
            _ = try scratch.write("vdso", image.bytes)
            let outcome = try await Command(
                "/usr/bin/readelf", ["-W", "--use-dynamic", "--dyn-syms", "--version-info", "-d", scratch.file("vdso")]
            ).run()
            guard outcome.ending == .exited(0) else { throw TestFailure("readelf does not understand it", outcome) }
            let said = outcome.outputText
            #expect(said.contains("0000000000000800    60 FUNC    GLOBAL DEFAULT"), "\(outcome)")
            #expect(said.contains("__vdso_clock_gettime@@LINUX_2.6"), "\(outcome)")
            #expect(said.contains("0000000000000840    36 FUNC    GLOBAL DEFAULT"), "\(outcome)")
            #expect(said.contains("__vdso_time@@LINUX_2.6"), "\(outcome)")
            #expect(said.contains("[linux-vdso.so.1]"), "\(outcome)")
        }
    }

    @Test("the hash of the System V ABI")
    func hash() {
        #expect(VdsoImage.elfHash("LINUX_2.6") == 61_765_110)
    }
}
