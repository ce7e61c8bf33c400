import Foundation
import TestSupport
import Testing
import WireFuzzing

/// What `make fuzz` has found to reach something new stays understood, or refused.
@Suite("the kept inputs of the fuzzer")
struct FuzzCorpusTests {
    private static let directory = TestEnvironment.packageRoot + "/Tests/WireFuzzing/corpus"

    @Test("none crashes a reader of the link")
    func replay() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: FuzzCorpusTests.directory)
        #expect(names.count > 50)
        for name in names {
            let bytes = try #require(FileManager.default.contents(atPath: FuzzCorpusTests.directory + "/" + name))
            WireInput.read([UInt8](bytes))
        }
    }
}
