/// A part of a network: a layer, a block or a whole model.
///
/// A subclass keeps its parts in stored properties (`Parameter`, `Buffer`, other modules, arrays of modules) and
/// computes in `forward`. Parts are found by reflection and named by their path, in the form that checkpoints of
/// PyTorch have: the property `runningMean` of `layer1`'s first block is `layer1.0.running_mean`.
///
/// ```swift
/// final class Classifier: Module {
///     let hidden = Linear(64, 32)
///     let output = Linear(32, 10)
///
///     override func forward(_ x: Tensor) -> Tensor { output(hidden(x).relu()) }
/// }
/// ```
open class Module {
    /// Whether the module behaves as in training: dropout drops, batch normalization uses the batch's statistics.
    public internal(set) final var isTraining: Bool {
        get { behavesAsTraining && FusionPass.current == nil }
        set { behavesAsTraining = newValue }
    }
    private final var behavesAsTraining = true

    final var hooks = ModuleHooks()

    public init() {}

    // MARK: Computing

    /// Computes the output. Call the module itself, `module(x)`, which also runs hooks and knows the path for messages.
    open func forward(_ input: Tensor) -> Tensor {
        fail("\(type(of: self))", "does not define forward(_:) for one tensor; call it with the operands that it takes")
    }

    /// Calls the module. Disfavored, so that a layer which gives more than one tensor is called by a `callAsFunction`
    /// of its own, also where the rest of that one's operands is omitted.
    @_disfavoredOverload
    public final func callAsFunction(_ input: Tensor) -> Tensor {
        if hooks.isEmpty { return running(input) { forward(input) } }
        return hooked(input) { input in running(input) { forward(input) } }
    }

    /// Runs `body` as the forward pass of this module on `input`: messages name the module, and hooks see the output.
    /// Modules with other operands than one tensor wrap their `callAsFunction` in it.
    public final func running(_ input: Tensor, _ body: () throws -> Tensor) rethrows -> Tensor {
        let state = ThreadState.current
        state.settings.modules.append(self)
        defer { state.settings.modules.removeLast() }
        if state.isObserved { state.observe { $0.begins(self, on: input) } }
        var output = try ThreadState.observing(.forward(self), body)
        for hook in hooks.afterForward { output = hook.run(self, input, output) ?? output }
        if state.isObserved { state.observe { $0.computed(output, by: self) } }
        return output
    }

    /// The path of the innermost module that is running on this thread, from the outermost one: `head.fc`.
    public static var runningPath: String { ThreadState.current.runningPath }

    // MARK: Fusing

    /// Whether the module has a `forward(_:activation:)`.
    var fusesActivation: Bool { false }

    /// Computes `activation` of the output in the same pass over memory.
    func forward(_ input: Tensor, activation: FusedActivation) -> Tensor { forward(input).activated(activation) }

    /// What this module is as an activation that the module before it can apply; `nil` if it cannot.
    var fusedForm: FusedActivation? { nil }

    /// The output of this module and of `next` after it, in one pass; `nil` if that cannot be, or where a hook waits
    /// for what lies between them.
    final func forward(_ input: Tensor, fusing next: Module) -> Tensor? {
        guard fusesActivation, let activation = next.fusedForm, hooks.isEmpty, next.hooks.isEmpty else {
            return nil
        }
        return running(input) { forward(input, activation: activation) }
    }

    // MARK: Describing

    /// The parts of this module by name. The default finds stored properties; containers override it.
    open func namedParts() -> [(name: String, part: Part)] { reflectedParts() }

    /// The names of parts whose property is called otherwise than in checkpoints: `["attention": "self_attn"]`.
    open var partNames: [String: String] { [:] }

    /// The arguments that the module was made with, as they stand between the parentheses of its description.
    open var configuration: String { "" }

    /// How many floating-point operations a forward pass takes in this module alone, without the modules inside it; a
    /// multiplication and an addition count as two.
    open func operationCount(input: Tensor, output: Tensor) -> Int { 0 }

    // MARK: Training and inference

    /// Switches this module and its parts to training behavior, or with `false` to that of inference.
    @discardableResult
    public final func train(_ enabled: Bool = true) -> Self { apply { $0.isTraining = enabled } }

    /// Switches this module and its parts to the behavior of inference.
    @discardableResult
    public final func eval() -> Self { train(false) }

    /// Calls `body` with this module and every module inside it, parents first.
    @discardableResult
    public final func apply(_ body: (Module) throws -> Void) rethrows -> Self {
        for (_, module) in namedModules() { try body(module) }
        return self
    }
}

extension Module: RunningModule {
    final func path(of inner: any RunningModule) -> String? {
        namedModules().first { $0.module === inner }?.name
    }
}
