/// What can be moved to the memory of a backend, such as a batch, whose tensors a loader makes on the processor.
public protocol Movable {
    func to(_ backend: any Backend.Type) -> Self
}

extension Example: Movable {
    public func to(_ backend: any Backend.Type) -> Example {
        Example(input: input.to(backend), target: target.to(backend))
    }
}
