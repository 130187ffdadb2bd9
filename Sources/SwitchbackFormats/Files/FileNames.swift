/// Gives the files for results names: those of what they are results of, without the ending, and never one twice.
package struct FileNames {
    private var used: Set<String> = []

    package init() {}

    /// `bus` for `street/bus.jpg`, and `bus-2` for another `bus.jpg`.
    package mutating func name(for path: String) -> String {
        let stem = Folder.stem(path)
        var name = stem
        var number = 1
        while !used.insert(name).inserted {
            number += 1
            name = "\(stem)-\(number)"
        }
        return name
    }
}
