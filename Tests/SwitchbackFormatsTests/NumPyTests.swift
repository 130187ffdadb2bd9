import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

@Suite struct NumPyTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// An npy file with the dictionary given, and data after it.
    private func file(_ dictionary: String, data: [UInt8] = [], version: UInt8 = 1) throws -> String {
        let length = dictionary.utf8.count
        let field = [UInt8(length & 0xFF), UInt8(length >> 8)] + (version == 1 ? [] : [0, 0])
        return try folder.write([0x93] + "NUMPY".utf8 + [version, 0] + field + dictionary.utf8 + data, to: "x.npy")
    }

    private func dictionary(_ type: String, _ shape: String, fortran: String = "False") -> String {
        "{'descr': '\(type)', 'fortran_order': \(fortran), 'shape': \(shape), }\n"
    }

    private func problem(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)" }
    }

    @Test(arguments: DType.allCases) func everyTypeReturnsAsItWasSaved(_ dtype: DType) throws {
        for shape in [[2, 3], [], [0, 4], [5]] as [Shape] {
            let tensor = Tensor((0..<shape.elementCount).map { $0 % 2 }, shape: shape, dtype: dtype)
            try NumPy.save(tensor, to: folder.path("x.npy"))
            let loaded = try NumPy.load(folder.path("x.npy"))
            #expect(loaded.shape == shape)
            #expect(loaded.dtype == (dtype == .bfloat16 ? .float32 : dtype))
            #expect(loaded.equal(tensor))
        }
    }

    @Test func partsOfComplexNumbersHaveTheirOwnByteOrder() throws {
        // 1 + 2i and −0.5i, as NumPy writes them with the type >c8.
        let bytes: [UInt8] = [0x3F, 0x80, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0xBF, 0, 0, 0]
        let numbers = try NumPy.load(file(dictionary(">c8", "(2,)"), data: bytes))
        #expect(numbers.dtype == .complex64 && numbers.viewAsReal().toArray() == [1, 2, 0, -0.5])
    }

    @Test func otherTypesAndOrdersAreConverted() throws {
        let signed = try NumPy.load(file(dictionary("|i1", "(2,)"), data: [0xFF, 2]))
        #expect(signed.dtype == .int32 && signed.toArray(as: Int.self) == [-1, 2])
        let wide = try NumPy.load(file(dictionary("<u2", "(1,)"), data: [0xFE, 0xFF], version: 2))
        #expect(wide.dtype == .int32 && wide.item() == 65534)
        let bigEndian = try NumPy.load(file(dictionary(">i4", "(1,)"), data: [0, 0, 1, 2], version: 3))
        #expect(bigEndian.dtype == .int32 && bigEndian.item() == 258)
        let columns = try NumPy.load(file(dictionary("|u1", "(2, 3)", fortran: "True"), data: [1, 4, 2, 5, 3, 6]))
        #expect(columns.isContiguous && columns.toArray(as: Int.self) == [1, 2, 3, 4, 5, 6])
    }

    @Test(arguments: [
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }", "cut short"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 8), }", "cut short"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "not a size"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "Python objects"),
        ("{'descr': '<c32', 'fortran_order': False, 'shape': (1,), }", "'<c32'"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "records"),
        ("{'descr': '<f4', 'shape': (1,), }", "not all there"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", "9 dimensions"),
        ("{'descr': '<f4", "no end"),
        ("", "expected"),
        ("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", "has more data after"),
    ])
    func headersThatLieAreRefused(_ text: String, _ sentence: String) throws {
        let path = try file(text, data: [0, 0])
        let found = problem { _ = try NumPy.load(path) }
        #expect(found.contains(sentence) && found.hasPrefix(path), "\(found)")
    }

    @Test func archivesReturnAsTheyWereSaved() throws {
        let path = folder.path("x.npz")
        let tensors = ["images": Tensor([[1.5, 2], [3, 4]]), "labels": Tensor([1, 2])]
        try NumPy.saveArchive(tensors, to: path)
        let loaded = try NumPy.loadArchive(path)
        #expect(Set(loaded.keys) == ["images", "labels"])
        #expect(loaded["images"]?.toArray() == [1.5, 2, 3, 4])
        #expect(loaded["labels"]?.toArray(as: Int.self) == [1, 2])
    }

    /// Every archive that is cut short or has one byte changed either loads or is refused with a sentence.
    @Test func damagedArchivesAreRefused() throws {
        try NumPy.saveArchive(["a": Tensor([1.0, 2, 3])], to: folder.path("x.npz"))
        let bytes = try [UInt8](Data(contentsOf: folder.url.appendingPathComponent("x.npz")))
        for length in 0..<bytes.count {
            let path = try folder.write(bytes.prefix(length), to: "cut.npz")
            #expect(throws: InputError.self) { try NumPy.loadArchive(path) }
        }
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= 0xFF
            let path = try folder.write(changed, to: "changed.npz")
            do { _ = try NumPy.loadArchive(path) } catch is InputError {}
        }
    }

    @Test func deflatedArchivesOfNumPyAreRead() throws {
        let arrays = try NumPy.loadArchive(fixtureFolder.appendingPathComponent("deflated.npz").path)
        #expect(arrays["images"]?.shape == [4, 5, 6])
        #expect(arrays["images"]?.toArray(as: Int.self) == Array(0..<120))
        #expect(arrays["labels"]?.toArray(as: Int.self) == [7, 2, 1, 0])
    }
}
