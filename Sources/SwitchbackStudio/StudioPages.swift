import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer

/// The pages, styles and scripts of the studio, which the build puts beside the executable.
///
/// They are read once, and each has a route of its own: no path that a client sends is looked up on disk.
struct StudioPages: Sendable {
    private let files: [String: [UInt8]]

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "json": "application/json; charset=utf-8",
    ]

    /// - Throws: `InputError` where the folder is missing or a file cannot be read.
    init() throws {
        let folder = try ResourceFolder.of(target: "SwitchbackStudio").path
        var files: [String: [UInt8]] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder)
        where StudioPages.types[(name as NSString).pathExtension] != nil {
            guard let content = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
                throw InputError("\(folder)/\(name)", "cannot be read")
            }
            files["/\(name)"] = Array(content)
        }
        for page in ["runs", "learn"] { files["/\(page)"] = files.removeValue(forKey: "/\(page)/\(page).html") }
        self.files = files
    }

    func add(to router: some RouterMethods<some RequestContext>) {
        router.get("/") { _, _ in Response(status: .seeOther, headers: [.location: "/runs"]) }
        for (path, bytes) in files {
            let type = StudioPages.types[(path as NSString).pathExtension] ?? "text/html; charset=utf-8"
            router.get(RouterPath(path)) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: type, .cacheControl: "no-cache"],
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
            }
        }
    }
}

/// Lets the pages load nothing but what the studio itself serves, and no other page show them in a frame.
struct GuardPages<Context: RequestContext>: RouterMiddleware {
    private static var policy: String {
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
            + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.contentSecurityPolicy] = Self.policy
        response.headers[.xContentTypeOptions] = "nosniff"
        return response
    }
}
