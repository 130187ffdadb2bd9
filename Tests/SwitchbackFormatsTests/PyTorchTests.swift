import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

/// Files that the real PyTorch writes.
@Suite(.seeded(), .enabled(if: Python.has("torch"), "the Python package torch is not installed"))
struct PyTorchTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Runs lines of Python, in which `path` is a file to write, and returns that file's path.
    private func save(_ program: String, to name: String = "x.pt") throws -> String {
        let path = folder.path(name)
        try Python.run(
            "import sys, torch, collections\nfrom torch import nn\npath = sys.argv[1]\n" + program, [path])
        return path
    }

    /// The sentence with which a file is refused.
    private func problem(_ path: String, objects: PyTorch.Objects = .refused) -> String {
        do {
            _ = try PyTorch.load(path, objects: objects)
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func everyElementTypeIsRead() throws {
        let path = try save(
            """
            types = dict(f32=torch.float32, f64=torch.float64, f16=torch.float16, bf16=torch.bfloat16,
                i64=torch.int64, i32=torch.int32, i16=torch.int16, i8=torch.int8, u8=torch.uint8, u16=torch.uint16,
                u32=torch.uint32, b=torch.bool)
            torch.save({n: torch.tensor([[0., 1, 2], [3, 100, 1]]).to(t) for n, t in types.items()}, path)
            """)
        let tensors = try PyTorch.stateDict(path)
        let expected: [String: DType] = [
            "f32": .float32, "f64": .float64, "f16": .float16, "bf16": .bfloat16, "i64": .int64, "i32": .int32,
            "i16": .int32, "i8": .int32, "u8": .uint8, "u16": .int32, "u32": .int64, "b": .bool,
        ]
        #expect(tensors.mapValues(\.dtype) == expected)
        for (name, tensor) in tensors {
            #expect(tensor.shape == [2, 3])
            let values: [Double] = name == "b" ? [0, 1, 1, 1, 1, 1] : [0, 1, 2, 3, 100, 1]
            #expect(tensor.toArray(as: Double.self) == values, "\(name)")
        }
    }

    @Test func viewsShareTheirStorage() throws {
        let path = try save(
            """
            a = torch.arange(24.).reshape(4, 6)
            torch.save(dict(a=a, t=a.t(), part=a[1:3, ::2], wide=a[0, :1].expand(3), scalar=a[2, 3], none=a[:0],
                zero=torch.zeros(0, 4)), path)
            """)
        let tensors = try PyTorch.stateDict(path)
        #expect(tensors["t"]?.shape == [6, 4] && tensors["t"]?.toArray().prefix(5) == [0, 6, 12, 18, 1])
        #expect(tensors["part"]?.toArray() == [6, 8, 10, 12, 14, 16])
        #expect(tensors["wide"]?.toArray() == [0, 0, 0] && tensors["scalar"]?.item() == 15)
        #expect(tensors["none"]?.shape == [0, 6] && tensors["zero"]?.shape == [0, 4])
        #expect(tensors["a"]?.array.storage === tensors["t"]?.array.storage)
    }

    @Test func aModelIsLoadedByName() throws {
        let path = try save(
            """
            torch.manual_seed(1)
            model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2)).eval()
            x = torch.arange(8.).reshape(2, 4)
            torch.save(dict(epoch=3, model=model.state_dict(), lr=0.5, done=False, note=None, big=2**40,
                x=x, y=model(x)), path)
            """)
        let model = Sequential(Linear(4, 3), BatchNorm1d(3), ReLU(), Linear(3, 2)).eval()
        try model.load(stateDict: PyTorch.stateDict(path, key: "model"))
        let everything = try PyTorch.load(path)
        guard case .tensor(let x)? = everything["x"], case .tensor(let y)? = everything["y"],
            case .integer(1 << 40)? = everything["big"], case .number(0.5)? = everything["lr"],
            case .bool(false)? = everything["done"], case PyTorch.Value.none? = everything["note"]
        else {
            Issue.record("\(everything)")
            return
        }
        let difference = noGrad { (model(x) - y).abs().amax().item() }
        #expect(difference < 1e-6)
        #expect(throws: InputError.self) { try PyTorch.stateDict(path, key: "modle") }
    }

    /// As Ultralytics saves models: objects of classes that are not there, with tensors deep inside.
    @Test func wholeModelsAreDrawnOutOfTheirObjects() throws {
        let path = try save(
            """
            import types, pathlib
            class Conv(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 4, 3, bias=False)
                    self.bn = nn.BatchNorm2d(4)
                    self.act = nn.SiLU()
            class Detector(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.model = nn.Sequential(Conv(), nn.ModuleList([Conv()]))
                    self.args = types.SimpleNamespace(lr=0.1)
                    self.names = {0: 'cat', 1: 'dog'}
                    self.stride = torch.tensor([8., 16.])
            torch.manual_seed(2)
            model = Detector().half()
            args = {'data': pathlib.PurePosixPath('x.yaml')}
            torch.save(dict(epoch=-1, ema=None, model=model, train_args=args), path)
            torch.save(model.state_dict(), path + '.expected')
            """)
        let tensors = try PyTorch.stateDict(path)
        let expected = try PyTorch.stateDict(path + ".expected")
        #expect(tensors.count == expected.count && tensors.count == 12)
        for (name, tensor) in expected {
            let found = try #require(tensors[name], "\(name)")
            #expect(found.dtype == tensor.dtype && found.shape == tensor.shape)
            #expect(found.toArray(as: Double.self) == tensor.toArray(as: Double.self))
        }
        #expect(problem(path).contains("Detector"))
        let records = try PyTorch.load(path, objects: .records)
        guard case .object(let type, _, _)? = records["model"], type.hasSuffix("Detector"),
            case .dictionary(let names)? = records["model"]?["names"]
        else {
            Issue.record("\(records)")
            return
        }
        #expect(names.count == 2)
    }

    /// What would run a program in Python is refused with its name, and nothing happens.
    @Test(arguments: [
        ("os.system", "posix.system"), ("eval", "eval"), ("subprocess.getoutput", "getoutput"),
    ])
    func hostileFilesRunNothing(_ function: String, _ name: String) throws {
        let proof = folder.path("proof")
        let path = try save(
            """
            import os, subprocess
            class Attack:
                def __reduce__(self): return (\(function), ("touch \(proof)",))
            torch.save({'model': {'weight': torch.zeros(2), 'x': Attack()}}, path)
            """)
        for objects in [PyTorch.Objects.refused, .records] {
            #expect(problem(path, objects: objects).contains(name), "\(problem(path, objects: objects))")
        }
        #expect(throws: InputError.self) { try PyTorch.stateDict(path) }
        #expect(!folder.contents.contains("proof"))
    }

    @Test func otherFormsAreRefusedWithTheRemedy() throws {
        #expect(problem(try save("import pickle; pickle.dump([1, 2], open(path, 'wb'), 2)")).contains("a bare pickle"))
        let script = try save("torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), path)")
        #expect(problem(script).contains("TorchScript"))
        let archive = try save("import numpy; numpy.savez(open(path, 'wb'), x=numpy.zeros(2))")
        #expect(problem(archive).contains("no data.pkl"))
        #expect(problem(try save("torch.save(torch.zeros(2, dtype=torch.complex32), path)")).contains("complex32"))
        #expect(throws: InputError.self) { try PyTorch.stateDict(save("torch.save([1, 2], path)")) }
    }

    @Test func olderFilesAreRead() throws {
        let path = try save(
            """
            a = torch.arange(6.).reshape(2, 3)
            torch.save({'state_dict': collections.OrderedDict(a=a, t=a.t()[1:], i8=torch.tensor([-3, 4], dtype=torch.int8),
                b=torch.tensor([True, False]), bf16=torch.tensor([1.5], dtype=torch.bfloat16), none=torch.zeros(0))},
                path, _use_new_zipfile_serialization=False)
            """)
        let tensors = try PyTorch.stateDict(path)
        #expect(tensors["a"]?.toArray() == [0, 1, 2, 3, 4, 5] && tensors["t"]?.toArray() == [1, 4, 2, 5])
        #expect(tensors["i8"]?.toArray(as: Int.self) == [-3, 4] && tensors["b"]?.toArray(as: Int.self) == [1, 0])
        #expect(tensors["bf16"]?.dtype == .bfloat16 && tensors["bf16"]?.item() == 1.5 && tensors["none"]?.count == 0)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for length in [20, 60, bytes.count / 2, bytes.count - 1] {
            let cut = folder.path("cut.pt")
            try bytes.prefix(length).write(to: URL(fileURLWithPath: cut))
            #expect(throws: InputError.self, "\(length) bytes") { try PyTorch.stateDict(cut) }
        }
    }

    @Test func complexNumbersAreReadAsTheyAreSeen() throws {
        let lines = "x = torch.tensor([[1+2j, 3-4j], [0.5j, -1]]); torch.save("
        // `conj()` changes no memory there, but how it is seen; its imaginary part is real and seen as the opposite.
        let path = try save(lines + "dict(x=x, h=x.mH, c=x.conj(), w=x.to(torch.complex128)), path)")
        let tensors = try PyTorch.stateDict(path)
        func isSame(_ name: String, _ real: [Double], _ imag: [Double]) -> Bool {
            tensors[name]?.real.toArray(as: Double.self) == real && tensors[name]?.imag.toArray(as: Double.self) == imag
        }
        #expect(isSame("x", [1, 3, 0, -1], [2, -4, 0.5, 0]) && isSame("c", [1, 3, 0, -1], [-2, 4, -0.5, 0]))
        #expect(isSame("h", [1, 0, 3, -1], [-2, -0.5, 4, 0]) && isSame("w", [1, 3, 0, -1], [2, -4, 0.5, 0]))
        #expect(tensors["x"]?.dtype == .complex64 && tensors["w"]?.dtype == .complex128)
        let negated = try PyTorch.stateDict(save(lines + "dict(n=x.conj().imag), path)", to: "negated.pt"))
        #expect(negated["n"]?.toArray() == [-2, 4, -0.5, 0])
        let older = try PyTorch.stateDict(
            save(lines + "dict(x=x), path, _use_new_zipfile_serialization=False)", to: "older.pt"))
        #expect(older["x"]?.equal(tensors["x"]!) == true)
    }

    @Test func whatIsWrittenPyTorchReads() throws {
        var tensors: [String: Tensor] = [
            "transposed": Tensor([[1.0, 2], [3, 4]]).t(), "empty": Tensor.zeros([0, 3]),
        ]
        for dtype in DType.allCases { tensors["\(dtype)"] = Tensor([[1.0, 0, 3]]).to(dtype) }
        let path = folder.path("written.pt")
        try PyTorch.save(tensors, to: path)
        let output = try Python.run(
            """
            import sys, torch
            found = torch.load(sys.argv[1], weights_only=True)
            for name, t in sorted(found.items()):
                print(name, str(t.dtype)[6:], list(t.shape), torch.real(t).double().flatten().tolist())
            """, [path])
        var expected = ["empty float32 [0, 3] []", "transposed float32 [2, 2] [1.0, 3.0, 2.0, 4.0]"]
        for dtype in DType.allCases {
            expected.append("\(dtype) \(dtype) [1, 3] [1.0, 0.0, \(dtype == .bool ? "1.0" : "3.0")]")
        }
        #expect(output.split(separator: "\n").map(String.init).sorted() == expected.sorted())
        let read = try PyTorch.stateDict(path)
        #expect(read.allSatisfy { $0.value.equal(tensors[$0.key]!) && $0.value.dtype == tensors[$0.key]!.dtype })
    }

    /// Every file that is cut short or has one byte changed either loads or is refused with a sentence.
    @Test func damageIsNoticed() throws {
        let path = try save("torch.save(nn.Linear(3, 2).state_dict(), path)")
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        for length in stride(from: 0, to: bytes.count, by: 3) {
            let cut = try folder.write(bytes.prefix(length), to: "cut")
            #expect(throws: InputError.self) { try PyTorch.load(cut) }
        }
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= 0x11
            do { _ = try PyTorch.load(folder.write(changed, to: "changed")) } catch is InputError {}
        }
    }
}
