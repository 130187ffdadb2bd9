import ArgumentParser
import Switchback
import SwitchbackVision

/// Test-time augmentation.
struct TestTimeOptions: ParsableArguments {
    @Flag(
        help: """
            detect: look at each image in three sizes, in one of them mirrored, and select boxes from all of them: finds \
            more, in about two and a half times the time. YOLO26 needs --nms.
            """)
    var augment = false

    func check(for task: YOLOTask) throws {
        if augment && task != .detect {
            throw ValidationError(
                "--augment is for detect: masks, keypoints and angles of several views are not brought together")
        }
    }

    /// Throws where the head in use cannot bring the views together.
    func check(_ detector: YOLO, usesSingleHead: Bool) throws {
        guard augment, usesSingleHead else { return }
        throw UsageError(
            "--augment needs --nms with \(detector.variant): without suppression, an object would be found once in each view"
        )
    }
}
