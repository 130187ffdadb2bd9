import Switchback
import Synchronization

/// What the log has told of variables that no chat template reads: each once, and no more than a client could fill it with.
enum UnreadVariables {
    private static let told = Mutex<Set<String>>([])
    private static let most = 100

    static func tell(_ problem: InputError) {
        let message = problem.description
        let isNew = told.withLock { $0.count < most && $0.insert(message).inserted }
        if isNew { Diagnostics.warn(message) }
    }
}
