import CZlib
import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

/// Every reader of files against damaged ones; see `Fuzzer`.
@Suite(.seeded(), .serialized) struct FuzzTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func bytes(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) }

    /// The bytes of a file that `write` makes.
    private func file(_ write: (String) throws -> Void) throws -> [UInt8] {
        try write(folder.path("seed"))
        return try bytes(folder.path("seed"))
    }

    private let tensors: [String: Tensor] = [
        "weight": Tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], shape: [2, 3]), "count": Tensor([7, 8]),
        "mask": Tensor([true, false, true]), "half": Tensor([0.5], shape: [1, 1], dtype: .float16),
    ]

    @Test func safetensors() throws {
        var fuzzer = Fuzzer(seeds: [try file { try Safetensors.save(tensors, metadata: ["a": "b"], to: $0) }])
        try fuzzer.run { _ = try Safetensors.read($0) }
    }

    @Test func gguf() throws {
        let seed = try bytes(fixtureFolder.appendingPathComponent("gguf/blocks.gguf").path)
        var fuzzer = Fuzzer(seeds: [seed])
        try fuzzer.run { path in
            let file = try GGUF(path)
            for name in file.names { _ = try file.tensor(name) }
        }
    }

    @Test func numPy() throws {
        let seeds = try tensors.values.map { tensor in try file { try NumPy.save(tensor, to: $0) } }
        var fuzzer = Fuzzer(seeds: seeds)
        try fuzzer.run { _ = try NumPy.load($0) }
    }

    @Test func archives() throws {
        var fuzzer = Fuzzer(seeds: [try file { try NumPy.saveArchive(tensors, to: $0) }])
        try fuzzer.run { _ = try NumPy.loadArchive($0) }
    }

    @Test func idx() throws {
        let pixels: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]
        let floats: [UInt8] = [0, 0, 0x0D, 1, 0, 0, 0, 1, 0x3F, 0x80, 0, 0]
        var fuzzer = Fuzzer(seeds: [pixels, floats])
        try fuzzer.run { _ = try IDX.load($0) }
    }

    @Test func csv() throws {
        var fuzzer = Fuzzer(seeds: ["a,b,c\n1,2.5,x\n3,\"4,\"\"5\",y\n", "1;2\r\n3;4\r\n"].map { Array($0.utf8) })
        try fuzzer.run { _ = try CSV.load($0) }
    }

    @Test func tensorBoard() throws {
        let writer = try TensorBoardWriter(folder: folder.url.path)
        try writer.scalar("loss", 0.5, step: 1)
        try writer.histogram("weights", Tensor([1.0, 2.0, 2.0]), step: 1)
        try writer.graph([GraphNode(name: "a/b", operation: "c", inputs: ["d"], shape: [1, 2])])
        try writer.flush()
        let records = try bytes(writer.path)
        var whole = Fuzzer(seeds: [records])
        try whole.run { _ = try EventFile.read($0) }
        // Past the checksums: damaged messages in records that are in order.
        var messages: [[UInt8]] = []
        var position = 0
        while position < records.count {
            let length = Int(records[position]) | Int(records[position + 1]) << 8
            messages.append(Array(records[position + 12..<position + 12 + length]))
            position += length + 16
        }
        var inner = Fuzzer(seeds: messages)
        try inner.run(pack: Self.record) { _ = try EventFile.read($0) }
    }

    private static func record(_ message: [UInt8]) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) } }
        func checksum(_ bytes: [UInt8]) -> [UInt8] {
            var sum = ~UInt32(0)
            for byte in bytes {
                sum ^= UInt32(byte)
                for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
            }
            sum = ~sum
            return little(Int((sum >> 15 | sum << 17) &+ 0xA282_EAD8), 4)
        }
        let length = little(message.count, 8)
        return length + checksum(length) + message + checksum(message)
    }

    @Test(.enabled(if: Python.has("torch"), "the Python package torch is not installed"))
    func pyTorch() throws {
        let path = folder.path("model.pt")
        try Python.run(
            """
            import sys, torch
            from torch import nn
            model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
            torch.save(dict(model=model, state=model.state_dict(), lr=0.1, names=['a', 'b'], steps={1: (2, None)}), sys.argv[1])
            """, [path])
        var whole = Fuzzer(seeds: [try bytes(path)])
        try whole.run {
            _ = try PyTorch.stateDict($0)
            _ = try PyTorch.load($0, objects: .records)
        }
        // Past the checksums: damaged pickles in an archive that is in order.
        let pickle = try Python.run(
            """
            import sys, zipfile
            z = zipfile.ZipFile(sys.argv[1])
            print(z.read([n for n in z.namelist() if n.endswith('data.pkl')][0]).hex())
            """, [path])
        var inner = Fuzzer(seeds: [Self.unhexed(pickle)])
        try inner.run(pack: Self.archive) {
            _ = try PyTorch.stateDict($0)
            _ = try PyTorch.load($0, objects: .records)
        }
    }

    private static func unhexed(_ text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// A .zip archive with a pickle, and storages of 64 bytes.
    private static func archive(_ pickle: [UInt8]) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) } }
        let storages = (0..<8).map { ("x/data/\($0)", [UInt8](repeating: 1, count: 64)) }
        var (file, directory, members): ([UInt8], [UInt8], Int) = ([], [], 0)
        for (name, contents) in [("x/data.pkl", pickle)] + storages {
            let checksum = contents.withUnsafeBufferPointer { Int(crc32_z(0, $0.baseAddress, $0.count)) }
            let common =
                little(20, 2) + little(0, 8) + little(checksum, 4) + little(contents.count, 4)
                + little(contents.count, 4) + little(name.utf8.count, 2) + little(0, 2)
            directory +=
                little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 10) + little(file.count, 4) + name.utf8
            file += little(0x0403_4B50, 4) + common + name.utf8 + contents
            members += 1
        }
        let end = little(0x0605_4B50, 4) + little(0, 4) + little(members, 2) + little(members, 2)
        return file + directory + end + little(directory.count, 4) + little(file.count, 4) + little(0, 2)
    }

    /// Damaged models are not only read, but run where they can be.
    @Test func onnx() throws {
        let image = Sequential(
            Conv2d(1, 2, kernelSize: 3, padding: 1), BatchNorm2d(2), ReLU(), MaxPool2d(kernelSize: 2), Flatten(),
            Linear(8, 3), Softmax(dim: 1))
        let rows = Sequential(Linear(4, 4), LayerNorm([4]), GELU(), Linear(4, 2))
        let seeds = [
            try file { try ONNX.export(image, example: Tensor.zeros([1, 1, 4, 4]), to: $0) },
            try file { try ONNX.export(rows, example: Tensor.zeros([1, 4]), to: $0) },
        ]
        var fuzzer = Fuzzer(seeds: seeds)
        try fuzzer.run { path in
            let model = try ONNXModel(path, elementLimit: 1 << 20)
            for example in [Tensor.zeros([2, 1, 4, 4]), Tensor.zeros([2, 4])] {
                let inputs = Dictionary(model.inputNames.map { ($0, example) }) { first, _ in first }
                do { _ = try noGrad { try model.run(inputs) } } catch is InputError {}
            }
        }
    }
}
