import ArgumentParser
import Foundation
import Switchback
import SwitchbackTraining
import SwitchbackVision

/// `switchback-bench overhead`: what checkpoints, weights, logs and images cost beside an epoch of ResNet-18, and what
/// watching backpropagation costs beside its steps.
struct OverheadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overhead",
        abstract: "Measure the overhead of checkpoints, logging and diagnosis when training ResNet-18.",
        discussion: """
            Examples:
              switchback-bench overhead
              switchback-bench overhead --images 512 --epochs 3
            """)

    @Option(help: "The number of 3×32×32 images per epoch.")
    var images = 2048

    @Option(help: "The number of epochs; each ends with a checkpoint.")
    var epochs = 2

    @Option(help: "The number of steps to measure diagnosis with; 0 for none.")
    var diagnosedSteps = 45

    func run() throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("overhead-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        if epochs > 0 { try measureLogs(root) }
        if diagnosedSteps > 0 { try measureDiagnosis(root) }
    }

    private var options: TrainingConfiguration {
        var options = TrainingConfiguration()
        options.ema = 0.999
        options.optimizer = .adamw
        return options
    }

    private func measureLogs(_ root: String) throws {
        var options = options
        options.epochs = epochs
        let folder = try RunFolder(in: root, task: "resnet18", name: "train", arguments: options)
        let trainer = try Trainer(ResNetTask(images: images), options, folder: folder)
        trainer.listeners = [ProgressReporter(.lines).receive, RunPlots().receive, TensorBoardLog().receive]
        let outcome = try trainer.run()
        let (epoch, cost) = (outcome.seconds / Double(epochs), outcome.overhead / Double(epochs))
        print(
            String(
                format:
                    "%.2f s an epoch of %d images, %.2f s of it for a checkpoint, weights, logs and images: %.2f %%, "
                    + "and %.2f %% of an epoch of CIFAR-10's 50,000 images", epoch, images, cost, 100 * cost / epoch,
                100 * cost / (epoch / Double(images) * 50_000)))
    }

    /// Of every three steps one is measured, one has its gradients looked at for NaN, and one is plain.
    private func measureDiagnosis(_ root: String) throws {
        var options = options
        options.steps = diagnosedSteps
        options.validateEvery = diagnosedSteps + 1
        let folder = try RunFolder(in: root, task: "resnet18", name: "diagnosed", arguments: options)
        let trainer = try Trainer(ResNetTask(images: images), options, folder: folder)
        var times = [[Double]](repeating: [], count: 3)
        var last = now()
        trainer.listeners = [
            DiagnosisLog(every: 3).receive,
            { [unowned trainer] event in
                guard case .batch(let result) = event else { return .continue }
                let end = now()
                // The first steps still ask the system for memory.
                if result.step > 6 { times[(result.step - 1) % 3].append(end - last) }
                trainer.locatesFailures = result.step % 3 == 1
                last = now()
                return .continue
            },
        ]
        _ = try trainer.run()
        report(times.map { $0.sorted()[$0.count / 2] * 1e3 })
    }

    /// - Parameter milliseconds: of a measured step, one that is looked at for NaN, and a plain one.
    private func report(_ milliseconds: [Double]) {
        let (measured, checked, plain) = (milliseconds[0], milliseconds[1], milliseconds[2])
        let share = (measured - plain) / Double(DiagnosisLog.usualInterval) + checked - plain
        print(
            String(
                format: "%.0f ms per step, %.0f ms with its gradients checked, %.0f ms if the layers are measured, "
                    + "which is one step in %d: diagnosis costs %.2f %%", plain, checked, measured,
                DiagnosisLog.usualInterval, 100 * share / plain))
    }
}
