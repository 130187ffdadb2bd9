import Foundation
import Switchback
import SwitchbackFormats

/// The state of a training in one file: safetensors, with the state's numbers and checksums of everything as metadata.
enum CheckpointFile {
    private static let stateKey = "switchback.state"
    private static let checksumsKey = "switchback.checksums"
    private static let contentsKey = "switchback.contents"

    static func write(_ state: TrainingState, _ tensors: [(name: String, tensor: Tensor)], to path: String) throws {
        let tensors = tensors.map { ($0.name, Tensor($0.tensor.array.contiguous())) }
        let checksums = Dictionary(uniqueKeysWithValues: tensors.map { ($0.0, Checksum.crc32($0.1)) })
        let text = try JSON.text(state)
        let contents = summary(tensors.map { ($0.0, $0.1) }, checksums, text)
        try Safetensors.save(
            tensors,
            metadata: [
                stateKey: text, checksumsKey: try JSON.text(checksums), contentsKey: String(Checksum.crc32(contents)),
            ], to: path)
    }

    /// Throws `InputError` if the file cannot be read, is not a checkpoint, or has changed since it was written.
    static func read(_ path: String) throws -> (state: TrainingState, tensors: [String: Tensor]) {
        let contents = try Safetensors.read(path)
        guard let text = contents.metadata[stateKey], let sums = contents.metadata[checksumsKey],
            let whole = contents.metadata[contentsKey]
        else { throw InputError(path, "is not a checkpoint: its metadata lacks \(stateKey)") }
        let damaged = InputError(path, "is damaged: its description does not have the checksum that was saved with it")
        guard let checksums = JSON.value([String: UInt32].self, sums),
            String(Checksum.crc32(summary(contents.tensors.map { ($0.key, $0.value) }, checksums, text))) == whole,
            let version = JSON.value(Version.self, text)?.version
        else { throw damaged }
        guard version == TrainingState.currentVersion else {
            throw InputError(
                path, "is of version \(version), and this program reads version \(TrainingState.currentVersion)",
                remedy: "start a new run from its last weights, with --weights")
        }
        guard let state = JSON.value(TrainingState.self, text), state.isPossible else { throw damaged }
        for name in contents.names {
            guard let tensor = contents.tensors[name], Checksum.crc32(tensor) == checksums[name] else {
                throw InputError(
                    path, at: "tensor \(name)", "is damaged: it does not have the checksum that was saved with it")
            }
        }
        return (state, contents.tensors)
    }

    /// The fields common to all versions of a state.
    private struct Version: Decodable {
        let version: Int
    }

    /// Everything but the numbers of the tensors, in one text.
    private static func summary(
        _ tensors: [(String, Tensor)], _ checksums: [String: UInt32], _ state: String
    ) -> String {
        let lines = tensors.sorted { $0.0 < $1.0 }.map { "\($0.0) \($0.1.dtype) \($0.1.shape) \(checksums[$0.0] ?? 0)" }
        return lines.joined(separator: "\n") + "\n" + state
    }
}
