import Foundation
import Switchback
import SwitchbackServer
import TestSupport
import Testing

/// Folders of models in which a file is cut, missing or another's.
struct DamagedModelTests {
    static let folders = [
        "tiny-llama", "models/minilm-tiny", "models/roberta-tiny", "models/vit-tiny",
    ]

    /// Files that are only for the tests, or can be missing.
    private static let others = ["case.json", "case.safetensors", "sizes.json", "sizes.safetensors"]

    private func copy(_ name: String, _ folder: TemporaryFolder) throws -> (path: String, files: [String]) {
        let path = folder.path("model-\(UUID().uuidString)")
        try FileManager.default.copyItem(atPath: fixtureFolder.appendingPathComponent(name).path, toPath: path)
        let files = try FileManager.default.subpathsOfDirectory(atPath: path).filter { file in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(path)/\(file)", isDirectory: &isFolder)
            return !isFolder.boolValue && !Self.others.contains(file)
        }
        return (path, files)
    }

    private func problem(of path: String) -> String? {
        do {
            let server = try ModelServer([path], ServerOptions())
            for model in server.models { model.stop() }
            return nil
        } catch { return "\(error)" }
    }

    /// A file of which half is missing is named, whichever it is.
    @Test(arguments: folders) func cutFiles(_ name: String) throws {
        let folder = try TemporaryFolder()
        let whole = try copy(name, folder)
        #expect(problem(of: whole.path) == nil && whole.files.count > 1)
        for file in whole.files {
            let path = try copy(name, folder).path
            let place = URL(fileURLWithPath: "\(path)/\(file)")
            let bytes = try Data(contentsOf: place)
            try bytes.prefix(bytes.count / 2).write(to: place)
            let found = try #require(problem(of: path), "\(name), \(file)")
            #expect(found.contains(file) && !found.contains("not supported"), "\(name), \(file): \(found)")
        }
    }

    /// Without a file a model is refused with a sentence about the folder, or does without it.
    @Test(arguments: folders) func missingFiles(_ name: String) throws {
        let folder = try TemporaryFolder()
        for file in try copy(name, folder).files {
            let path = try copy(name, folder).path
            try FileManager.default.removeItem(atPath: "\(path)/\(file)")
            let isOptional =
                file.contains("generation") || file.contains("_config") || file.contains("modules")
                || file.contains("Pooling")
            if let found = problem(of: path) {
                #expect(found.contains(path) && !isOptional, "\(name), \(file): \(found)")
            } else {
                #expect(isOptional, "\(name), \(file)")
            }
        }
    }

    /// The weights of another model are refused.
    @Test func swappedFiles() throws {
        let folder = try TemporaryFolder()
        for (name, other) in [
            ("tiny-llama", "models/minilm-tiny"), ("models/minilm-tiny", "models/roberta-tiny"),
            ("models/vit-tiny", "tiny-llama"),
        ] {
            for file in ["model.safetensors", "config.json"] {
                let path = try copy(name, folder).path
                let source = fixtureFolder.appendingPathComponent("\(other)/\(file)").path
                try FileManager.default.removeItem(atPath: "\(path)/\(file)")
                try FileManager.default.copyItem(atPath: source, toPath: "\(path)/\(file)")
                let found = try #require(problem(of: path), "\(name), \(file)")
                #expect(found.contains(path), "\(name), \(file): \(found)")
            }
        }
    }
}
