import ArgumentParser

extension ArgumentHelp {
    /// For weights: `RunFolder.weightFile` tells which file is meant.
    static var runOrFile: ArgumentHelp {
        ArgumentHelp("The folder of a run, or a file of weights.", valueName: "run or file")
    }
}
