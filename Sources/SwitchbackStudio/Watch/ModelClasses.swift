import Switchback
import SwitchbackTraining
import SwitchbackVision

/// The names of the classes of runs' models: to read them, a whole network is read, and the page asks every few seconds.
struct ModelClasses: Sendable {
    private let known = KeptByFile<[String]>()

    func names(of run: RunRecord) throws -> [String] {
        let weights = try RunFolder.weightFile(run.path)
        return try known.value(of: weights) { _ in
            try run.task == "classify"
                ? Classifier.load(weights).configuration.classNames
                : DetectorFile.load(weights, for: nil).detector.classes
        } ?? []
    }
}
