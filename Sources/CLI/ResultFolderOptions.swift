import ArgumentParser
import SwitchbackFormats
import SwitchbackVision

/// Where predictions are saved: `ROOT/TASK/NAME`, with a number after the name where that is taken.
struct ResultFolderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The name of the results folder. (default: predict)", valueName: "name"),
        transform: Value.folderName)
    var name = "predict"

    @Option(help: ArgumentHelp("The folder that results are saved in.", valueName: "path"))
    var output = "runs"

    /// Creates the folder; returns its path.
    func make(task: String) throws -> String { try OutputFolder.make(in: output, task: task, name: name) }
}
