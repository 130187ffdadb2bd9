import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision
import TestSupport
import Testing

/// Vision transformers beside Hugging Face's (`make_vit.py`).
@Suite struct VisionTransformerTests {
    private let folder: TemporaryFolder
    private let path = fixtureFolder.appendingPathComponent("models/vit-tiny").path

    init() throws { folder = try TemporaryFolder() }

    /// Logits, the loss, and the norm of every gradient.
    @Test func model() throws {
        let fixture = try Fixture("models/vit-tiny/case")
        let classifier = try Classifier.load(path)
        let logits = classifier.model(try #require(fixture.tensors["pixel_values"]))
        let expected = try #require(fixture.tensors["logits"])
        #expect((logits - expected).abs().max().item() < 1e-5 * max(1, expected.abs().max().item()))
        let labels = try #require(fixture.manifest["labels"] as? [Int])
        let loss = logits.crossEntropy(Tensor(labels))
        let expectedLoss = (fixture.manifest["loss"] as! NSNumber).doubleValue
        #expect(abs(loss.item() - expectedLoss) < 1e-5 * expectedLoss)
        loss.backward()
        let norms = (fixture.manifest["grad_norm"] as! [String: NSNumber]).mapValues(\.doubleValue)
        let largest = norms.values.max()!
        #expect(Set(classifier.model.namedParameters.map(\.name)) == Set(norms.keys))
        for (name, parameter) in classifier.model.namedParameters {
            let norm = parameter.grad.map { $0.square().sum().sqrt().item() } ?? 0
            #expect(abs(norm - (norms[name] ?? .nan)) < 2e-5 * largest, "\(name)")
        }
    }

    /// An image is stretched as Transformers' processor does it, to within one gray level, and classes have their names.
    @Test func imagesAreReadAsTransformersDoes() throws {
        let fixture = try Fixture("models/vit-tiny/case")
        let classifier = try Classifier.load(path)
        #expect(classifier.configuration.classNames == ["cat", "dog", "bird", "fish", "ant"])
        let planes = try #require(fixture.tensors["image"]).toArray(as: Int.self)
        let size = 37 * 50
        let pixels = (0..<size).flatMap { place in (0..<3).map { UInt8(planes[$0 * size + place]) } }
        let image = Image(height: 37, width: 50, pixels: pixels)
        let input = try classifier.input("image") { _ in image }
        let normalization = classifier.configuration.normalization
        let (mean, deviation) = (Tensor(normalization.mean), Tensor(normalization.standardDeviation))
        let prepared =
            (input.to(.float64) - mean.reshape([3, 1, 1])) / deviation.reshape([3, 1, 1])
        let expected = try #require(fixture.tensors["prepared"])
        let gray = 1 / 255.0 / 0.2
        #expect((prepared - expected.to(.float64)).abs().max().item() < 1.01 * gray)
        let guess = try #require(classifier.predict(input).first)
        let scores = classifier.model(expected)
        #expect(guess.classIndex == Int(scores.argmax().item()))
    }

    /// For larger and smaller images it tells what Transformers does with `interpolate_pos_encoding`, also when it is saved.
    @Test(arguments: [8, 24, 40]) func otherSizes(_ side: Int) throws {
        let fixture = try Fixture("models/vit-tiny/sizes")
        let classifier = try Classifier.load(path).resized(to: side)
        let pixels = try #require(fixture.tensors["pixels.\(side)"])
        let expected = try #require(fixture.tensors["logits.\(side)"])
        #expect(
            (noGrad { classifier.model(pixels) } - expected).abs().max().item() < 1e-5
                * max(1, expected.abs().max().item()))
        #expect(classifier.configuration.inputShape == [3, side, side])
        let file = folder.path("resized.safetensors")
        try classifier.save(to: file)
        let again = try Classifier.load(file)
        #expect(
            (noGrad { again.model(pixels) } - expected).abs().max().item() < 1e-5 * max(1, expected.abs().max().item()))
        #expect(try classifier.resized(to: side) === classifier)
    }

    @Test func sizesThatDoNotFit() throws {
        let patches = #expect(throws: InputError.self) { try Classifier.load(path).resized(to: 30) }
        #expect(patches?.description.contains("take 28 or 32") == true)
        let shape = [3, 32, 32]
        let plain = Normalization(of: Tensor((0..<3072).map { Float($0 % 7) }, shape: [1, 3, 32, 32]))
        func make(_ kind: ClassifierKind) throws -> Classifier {
            try Classifier(.init(model: kind, classNames: ["a", "b"], inputShape: shape, normalization: plain))
        }
        let alone = #expect(throws: InputError.self) { try make(.cnn).resized(to: 64) }
        #expect(alone?.description.contains("images of 32 pixels alone") == true)
        #expect(try make(.mobilenetV2).resized(to: 64).configuration.inputShape == [3, 64, 64])
    }

    /// Its layers are linear, and only convolutions are computed in 8 bits: that is said instead of done to one of them.
    @Test func quantization() throws {
        let classifier = try Classifier.load(path)
        let data = try ClassificationData.load(images(), imageSize: 16)
        let error = #expect(throws: InputError.self) { try classifier.quantizer(data.heldOut) }
        #expect(error?.description.contains("linear") == true)
    }

    /// A loaded one is saved and read again as one file.
    @Test func saving() throws {
        let classifier = try Classifier.load(path)
        let file = folder.path("vit.safetensors")
        try classifier.save(to: file)
        let again = try Classifier.load(file)
        let input = Tensor((0..<768).map { UInt8($0 % 256) }, shape: [1, 3, 16, 16])
        #expect(try again.scores(input).toArray(as: Float.self) == classifier.scores(input).toArray(as: Float.self))
        #expect(again.configuration.stretching == .bilinear)
    }

    @Test(.enabled(if: ONNXRuntime.isInstalled, ONNXRuntime.missing)) func export() throws {
        let classifier = try Classifier.load(path)
        classifier.model.eval()
        let file = folder.path("vit.onnx")
        try classifier.export(.onnx, to: file)
        let cases = try [1, 3].map { count in
            let input = Tensor((0..<768 * count).map { Float($0 * 7 % 256) }, shape: [count, 3, 16, 16])
            return ONNXRuntime.Case(
                ["input": input], ["probabilities": try noGrad { try classifier.scores(input).softmax(dim: 1) }])
        }
        #expect(try ONNXRuntime.complaints(of: file, cases, tolerance: 1e-5) == "")
    }

    /// A folder of images, half dark and half light, of different shapes.
    private func images() throws -> String {
        for index in 0..<20 {
            let (name, gray) = index % 2 == 0 ? ("dark", 40 + index) : ("light", 200 + index)
            let (height, width) = (10 + index, 30 - index)
            let image = Image(
                height: height, width: width, pixels: Array(repeating: UInt8(gray), count: 3 * height * width))
            let file = folder.path("images/\(name)/\(index).png")
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try image.save(to: file)
        }
        return folder.path("images")
    }

    /// Fine-tuned on other classes it learns them from what it was, and is prepared for images in the same way.
    @Test func fineTuning() throws {
        var configuration = ClassifierConfiguration()
        configuration.data = try images()
        configuration.from = path
        configuration.augment = false
        configuration.training.epochs = 6
        configuration.training.batch = 8
        configuration.training.lr = 3e-3
        configuration.training.workers = 0
        let task = try configuration.makeTask()
        #expect(task.classifier.configuration.classNames == ["dark", "light"])
        #expect(task.classifier.configuration.stretching == .bilinear)
        let own = try Safetensors.load("\(path)/model.safetensors")
        let kept = task.model.stateDict().filter { !$0.key.hasPrefix("classifier.") }
        for (name, tensor) in kept {
            #expect(tensor.toArray(as: Float.self) == own[name]?.toArray(as: Float.self), "\(name)")
        }
        _ = try Trainer(task, configuration.training).run()
        #expect(try task.validate()["accuracy"] == 1)
        configuration.imgsz = 24
        let larger = try configuration.makeTask()
        #expect(larger.classifier.configuration.inputShape == [3, 24, 24])
        configuration.model = .cnn
        #expect(throws: InputError.self) { try configuration.makeTask() }
    }

    /// One with fresh weights fits the images of its data.
    @Test func freshOnes() throws {
        var configuration = ClassifierConfiguration()
        configuration.data = try images()
        configuration.model = .vit
        #expect(try configuration.makeTask().classifier.configuration.inputShape == [3, 32, 32])
    }

    @Test func badFolders() throws {
        let copy = folder.path("vit")
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        let config = try String(contentsOfFile: "\(copy)/config.json", encoding: .utf8)
        for (old, new, sentence) in [
            (#""vit""#, #""deit""#, "of image classifiers, vit is supported"),
            (#""hidden_size": 16"#, #""hidden_size": 1000000"#, "the sizes ask for"),
            (#""hidden_size": 16"#, #""hidden_size": 17"#, "cannot be divided"),
            (#""image_size": 16"#, #""image_size": 18"#, "cannot be divided into patches of 4"),
            (#""num_hidden_layers": 2"#, #""num_hidden_layers": 1000000"#, "there cannot be 1000000 layers"),
            (#""num_hidden_layers": 2"#, #""num_hidden_layers": 3"#, "vit.encoder.layer.2"),
            (#""4": "ant""#, #""5": "ant""#, "id2label"),
        ] {
            #expect(config.contains(old))
            try config.replacing(old, with: new).write(toFile: "\(copy)/config.json", atomically: true, encoding: .utf8)
            let error = #expect(throws: InputError.self) { try Classifier.load(copy) }
            #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
        }
        try config.write(toFile: "\(copy)/config.json", atomically: true, encoding: .utf8)
        _ = try folder.write(#"{"resample": 1}"#, to: "vit/preprocessor_config.json")
        #expect(throws: InputError.self) { try Classifier.load(copy) }
    }
}
