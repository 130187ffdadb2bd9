import Switchback
import SwitchbackVision

/// Annotations in whatever format, read for as much as all objects have: keypoints, outlines, or boxes alone.
struct ReadAnnotations {
    let data: DetectionData

    /// - Parameters:
    ///   - wantsKeypoints: whether the objects of the data set that they are for have some; outlines are of no use there.
    ///   - report: gets what cannot be used, and what is worth knowing.
    /// - Throws: `InputError` where nothing can be read.
    init(_ path: String, wantsKeypoints: Bool, _ report: inout AddingReport) throws {
        try self.init(path, Result { try DetectionData.load(path) }, wantsKeypoints: wantsKeypoints, &report)
    }

    /// - Parameter boxes: what is read of boxes alone.
    private init(
        _ path: String, _ boxes: Result<DetectionData, any Error>, wantsKeypoints: Bool, _ report: inout AddingReport
    ) throws {
        func isUsable(_ data: DetectionData) -> Bool {
            guard case .success(let boxes) = boxes else { return true }
            return data.problems.count <= boxes.problems.count
        }
        let others = wantsKeypoints ? YOLOTask.pose : .segment
        if let rich = try? DetectionData.load(path, for: others), isUsable(rich) {
            data = rich
        } else {
            data = try boxes.get()
            if wantsKeypoints {
                report.add(remark: "\(path): no keypoint is marked in it", hiding: path)
            }
        }
        report.add(problems: data.problems, remarks: data.remarks, hiding: path)
    }

    /// Annotations of a data set that is to be made, with keypoints where any object has one.
    init(_ path: String, _ report: inout AddingReport) throws {
        let boxes = Result { try DetectionData.load(path) }
        var poses = AddingReport()
        let read = try? ReadAnnotations(path, boxes, wantsKeypoints: true, &poses)
        let isPose = read?.data.splits.values.joined().contains { example in
            example.labels.contains { $0.keypoints.contains { $0.visibility != 0 } }
        }
        if let read, isPose == true {
            (self, report) = (read, poses)
        } else {
            self = try ReadAnnotations(path, boxes, wantsKeypoints: false, &report)
        }
    }
}
