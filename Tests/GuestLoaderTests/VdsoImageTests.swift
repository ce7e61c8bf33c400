import TestSupport
import Testing

@testable import GuestLoader

@Suite("the vDSO as a file")
struct VdsoImageTests {
    /// Loads a library, and says how far its code's functions are from each other.
    private static let loader = """
        import ctypes
        import sys
        library = ctypes.CDLL(sys.argv[1])
        find = ctypes.CDLL(None).dlvsym
        find.restype = ctypes.c_void_p
        find.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
        names = [b"__vdso_clock_gettime", b"__vdso_gettimeofday", b"__vdso_time", b"__vdso_none"]
        places = [find(library._handle, name, b"LINUX_2.6") for name in names]
        print(places[0] % 4096, places[1] - places[0], places[2] - places[0], places[3])
        print(find(library._handle, names[0], b"LINUX_2.7"))
        """

    @Test("a C library finds its functions, with their version, where they are")
    func symbols() async throws {
        let functions =
            [("__vdso_clock_gettime", 0), ("__vdso_gettimeofday", 64), ("__vdso_time", 80)] as [(String, UInt64)]
        let image = VdsoImage(
            code: [UInt8](repeating: 0x90, count: 100),
            functions: functions.map { VdsoImage.Function(name: $0.0, offset: $0.1, byteCount: 16) })
        #expect(image.bytes.count == VdsoImage.byteCount)
        try await ScratchDirectory.with { scratch in
            let path = try scratch.write("vdso", image.bytes)
            let outcome = try await Command("/usr/bin/python3", ["-c", VdsoImageTests.loader, path]).run()
            #expect(outcome.outputText == "\(VdsoImage.codeOffset) 64 80 None\nNone\n", "\(outcome)")
        }
    }

    @Test("the hash of the System V ABI")
    func hash() {
        #expect(VdsoImage.elfHash("LINUX_2.6") == 61_765_110)
    }
}
