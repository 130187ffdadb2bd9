import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

/// GGUF files against the package `gguf`; `make_gguf.py` made the fixture.
struct GGUFTests {
    let folder: TemporaryFolder
    private let path = fixtureFolder.appendingPathComponent("gguf/blocks.gguf").path
    private let values: [String: Tensor]

    init() throws {
        folder = try TemporaryFolder()
        values = try Safetensors.load(fixtureFolder.appendingPathComponent("gguf/blocks.safetensors").path)
    }

    @Test func numbersOfAllTypes() throws {
        let file = try GGUF(path)
        #expect(file.names.count == 11)
        for name in file.names {
            let (found, expected) = (try file.tensor(name).to(.float32), try #require(values[name]))
            #expect(found.shape == [3, 256] && found.equal(expected), "\(name)")
        }
        #expect(try file.metadata.string("general.architecture") == "llama")
        #expect(try file.metadata.integer("test.count") == 3 && file.metadata.number("test.number") == 0.5)
        #expect(try file.metadata.array("test.names")?.count == 3 && file.metadata.bool("test.flag", default: false))
    }

    /// What is written is what the package writes.
    @Test(arguments: [GGUFType.f32, .f16, .q8_0, .q4_0])
    func writing(_ type: GGUFType) throws {
        let matrix = try #require(values["matrix"])
        let output = folder.path("a.gguf")
        try GGUFWriter.write(
            [
                ("a", .uint32(7)), ("b", .strings(["x", "é"])), ("c", .floats([0.5])), ("d", .int32s([-1])),
                ("e", .bool(true)),
            ],
            [
                .init("m", matrix, as: type),
                .init("n", matrix.narrow(dim: 1, start: 0, length: 33).contiguous(), as: type),
            ],
            to: output)
        let file = try GGUF(output)
        #expect(try file.tensor("m").to(.float32).equal(#require(values["\(type)"])))
        // Rows that are no whole blocks.
        let narrow = try file.tensor("n").to(.float32)
        #expect((narrow - matrix.narrow(dim: 1, start: 0, length: 33)).abs().max().item() < 2e-3)
        #expect(try file.metadata.integer("a") == 7 && file.metadata.integers("d") == [-1])
    }

    @Test func filesThatLie() throws {
        let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        func refusal(_ bytes: [UInt8]) throws -> String {
            let damaged = try folder.write(bytes, to: "damaged.gguf")
            let error = #expect(throws: InputError.self) {
                try withinAMinute {
                    let file = try GGUF(damaged)
                    for name in file.names { _ = try file.tensor(name) }
                }
            }
            return error?.description ?? ""
        }
        func changed(_ place: Int, _ value: [UInt8]) -> [UInt8] {
            var bytes = whole
            bytes.replaceSubrange(place..<place + value.count, with: value)
            return bytes
        }
        #expect(try refusal(Array("GGUX".utf8) + whole.dropFirst(4)).contains("does not begin with GGUF"))
        #expect(try refusal(changed(4, [9])).contains("version 9"))
        let large: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0x40]
        #expect(try refusal(changed(8, large)).contains("too large"))
        #expect(try refusal(changed(16, large)).contains("too large"))
        #expect(try refusal(changed(24, large)).contains("too large"))
        #expect(try refusal(Array(whole.prefix(whole.count - 64))).contains("is cut short"))
        #expect(try refusal(Array(whole.prefix(40))).contains("is cut short"))
    }
}
