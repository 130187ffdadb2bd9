import ArgumentParser
import SwitchbackTraining
import SwitchbackVision

/// `switchback doctor TASK`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine a training before it begins: data, model, loss and learning rate.",
        discussion: """
            EXAMPLES
              switchback doctor classify --data digits
              switchback doctor classify --data flowers --model resnet18 --lr 0.01
              switchback doctor text --data shakespeare.txt --seconds 120
              switchback doctor detect --data mine.yaml --json

            Each task takes the options of its 'train'. In about a minute the doctor looks at the data and at the structure \
            of the model, compares the loss at the start to a guess, tries learning rates, learns one batch by heart, and \
            compares a short training to ones with shuffled labels and with blank inputs. Each check is a line: ✓ passed, \
            ✗ failed, with the remedy, – could not be judged. Nothing is saved.

            The exit code is 1 if a check failed.
            """,
        subcommands: [
            DoctorClassify.self, DoctorYOLO<Detect>.self, DoctorYOLO<Segment>.self, DoctorYOLO<Pose>.self,
            DoctorYOLO<OrientedBoxes>.self, DoctorText.self, DoctorSentiment.self, DoctorTranslate.self,
            DoctorChat.self,
        ])
}

/// The options of an examination itself.
struct DoctorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "About how long the short trainings may take together. (default: 60)", valueName: "seconds"),
        transform: Value.number(in: .from(1, to: 86_400)))
    var seconds = 60.0
}

/// `switchback doctor classify`.
struct DoctorClassify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Examine the training of a classifier.",
        discussion: """
            EXAMPLES
              switchback doctor classify --data digits
              switchback doctor classify --data flowers.csv --label species --lr 0.05
            """)

    @OptionGroup var doctor: DoctorOptions
    @OptionGroup var training: ClassifyTrain

    func validate() throws { try training.runOptions.checkForDoctor() }

    func run() throws {
        let session = try training.session()
        let task = try session.configuration.makeTask()
        try session.examine(task, session.configuration.training, doctor, data: task.data.summary)
    }
}

/// `switchback doctor detect`, and the same of the other tasks of the family.
struct DoctorYOLO<Command: YOLOCommand>: ParsableCommand {
    static var configuration: CommandConfiguration {
        let task = Command.task
        return CommandConfiguration(
            commandName: task.rawValue,
            abstract: "Examine the training of a \(task.networkName).",
            discussion: """
                EXAMPLES
                  switchback doctor \(task) --data \(task.exampleData).yaml --model \(task.smallest)
                  switchback doctor \(task) --data mine.yaml --seconds 300

                The short trainings use batches of at most 4 images of at most 256 pixels.
                """)
    }

    @OptionGroup var doctor: DoctorOptions
    @OptionGroup var training: YOLOTrain<Command>

    func validate() throws { try training.runOptions.checkForDoctor() }

    /// What short trainings can afford.
    private static var limits: (batch: Int, side: Int) { (4, 256) }

    func run() throws {
        let session = try training.session()
        var configuration = session.configuration
        configuration.batch = configuration.batch > 0 ? min(configuration.batch, Self.limits.batch) : Self.limits.batch
        configuration.imgsz = min(configuration.imgsz, Self.limits.side)
        let task = try configuration.makeTask(Command.task)
        let kind = task.choice.kind.rawValue
        try session.examine(task, task.training, doctor, data: task.data.summary) {
            "--lr0 \($0) --optimizer \(kind)"
        }
    }
}
