import ArgumentParser

extension ArgumentHelp {
    /// For weights: `RunFolder.weightFile` tells which file is meant.
    static var runOrFile: ArgumentHelp {
        ArgumentHelp("A run's folder or a weights file.", valueName: "run or file")
    }
}
