/// The options of a task's training, as a command takes them and a run keeps them.
public protocol TaskConfiguration: Configuration {
    /// Into how many slots batches are cut: see ``TrainingConfiguration/slots``.
    var slots: Int? { get set }
}

/// Options of a task beside those that every training has.
public protocol ExtendedTrainingConfiguration: TaskConfiguration {
    var training: TrainingConfiguration { get set }
}

extension ExtendedTrainingConfiguration {
    public var slots: Int? {
        get { training.slots }
        set { training.slots = newValue }
    }
}
