import ArgumentParser

extension ArgumentHelp {
    /// For weights: `RunFolder.weightFile` tells which file is meant.
    static var runOrFile: ArgumentHelp {
        ArgumentHelp("A run's folder or a weights file.", valueName: "run or file")
    }

    /// For a classifier of texts, which can come from the hub.
    static var textClassifier: ArgumentHelp {
        ArgumentHelp(
            "A run's folder, a weights file, or an encoder with classes in Hugging Face's format: its folder, or ORG/NAME on "
                + "the hub.",
            valueName: "model")
    }

    /// For a classifier, which can come from the hub.
    static var classifier: ArgumentHelp {
        ArgumentHelp(
            "A run's folder, a weights file, or a ViT in Hugging Face's format: its folder, or ORG/NAME on the hub.",
            valueName: "model")
    }
}
