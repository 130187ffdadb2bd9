import Switchback
import SwitchbackTraining

/// Finds the largest batch size that fits into memory.
enum AutoBatch {
    /// The share of the free memory that is to be used.
    private static let share = 0.6
    private static let limits = 1...128
    /// The assumed free memory if it is unknown.
    private static let usualBytes = 2 << 30

    /// The largest batch that fits into the memory that is free, by what a step with one and with two images takes.
    static func size(for detector: YOLO, _ configuration: DetectionConfiguration) -> Int {
        let (one, two) = (bytes(detector, images: 1, configuration), bytes(detector, images: 2, configuration))
        let each = max(two - one, 1)
        let fixed = max(one - each, 0)
        let free = AvailableMemory.bytes ?? usualBytes
        let fitting = (Int(Double(free) * share) - fixed) / each
        return min(max(fitting, limits.lowerBound), limits.upperBound)
    }

    /// The most that was in use while gradients were computed.
    private static func bytes(_ detector: YOLO, images: Int, _ configuration: DetectionConfiguration) -> Int {
        detector.train()
        let state = detector.stateDict().mapValues { $0.clone() }
        defer {
            detector.zeroGrad()
            noGrad {
                for (name, tensor) in detector.stateDict() { if let value = state[name] { tensor.copy(from: value) } }
            }
        }
        Memory.resetPeak()
        let start = Memory.live
        // The largest that multi-scale makes of it.
        let strides = Double(configuration.imgsz) * (1 + configuration.multiScale) / Double(YOLO.stride)
        let side = Int(strides.rounded()) * YOLO.stride
        let input = Tensor.zeros([images, 3, side, side]).to(detector.backend)
        let corners = [(-32, -32), (32, -32), (32, 32), (-32, 32)].map { x, y in
            PlanePoint(Float(side / 2 + x), Float(side / 2 + y))
        }
        var label = LabeledBox(polygon: corners, classIndex: 0)
        label.isOriented = detector.variant.task == .obb
        let middle = Keypoint(x: Float(side / 2), y: Float(side / 2), visibility: 2)
        label.keypoints = Array(repeating: middle, count: detector.keypoints?.count ?? 0)
        let labels = [[LabeledBox]](repeating: [label], count: images)
        let targets = DetectionTargets(
            labels, for: detector.variant.task, height: side, width: side, masks: configuration.maskDetail
        ).to(detector.backend)
        YOLOLoss()(detector.outputs(input), of: detector, targets).total.backward()
        return Memory.peak - start
    }
}
