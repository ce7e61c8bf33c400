import Foundation
import Testing

@testable import GuestKernel

@Suite("the syscall table")
struct SyscallTableTests {
    private static let rows = SyscallTable.families.flatMap { $0 }

    /// What /usr/include/x86_64-linux-gnu/asm/unistd_64.h of this machine says.
    private static let headerNames: [Int: String] = {
        let path = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"
        let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        var names: [Int: String] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "#define", words[1].hasPrefix("__NR_") else { continue }
            if let number = Int(words[2]) { names[number] = String(words[1].dropFirst("__NR_".count)) }
        }
        return names
    }()

    /// Those that came after Debian 12's headers: arch/x86/entry/syscalls/syscall_64.tbl of Linux 6.18.
    private static let newerNames = [
        451: "cachestat", 452: "fchmodat2", 453: "map_shadow_stack", 454: "futex_wake", 455: "futex_wait",
        456: "futex_requeue", 457: "statmount", 458: "listmount", 459: "lsm_get_self_attr", 460: "lsm_set_self_attr",
        461: "lsm_list_modules", 462: "mseal", 463: "setxattrat", 464: "getxattrat", 465: "listxattrat",
        466: "removexattrat", 467: "open_tree_attr", 468: "file_getattr", 469: "file_setattr",
    ]

    private static var names: [Int: String] { headerNames.merging(newerNames) { header, _ in header } }

    @Test("the header was understood")
    func header() {
        #expect(Self.headerNames[0] == "read")
        #expect(Self.headerNames[334] == "rseq")
        #expect(Self.headerNames.count > 350)
    }

    @Test("has a row with the right name for every number that Linux has")
    func complete() {
        let names = Dictionary(Self.rows.map { ($0.number, $0.name) }) { first, _ in first }
        let missing = Self.names.filter { names[$0.key] == nil }.sorted { $0.key < $1.key }
        #expect(missing.isEmpty, "no row for \(missing.map { "\($0.key) \($0.value)" }.joined(separator: ", "))")
        for (number, name) in Self.names {
            guard let row = names[number] else { continue }
            #expect(row == name, "number \(number)")
        }
        for number in Array(0...334) + Array(424...469) {
            #expect(Self.names[number] != nil, "Linux has no name for \(number)?")
        }
    }

    @Test("has no number and no name twice, and none that Linux does not have")
    func unique() {
        let byNumber = Dictionary(grouping: Self.rows, by: \.number).filter { $0.value.count > 1 }
        #expect(byNumber.isEmpty, "twice: \(byNumber.keys.sorted())")
        let byName = Dictionary(grouping: Self.rows, by: \.name).filter { $0.value.count > 1 }
        #expect(byName.isEmpty, "twice: \(byName.keys.sorted())")
        // 335 and 336 are for the kernel's own trampolines (uretprobe, uprobe).
        let foreign = Self.rows.filter { Self.names[$0.number] == nil && ![335, 336].contains($0.number) }
        #expect(foreign.isEmpty, "not Linux's: \(foreign.map { "\($0.number) \($0.name)" })")
    }

    @Test("says for each call how it is done")
    func done() {
        for row in Self.rows {
            switch row.callClass {
            case .answeredHere, .mayWait: #expect(row.handler != nil, "\(row.name) has no handler")
            case .passedOn: break
            case .refused:
                #expect(row.handler == nil, "\(row.name) is refused and has a handler")
                #expect(row.support == .none, "\(row.name) is refused and supported")
                #expect((0..<4096).contains(row.refusal), "\(row.name) is refused with \(row.refusal)")
            }
            #expect(row.support != .none || row.callClass == .refused, "\(row.name) is done, but not supported")
            #expect(row.arguments.count <= 6, "\(row.name)")
        }
    }

    @Test("says what is missing where a call is not fully supported")
    func notes() {
        let silent = Self.rows.filter { $0.support != .full && $0.note.isEmpty }.map(\.name)
        #expect(silent.isEmpty, "no note: \(silent.joined(separator: ", "))")
    }

    @Test("names numbers it does not have by the number")
    func unknownNames() {
        #expect(SyscallTable.name(of: 9999) == "syscall_9999")
        #expect(SyscallTable.name(of: -1) == "syscall_-1")
        #expect(SyscallTable.name(of: 0) == "read")
    }
}
