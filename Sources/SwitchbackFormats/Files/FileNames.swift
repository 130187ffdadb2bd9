/// Chooses names for result files: those of their sources, without the extension, each only once.
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
