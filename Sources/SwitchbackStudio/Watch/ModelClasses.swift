import Switchback
import SwitchbackTraining
import SwitchbackVision
import Synchronization

/// The names of the classes of runs' models, read again only where the weights are others: that reads a whole network, and
/// the page asks every few seconds.
final class ModelClasses: Sendable {
    private struct Entry {
        let stamp: FileStamp
        let names: [String]
    }

    private let known = Mutex<[String: Entry]>([:])

    func names(of run: RunRecord) throws -> [String] {
        let weights = try RunFolder.weightFile(run.path)
        let stamp = FileStamp(weights)
        if let entry = known.withLock({ $0[weights] }), entry.stamp == stamp { return entry.names }
        let names =
            try run.task == "classify"
            ? Classifier.load(weights).configuration.classNames : DetectorFile.load(weights, for: nil).detector.classes
        known.withLock { $0[weights] = Entry(stamp: stamp, names: names) }
        return names
    }
}
