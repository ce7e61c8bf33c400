import Testing

@testable import Supervisor

@Suite("the guest's environment")
struct GuestEnvironmentTests {
    private static func environment(_ strings: String...) -> GuestEnvironment {
        GuestEnvironment(strings.map { Array($0.utf8) })
    }

    private static func texts(_ environment: GuestEnvironment) -> [String] {
        environment.strings.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("sets, replaces and takes away by name")
    func changes() {
        var environment = Self.environment("A=1", "AB=2", "C=3")
        environment.set(Array("A=4".utf8))
        environment.set(Array("AB".utf8))
        environment.remove(Array("C".utf8))
        environment.remove(Array("B".utf8))
        environment.remove(Array("".utf8))
        #expect(Self.texts(environment) == ["A=4", "AB=2"])
        environment.remove(Array("A".utf8))
        #expect(Self.texts(environment) == ["AB=2"])
    }
}
