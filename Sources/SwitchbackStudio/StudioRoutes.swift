import Hummingbird
import SwitchbackServer

/// What a page asks for: routes, and the threads that answer.
protocol StudioRoutes: Sendable {
    func add(to router: Router<ServerContext>)

    /// Ends the threads.
    func stop()
}

extension DataRoutes: StudioRoutes {}
extension RunRoutes: StudioRoutes {}
extension TrainRoutes: StudioRoutes {}
extension JobRoutes: StudioRoutes {}
extension TryRoutes: StudioRoutes {}
extension TalkRoutes: StudioRoutes {}
extension SentenceRoutes: StudioRoutes {}
extension DeployRoutes: StudioRoutes {}
extension WatchRoutes: StudioRoutes {}
extension SessionRoutes: StudioRoutes {}
extension LearnRoutes: StudioRoutes {}
