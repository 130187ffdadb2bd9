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
extension DeployRoutes: StudioRoutes {}
extension SessionRoutes: StudioRoutes {}
extension LearnRoutes: StudioRoutes {}
