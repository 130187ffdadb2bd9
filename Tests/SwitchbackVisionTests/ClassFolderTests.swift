import Foundation
import Switchback
import SwitchbackTraining
import SwitchbackVision
import TestSupport
import Testing

@Suite struct ClassFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Ten images of each of two classes, which differ in brightness, in `parts`.
    private func write(_ parts: [String], classes: [String] = ["dark", "light"]) throws {
        for part in parts {
            for (index, name) in classes.enumerated() {
                for number in 0..<10 {
                    let url = folder.url.appendingPathComponent("\(part)/\(name)/\(number).png")
                    try FileManager.default.createDirectory(
                        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                    let image = Image(height: 20 + number, width: 24, filledWith: UInt8(60 + 120 * index + number))
                    try Data(image.pngData()).write(to: url)
                }
            }
        }
    }

    @Test func partsAndClassesAreFound() throws {
        try write(["train", "val"])
        let data = try ClassificationData.load(folder.url.path)
        #expect(data.classNames == ["dark", "light"] && data.inputShape == [3, 32, 32])
        #expect(data.training?.count == 20 && data.heldOut.count == 20)
        let example = try data.heldOut[13]
        #expect(example.input.shape == [3, 32, 32] && example.target.item(as: Int.self) == 1)
        #expect(throws: InputError.self) { try data.part(.test) }
        #expect(try ClassificationData.load(folder.url.path, imageSize: 16).inputShape == [3, 16, 16])
    }

    @Test func everyFifthIsHeldOutWhereNothingIs() throws {
        try write([""])
        let data = try ClassificationData.load(folder.url.path)
        #expect(data.training?.count == 16 && data.heldOut.classes == [0, 0, 1, 1])
    }

    @Test func foldersThatHoldNoClassesAreRefused() throws {
        #expect(throws: InputError.self) { try ClassificationData.load(folder.url.path) }
        try write([""], classes: ["alone"])
        #expect(throws: InputError.self) { try ClassificationData.load(folder.url.path) }
        let other = try ClassFolderTests()
        try other.write(["train"])
        try other.write(["val"], classes: ["dark", "lihgt"])
        let problem = #expect(throws: InputError.self) { try ClassificationData.load(other.folder.url.path) }
        #expect(problem?.description.contains("did you mean light?") == true)
    }

    @Test func aResidualNetworkLearnsFromImagesOnAnyNumberOfWorkers() throws {
        try write(["train", "val"])
        let data = try ClassificationData.load(folder.url.path, imageSize: 16)
        let weights = try [0, 3].map { workers in
            // Other tests draw numbers at the same time.
            try Generator.withDefault(Generator(seed: 0)) { try train(data, workers: workers) }
        }
        #expect(weights[0] == weights[1])
    }

    /// All weights after an epoch.
    private func train(_ data: ClassificationData, workers: Int) throws -> [[Float]] {
        var options = TrainingConfiguration()
        options.epochs = 1
        options.batch = 10
        options.workers = workers
        let task = try ClassificationTask(.resnet18, on: data, options, augmentation: ClassificationAugmentation())
        _ = try Trainer(task, options).run()
        let path = folder.path("weights.safetensors")
        try task.classifier.save(to: path)
        #expect(try Classifier.load(path).readInputs(folder.path("val/dark/3.png")).shape == [1, 3, 16, 16])
        return task.model.namedState.map { $0.tensor.toArray(as: Float.self) }
    }
}
