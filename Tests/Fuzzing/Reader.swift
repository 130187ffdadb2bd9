import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackServer
import SwitchbackTraining
import SwitchbackVision

/// Something that reads what comes from outside.
struct Reader {
    let read: (UnsafeRawBufferPointer) throws -> Void

    /// A reader of bytes in memory.
    private init(_ read: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.read = read }

    /// A reader of files.
    private init(file name: String, _ read: @escaping (String) throws -> Void) {
        let folder = NSTemporaryDirectory() + "fuzz-readers-\(getpid())"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/\(name)"
        self.read = { bytes in
            guard bytes.count > 0, let file = fopen(path, "wb") else { return }
            fwrite(bytes.baseAddress, 1, bytes.count, file)
            fclose(file)
            try read(path)
        }
    }

    // Readers have no state of their own but the file that they write.
    nonisolated(unsafe) static let all: [String: Reader] = [
        "json": Reader { bytes in _ = try ConfigurationFields(body: Array(bytes)) },
        "request": Reader { bytes in
            let fields = try ConfigurationFields(body: Array(bytes))
            _ = try GenerationParameters(fields, .chat, limits: ServerLimits())
            _ = try ChatMessage.list(fields)
        },
        "form": Reader { bytes in
            _ = try ImageUpload(
                Array(bytes), contentType: "multipart/form-data; boundary=B", names: ["top", "model"])
        },
        "upload": Reader { bytes in _ = try ImageUpload(Array(bytes), contentType: nil, names: ["top", "model"]) },
        "image": Reader { bytes in
            _ = try Image.decode(bytes, name: "image", pixelLimit: 1 << 20)
        },
        "safetensors": Reader(file: "a.safetensors") { _ = try Safetensors.read($0) },
        "gguf": Reader(file: "a.gguf") { path in
            let file = try GGUF(path)
            for name in file.names { _ = try file.tensor(name) }
        },
        "schema": Reader { bytes in
            let fields = try ConfigurationFields(body: Array(bytes))
            _ = try Grammar.json(schema: fields).accepts("{\"name\": [1, \"a\"]}")
        },
        "pytorch": Reader(file: "a.pt") { _ = try PyTorch.load($0) },
        "npy": Reader(file: "a.npy") { _ = try NumPy.load($0) },
        "npz": Reader(file: "a.npz") { _ = try NumPy.loadArchive($0) },
        "csv": Reader(file: "a.csv") { _ = try CSV.load($0) },
        "events": Reader(file: "a.tfevents") { _ = try EventFile.read($0) },
        "onnx": Reader(file: "a.onnx") { _ = try ONNXModel($0, elementLimit: 1 << 16) },
        "tokenizer": Reader(file: "tokenizer.json") { path in
            let tokenizer = try Tokenizers.load(path)
            _ = tokenizer.decode(try tokenizer.encode("Some text, 123 and <|more|> of it.", addingSpecialTokens: true))
        },
        "sentencepiece": Reader(file: "tokenizer.model") { path in
            let tokenizer = try Tokenizers.load(path)
            _ = tokenizer.decode(try tokenizer.encode("Some text, 123 and <|more|> of it.", addingSpecialTokens: true))
        },
        "yaml": Reader(file: "data.yaml") { _ = try DetectionData.load($0) },
        "coco": Reader(file: "coco.json") { _ = try DetectionData.load($0) },
        "text": Reader { bytes in
            // Whatever the text, it is written in tokens and comes back.
            let text = String(decoding: bytes, as: UTF8.self)
            for tokenizer in tokenizers {
                let found = tokenizer.decode(try tokenizer.encode(text))
                guard found.utf8.elementsEqual(text.utf8) else { fatalError("the text does not come back") }
            }
        },
    ]

    /// One that has learned a few words.
    private static let tokenizers: [any Tokenizer] = {
        let trained = try? BytePairTokenizer.train(on: "some text to learn from, 123 times 45", vocabularySize: 300)
        return trained.map { [$0] } ?? []
    }()
}
