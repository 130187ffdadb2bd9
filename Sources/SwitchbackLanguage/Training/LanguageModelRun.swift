import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// A language model in training, and the folder that it is saved to, which `Checkpoint` and Hugging Face's Transformers
/// read.
public struct LanguageModelRun {
    public let model: LanguageModel
    public let tokenizer: any Tokenizer
    private let adaptation: LowRankAdaptation?
    /// What the model came from, whose other settings go with it.
    private let source: Checkpoint?
    private let saveMore: (_ folder: String) throws -> Void

    /// - Parameters:
    ///   - adaptation: the adapters, where they are what is trained.
    ///   - source: what the model came from, if it is not new.
    ///   - saveMore: writes what else belongs into the folder.
    init(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, adaptation: LowRankAdaptation?, source: Checkpoint? = nil,
        saveMore: @escaping (_ folder: String) throws -> Void = { _ in }
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.adaptation = adaptation
        self.source = source
        self.saveMore = saveMore
    }

    /// Writes `config.json` and `tokenizer.json` when the training starts, so that one that is interrupted can be read.
    public func describe(_ event: TrainingEvent) throws -> TrainingDecision {
        if case .started(let start) = event, let folder = start.folder {
            try Checkpoint.saveDescription(of: model, tokenizer, to: folder.path, keeping: source)
            try saveMore(folder.path)
        }
        return .continue
    }

    /// Gives the model the best weights of the run, writes adapters by themselves and merges them into it, and writes
    /// `model.safetensors`.
    public func finish(in folder: RunFolder) throws {
        let best = folder.weights("best")
        if FileManager.default.fileExists(atPath: best) {
            try (adaptation ?? model).load(stateDict: Safetensors.load(best))
        }
        // In a folder of their own: beside merged weights, Transformers would add them once more.
        try adaptation?.save(to: folder.file("adapter"), source: source?.path)
        adaptation?.merge()
        try Checkpoint.save(model, to: folder.path, keeping: source)
    }

    /// Trains, from the beginning or from the folder's last checkpoint, and saves.
    func train<Task: TrainingTask>(
        _ task: Task, _ adaptation: AdaptationTask<Task>?, _ configuration: TrainingConfiguration, in folder: RunFolder,
        resuming: Bool, listeners: [TrainingListener]
    ) throws -> TrainingOutcome {
        func train(_ task: some TrainingTask) throws -> TrainingOutcome {
            let trainer = try Trainer(task, configuration, folder: folder)
            trainer.listeners = [describe] + listeners
            return try trainer.run(resuming: resuming)
        }
        let outcome = try adaptation.map { try train($0) } ?? train(task)
        try finish(in: folder)
        return outcome
    }
}

extension LanguageModel {
    /// All parameters: matrices decay; biases and normalizations do not.
    var decayingGroups: [ParameterGroup] {
        [
            ParameterGroup(namedParameters.filter { $0.parameter.rank > 1 }),
            ParameterGroup(namedParameters.filter { $0.parameter.rank <= 1 }, weightDecay: 0),
        ]
    }

    /// Throws where more is to be read at once than the model can.
    func checkContext(_ length: Int?) throws {
        if let length, length > contextLength {
            throw InputError("option context", "the model reads at most \(contextLength) tokens, not \(length)")
        }
    }
}
