import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

/// JSON from outside, within bounds.
struct JSONTests {
    private func parse(_ text: String, limit: Int = .max) throws(JSON.Problem) -> JSON {
        let bytes = Array(text.utf8)
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(JSON.Problem) in try JSON(parsing: bytes, limit: limit) }
        }
        return try result.get()
    }

    /// A name of `count` letters, in one of two forms each: Unicode takes all such names for equal.
    private static func name(_ number: Int, count: Int = 17) -> String {
        (0..<count).map { number >> $0 & 1 == 0 ? "\u{e9}" : "e\u{301}" }.joined()
    }

    @Test func namesThatUnicodeTakesForEqual() throws {
        let members = (0..<100_000).map { "\"\(Self.name($0))\": \($0)" }.joined(separator: ",")
        guard case .object(let found) = try withinAMinute({ try parse("{\(members)}") }) else {
            Issue.record("it is not an object")
            return
        }
        #expect(found.count == 100_000 && found[99_999].name.utf8.elementsEqual(Self.name(99_999).utf8))
        let problem = #expect(throws: JSON.Problem.self) { try parse("{\"é\": 1, \"é\": 2}") }
        #expect(problem?.message.contains("there twice") == true)
    }

    @Test(
        arguments: [
            ("\"\(String(repeating: "\u{301}\u{327}", count: 262_144))\"", "marks"),
            ("{\"\(String(repeating: "z", count: 4_000_000))\": 1}", "a name of 4000000 bytes"),
            (String(repeating: "1", count: 4_000_000), "a number of more than"),
            ("[\(String(repeating: "1,", count: 4000))1]", "too many values"),
            (String(repeating: "[", count: 100_000), "nested more than"),
        ])
    func whatIsTooMuch(_ text: String, _ sentence: String) throws {
        let problem = #expect(throws: JSON.Problem.self) { try withinAMinute { try parse(text, limit: 1000) } }
        #expect(problem?.message.contains(sentence) == true, "\(problem?.message ?? "")")
        #expect(problem.map { $0.message.utf8.count < 3000 } == true)
    }

    @Test func marksThatTextHas() throws {
        guard case .string(let text) = try parse("\"e\u{301}\u{327}\"") else {
            Issue.record("it is not text")
            return
        }
        #expect(text.utf8.elementsEqual("e\u{301}\u{327}".utf8))
    }

    @Test func safetensorsHeader() throws {
        let folder = try TemporaryFolder()
        let entries = (0..<20_000).map {
            "\"\(Self.name($0))\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}"
        }.joined(separator: ",")
        let header = Array("{\(entries)}".utf8)
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init)
        let path = try folder.write(length + header, to: "names.safetensors")
        let error = #expect(throws: InputError.self) { try withinAMinute { try Safetensors.load(path) } }
        #expect(error?.description.contains("two Unicode forms") == true)
    }
}
