/// Where in a model an operation ran: the outermost and the innermost module whose `forward` was running. Held weakly,
/// since a module may keep a tensor, and with it this.
final class ModulePlace {
    private(set) weak var root: Module?
    private(set) weak var innermost: Module?

    init(root: Module, innermost: Module) {
        self.root = root
        self.innermost = innermost
    }
}
