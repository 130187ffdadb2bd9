import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision
import TestSupport
import Testing

/// What a doctor sees in the data of a classifier.
@Suite struct ClassificationExaminationTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Sixty images of random pixels in three classes.
    private func arrays(seed: UInt64 = 1, count: Int = 60) -> (images: Tensor, labels: [Int]) {
        (Tensor.rand([count, 1, 6, 5], generator: Generator(seed: seed)), (0..<count).map { $0 % 3 })
    }

    private func checks(
        change: (_ images: Tensor, _ labels: inout [Int]) -> Void = { _, _ in }, heldOut: Tensor? = nil
    ) throws -> [DoctorCheck.Name: DoctorCheck] {
        var (images, labels) = arrays()
        change(images, &labels)
        let held = heldOut ?? arrays(seed: 2).images
        try NumPy.saveArchive(
            [
                "train_images": images, "train_labels": Tensor(labels), "val_images": held,
                "val_labels": Tensor((0..<held.shape[0]).map { $0 % 3 }),
            ], to: folder.path("x.npz"))
        var configuration = ClassifierConfiguration()
        configuration.data = folder.path("x.npz")
        configuration.classes = 3
        configuration.model = .mlp
        let found = try configuration.makeTask().dataChecks()
        return Dictionary(found.map { ($0.name, $0) }) { _, last in last }
    }

    @Test func soundDataPasses() throws {
        let checks = try checks()
        #expect(checks.count == 3 && checks.values.allSatisfy { $0.outcome == .passed }, "\(checks)")
    }

    @Test func aBadValueIsNamedByItsImageAndPixel() throws {
        func checks(_ value: Double) throws -> [DoctorCheck.Name: DoctorCheck] {
            try self.checks { images, _ in
                noGrad { images.select(dim: 0, index: 17)[0, 4].narrow(dim: 0, start: 2, length: 1).fill(value) }
            }
        }
        let check = try checks(1e5)[.values]
        #expect(check?.outcome == .failed, "\(check as Any)")
        #expect(check?.finding.hasPrefix("train 17, channel 1, pixel (2, 4) ") ?? false, "\(check as Any)")
        // What no number can be is refused before it is examined.
        for bad in [Double.nan, .infinity, 1e30] { #expect(throws: InputError.self) { try checks(bad) } }
    }

    @Test func whatIsInBothPartsIsFound() throws {
        let (images, _) = arrays()
        let leaked = Tensor.cat(
            [images.narrow(dim: 0, start: 3, length: 6), arrays(seed: 2, count: 54).images], dim: 0)
        let check = try checks(heldOut: leaked)[.leaks]
        #expect(check?.outcome == .failed, "\(check as Any)")
        #expect(check?.finding.hasPrefix("6 of 60 held-out images are also") ?? false, "\(check as Any)")
    }

    /// Each part once, however many are compared to the training's.
    @Test func partsAreReadOnce() throws {
        let (images, labels) = arrays()
        let parts = ["train", "val", "test"].flatMap { [("\($0)_images", images), ("\($0)_labels", Tensor(labels))] }
        try NumPy.saveArchive(Dictionary(uniqueKeysWithValues: parts), to: folder.path("z.npz"))
        let data = try ClassificationData.load(folder.path("z.npz"))
        var report: ClassificationReport?
        let profile = try Profiler.record { report = try ClassificationReport(data) }
        let reads = profile.byOperation.filter { $0.operation == "indexSelect" }.reduce(0) { $0 + $1.cost.calls }
        #expect(report?.duplicates.count == 120 && reads == 3, "\(reads)")
    }

    /// Copies with a little noise, of rows and of images.
    @Test func nearCopiesAreFound() throws {
        let (images, _) = arrays()
        let noise = Tensor.randn([6, 1, 6, 5], generator: Generator(seed: 5)) * 1e-5
        let leaked = Tensor.cat(
            [images.narrow(dim: 0, start: 3, length: 6) + noise, arrays(seed: 2, count: 54).images], dim: 0)
        let rows = try checks(heldOut: leaked)[.leaks]
        #expect(rows?.finding.hasPrefix("6 of 60 held-out images are also") ?? false, "\(rows as Any)")

        func pattern(_ seed: UInt64) -> Tensor {
            let coarse = Tensor.randint(0..<200, [1, 4, 4], generator: Generator(seed: seed)).to(.float32)
            return coarse.repeatInterleave(5, dim: 1).repeatInterleave(5, dim: 2)
        }
        func stack(_ seeds: Range<UInt64>, offset: Double) -> Tensor {
            (Tensor.stack(seeds.map(pattern)) + offset).to(.uint8)
        }
        try NumPy.saveArchive(
            [
                "train_images": stack(0..<40, offset: 0), "train_labels": Tensor((0..<40).map { $0 % 2 }),
                "val_images": stack(36..<56, offset: 1), "val_labels": Tensor((0..<20).map { $0 % 2 }),
            ], to: folder.path("y.npz"))
        var configuration = ClassifierConfiguration()
        configuration.data = folder.path("y.npz")
        configuration.model = .mlp
        let check = try configuration.makeTask().dataChecks().first { $0.name == .leaks }
        #expect(check?.finding.hasPrefix("4 of 20 held-out images are also") ?? false, "\(check as Any)")
        #expect(check?.finding.contains("train 36 and val 0") ?? false, "\(check as Any)")
    }

    /// The same image in the folders of two classes.
    @Test func conflictingFilesAreNamed() throws {
        for part in ["train", "val"] {
            for (name, first) in [("a", 10), ("b", 20)] {
                for number in 0..<4 {
                    let seed = UInt64(part == "train" && number == 3 ? 99 : number + first + (part == "val" ? 100 : 0))
                    let image = Image(
                        Tensor.randint(0..<256, [3, 40, 40], generator: Generator(seed: seed)).to(.uint8))
                    let path = folder.path("classes/\(part)/\(name)/\(number).png")
                    try FileManager.default.createDirectory(
                        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                    try image.save(to: path)
                }
            }
        }
        var configuration = ClassifierConfiguration()
        configuration.data = folder.path("classes")
        configuration.training.batch = 4
        let check = try configuration.makeTask().dataChecks().last { $0.name == .classes }
        #expect(check?.outcome == .failed, "\(check as Any)")
        #expect(check?.finding.contains("train/a/3.png and ") ?? false, "\(check as Any)")
        #expect(check?.finding.contains("train/b/3.png") ?? false, "\(check as Any)")
    }

    @Test func classesAreCounted() throws {
        let absent = try checks { _, labels in labels = labels.map { $0 == 2 ? 0 : $0 } }[.classes]
        #expect(absent?.outcome == .failed && absent?.finding.contains(": 2") ?? false, "\(absent as Any)")
        let lopsided = try checks { _, labels in labels = labels.indices.map { $0 < 2 ? $0 + 1 : 0 } }[.classes]
        #expect(lopsided?.outcome == .failed && lopsided?.finding.contains("of class 0") ?? false)
        let torn = try checks { images, labels in
            noGrad { images.narrow(dim: 0, start: 0, length: 10).fill(0.5) }
            labels[0] = 1
        }
        #expect(torn[.classes]?.finding.contains("train 0") ?? false, "\(torn)")
    }

    @Test func filesAreNamed() throws {
        let image = Image(Tensor.randint(0..<256, [3, 40, 40], generator: Generator(seed: 3)).to(.uint8))
        for part in ["train", "val"] {
            for name in ["a", "b"] {
                for number in 0..<4 {
                    let path = folder.path("images/\(part)/\(name)/\(part)\(number).png")
                    try FileManager.default.createDirectory(
                        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                    let seed = UInt64(number + (name == "a" ? 10 : 20) + (part == "val" ? 100 : 0))
                    let own = Image(Tensor.randint(0..<256, [3, 40, 40], generator: Generator(seed: seed)).to(.uint8))
                    try (number == 0 && name == "b" ? image : own).save(to: path)
                }
            }
        }
        var configuration = ClassifierConfiguration()
        configuration.data = folder.path("images")
        configuration.training.batch = 4
        let check = try configuration.makeTask().dataChecks().first { $0.name == .leaks }
        #expect(check?.outcome == .failed && check?.finding.contains("b/train0.png") ?? false, "\(check as Any)")
    }
}
