import Foundation
import Switchback
import SwitchbackDrawing
import SwitchbackTraining
import SwitchbackVision
import TestSupport
import Testing

/// Work with hundreds and thousands of classes: memory grows with their number, not with its square, and figures stay
/// of a size that can be drawn and read.
@Suite struct ManyClassesTests {
    @Test func aConfusionMatrixOfManyClassesShowsTheMostConfused() throws {
        var matrix = ConfusionMatrix(classCount: 100_000)
        for index in 0..<100_000 { matrix.add(predicted: index, actual: index) }
        for _ in 0..<3 { matrix.add(predicted: 70_000, actual: 5) }
        matrix.add(predicted: 6, actual: 7)
        #expect(matrix.recall(5) == 0.25 && matrix.precision(70_000) == 0.25 && matrix.precision(9) == 1)
        let most = matrix.confusions(1)
        #expect(most.count == 1 && most[0].actual == 5 && most[0].predicted == 70_000 && most[0].count == 3)
        #expect(matrix.confusions(9).count == 2)
        let figure = matrix.figure(title: "Mistakes", classes: (0..<100_000).map { "c\($0)" })
        #expect(figure.title == "Mistakes: the 50 most confused of 100000 classes")
        #expect(figure.rows.count == 50 && figure.rows == figure.columns && figure.rows.contains("c70000"))
        let (row, column) = (
            try #require(figure.rows.firstIndex(of: "c5")), try #require(figure.rows.firstIndex(of: "c70000"))
        )
        #expect(figure.values[row][column] == 0.75 && figure.values[row][row] == 0.25)
    }

    @Test func theBackgroundIsAlwaysShown() {
        var matrix = ConfusionMatrix(classCount: 1000, background: true)
        matrix.add(predicted: 3, actual: nil)
        let figure = matrix.figure(classes: (0..<1000).map(String.init), isNormalized: false)
        #expect(figure.rows.count == 50 && figure.rows.last == "background" && figure.rows.contains("3"))
        #expect(figure.values.last?[figure.rows.firstIndex(of: "3") ?? 0] == 1)
        let few = ConfusionMatrix(classCount: 20, background: true).figure(classes: (0..<20).map(String.init))
        #expect(few.rows.count == 21 && few.title == "Confusion matrix")
    }

    /// Of many classes the curves are not kept, and the figures are those of all curves.
    @Test func detectionMetricsOfManyClasses() {
        func results(_ classCount: Int) -> DetectionResults {
            var metrics = DetectionMetrics(classCount: classCount)
            for index in 0..<classCount {
                let box = Box(x1: 0, y1: 0, x2: 10, y2: 10)
                let found = Detection(box: box, classIndex: index, score: Float(index % 7 + 1) / 10)
                metrics.add(index % 5 == 0 ? [] : [found], truth: [LabeledBox(box, classIndex: index)])
            }
            return metrics.results()
        }
        let (few, many) = (results(70), results(210))
        #expect(few.classes[0].curves != nil && many.classes[0].curves == nil)
        #expect(few.confidence == many.confidence && abs(few.map - many.map) < 1e-12)
        #expect(abs(few.precision - many.precision) < 1e-12 && abs(few.recall - many.recall) < 1e-12)
        #expect(zip(few.meanCurves.f1, many.meanCurves.f1).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(few.classes[3].precision == many.classes[3].precision)
    }

    /// More candidates than are looked at are dropped on the way, and the same boxes stay as if all had been kept.
    @Test func suppressionAmongManyCandidates() {
        let (positions, classes) = (40, 300)
        var values = Tensor.rand([1, 4 + classes, positions], generator: Generator(seed: 3)).toArray(as: Float.self)
        for position in 0..<positions {
            for (row, value) in [Float(position * 50), 5, 10, 10].enumerated() {
                values[row * positions + position] = value
            }
        }
        let decoded = Tensor(values, shape: [1, 4 + classes, positions])
        var suppression = NonMaximumSuppression()
        suppression.allowsSeveralLabels = true
        let all = suppression(decoded)
        suppression.maximumCandidates = 300
        #expect(suppression(decoded) == all && all[0].count == 300)
    }

    /// A training with 302 classes, which once ended with an error over a figure's height, and one of 1,000.
    @Test(arguments: [302, 1000]) func trainingsOfManyClassesEndWell(_ classCount: Int) throws {
        let folder = try TemporaryFolder()
        let rows = (0..<5 * classCount).map { "\(Double($0 % classCount) / 10),\($0 % 7),class \($0 % classCount)" }
        let path = try folder.write((["x,y,kind"] + rows).joined(separator: "\n") + "\n", to: "table.csv")
        var configuration = ClassifierConfiguration()
        configuration.data = path
        configuration.label = "kind"
        configuration.training.epochs = 1
        let task = try configuration.makeTask()
        let run = try RunFolder(in: folder.path("runs"), task: "classify", name: "train", arguments: configuration)
        let trainer = try Trainer(task, configuration.training, folder: run)
        trainer.listeners.append(ClassifierImages(task).receive)
        #expect(try trainer.run().reason == .completed)
        for name in ["confusion_matrix.png", "classes.png"] {
            #expect(FileManager.default.fileExists(atPath: run.file(name)))
        }
    }

    /// What cannot be drawn is warned of, and the training ends as if it had been.
    @Test func imagesThatCannotBeWrittenFailNoRun() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<40).map { "\($0),\($0 % 3),\($0 % 2 == 0 ? "even" : "odd")" }
        var configuration = ClassifierConfiguration()
        configuration.data = try folder.write((["x,y,kind"] + rows).joined(separator: "\n") + "\n", to: "table.csv")
        configuration.training.epochs = 1
        let task = try configuration.makeTask()
        let run = try RunFolder(in: folder.path("runs"), task: "classify", name: "train", arguments: configuration)
        // No file can take the name of a folder.
        try FileManager.default.createDirectory(atPath: run.file("classes.png"), withIntermediateDirectories: true)
        let trainer = try Trainer(task, configuration.training, folder: run)
        trainer.listeners.append(ClassifierImages(task).receive)
        #expect(try trainer.run().reason == .completed)
    }
}
