import Hummingbird
import SwitchbackFormats
import SwitchbackServer

/// A version of a data set, as the page lists it.
private struct VersionAnswer: Encodable, Sendable {
    let name: String
    let created: Double
    let images, labeled, objects: Int
    let classes: [String]
    /// What `--data` takes to train on it.
    let data: String

    init(_ version: DataVersion, at path: String) {
        (name, created, classes) = (version.name, version.created, version.classes)
        (images, labeled, objects) = (version.images, version.labeled, version.objects)
        data = DataVersion.trainingPath(of: path)
    }
}

private struct VersionList: Encodable, Sendable {
    let versions: [VersionAnswer]
    /// The version that was made of what was there before going back.
    var kept: String?

    init(_ set: OpenDataSet, kept: String? = nil) {
        versions = set.versions().map { VersionAnswer($0.version, at: $0.path) }
        self.kept = kept
    }
}

extension DataRoutes {
    /// Versions of a data set: named, compared with what is there now, gone back to.
    func addVersions(to group: RouterGroup<some RequestContext>) {
        group.get(":set/versions") { [sets] _, context in
            let name = try context.parameters.part("set")
            return await files.answer(within: Self.longSeconds) { VersionList(try sets.set(name)) }
        }
        group.post(":set/versions") { [sets] request, context in
            let name = try context.parameters.part("set")
            return await files.answer(request, within: Self.longSeconds) { fields in
                try fields.checkNames(known: ["name"])
                let set = try sets.set(name)
                _ = try set.keepVersion(fields.string("name").trimmingCharacters(in: .whitespaces))
                return VersionList(set)
            }
        }
        group.get(":set/versions/:version/changes") { [sets] _, context in
            let (name, version) = try (context.parameters.part("set"), context.parameters.part("version"))
            return await files.answer(within: Self.longSeconds) { try sets.set(name).changes(since: version) }
        }
        group.post(":set/versions/:version/restore") { [sets] request, context in
            let (name, version) = try (context.parameters.part("set"), context.parameters.part("version"))
            return await files.answer(request, within: Self.longSeconds) { _ in
                let set = try sets.set(name)
                let kept = try set.restore(version)
                return VersionList(set, kept: kept.name)
            }
        }
        group.post(":set/versions/:version/remove") { [sets] request, context in
            let (name, version) = try (context.parameters.part("set"), context.parameters.part("version"))
            return await files.answer(request, within: Self.longSeconds) { _ in
                let set = try sets.set(name)
                try set.removeVersion(version)
                return VersionList(set)
            }
        }
    }
}
