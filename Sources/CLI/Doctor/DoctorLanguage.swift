import ArgumentParser
import SwitchbackLanguage
import SwitchbackTraining

/// `switchback doctor text`.
struct DoctorText: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "text",
        abstract: "Examine the training of a language model.",
        discussion: """
            EXAMPLES
              switchback doctor text --data shakespeare.txt
              switchback doctor text --data books --model gpt-small --tokenizer bpe
            """)

    @OptionGroup var doctor: DoctorOptions
    @OptionGroup var training: TextTrain

    func validate() throws { try training.options.run.checkForDoctor() }

    func run() throws {
        let session = try training.options.session { training.apply(to: &$0) }
        let language = try LanguageTraining(session.configuration)
        try session.examine(language.task, language.trainingConfiguration, doctor, data: session.configuration.data)
    }
}

/// `switchback doctor sentiment`.
struct DoctorSentiment: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sentiment",
        abstract: "Examine the training of a sentence classifier.",
        discussion: """
            EXAMPLES
              switchback doctor sentiment --data sst2
            """)

    @OptionGroup var doctor: DoctorOptions
    @OptionGroup var training: SentimentTrain

    func validate() throws { try training.runOptions.checkForDoctor() }

    func run() throws {
        let session = try training.session()
        let task = try session.configuration.makeTask()
        try session.examine(task, session.configuration.training, doctor, data: session.configuration.data)
    }
}

/// `switchback doctor translate`.
struct DoctorTranslate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "translate",
        abstract: "Examine the training of a translation model.",
        discussion: """
            EXAMPLES
              switchback doctor translate --data multi30k --source en --target de
            """)

    @OptionGroup var doctor: DoctorOptions
    @OptionGroup var training: TranslateTrain

    func validate() throws { try training.runOptions.checkForDoctor() }

    func run() throws {
        let session = try training.session()
        let task = try session.configuration.makeTask()
        try session.examine(task, session.configuration.training, doctor, data: session.configuration.data)
    }
}

/// `switchback doctor chat`.
struct DoctorChat: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Examine the fine-tuning of a language model on conversations.",
        discussion: """
            EXAMPLES
              switchback doctor chat --data conversations.jsonl --from path/to/qwen --lora 8
            """)

    @OptionGroup var doctor: DoctorOptions
    @OptionGroup var training: ChatTrain

    func validate() throws { try training.options.run.checkForDoctor() }

    func run() throws {
        let session = try training.session()
        let chat = try ChatTraining(session.configuration)
        let (options, data) = (session.configuration.training, session.configuration.data)
        if let adaptation = chat.adaptation {
            try session.examine(adaptation, options, doctor, data: data)
        } else {
            try session.examine(chat.task, options, doctor, data: data)
        }
    }
}
