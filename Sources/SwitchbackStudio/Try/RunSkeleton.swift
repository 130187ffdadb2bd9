import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision

/// The lines between the keypoints that the model of a run finds: those of the data that it has learned from. A page asks with
/// each image that is tried: neither the folder of the data nor its data.yaml is looked into again while it is as it was.
struct RunSkeleton: Sendable {
    private let known = KeptByFile<SaidKeypoints>()
    /// The data.yaml of a folder.
    private let descriptions = KeptByFile<String>()

    /// - Parameter count: how many keypoints the model finds.
    func limbs(of run: RunRecord, count: Int) -> [[Int]] {
        let layout = run.argument("data").flatMap(description).flatMap { try? known.keypoints(in: $0) }?.layout
        // The data may be gone, or others by now.
        let fitting = layout?.count == count ? layout : KeypointLayout(count: count, dimensions: 3)
        return (fitting?.limbs ?? []).map { [$0, $1] }
    }

    private func description(_ data: String) -> String? {
        Folder.isFolder(data) ? descriptions.value(of: data) { _ in DataFolder(data, name: "")?.description } : data
    }
}
