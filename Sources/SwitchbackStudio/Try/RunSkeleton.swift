import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision

/// The lines between the keypoints that the model of a run finds: those of the data that it has learned from.
struct RunSkeleton: Sendable {
    private let known = KeptByFile<KeypointLayout?>()

    /// - Parameter count: how many keypoints the model finds.
    func limbs(of run: RunRecord, count: Int) -> [[Int]] {
        let data = run.argument("data")
        let description = data.flatMap { Folder.isFolder($0) ? DataFolder($0, name: run.name)?.description : $0 }
        let layout = description.flatMap { try? known.keypoints(in: $0) }
        // The data may be gone, or others by now.
        let fitting = layout?.count == count ? layout : KeypointLayout(count: count, dimensions: 3)
        return (fitting?.limbs ?? []).map { [$0, $1] }
    }
}
