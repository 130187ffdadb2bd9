import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import TestSupport
import Testing

/// States whose checksums are right and whose numbers no training has: a run continues from one, or says in one sentence that
/// it cannot. It neither ends the program nor trains for ever.
@Suite(.seeded(), .serialized) struct ForgedStateTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private let numbers: [Any] = [
        -1, 0, 1, 3, 1 << 31, 1 << 47, 1 << 48, 1 << 53, 1 << 62, Int.max, Int.min, UInt64.max, 0.5, 1e300, -1e300,
        Double.leastNonzeroMagnitude,
    ]
    private let others: [Any] = [
        true, NSNull(), "x", "", [Any](), [1, 2, 3], [Any](repeating: 1, count: 1000), [String: Any](), ["a": 1],
    ]

    private var options: TrainingConfiguration {
        var options = TrainingConfiguration()
        options.epochs = 4
        options.accumulate = 4
        options.ema = 0.9
        options.minutes = 10
        return options
    }

    /// Time for an epoch: a training in ten minutes takes them.
    private var briefly: TrainingConfiguration {
        var options = options
        options.minutes = 1e-4
        return options
    }

    private func trainer(_ run: RunFolder, _ options: TrainingConfiguration) throws -> Trainer<SmallTask> {
        try Generator.withDefault(Generator(seed: 0)) { try SmallTask.trainer(options, folder: run) }
    }

    /// A run that was stopped after so many batches, and the file of its state.
    private func stopped(after batches: Int) throws -> (run: RunFolder, state: String) {
        let run = try RunFolder(in: folder.path("runs"), task: "small", name: "train", arguments: options)
        let trainer = try trainer(run, options)
        var seen = 0
        trainer.listeners.append { event in
            if case .batch = event { seen += 1 }
            return seen == batches ? .stop : .continue
        }
        _ = try trainer.run()
        let states = Folder.join(run.path, "resume")
        let names = try FileManager.default.contentsOfDirectory(atPath: states).sorted()
        for name in names.dropLast() { try FileManager.default.removeItem(atPath: Folder.join(states, name)) }
        return (run, Folder.join(states, try #require(names.last)))
    }

    /// Writes a state with right checksums.
    private func write(
        _ state: String, _ tensors: [String: Tensor], _ metadata: [String: String], to path: String
    ) throws {
        var metadata = metadata
        let tensors = tensors.sorted { $0.key < $1.key }
        let sums = Dictionary(uniqueKeysWithValues: tensors.map { ($0.key, Checksum.crc32($0.value)) })
        let lines = tensors.map { "\($0.key) \($0.value.dtype) \($0.value.shape) \(sums[$0.key] ?? 0)" }
        metadata["switchback.state"] = state
        metadata["switchback.checksums"] = try String(decoding: JSONEncoder().encode(sums), as: UTF8.self)
        metadata["switchback.contents"] = String(Checksum.crc32(lines.joined(separator: "\n") + "\n" + state))
        try Safetensors.save(tensors.map { ($0.key, $0.value) }, metadata: metadata, to: path)
    }

    /// The state with one of its values, each in turn, replaced.
    private func forgeries(_ value: Any, _ replacement: Any) -> [(place: String, state: Any)] {
        var found: [(String, Any)] = []
        if let object = value as? [String: Any] {
            for (key, inner) in object.sorted(by: { $0.key < $1.key }) {
                func with(_ new: Any?) -> Any {
                    var changed = object
                    changed[key] = new
                    return changed
                }
                found.append((key, with(replacement)))
                found.append((key + " is missing", with(nil)))
                found += forgeries(inner, replacement).map { ("\(key)/\($0.place)", with($0.state)) }
            }
        } else if let list = value as? [Any], let first = list.first {
            found.append(("0", [replacement] + list.dropFirst()))
            found.append(("all", list.map { _ in replacement }))
            found += forgeries(first, replacement).map { ("0/\($0.place)", [$0.state] + list.dropFirst()) }
        }
        return found
    }

    @Test(arguments: [5, 6]) func everyField(_ batches: Int) throws {
        let (run, path) = try stopped(after: batches)
        let original = try Safetensors.read(path)
        let text = try #require(original.metadata["switchback.state"])
        var state = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        // What a state may have, and this one does not.
        let course: [String: Any] = ["start": 0, "end": 4, "turn": 0, "shareAtTurn": 0]
        state["plan"] = ["epochs": course, "steps": course]
        state["slots"] = 1
        var counts = (refused: 0, continued: 0)
        for replacement in numbers + others {
            for (place, forged) in forgeries(state, replacement) {
                let text = try String(decoding: JSONSerialization.data(withJSONObject: forged), as: UTF8.self)
                try write(text, original.tensors, original.metadata, to: path)
                do {
                    let outcome = try trainer(run, briefly).run(resuming: true)
                    #expect(outcome.step < 1 << 48, "\(place) \(replacement)")
                    counts.continued += 1
                } catch let error as InputError {
                    #expect(!error.description.contains("\n"), "\(place) \(replacement): \(error)")
                    counts.refused += 1
                }
                for name in try FileManager.default.contentsOfDirectory(atPath: Folder.parent(path)) {
                    try FileManager.default.removeItem(atPath: Folder.join(Folder.parent(path), name))
                }
            }
        }
        #expect(counts.refused > 300 && counts.continued > 20, "\(counts)")
    }

    /// Tensors of other lengths and types, and those that are missing.
    @Test func everyTensor() throws {
        let (run, path) = try stopped(after: 5)
        let original = try Safetensors.read(path)
        let state = try #require(original.metadata["switchback.state"])
        for name in original.tensors.keys.sorted() {
            let tensor = original.tensors[name]!
            let others: [Tensor?] = [
                nil, Tensor.zeros([]), Tensor.zeros([0]), Tensor.zeros([3, 5]), tensor.unsqueeze(0),
                tensor.to(.float64), tensor.to(.int64), Tensor.full(tensor.shape, Double.nan),
            ]
            for other in others {
                var changed = original.tensors
                changed[name] = other
                try write(state, changed, original.metadata, to: path)
                do {
                    _ = try trainer(run, briefly).run(resuming: true)
                } catch let error as InputError {
                    #expect(!error.description.contains("\n"), "\(name) \(other?.shape ?? []): \(error)")
                }
                for file in try FileManager.default.contentsOfDirectory(atPath: Folder.parent(path)) {
                    try FileManager.default.removeItem(atPath: Folder.join(Folder.parent(path), file))
                }
            }
        }
    }
}
