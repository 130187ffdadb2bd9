import Foundation
import TestSupport
import Testing

/// Commands that are told to end while they are at work.
struct InterruptionTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    @Test(arguments: [("INT", Int32(130)), ("TERM", 143), ("HUP", 129)])
    func endsAndLeavesNothing(_ signal: String, _ code: Int32) throws {
        let words = (0..<1_000_000).map { "\($0 &* 2_654_435_761 % 1_000_003)" }.joined(separator: " ")
        _ = try program.folder.write(words, to: "text.txt")
        let run = try program.shell(
            """
            $switchback text prepare --data text.txt --tokenizer bpe --vocabulary 60000 --to prepared & program=$!
            sleep 1; kill -\(signal) $program; wait $program
            """)
        #expect(run.code == code, "\(run.output)\(run.errors)")
        let left = try program.shell("find . -name '*.part*' -o -name '*.bin'")
        #expect(left.output.isEmpty, "\(left.output)")
    }

    /// `nohup` wants the end of the terminal passed over.
    @Test func nohup() throws {
        _ = try program.folder.write(String(repeating: "some words here. ", count: 2000), to: "text.txt")
        let run = try program.shell(
            """
            (trap '' HUP; exec $switchback text train --data text.txt --steps 30 --model gpt-mini --quiet) & program=$!
            sleep 0.3; kill -HUP $program; wait $program
            """)
        #expect(run.code == 0, "\(run.errors)")
    }
}
