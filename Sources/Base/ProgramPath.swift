import Foundation

/// Where programs are found: only in folders that are named from the root, since any other would mean the
/// current folder, where anybody may have put something.
package enum ProgramPath {
  /// The folders of a PATH, or the usual ones where there is none.
  package static func folders(_ path: String?) -> [String] {
    absolute(path ?? "/usr/local/bin:/usr/bin:/bin")
  }

  /// The folders of a list with colons that are named from the root.
  package static func absolute(_ list: String) -> [String] {
    list.split(separator: ":").filter { $0.hasPrefix("/") }.map(String.init)
  }

  /// The absolute path of a program that is named by it, or found by its name on the PATH.
  package static func find(
    _ name: String, _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String? {
    let paths =
      name.hasPrefix("/") ? [name] : folders(environment["PATH"]).map { "\($0)/\(name)" }
    return paths.first(where: FileManager.default.isExecutableFile(atPath:))
  }
}
