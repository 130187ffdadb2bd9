import Foundation
import TestSupport
import Testing

/// Commands that get less memory than they need.
struct MissingMemoryTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    /// Whatever is missing, and wherever: one sentence, or it was enough.
    @Test(arguments: [220, 260, 300, 340, 400]) func isASentence(_ megabytes: Int) throws {
        let turns = #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}"#
        let list = "[" + [String](repeating: turns, count: 40_000).joined(separator: ", ") + "]"
        _ = try program.folder.write(list, to: "chat.json")
        let model = fixtureFolder.appendingPathComponent("tiny-llama").path
        let run = try program.shell(
            """
            ulimit -v \(megabytes << 10)
            $switchback chat train --from '\(model)' --data chat.json --steps 1 --batch 1 --quiet
            """)
        let sentences = run.errors.split(separator: "\n").filter { !$0.hasPrefix("warning: ") }
        #expect([0, 1].contains(run.code), "\(run.errors)")
        #expect(sentences.count == Int(run.code), "\(run.errors)")
        #expect(sentences.allSatisfy { $0.hasPrefix("switchback: ") }, "\(run.errors)")
    }
}
