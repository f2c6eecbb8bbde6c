import Foundation

/// Where a user's files lie (XDG Base Directory Specification).
package enum UserFolder: Sendable {
  case settings, data, cache

  /// This program's folder of that sort. Nil where the environment names neither it nor a home.
  package func url(
    _ environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> URL? {
    let (variable, usual) =
      switch self {
      case .settings: ("XDG_CONFIG_HOME", ".config")
      case .data: ("XDG_DATA_HOME", ".local/share")
      case .cache: ("XDG_CACHE_HOME", ".cache")
      }
    // The specification has relative paths ignored.
    func absolute(_ name: String) -> URL? {
      environment[name].flatMap {
        $0.hasPrefix("/") ? URL(filePath: $0, directoryHint: .isDirectory) : nil
      }
    }
    let folder = absolute(variable) ?? absolute("HOME")?.appending(path: usual)
    return folder?.appending(path: "warmup", directoryHint: .isDirectory)
  }
}
