/// A part of a template that makes a value.
indirect enum JinjaExpression {
    case constant(JinjaValue)
    case name(String)
    case list([JinjaExpression])
    case tuple([JinjaExpression])
    case dictionary([(key: JinjaExpression, value: JinjaExpression)])
    case member(JinjaExpression, String)
    case item(JinjaExpression, JinjaExpression)
    case slice(JinjaExpression, JinjaExpression?, JinjaExpression?, JinjaExpression?)
    case call(JinjaExpression, JinjaCall)
    /// `value | name(…)`; without a value inside `{% filter %}` and `{% set x | … %}`.
    case filter(JinjaExpression?, String, JinjaCall)
    case test(JinjaExpression, String, JinjaCall)
    case not(JinjaExpression)
    case negative(JinjaExpression)
    case positive(JinjaExpression)
    case and(JinjaExpression, JinjaExpression)
    case or(JinjaExpression, JinjaExpression)
    case comparison(JinjaExpression, [(sign: String, operand: JinjaExpression)])
    case arithmetic(JinjaExpression, String, JinjaExpression)
    case concatenation([JinjaExpression])
    case condition(JinjaExpression, then: JinjaExpression, else: JinjaExpression?)
}

/// What stands between the parentheses of a call.
struct JinjaCall {
    var positional: [JinjaExpression] = []
    var named: [(name: String, value: JinjaExpression)] = []
    /// `*list` and `**dictionary`.
    var list, dictionary: JinjaExpression?
}

/// What a loop or an assignment gives a value.
indirect enum JinjaTarget {
    case name(String)
    case member(of: String, String)
    case tuple([JinjaTarget])
}

/// A part of a template that writes or does something.
struct JinjaStatement {
    indirect enum Kind {
        case text(JinjaText)
        case output(JinjaExpression)
        case condition([(test: JinjaExpression, body: [JinjaStatement])], else: [JinjaStatement])
        case loop(JinjaForLoop)
        case set(JinjaTarget, JinjaExpression)
        case setBlock(JinjaTarget, JinjaExpression?, [JinjaStatement])
        case macro(JinjaMacro)
        case callBlock(JinjaMacro, JinjaExpression)
        case filterBlock(JinjaExpression, [JinjaStatement])
        case with([(JinjaTarget, JinjaExpression)], [JinjaStatement])
        case generation([JinjaStatement])
        case breakLoop
        case continueLoop
    }

    let kind: Kind
    let line: Int
}

/// `{% for target in values if condition recursive %}`.
struct JinjaForLoop {
    let target: JinjaTarget
    let values: JinjaExpression
    let condition: JinjaExpression?
    let isRecursive: Bool
    let body, otherwise: [JinjaStatement]
}

/// `{% macro name(parameters) %}`; without a name, the body of `{% call %}`.
struct JinjaMacro {
    let name: String
    let parameters: [(name: String, usual: JinjaExpression?)]
    let body: [JinjaStatement]
}
