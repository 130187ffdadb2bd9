import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision
import TestSupport
import Testing

/// The vision tasks on memory that nobody but the kernels can touch; see the engine's suite of the same name.
@Suite(.seeded()) struct MirrorBackendTests {
    @Test(arguments: [ClassifierKind.mlp, .cnn])
    func classification(_ kind: ClassifierKind) throws {
        let folder = try TemporaryFolder()
        let labels = Tensor((0..<20).map { $0 % 2 }, shape: [20])
        let images = Tensor.rand([20, 1, 8, 8], generator: Generator(seed: 1)) + labels.reshape([20, 1, 1, 1])
        try NumPy.saveArchive(["x": images, "y": labels], to: folder.path("x.npz"))
        let data = try ClassificationData.load(folder.path("x.npz"))
        var options = TrainingConfiguration()
        options.batch = 4
        let differences = try differencesOnMirror(options) {
            manualSeed(options.seed)
            return try ClassificationTask(kind, on: data, options)
        }
        #expect(differences == [])
    }

    @Test(arguments: ["yolo11n", "yolo26n"])
    func detection(_ model: String) throws {
        let folder = try TemporaryFolder()
        for part in ["images", "labels"] {
            try FileManager.default.createDirectory(atPath: folder.path(part), withIntermediateDirectories: true)
        }
        for name in ["a", "b"] {
            try Image(height: 64, width: 64, filledWith: name == "a" ? 90 : 180).save(
                to: folder.path("images/\(name).png"))
            _ = try folder.write("0 0.5 0.5 0.5 0.5\n1 0.2 0.3 0.2 0.2\n", to: "labels/\(name).txt")
        }
        _ = try folder.write("path: .\ntrain: images\nval: images\nnames: [a, b]\n", to: "data.yaml")
        var options = DetectionConfiguration()
        options.data = folder.path("data.yaml")
        options.model = model
        options.imgsz = 64
        options.batch = 1
        options.nbs = 1
        options.workers = 0
        // Statistics of two gray images alone, as deep as these networks are, make of a rounding a difference.
        options.statisticsBatches = 0
        let task = try options.makeTask()
        let differences = try differencesOnMirror(task.training) { try options.makeTask() }
        #expect(differences == [])
    }
}
