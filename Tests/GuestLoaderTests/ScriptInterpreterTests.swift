import GuestLoader
import Testing

@Suite("script lines")
struct ScriptInterpreterTests {
    private func parse(_ text: String) throws(ElfError) -> ScriptInterpreter {
        try ScriptInterpreter(parsing: Array(text.utf8))
    }

    private func check(_ text: String, _ path: String, _ argument: String?) {
        let script = try? parse(text)
        #expect(script?.path == Array(path.utf8), "path of \(text.debugDescription)")
        #expect(script?.argument == argument.map { Array($0.utf8) }, "argument of \(text.debugDescription)")
    }

    @Test("path and argument, whatever the blanks")
    func accepted() {
        check("#!/bin/sh\n", "/bin/sh", nil)
        check("#!/bin/sh\necho hello\n", "/bin/sh", nil)
        check("#! \t/bin/sh  \t\n", "/bin/sh", nil)
        check("#!/bin/sh -e\n", "/bin/sh", "-e")
        check("#!/usr/bin/env  python3 -u \t\n", "/usr/bin/env", "python3 -u")
        check("#!a\n", "a", nil)
        check("#!/bin/sh\r\n", "/bin/sh\r", nil)
    }

    @Test("a file that ends without a newline")
    func noNewline() {
        check("#!/bin/sh", "/bin/sh", nil)
        check("#!/bin/sh -e", "/bin/sh", "-e")
        // The kernel looks for blanks to trim before the end of its buffer, not of the file.
        check("#!/bin/sh -e ", "/bin/sh", "-e ")
        check("#!/bin/sh ", "/bin/sh", "")
    }

    @Test("a zero byte ends the line")
    func zeroBytes() {
        check("#!/bin/sh\0-e\n", "/bin/sh", nil)
        check("#!/bin/sh -e\0f\n", "/bin/sh", "-e")
    }

    @Test("the line's limit cuts arguments, never the path")
    func limit() throws {
        let path = "/" + String(repeating: "p", count: 252)
        check("#!\(path)\n", path, nil)
        check("#!\(path) argument\n", path, nil)
        #expect(throws: ElfError.self) { try parse("#!\(path)p\n") }
        #expect(throws: ElfError.self) { try parse("#!\(path)pppppp -e\n") }

        let argument = String(repeating: "a", count: 300)
        let script = try parse("#!/bin/sh \(argument)\n")
        #expect(script.path == Array("/bin/sh".utf8))
        #expect(script.argument == Array(argument.utf8.prefix(245)))
    }

    @Test("lines that name nothing", arguments: ["#!", "#!\n", "#!   \n", "#!\t", "#!\0", "#", "", "/bin/sh"])
    func refused(text: String) {
        let error = #expect(throws: ElfError.self) { try parse(text) }
        #expect(error?.code == .badScript && error?.errorNumber == 8)
    }

    @Test("nothing but blanks up to the limit")
    func onlyBlanks() {
        #expect(throws: ElfError.self) { try parse("#!" + String(repeating: " ", count: 300) + "/bin/sh\n") }
    }

    @Test("the interpreter's arguments take the place of the script's name")
    func arguments() throws {
        func words(_ text: String, _ arguments: [String]) throws -> [String] {
            try parse(text).arguments(scriptPath: Array("./s".utf8), arguments: arguments.map { Array($0.utf8) })
                .map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(try words("#!/bin/sh -e\n", ["s", "x", "y"]) == ["/bin/sh", "-e", "./s", "x", "y"])
        #expect(try words("#!/bin/sh\n", []) == ["/bin/sh", "./s"])
    }
}
