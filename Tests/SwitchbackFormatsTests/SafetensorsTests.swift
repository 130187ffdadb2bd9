import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

@Suite struct SafetensorsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A file with the header given and so many bytes of data.
    private func file(_ header: String, data: Int = 0, claimedLength: UInt64? = nil) throws -> String {
        let length = withUnsafeBytes(of: (claimedLength ?? UInt64(header.utf8.count)).littleEndian) { Array($0) }
        return try folder.write(length + header.utf8 + [UInt8](repeating: 1, count: data), to: "x.safetensors")
    }

    /// The sentence that reading the file throws.
    private func problem(_ path: String) -> String {
        do {
            _ = try Safetensors.load(path)
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func everyTypeReturnsAsItWasSaved() throws {
        let path = folder.path("all.safetensors")
        let shapes: [Shape] = [[2, 3], [], [0, 4], [3]]
        var saved: [String: Tensor] = [:]
        for dtype in DType.allCases where dtype != .complex128 {
            for shape in shapes {
                let values = (0..<shape.elementCount).map { Double($0 % 2) }
                saved["\(dtype).\(shape)"] = Tensor(values, shape: shape, dtype: dtype)
            }
        }
        try Safetensors.save(saved, metadata: ["note": "a \"quoted\"\nline"], to: path)
        let contents = try Safetensors.read(path)
        #expect(contents.metadata == ["note": "a \"quoted\"\nline"])
        #expect(contents.tensors.count == saved.count)
        for (name, tensor) in saved {
            let loaded = try #require(contents.tensors[name])
            #expect(loaded.dtype == tensor.dtype && loaded.shape == tensor.shape)
            #expect(loaded.equal(tensor))
        }
    }

    @Test func typesThatTheFormatDoesNotHaveAreNamed() throws {
        let path = folder.path("wide.safetensors")
        let error = try #require(throws: InputError.self) {
            try Safetensors.save(["spectrum": Tensor.zeros([2], dtype: .complex128)], to: path)
        }
        #expect(error.place == "tensor spectrum" && error.problem.contains("complex128"))
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// The numbers are those of `torch.tensor(bytes).view(torch.float8_e4m3fn)` and its like.
    @Test func typesThatAreConvertedAndNamed() throws {
        func read(_ type: String, _ bytes: [UInt8], _ count: Int) throws -> Tensor {
            let entry = #""dtype":"\#(type)","shape":[\#(count)],"data_offsets":[0,\#(bytes.count)]"#
            let header = Array(#"{"a":{\#(entry)}}"#.utf8)
            let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
            let path = try folder.write(length + header + bytes, to: "converted.safetensors")
            return try #require(try Safetensors.load(path)["a"])
        }
        let bytes: [UInt8] = [0, 1, 7, 8, 0x38, 0x45, 0x7E, 0x80, 0xC0, 0xFB]
        let e4m3 = try read("F8_E4M3", bytes + [0x7F, 0xFF], 12)
        #expect(e4m3.dtype == .float32)
        #expect(
            e4m3.toArray(as: Float.self).dropLast(2)
                == [0, 0.001953125, 0.013671875, 0.015625, 1, 3.25, 448, 0, -2, -352])
        #expect(e4m3.toArray(as: Float.self).suffix(2).allSatisfy { $0.isNaN })
        let e5m2 = try read("F8_E5M2", bytes + [0x7C, 0xFC], 12).toArray(as: Float.self)
        #expect(e5m2[..<6] == [0, 1.52587890625e-05, 0.0001068115234375, 0.0001220703125, 0.5, 5])
        #expect(e5m2[6].isNaN && e5m2[8] == -2 && e5m2[9] == -57344 && e5m2[10] == .infinity && e5m2[11] == -.infinity)
        #expect(try read("I8", [255, 127], 2).toArray(as: Int.self) == [-1, 127])
        #expect(try read("I16", [0, 128], 1).toArray(as: Int.self) == [-32768])
        #expect(try read("U16", [255, 255], 1).dtype == .int32)
        #expect(try read("U32", [255, 255, 255, 255], 1).toArray(as: Int.self) == [4_294_967_295])
        #expect(try read("U64", [1, 0, 0, 0, 0, 0, 0, 0], 1).toArray(as: Int.self) == [1])
        #expect(throws: InputError.self) { try read("U64", [UInt8](repeating: 255, count: 8), 1) }
    }

    @Test func aMappedTensorCanBeChangedWithoutChangingTheFile() throws {
        let path = folder.path("x.safetensors")
        try Safetensors.save(["x": Tensor([1.0, 2.0])], to: path)
        let loaded = try #require(try Safetensors.load(path)["x"])
        loaded[0] = 7
        #expect(loaded.toArray() == [7, 2])
        #expect(try Safetensors.load(path)["x"]?.toArray() == [1, 2])
    }

    @Test func tensorsOutliveTheirFile() throws {
        let path = folder.path("x.safetensors")
        try Safetensors.save(["x": Tensor([1.0, 2.0])], to: path)
        let loaded = try #require(try Safetensors.load(path)["x"])
        try FileManager.default.removeItem(atPath: path)
        #expect(loaded.toArray() == [1, 2])
    }

    @Test func misalignedTensorsAreRead() throws {
        let header =
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}"#
        let tensors = try Safetensors.load(file(header, data: 5))
        #expect(tensors["b"]?.count == 1)
        #expect(tensors["b"]?.item(as: Float.self) == Float(bitPattern: 0x0101_0101))
    }

    /// Headers that do not tell the truth, and a part of the sentence that says so.
    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, "tensor a: 4 bytes are set aside"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "of which the file has 4"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, "not a pair of byte positions"),
        (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, "not a size"),
        (#"{"a":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]}}"#, "element type is F6_E2M3"),
        (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#, "does not fit its shape"),
        (#"{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,4],"data_offsets":[0,4]}}"#, "has 9 dimensions"),
        (#"{"a":{"dtype":"F32","shape":[1]}}"#, "needs the fields"),
        (#"{"a":3}"#, "needs the fields"),
        (#"{"__metadata__":{"x":1}}"#, "not text"),
        (#"{}"#, "4 bytes at its end belong to no tensor"),
        (#"[]"#, "not a JSON object"),
        (#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":3}"#, "twice"),
        (
            #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
            "tensor b: its place in the file overlaps"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
            "leaves a gap"
        ),
        (#"{"a""#, "not valid JSON"),
        ("\u{0}", "not valid JSON"),
        (String(repeating: "[", count: 70), "nested"),
        (#"{"\ud800":1}"#, "surrogate"),
        (#"{"\ud800\u"#, "not valid JSON"),
        (#"{"\"#, "not valid JSON"),
    ])
    func headersThatLieAreRefused(_ header: String, _ sentence: String) throws {
        let found = problem(try file(header, data: 4))
        #expect(found.contains(sentence), "\(found)")
        #expect(found.hasPrefix(folder.path("x.safetensors")))
    }

    /// Every file that is cut short or has one byte changed either loads or is refused with a sentence.
    @Test func damageIsNoticed() throws {
        let path = folder.path("x.safetensors")
        try Safetensors.save(["x": Tensor([1.0, 2.0]), "y": Tensor([true])], metadata: ["a": "b"], to: path)
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        for length in 0..<bytes.count {
            let cut = try folder.write(bytes.prefix(length), to: "cut")
            #expect(throws: InputError.self) { try Safetensors.load(cut) }
        }
        for position in bytes.indices {
            for change in [0x01, 0x10, 0xFF] as [UInt8] {
                var changed = bytes
                changed[position] ^= change
                do { _ = try Safetensors.load(folder.write(changed, to: "changed")) } catch is InputError {}
            }
        }
    }

    @Test func lengthsBeyondTheFileAreRefused() throws {
        #expect(problem(try file("{}", claimedLength: 3)).contains("only 2 follow"))
        #expect(problem(try file("{}", claimedLength: .max)).contains("more than 100 MB"))
        #expect(problem(try folder.write([1, 2], to: "short")).contains("2 bytes"))
        #expect(problem(try folder.write([], to: "empty")).contains("empty"))
        #expect(problem(folder.path("missing")).contains("no such file"))
        #expect(problem(folder.url.path).contains("is a folder"))
    }

    @Test func aFailedSaveLeavesNothing() throws {
        let path = folder.path("x.safetensors")
        try Safetensors.save(["x": Tensor([1.0])], to: path)
        #expect(throws: InputError.self) {
            try Safetensors.save([("y", Tensor([1.0])), ("y", Tensor([2.0]))], to: path)
        }
        #expect(throws: InputError.self) { try Safetensors.save(["x": Tensor([1.0])], to: path + "/below") }
        #expect(throws: InputError.self) { try Safetensors.save(["x": Tensor([1.0])], to: folder.path("no/x")) }
        #expect(try Safetensors.load(path)["x"]?.toArray() == [1])
        #expect(folder.contents == ["x.safetensors"])
    }

    @Test func aFullDiskIsASentence() throws {
        let error = #expect(throws: InputError.self) {
            try Safetensors.save(["x": Tensor.zeros([100_000])], to: "/dev/full")
        }
        #expect(error?.problem.contains("disk is full") == true)
    }
}
