import SwitchbackLanguage
import SwitchbackTraining
import SwitchbackVision

/// The defaults of a training command, as shown in its help.
protocol TrainingDefaults {
    static var training: TrainingConfiguration { get }
}

enum ClassifierDefaults: TrainingDefaults {
    static var training: TrainingConfiguration { ClassifierConfiguration().training }
}

enum LanguageDefaults: TrainingDefaults {
    static var training: TrainingConfiguration { LanguageTrainingConfiguration().training }
}

enum FineTuningDefaults: TrainingDefaults {
    static var training: TrainingConfiguration { .fineTuning(lora: false) }
}

/// Those of a command that trains on conversations.
protocol ConversationDefaults: TrainingDefaults {
    /// What its file has, in a sentence.
    static var records: String { get }
}

enum ChatDefaults: ConversationDefaults {
    static let records = "conversations"
    static var training: TrainingConfiguration { ChatTrainingConfiguration().training }
}

enum PreferenceDefaults: ConversationDefaults {
    static let records = "pairs of answers"
    static var training: TrainingConfiguration { PreferenceConfiguration().training }
}

enum SentimentDefaults: TrainingDefaults {
    static var training: TrainingConfiguration { SentimentConfiguration().training }
}

enum TranslationDefaults: TrainingDefaults {
    static var training: TrainingConfiguration { TranslationConfiguration().training }
}
