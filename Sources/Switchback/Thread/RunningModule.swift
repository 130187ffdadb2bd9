/// A module while its `forward` runs, as messages, measurements and images of the graph see it.
protocol RunningModule: AnyObject {
    /// The path of a module inside this one, from this one: `head.fc`; "" of this one, and `nil` of one that it does
    /// not list.
    func path(of inner: any RunningModule) -> String?
}

/// Where in a model an operation ran: the outermost and the innermost module whose `forward` was running. Held weakly,
/// since a module may keep a tensor, and with it this.
final class ModulePlace {
    private(set) weak var root: (any RunningModule)?
    private(set) weak var innermost: (any RunningModule)?

    init(root: any RunningModule, innermost: any RunningModule) {
        self.root = root
        self.innermost = innermost
    }

    /// The path of the innermost module from the outermost one: `head.fc`; the type of the outermost one itself.
    var path: String {
        guard let root, let innermost else { return "" }
        if root === innermost { return "\(type(of: root))" }
        return root.path(of: innermost) ?? "\(type(of: innermost))"
    }
}
